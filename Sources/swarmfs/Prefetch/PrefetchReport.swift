/// What `prefetch --json`, `pin --json` and `unpin --json` print.
struct PrefetchReport: Encodable {
    let files: Int
    /// In whole pieces; null where nothing was fetched.
    @NullEncoded var bytes: Int64?

    init(files: Int, bytes: Int64?) {
        self.files = files
        _bytes = NullEncoded(wrappedValue: bytes)
    }
}
