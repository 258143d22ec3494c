/// How help pages name the runtime directory; see `RuntimeDirectory` of the control interface.
enum RuntimePlaces {
    static let text = "$XDG_RUNTIME_DIR/swarmfs, else /run/swarmfs (root) or /tmp/swarmfs-UID"
}
