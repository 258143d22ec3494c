import TorrentCore

/// Room for one block, for payload whose place in the piece buffer another peer is writing.
final class ScratchBlock {
    let bytes: UnsafeMutableRawBufferPointer

    init() { bytes = .allocate(byteCount: BlockRequest.standardLength, alignment: 16) }

    deinit { bytes.deallocate() }
}
