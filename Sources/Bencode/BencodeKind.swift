/// The four kinds of bencoded values (BEP 3).
package enum BencodeKind: UInt32, Sendable {
    case integer, string, list, dictionary
}
