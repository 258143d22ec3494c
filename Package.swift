// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: Swift 6 mode, the field's upcoming features, warnings as errors.
/// `Lifetimes` is what lets a function return a `~Escapable` value such as a `Span`.
let common: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableExperimentalFeature("Lifetimes"),
    .treatAllWarnings(as: .error),
]

/// A target whose arrows point only at `dependencies`; `scripts/check` holds its imports to them.
func target(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: common)
}

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: common)
}

var targets: [Target] = [
    // C libraries of the distribution, and the few inline shims that Swift cannot import.
    .target(
        name: "CLinux", publicHeadersPath: "include", cSettings: [.define("_GNU_SOURCE")]),
    .target(name: "CSHA1", publicHeadersPath: "include"),
    .systemLibrary(name: "CFUSE", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
        name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CNATPMP", providers: [.apt(["libnatpmp-dev"])]),
    .systemLibrary(
        name: "CMiniUPnP", pkgConfig: "miniupnpc", providers: [.apt(["libminiupnpc-dev"])]),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

    // Sans-I/O: values and decisions. No Glibc, no Foundation, no C module, no clock.
    target("TorrentCore", []),
    target("Bencode", ["TorrentCore"]),
    target("Metainfo", ["Bencode", "TorrentCore"]),
    target("PeerProtocol", ["Bencode", "Metainfo", "TorrentCore"]),
    target("TrackerProtocol", ["Bencode", "TorrentCore"]),
    target("DHTProtocol", ["Bencode", "TorrentCore"]),
    target("UTPProtocol", ["TorrentCore"]),
    target("Swarm", ["Metainfo", "TorrentCore"]),
    target("TorrentTree", ["Metainfo", "TorrentCore"]),

    // The operating system.
    target("Reactor", ["CLinux", "TorrentCore"]),
    target("TorrentCrypto", ["COpenSSL", "CSHA1", "TorrentCore"]),
    target(
        "PieceStorage",
        ["CLinux", "CSQLite", "Metainfo", "Reactor", "TorrentCrypto", "TorrentCore"]),
    target(
        "TorrentEngine",
        [
            "Bencode", "CCurl", "CMiniUPnP", "CNATPMP", "DHTProtocol", "Metainfo", "PeerProtocol",
            "PieceStorage", "Reactor", "Swarm", "TorrentCore", "TorrentCrypto", "TrackerProtocol",
            "UTPProtocol",
        ]),
    target(
        "FUSEBridge",
        ["CFUSE", "CLinux", "Metainfo", "PieceStorage", "Reactor", "TorrentCore", "TorrentTree"]),
    target("ControlAPI", ["Reactor", "TorrentCore"]),
    .executableTarget(
        name: "swarmfs",
        dependencies: [
            "CLinux", "ControlAPI", "DHTProtocol", "FUSEBridge", "Metainfo", "PieceStorage",
            "Reactor", "Swarm",
            "TorrentCore", "TorrentCrypto", "TorrentEngine", "TorrentTree", "TrackerProtocol",
        ],
        swiftSettings: common),

    // Test support and measurement.
    target(
        "SwarmSimulation",
        [
            "DHTProtocol", "Metainfo", "PeerProtocol", "Swarm", "TorrentCore", "TorrentTree",
            "UTPProtocol",
        ]),
    target("TestPeer", ["Metainfo", "PeerProtocol", "TorrentCore"]),
    .executableTarget(
        name: "swarmfs-test-peer",
        dependencies: [
            "DHTProtocol", "Metainfo", "PeerProtocol", "Reactor", "TestPeer", "TorrentCore",
            "TorrentCrypto",
        ],
        path: "Sources/TestPeerCommand",
        swiftSettings: common),
    .target(name: "CAllocations", publicHeadersPath: "include"),
    .executableTarget(
        name: "Benchmarks",
        dependencies: [
            "CAllocations", "Metainfo", "PeerProtocol", "PieceStorage", "Reactor", "Swarm",
            "TorrentCore", "TorrentCrypto",
        ],
        swiftSettings: common),

    tests("TorrentCoreTests", ["TorrentCore"]),
    tests("BencodeTests", ["Bencode", "TorrentCore"]),
    tests("MetainfoTests", ["Bencode", "Metainfo", "TorrentCore", "TorrentCrypto"]),
    tests("PeerProtocolTests", ["Bencode", "PeerProtocol", "TorrentCore", "TorrentCrypto"]),
    tests("TrackerProtocolTests", ["Bencode", "TrackerProtocol", "TorrentCore"]),
    tests("UTPProtocolTests", ["TorrentCore", "UTPProtocol"]),
    tests("SwarmTests", ["Metainfo", "Swarm", "TorrentCore"]),
    tests(
        "SimulationTests",
        [
            "DHTProtocol", "Metainfo", "Swarm", "SwarmSimulation", "TorrentCore", "TorrentCrypto",
            "TorrentTree", "UTPProtocol",
        ]),
    tests("DHTProtocolTests", ["Bencode", "DHTProtocol", "TorrentCore", "TorrentCrypto"]),
    tests("TorrentTreeTests", ["Metainfo", "TorrentCore", "TorrentCrypto", "TorrentTree"]),
    tests("ReactorTests", ["CLinux", "Reactor", "TorrentCore"]),
    tests("TorrentCryptoTests", ["TorrentCore", "TorrentCrypto"]),
    tests(
        "PieceStorageTests",
        ["CLinux", "Metainfo", "PieceStorage", "Reactor", "TorrentCore", "TorrentCrypto"]),
    tests(
        "TorrentEngineTests",
        [
            "Bencode", "DHTProtocol", "Metainfo", "PeerProtocol", "PieceStorage", "Reactor",
            "TorrentCore",
            "TorrentCrypto", "TorrentEngine", "TrackerProtocol",
        ]),
    tests(
        "FUSEBridgeTests",
        [
            "CLinux", "FUSEBridge", "Metainfo", "PieceStorage", "Reactor", "TorrentCore",
            "TorrentCrypto", "TorrentTree",
        ]),
    tests("ControlAPITests", ["ControlAPI", "ControlTesting", "Reactor", "TorrentCore"]),
    tests(
        "TestPeerTests",
        ["Bencode", "Metainfo", "PeerProtocol", "TestPeer", "TorrentCore", "TorrentCrypto"]),
    .target(
        name: "ControlTesting", dependencies: ["ControlAPI", "Reactor"],
        path: "Tests/ControlTesting", swiftSettings: common),
    // Real mounts of the built command, and real clients on the other side.
    .target(
        name: "RealClients",
        path: "Tests/RealClients",
        exclude: [
            "libtorrent_dht.py", "libtorrent_peer.py", "program.py", "quiet_libtorrent.py",
            "reader.py",
            "recording_tracker.py",
        ],
        swiftSettings: common),
    // A disk that loses power: what a program did to it is recorded by a library for LD_PRELOAD.
    .target(name: "DiskRecord", path: "Tests/DiskRecord"),
    .target(name: "DiskRecorder", dependencies: ["DiskRecord"], path: "Tests/DiskRecorder"),
    .target(
        name: "SimulatedDisk", dependencies: ["DiskRecord"], path: "Tests/SimulatedDisk",
        swiftSettings: common),
    tests("CommandTests", ["ControlAPI", "ControlTesting", "Reactor", "TorrentCore"]),
    tests(
        "MountTests",
        [
            "Metainfo", "PieceStorage", "RealClients", "Reactor", "SimulatedDisk", "TorrentCore",
            "TorrentCrypto",
        ]),
    tests("InteroperabilityTests", ["RealClients"]),
]

// `scripts/fuzz` builds the libFuzzer executable; an ordinary build has no use for it.
if Context.environment["SWARMFS_FUZZ"] != nil {
    targets.append(
        .executableTarget(
            name: "Fuzzers",
            dependencies: [
                "Bencode", "ControlAPI", "DHTProtocol", "Metainfo", "PeerProtocol", "Swarm",
                "TorrentCore", "TorrentCrypto", "TrackerProtocol", "UTPProtocol",
            ],
            swiftSettings: common + [.unsafeFlags(["-parse-as-library"])]))
}

let package = Package(
    name: "swarmfs",
    products: [.library(name: "DiskRecorder", type: .dynamic, targets: ["DiskRecorder"])],
    targets: targets)
