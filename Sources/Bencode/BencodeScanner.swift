/// Builds a document's token table in one pass, without recursion.
struct BencodeScanner {
    private(set) var tokens: [BencodeToken] = []
    private(set) var hasSortedKeys = true

    /// A list or dictionary that is still open.
    private struct Container {
        let token: Int
        let isDictionary: Bool
        /// In a dictionary: whether the next value is a key.
        var expectsKey: Bool
        /// In a dictionary: the content of the last key; empty and unset before the first.
        var lastKey: Range<Int>?
    }

    private let limits: BencodeLimits
    private var open: [Container] = []
    private var position = 0

    init(limits: BencodeLimits) { self.limits = limits }

    mutating func scan(_ bytes: Span<UInt8>) throws(BencodeError) {
        repeat {
            guard position < bytes.count else { throw .truncated(at: position) }
            let start = position
            let byte = bytes[position]
            if byte == UInt8(ascii: "e") {
                try close()
                continue
            }
            let isString = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            try startChild(isString: isString)
            switch byte {
            case UInt8(ascii: "i"): try integer(bytes)
            case UInt8(ascii: "l"): try container(isDictionary: false)
            case UInt8(ascii: "d"): try container(isDictionary: true)
            case _ where isString: try string(bytes)
            default: throw .unexpectedByte(at: start)
            }
        } while !open.isEmpty
        try append(at: position, kind: BencodeToken.endKind, extent: 0)
    }

    // MARK: - Containers

    private mutating func container(isDictionary: Bool) throws(BencodeError) {
        guard open.count < limits.depth else { throw .tooDeep(at: position) }
        let kind: BencodeKind = isDictionary ? .dictionary : .list
        open.append(
            Container(token: tokens.count, isDictionary: isDictionary, expectsKey: isDictionary))
        try append(at: position, kind: kind.rawValue, extent: 0)
        position += 1
    }

    private mutating func close() throws(BencodeError) {
        guard let container = open.popLast() else { throw .unexpectedByte(at: position) }
        guard !container.isDictionary || container.expectsKey else {
            throw .invalidKey(at: position)
        }
        try append(at: position, kind: BencodeToken.endKind, extent: 0)
        position += 1
        let first = tokens[container.token]
        tokens[container.token] = BencodeToken(
            offset: Int(first.offset), kind: first.kind, extent: tokens.count - container.token)
    }

    /// Before each value: in a dictionary, keys and values alternate, and keys are strings.
    private mutating func startChild(isString: Bool) throws(BencodeError) {
        guard let last = open.indices.last, open[last].isDictionary else { return }
        guard isString || !open[last].expectsKey else { throw .invalidKey(at: position) }
        open[last].expectsKey.toggle()
    }

    // MARK: - Scalars

    private mutating func integer(_ bytes: Span<UInt8>) throws(BencodeError) {
        let start = position
        position += 1
        var isNegative = false
        if position < bytes.count, bytes[position] == UInt8(ascii: "-") {
            isNegative = true
            position += 1
        }
        let firstDigit = position
        while position < bytes.count, Self.isDigit(bytes[position]) { position += 1 }
        guard position < bytes.count else { throw .truncated(at: position) }
        let count = position - firstDigit
        guard bytes[position] == UInt8(ascii: "e"), count > 0 else {
            throw .invalidInteger(at: start)
        }
        if bytes[firstDigit] == UInt8(ascii: "0"), count > 1 || isNegative {
            throw .invalidInteger(at: start)
        }
        position += 1
        try append(at: start, kind: BencodeKind.integer.rawValue, extent: 0)
    }

    private mutating func string(_ bytes: Span<UInt8>) throws(BencodeError) {
        let start = position
        var length = 0
        while position < bytes.count, Self.isDigit(bytes[position]) {
            length = length * 10 + Int(bytes[position] - UInt8(ascii: "0"))
            // Checked at each digit, so that the product cannot overflow.
            guard length <= bytes.count else { throw .invalidStringLength(at: start) }
            position += 1
        }
        guard position < bytes.count else { throw .truncated(at: position) }
        guard bytes[position] == UInt8(ascii: ":"),
            bytes[start] != UInt8(ascii: "0") || position == start + 1
        else { throw .invalidStringLength(at: start) }
        position += 1
        guard length <= bytes.count - position else { throw .truncated(at: bytes.count) }
        let content = position..<position + length
        try append(
            at: start, kind: BencodeKind.string.rawValue, extent: content.lowerBound - start)
        position = content.upperBound
        try checkOrder(content, bytes)
    }

    private mutating func checkOrder(_ key: Range<Int>, _ bytes: Span<UInt8>) throws(BencodeError) {
        // `startChild` has toggled the expectation already: false now means that this was a key.
        guard let last = open.indices.last, open[last].isDictionary, !open[last].expectsKey else {
            return
        }
        if let previous = open[last].lastKey, !Self.isOrdered(previous, key, bytes) {
            guard !limits.requiresSortedKeys else { throw .unsortedKeys(at: key.lowerBound) }
            hasSortedKeys = false
        }
        open[last].lastKey = key
    }

    private static func isOrdered(
        _ left: Range<Int>, _ right: Range<Int>, _ bytes: Span<UInt8>
    ) -> Bool {
        for offset in 0..<min(left.count, right.count) {
            let pair = (bytes[left.lowerBound + offset], bytes[right.lowerBound + offset])
            if pair.0 != pair.1 { return pair.0 < pair.1 }
        }
        return left.count < right.count
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
    }

    private mutating func append(at offset: Int, kind: UInt32, extent: Int) throws(BencodeError) {
        guard tokens.count < limits.tokens else { throw .tooManyValues }
        tokens.append(BencodeToken(offset: offset, kind: kind, extent: extent))
    }
}
