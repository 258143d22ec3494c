/// How the process ends; scripts rely on these numbers.
enum ExitCode: Int32, CaseIterable {
    case done = 0
    case failure = 1
    case usage = 2
    case source = 3
    case metadata = 4
    case mount = 5
    case cache = 6

    /// For help pages.
    var meaning: String {
        switch self {
        case .done: "done"
        case .failure: "any other failure"
        case .usage: "the command line is wrong"
        case .source: "a SOURCE is no torrent"
        case .metadata: "no metadata arrived before --wait-timeout, or none is cached (--offline)"
        case .mount: "the mount failed, or the mountpoint cannot be used"
        case .cache: "the cache cannot be used"
        }
    }
}
