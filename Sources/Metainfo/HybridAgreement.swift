import TorrentCore

/// Holds the two halves of a hybrid torrent against each other (BEP 52, "Upgrade Path"): the v1
/// list without its padding files must be the v2 tree, file for file, each at the same place.
struct HybridAgreement {
    /// The pieces root of each file of the v1 list, zero for none.
    private(set) var roots: [UInt32] = []

    init(
        _ list: FileList, _ tree: FileTree, fields: InfoFields, info: [UInt8]
    ) throws(MetainfoError) {
        if list.isSingleFile, !tree.isSingleFile(named: fields.name) {
            throw .inconsistentHybrid("only one is a single file")
        }
        let (v1, v2) = (list.builder, tree.builder)
        let lists = FilePaths.lists(list.starts)
        let paths = tree.paths
        roots.reserveCapacity(v1.lengths.count)
        var position = 0
        for file in v1.lengths.indices {
            guard !FileAttributes(rawValue: v1.flags[file]).contains(.padding) else {
                roots.append(0)
                continue
            }
            guard position < v2.lengths.count else {
                throw .inconsistentHybrid("v1 has more files")
            }
            guard v1.lengths[file] == v2.lengths[position] else {
                throw .inconsistentHybrid("the length of file \(position)")
            }
            guard v1.lengths[file] == 0 || v1.offsets[file] == v2.offsets[position] else {
                throw .inconsistentHybrid("the place of file \(position)")
            }
            if !list.isSingleFile {
                let left = lists.components(of: file, in: info)
                let right = paths.components(of: position, in: info)
                guard left.elementsEqual(right, by: { info[$0].elementsEqual(info[$1]) }) else {
                    throw .inconsistentHybrid("the name of file \(position)")
                }
            }
            roots.append(v2.roots[position])
            position += 1
        }
        guard position == v2.lengths.count else {
            throw .inconsistentHybrid("v2 has more files")
        }
        // Padding behind the last file fills its piece at most.
        let pieces = (
            (v1.totalLength + v1.pieceLength - 1) / v1.pieceLength,
            (v2.totalLength + v2.pieceLength - 1) / v2.pieceLength
        )
        guard pieces.0 == pieces.1 else { throw .inconsistentHybrid("the number of pieces") }
    }
}
