import FUSEBridge
import Glibc

/// The directory that a mount covers.
struct Mountpoint {
    /// Without symbolic links, `.` and `..`; what the mount table and the control socket know.
    let path: String

    /// The directory at `text`; a dead mount there counts as one.
    init(_ text: String) throws(Failure) {
        do throws(MountError) {
            path = try MountPreparation.resolve(text)
        } catch {
            throw Failure(.mount, message: error.description)
        }
    }

    /// Checks that a mount can be made here, and takes a dead one away. Done before anything is
    /// started, though the mount itself does it again, so that a mistake is told at once.
    func prepare(_ options: MountOptions) throws(Failure) {
        do throws(MountError) {
            _ = try MountPreparation.prepare(path, options.bridge)
        } catch {
            throw Failure(.mount, message: error.description)
        }
    }

    /// The canonical path of a mountpoint that is to be found again, dead or alive; of one that
    /// cannot be resolved its absolute path.
    static func known(as text: String) -> String {
        (try? MountPreparation.resolve(text)) ?? Places.absolute(text)
    }
}
