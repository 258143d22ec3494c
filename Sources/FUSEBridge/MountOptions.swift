package import TorrentCore

/// How a mount behaves.
package struct MountOptions: Sendable {
    /// How long a read waits for data before it fails with EIO: long, as a program that reads
    /// through a mapping dies of it (SIGBUS).
    package static let standardReadTimeout = Interval.seconds(300)
    /// How long an ordinary buffered read waits before it is failed once, so that the kernel asks
    /// again in a way that signals can end. Most pieces arrive sooner, and Ctrl-C may take so long.
    package static let standardGrace = Interval.seconds(1.5)

    /// Whether users other than the one who mounts may see the files.
    package var allowsOtherUsers = false
    /// After which time a read that waits fails with EIO.
    package var readTimeout = Self.standardReadTimeout
    /// After which time a buffered read becomes one that signals can end.
    package var grace = Self.standardGrace
    /// Whether the kernel may read complete files from the cache itself, where it can.
    package var allowsPassthrough = true

    /// The standard options.
    package init() {}
}
