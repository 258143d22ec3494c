/// The attributes of a file (BEP 47).
package struct FileAttributes: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Zeros that align the next file to a piece; shown to nobody.
    package static let padding = FileAttributes(rawValue: 1)
    /// The executable bit.
    package static let executable = FileAttributes(rawValue: 2)
    /// Hidden, on systems that have such a bit.
    package static let hidden = FileAttributes(rawValue: 4)
    /// A symbolic link; its target is inside of the torrent.
    package static let symlink = FileAttributes(rawValue: 8)

    /// From the value of `attr`; letters of no known meaning are passed over.
    package init(letters: some Sequence<UInt8>) {
        self.init()
        for letter in letters {
            switch letter {
            case UInt8(ascii: "p"): insert(.padding)
            case UInt8(ascii: "x"): insert(.executable)
            case UInt8(ascii: "h"): insert(.hidden)
            case UInt8(ascii: "l"): insert(.symlink)
            default: continue
            }
        }
    }

    /// The value of `attr`, in the order that libtorrent writes.
    package var letters: String {
        (contains(.padding) ? "p" : "") + (contains(.hidden) ? "h" : "")
            + (contains(.executable) ? "x" : "") + (contains(.symlink) ? "l" : "")
    }
}
