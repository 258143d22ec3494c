import CLinux
import Glibc
import Reactor

/// Programs that this one starts.
enum ChildProcess {
    /// Starts a program with default signal handling, no blocked signals, and this environment.
    /// `descriptors` maps numbers of the child to ours; what it does not map of the standard
    /// streams is `/dev/null`.
    static func spawn(
        _ program: String, _ arguments: [String], descriptors: [Int32: Int32]
    ) throws(SystemError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for stream in STDIN_FILENO...STDERR_FILENO where descriptors[stream] == nil {
            posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_RDWR, 0)
        }
        for (number, ours) in descriptors.sorted(by: { $0.key < $1.key }) {
            posix_spawn_file_actions_adddup2(&actions, ours, number)
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        var ignored = sigset_t()
        sigemptyset(&ignored)
        sigaddset(&ignored, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ignored)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        let words = arguments.map { strdup($0) }
        defer { for word in words { free(word) } }
        var pid = pid_t()
        let result = posix_spawn(&pid, program, &actions, &attributes, words + [nil], environ)
        guard result == 0 else { throw SystemError(result, "start \(program)") }
        return pid
    }

    /// Waits for a child's end and gives its status word: 0 where it succeeded.
    static func wait(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 {
            guard errno == EINTR else { return -1 }
        }
        return status
    }
}
