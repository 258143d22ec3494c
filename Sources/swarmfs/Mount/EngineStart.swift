import Glibc
import PieceStorage
import Reactor
import TorrentEngine

/// Starts the engine with what the command line says.
enum EngineStart {
    static func session(
        cacheDirectory: String?, listen: [NetworkArguments.Listen], peers: [String],
        trackers: [String], isUploadEnabled: Bool,
        configure: (inout SessionConfiguration) -> Void = { _ in }
    ) throws(Failure) -> Session {
        raiseDescriptorLimit()
        var configuration = SessionConfiguration(cacheDirectory: cacheDirectory)
        if !listen.isEmpty {
            configuration.listen = listen.map {
                ListenAddress(address: $0.address, port: $0.port)
            }
            configuration.mayChooseOtherPort = false
        }
        configuration.peers = peers
        configuration.trackers = trackers
        configuration.isUploadEnabled = isUploadEnabled
        configure(&configuration)
        let result: Result<Session, SessionError> = Blocking.wait { [configuration] in
            do throws(SessionError) {
                return .success(try await Session(configuration))
            } catch {
                return .failure(error)
            }
        }
        switch result {
        case .success(let session): return session
        case .failure(let error): throw Failure(error)
        }
    }

    /// Connections and cache files need more descriptors than the usual soft limit of 1024.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
