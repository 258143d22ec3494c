import PieceStorage

/// What `--cache-size` and `--cache-free` are given.
enum CacheArguments {
    /// The smallest cache: below, the pieces in flight and the catalogue leave no room for any other.
    private static let smallest: Int64 = 16 << 20

    static func size(_ option: String, _ text: String) throws(Failure) -> Int64 {
        let size = try ByteSize.parse(option, text)
        guard size >= smallest else {
            throw Failure(
                .usage, "\(option) \(text) is too small",
                "a cache needs \(ByteSize.describe(smallest)) or more")
        }
        return size
    }

    /// A size, or a part of the disk: `20G`, `5%`.
    static func free(_ option: String, _ text: String) throws(Failure) -> CacheLimits.FreeSpace {
        guard text.hasSuffix("%") else { return .bytes(try ByteSize.parse(option, text)) }
        guard let percent = Double(text.dropLast()), (0..<100).contains(percent) else {
            throw Failure(
                .usage, "\(option) \(text) is no part of a disk",
                "write a percentage below 100, such as 5%, or a size, such as 20G")
        }
        return .percent(percent)
    }
}
