/// What buffer memory there was not enough for when it was last asked for; saves asking again
/// until some has been given back.
enum BufferShortage {
    case none
    /// Readahead pieces cannot be opened.
    case readahead
    /// Not even pieces that reads wait for.
    case reads
}
