/// What the control socket needs of the process that serves a mount.
package protocol SessionControl: Sendable {
    /// The state now. Called on the server's thread, may wait for the engine for a second or two.
    func status() -> MountStatus
    /// Begins the shutdown and returns at once; may be called more than once.
    func requestUnmount()
}
