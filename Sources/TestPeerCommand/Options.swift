import TestPeer

/// The command line.
struct Options {
    static let usage = """
        usage: swarmfs-test-peer TORRENT --data PATH [--count N] [--behaviour SPEC] \
        [--peer K:SPEC]... [--detached]

        Seeds TORRENT (with v1 hashes) as N peers (default 1), each on a loopback port of its own.
        Prints a JSON line with the ports when all listen. An empty line on standard input gets a
        JSON line of figures; at its end, or at SIGTERM, come the last figures and the end.

          --data PATH       the torrent's file, or its directory
          --behaviour SPEC  how all of them behave
          --peer K:SPEC     changes that for peer K, counted from 0
          --detached        pay no attention to standard input

        SPEC is a list with commas of
          delay=MS          round trip
          rate=BYTES        bytes a second, on each connection
          stall=S@T         send nothing for S seconds, T seconds after the first request
          stall=S@NB        the same after N bytes of blocks
          stall=S/P         the same at the end of every P seconds
          choke=S@T, S/P    choke for S seconds, with rejects; times as above
          death=T, NB       close and stop listening then
          unchoke=never     unchoke nobody
          reqq=N            requests kept (default 500)
        """

    var torrent = ""
    var data = ""
    var isDetached = false
    var behaviours = [TestPeerBehaviour()]

    /// From the arguments after the program's name.
    init(_ arguments: [String]) throws(UsageError) {
        var rest = arguments[...]
        var count = 1
        var general = TestPeerBehaviour()
        var special: [(peer: Int, text: String)] = []
        while let argument = rest.popFirst() {
            if argument == "--detached" {
                isDetached = true
                continue
            }
            guard argument.hasPrefix("--") else {
                torrent = argument
                continue
            }
            guard let value = rest.popFirst() else { throw UsageError("\(argument) has no value") }
            switch argument {
            case "--data": data = value
            case "--count":
                guard let number = Int(value), (1...1000).contains(number) else {
                    throw UsageError("--count \(value) is no number of peers")
                }
                count = number
            case "--behaviour": try BehaviourText.apply(value, to: &general)
            case "--peer":
                let parts = value.split(separator: ":", maxSplits: 1)
                guard parts.count == 2, let peer = Int(parts[0]) else {
                    throw UsageError("--peer \(value) is not K:SPEC")
                }
                special.append((peer, String(parts[1])))
            default: throw UsageError("unknown option \(argument)")
            }
        }
        guard !torrent.isEmpty, !data.isEmpty else {
            throw UsageError("a torrent and --data are needed")
        }
        behaviours = Array(repeating: general, count: count)
        for (peer, text) in special {
            guard behaviours.indices.contains(peer) else {
                throw UsageError("--peer \(peer): there are \(count), counted from 0")
            }
            try BehaviourText.apply(text, to: &behaviours[peer])
        }
    }
}
