/// Whom a mount's process tells how far it is; used from one thread.
protocol MountReporter {
    /// What the mount waits for, each time it changes. False where nobody is left to be told.
    func progress(_ text: String) -> Bool
    /// Something that the user should know, once.
    func note(_ text: String)
    /// The mount answers. Called once, nothing after it.
    func ready(_ text: String)
}
