import CFUSE
import Glibc
import Metainfo
import PieceStorage
import TorrentCore
import TorrentTree

/// The extended attributes of files and directories: what is known of their torrent.
///
/// Everything in a torrent has `user.swarmfs.infohash` (v1, or v2 where there is no v1),
/// `infohash_v2` and `piece_length`. Files have `size`, `cached` (bytes), `pieces` (that hold any of
/// it), `file_index`, and `io_mode`: `passthrough` where the kernel reads the file itself, or would if
/// it were opened now, else `cached`. A torrent's top entry has `size`, `cached`, `pieces` and
/// `pieces_cached` of the whole torrent, and the mount's top `size` and `cached` of all. `name` is
/// there where the torrent gives another name, which is its value, as raw bytes.
extension MountedFileSystem {
    private static let namespace = "user."
    private static let prefix = "user.swarmfs."

    func getExtendedAttribute(
        _ request: fuse_req_t, _ inode: fuse_ino_t, _ name: UnsafePointer<CChar>, size: Int
    ) {
        guard let node = node(inode) else {
            fuse_reply_err(request, ESTALE)
            return
        }
        // `ls -l` asks for `security.selinux`, `security.capability` and access control lists of each
        // file, until it hears that the file system has no such attributes at all.
        guard strncmp(name, Self.namespace, Self.namespace.utf8.count) == 0 else {
            fuse_reply_err(request, EOPNOTSUPP)
            return
        }
        guard strncmp(name, Self.prefix, Self.prefix.utf8.count) == 0 else {
            fuse_reply_err(request, ENODATA)
            return
        }
        let key = String(cString: name + Self.prefix.utf8.count)
        guard let value = extendedAttributes(of: node).first(where: { $0.key == key })?.value else {
            fuse_reply_err(request, ENODATA)
            return
        }
        reply(request, value(), size: size)
    }

    func listExtendedAttributes(_ request: fuse_req_t, _ inode: fuse_ino_t, size: Int) {
        guard let node = node(inode) else {
            fuse_reply_err(request, ESTALE)
            return
        }
        var names: [UInt8] = []
        for attribute in extendedAttributes(of: node) {
            names += (Self.prefix + attribute.key).utf8
            names.append(0)
        }
        reply(request, names, size: size)
    }

    private func reply(_ request: fuse_req_t, _ value: [UInt8], size: Int) {
        if size == 0 {
            fuse_reply_xattr(request, value.count)
        } else if size < value.count {
            fuse_reply_err(request, ERANGE)
        } else {
            value.withUnsafeBytes {
                _ = fuse_reply_buf(
                    request, $0.baseAddress?.assumingMemoryBound(to: CChar.self), $0.count)
            }
        }
    }

    private typealias Attribute = (key: String, value: () -> [UInt8])

    private func extendedAttributes(of node: NodeID) -> [Attribute] {
        func number(_ key: String, _ value: @escaping () -> Int64) -> Attribute {
            (key, { Array(String(value()).utf8) })
        }
        let kind = tree.kind(of: node)
        guard let position = kind.torrent else {
            return [
                number("size") {
                    self.tree.torrents.reduce(into: 0) { $0 += $1.layout.payloadLength }
                },
                number("cached") { self.contents.reduce(into: 0) { $0 += $1.cachedBytes } },
            ]
        }
        let torrent = tree.torrents[position]
        let storage = contents[position]
        var attributes: [Attribute] = [
            ("infohash", { Array(torrent.identity.description.utf8) })
        ]
        if let hash = torrent.identity.v2 {
            attributes.append(("infohash_v2", { Array(hash.description.utf8) }))
        }
        attributes.append(number("piece_length") { Int64(torrent.pieceLength) })
        if case .file(_, let file) = kind {
            attributes += [
                number("size") { torrent.layout.length(of: file) },
                number("cached") { storage.cachedBytes(of: file) },
                number("pieces") { Int64(torrent.layout.pieces(of: file).count) },
                number("file_index") { Int64(file.value) },
                ("io_mode", { Array(self.mode(of: node, position, file).utf8) }),
            ]
        } else if node == tree.top(of: position) {
            attributes += [
                number("size") { torrent.layout.payloadLength },
                number("cached") { storage.cachedBytes },
                number("pieces") { Int64(torrent.pieceCount) },
            ]
        }
        if node == tree.top(of: position) {
            attributes.append(number("pieces_cached") { Int64(storage.cachedPieceCount) })
        }
        if let name = tree.replacedName(of: node) { attributes.append(("name", { name })) }
        return attributes
    }
}
