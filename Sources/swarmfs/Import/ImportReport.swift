import PieceStorage

/// What `swarmfs import` has done, for people and for programs.
struct ImportReport: Encodable {
    let infohash: String
    let name: String
    let pieces: Int
    let piecesPresent: Int
    let piecesAdopted: Int
    let bytesAdopted: Int64
    let filesShared: Int

    init(infohash: String, name: String, _ result: ImportResult) {
        self.infohash = infohash
        self.name = name
        pieces = result.pieces
        piecesPresent = result.present
        piecesAdopted = result.adopted
        bytesAdopted = result.adoptedBytes
        filesShared = result.sharedFiles
    }

    /// How many pieces the data did not hold.
    var piecesLeft: Int { pieces - piecesPresent - piecesAdopted }

    /// One line.
    var text: String {
        var text =
            "\(Failure.printable(name)): adopted \(piecesAdopted) of \(pieces) pieces "
            + "(\(ByteSize.describe(bytesAdopted)))"
        if filesShared > 0 {
            text += ", \(filesShared) file\(filesShared == 1 ? "" : "s") without a copy"
        }
        if piecesPresent > 0 { text += ", \(piecesPresent) were cached before" }
        if piecesLeft > 0 { text += ", \(piecesLeft) are missing or differ" }
        return text
    }
}
