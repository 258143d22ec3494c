import Foundation
import Testing

@Suite("Bad command lines: one line, exit code 2", .timeLimit(.minutes(10)))
struct UsageTests {
    private let surroundings: Surroundings

    init() throws { surroundings = try Surroundings() }

    @Test(arguments: [
        ("", "no command was given: run `swarmfs --help` for the commands"),
        ("mont", "there is no command mont: did you mean `swarmfs mount`?"),
        ("umount x", "there is no command umount: did you mean `swarmfs unmount`?"),
        ("frobnicate", "there is no command frobnicate: run `swarmfs --help` for the commands"),
        ("--colour", "there is no option --colour: run `swarmfs --help` for the commands"),
        ("mount", "mount needs a SOURCE and a MOUNTPOINT: run `swarmfs mount --help` for examples"),
        (
            "mount a.torrent",
            "mount needs a SOURCE and a MOUNTPOINT: run `swarmfs mount --help` for examples"
        ),
        ("mount a empty --pear x", "mount has no option --pear: did you mean --peer?"),
        ("mount a empty --lissen=:1", "mount has no option --lissen: did you mean --listen?"),
        ("mount a empty --wait 5s", "mount has no option --wait: did you mean --wait-timeout?"),
        (
            "mount a empty --xyzzy",
            "mount has no option --xyzzy: run `swarmfs mount --help` for the options"
        ),
        ("mount a empty -z", "mount has no option -z: run `swarmfs mount --help` for the options"),
        ("mount a empty --peer", "--peer needs a value: write --peer HOST:PORT"),
        (
            "mount a empty --peer host",
            """
            --peer host is no peer: write HOST:PORT, for example 192.0.2.1:6881 or \
            [2001:db8::1]:6881
            """
        ),
        (
            "mount a empty --peer ::1:80",
            """
            --peer ::1:80 is no peer: write HOST:PORT, for example 192.0.2.1:6881 or \
            [2001:db8::1]:6881
            """
        ),
        (
            "mount a empty --no-dht --dht-bootstrap 192.0.2.1:6881",
            "--no-dht and --dht-bootstrap contradict each other: give one of them"
        ),
        (
            "mount a empty --cache-size 1M",
            "--cache-size 1M is too small: a cache needs 16.0 MiB or more"
        ),
        (
            "mount a empty --cache-size lots",
            "--cache-size lots is no size: write a number of bytes, or 64KiB, 4MiB, 1G"
        ),
        (
            "mount a empty --cache-free 101%",
            """
            --cache-free 101% is no part of a disk: write a percentage below 100, such as 5%, or a \
            size, such as 20G
            """
        ),
        ("mount a empty --no-upload=yes", "--no-upload takes no value: write just --no-upload"),
        (
            "mount a empty --tracker ftp://x/",
            """
            --tracker ftp://x/ is no http, https, udp URL: write it in full, for example \
            https://tracker.example/announce
            """
        ),
        (
            "mount a empty --listen 6881x",
            """
            --listen 6881x is no address to listen on: write :6881, 192.0.2.1:6881 or \
            [2001:db8::1]:6881
            """
        ),
        (
            "mount a empty --read-timeout soon",
            "--read-timeout soon is no duration: write 30s, 5m, 1h, or 0 for no limit"
        ),
        (
            "mount a empty --wait-timeout 99999999d",
            "--wait-timeout 99999999d is no duration: write 30s, 5m, 1h, or 0 for no limit"
        ),
        (
            "mount a empty --memory 1MiB",
            """
            --memory 1MiB is too little: give 4MiB or more: pieces are received, verified and \
            written in it
            """
        ),
        (
            "mount a empty --memory lots",
            "--memory lots is no size: write a number of bytes, or 64KiB, 4MiB, 1G"
        ),
        (
            "mount a empty --encryption yes",
            "--encryption yes is no way to encrypt: choose one of prefer, require, off"
        ),
        (
            "mount a empty --log-level loud",
            "--log-level loud is no log level: choose one of error, warning, info, debug"
        ),
        (
            "mount a empty --max-upload fast",
            """
            --max-upload fast is no rate: write bytes a second like 500KiB or 2MiB, at least 4KiB, \
            or none
            """
        ),
        (
            "mount a empty --max-connections 0",
            "--max-connections 0 is no number of connections: write one from 1 to 65535"
        ),
        (
            "limit empty",
            """
            limit needs --max-download or --max-upload: run `swarmfs limit --help` for examples
            """
        ),
        ("unmount", "unmount needs a MOUNTPOINT: run `swarmfs unmount --help` for examples"),
        (
            "unmount a b", "unmount does not expect b: run `swarmfs unmount --help` for examples"
        ),
        ("status a b", "status does not expect b: run `swarmfs status --help` for examples"),
        ("create full", "create needs -o FILE: say where the .torrent file goes"),
        ("create -o x", "create needs a PATH: run `swarmfs create --help` for examples"),
        (
            "create full -o x --format v3",
            "--format v3 is no format: choose v1, v2 or hybrid"
        ),
        (
            "create full -o x --piece-length 3MiB",
            """
            --piece-length 3MiB cannot be a piece length: choose a power of two from 16KiB to \
            64MiB
            """
        ),
        (
            "create full -o x --piece-length 1e9",
            "--piece-length 1e9 is no size: write a number of bytes, or 64KiB, 4MiB, 1G"
        ),
        (
            "create full -o x --creation-date 2026-02-30",
            """
            --creation-date 2026-02-30 is no date: write 2026-01-31, 2026-01-31T12:00:00Z, \
            seconds since 1970, now or none
            """
        ),
        ("seed x.torrent", "seed needs --data PATH: say where the torrent's file or directory is"),
    ])
    func `a wrong command line says what is wrong and what to do`(
        line: String, message: String
    ) async throws {
        let run = try await CommandRun(
            line.split(separator: " ").map(String.init), in: surroundings)
        #expect(run.failure == message)
        #expect(run.status == 2)
        #expect(run.output.isEmpty)
    }

    @Test func `control characters from the command line do not reach the terminal`() async throws {
        let run = try await CommandRun(["mo\u{1b}[31m\nunt"], in: surroundings)
        #expect(run.failure?.contains("mo?[31m?unt") == true)
        #expect(run.status == 2)
    }

    @Test(arguments: [
        ("nowhere", "does not exist: make it first (mkdir -p nowhere)"),
        ("full", "hide what is in it"),
        ("full/file", "is not a directory: give an empty directory"),
        ("full/file/below", "is not a directory: give an empty directory"),
    ])
    func `a mountpoint that cannot be used is exit code 5`(
        mountpoint: String, message: String
    ) async throws {
        let hash = String(repeating: "0", count: 40)
        let run = try await CommandRun(["mount", hash, mountpoint], in: surroundings)
        #expect(run.failure?.hasSuffix(message) == true)
        #expect(run.status == 5)
    }
}
