package import Reactor
import Synchronization

/// The threads and memory that all torrents of a session share.
///
/// Hashing, writing and reading for peers have threads of their own, so that neither a slow disk
/// nor a busy uploader delays the verification that a waiting read hangs on.
package final class StoragePools: Sendable {
    /// Verifies pieces; those that reads wait for are urgent.
    package let hashing: WorkPool
    /// Writes verified pieces to cache files.
    package let writing: WorkPool
    /// Reads blocks for peers.
    package let uploading: WorkPool
    /// What has been done.
    package let counters = StorageCounters()

    let configuration: StorageConfiguration
    let buffers: BufferPool
    let openFiles: OpenFileBudget
    let verifiers = VerifierPool()
    let hashQueue = HashQueue()
    let recent = RecentPieces()
    let writePolicy: Locked<WritePolicy>
    /// Bytes of pieces queued for writing or being written.
    let writeBacklog = Atomic(0)

    /// Starts the threads.
    package init(
        configuration: StorageConfiguration = StorageConfiguration()
    ) throws(SystemError) {
        self.configuration = configuration
        buffers = BufferPool(limit: configuration.bufferBytes)
        writePolicy = Locked(
            WritePolicy(
                fastRate: configuration.directWritingRate, bufferBytes: configuration.bufferBytes))
        openFiles = OpenFileBudget(limit: configuration.openFileLimit)
        hashing = try WorkPool(name: "hash", threadCount: configuration.hashThreads)
        writing = try WorkPool(name: "write", threadCount: configuration.writeThreads)
        uploading = try WorkPool(name: "upload", threadCount: configuration.uploadThreads)
    }

    /// Finishes all queued work and ends the threads; close the stores first. Not from a pool
    /// thread.
    package func stop() {
        hashing.stop()
        writing.stop()
        uploading.stop()
    }

    /// Bytes of piece buffers in use or kept for reuse.
    package var bufferedBytes: Int { buffers.mappedBytes }
}
