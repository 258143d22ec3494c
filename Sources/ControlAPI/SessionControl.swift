/// What the control socket needs of the process that serves a mount.
package protocol SessionControl: Sendable {
    /// The state now. Called on the server's thread, may wait for the engine for a second or two.
    func status() -> MountStatus
    /// Begins the shutdown and returns at once; may be called more than once.
    func requestUnmount()
    /// Changes how fast the mount may be; may wait for the engine for a second or two.
    func limit(_ change: LimitChange)
    /// Begins a task and returns at once; the error is one line that says why it cannot be.
    func start(_ task: ControlTask) throws(ControlError) -> TaskStatus
    /// How far a task is; nil where there is none of that number. Returns at once.
    func progress(of task: Int) -> TaskStatus?
    /// Ends a task; nil where there is none of that number. Returns at once.
    func cancel(_ task: Int) -> TaskStatus?
}
