import CLinux
import Glibc
import Reactor
import TorrentCore

extension CacheDirectory {
    /// Opens a file of a torrent that somebody else may hold, for reading what will be hashed; nil
    /// where it is not there in its length.
    func openFile(_ file: FileIndex, of donor: SharedPieces.Donor) -> OwnedDescriptor? {
        let files = CacheFolder.filesName(donor.disk.isPacked)
        let path = "\(donor.folder)/\(files)/\(CacheFolder.path(of: file))"
        let number = openat(descriptor, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard number >= 0 else { return nil }
        let opened = OwnedDescriptor(number)
        var status = stat()
        guard fstat(opened.rawValue, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            Int64(status.st_size) == donor.disk.length(of: file)
        else { return nil }
        return opened
    }
}
