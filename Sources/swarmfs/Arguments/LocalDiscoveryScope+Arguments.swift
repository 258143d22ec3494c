import TorrentEngine

extension LocalDiscoveryScope {
    /// What `--no-lsd` and `--lsd-interface` say; `--no-lsd` wins.
    init(_ arguments: ParsedArguments) {
        let interfaces = arguments.all("lsd-interface")
        self =
            arguments.has("no-lsd")
            ? .off : interfaces.isEmpty ? .listening : .interfaces(interfaces)
    }
}
