/// Why a log cannot be read, or held.
enum DiskLogError: Error {
    /// A record that counts is not all there.
    case cutOff
    /// Its lock was not to be had.
    case notHeld
}
