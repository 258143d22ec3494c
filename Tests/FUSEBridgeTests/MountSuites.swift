import Testing

/// All tests with real mounts: one at a time, as each counts threads and time.
@Suite("Real mounts", .serialized)
struct MountSuites {}
