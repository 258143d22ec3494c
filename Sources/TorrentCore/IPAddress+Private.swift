extension IPAddress {
    /// Whether the address belongs to this machine or to networks of its own: loopback, link-local,
    /// private (RFC 1918), shared (RFC 6598), unique local (RFC 4193), "this network" and those of
    /// protocol assignments; also where an IPv6 address of a transition mechanism stands for one of
    /// them (RFC 4291, 6052, 3056). What the internet names must not make us talk to these.
    package var isPrivate: Bool {
        switch self {
        case .v4(let bits): Self.isPrivate(bits)
        case .v6(let high, let low):
            if high == 0 {
                // `::`, `::1`, and IPv4 addresses written as IPv6 ones.
                low <= 1 || low >> 32 == 0
                    || low >> 32 == 0xFFFF
                        && Self.isPrivate(UInt32(truncatingIfNeeded: low))
            } else if high == 0x0064_FF9B << 32 {
                Self.isPrivate(UInt32(truncatingIfNeeded: low))
            } else if high >> 48 == 0x2002 {
                Self.isPrivate(UInt32(truncatingIfNeeded: high >> 16))
            } else {
                // Unique local; link-local and the old site-local.
                high >> 57 == 0x7E || high >> 55 == 0x1FD
            }
        }
    }

    private static func isPrivate(_ bits: UInt32) -> Bool {
        bits >> 24 == 10 || bits >> 20 == 0xAC1 || bits >> 16 == 0xC0A8 || bits >> 24 == 127
            || bits >> 16 == 0xA9FE || bits >> 22 == 0x191 || bits >> 24 == 0
            || bits >> 8 == 0xC0_0000
    }
}
