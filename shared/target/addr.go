package target

import "net/netip"

// special are the ranges no target may lie in: the IANA special-purpose
// registries (RFC 6890; https://www.iana.org/assignments/iana-ipv4-special-registry,
// …/iana-ipv6-special-registry, read 2026-11) and multicast. Read only.
//
// IPv6 outside 2000::/3 is refused before the table is asked; that covers ::,
// ::1, v4-mapped ::ffff:0:0/96, NAT64 64:ff9b::/96 and 64:ff9b:1::/48,
// 100::/64, 5f00::/16, ULA fc00::/7, link-local fe80::/10, site-local
// fec0::/10 and multicast ff00::/8.
var special = [...]netip.Prefix{
	prefix4(0, 0, 0, 0, 8),       // this network
	prefix4(10, 0, 0, 0, 8),      // private
	prefix4(100, 64, 0, 0, 10),   // carrier-grade NAT, RFC 6598
	prefix4(127, 0, 0, 0, 8),     // loopback
	prefix4(169, 254, 0, 0, 16),  // link-local; cloud metadata
	prefix4(172, 16, 0, 0, 12),   // private
	prefix4(192, 0, 0, 0, 24),    // IETF protocol assignments
	prefix4(192, 0, 2, 0, 24),    // documentation
	prefix4(192, 31, 196, 0, 24), // AS112
	prefix4(192, 52, 193, 0, 24), // AMT
	prefix4(192, 88, 99, 0, 24),  // 6to4 relay anycast
	prefix4(192, 168, 0, 0, 16),  // private
	prefix4(192, 175, 48, 0, 24), // AS112
	prefix4(198, 18, 0, 0, 15),   // benchmarking
	prefix4(198, 51, 100, 0, 24), // documentation
	prefix4(203, 0, 113, 0, 24),  // documentation
	prefix4(224, 0, 0, 0, 4),     // multicast
	prefix4(240, 0, 0, 0, 4),     // reserved, and broadcast
	prefix6(0x2001, 0, 23),       // IETF: Teredo, benchmarking, ORCHID
	prefix6(0x2001, 0x0db8, 32),  // documentation
	prefix6(0x2002, 0, 16),       // 6to4: carries an IPv4 address
	netip.PrefixFrom(netip.AddrFrom16([16]byte{0x26, 0x20, 0, 0x4f, 0x80}), 48), // AS112
	prefix6(0x3fff, 0, 20), // documentation, RFC 9637
}

// globalUnicast is all that IANA hands out (RFC 4291 §2.4).
var globalUnicast = prefix6(0x2000, 0, 3)

func prefix4(a, b, c, d byte, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{a, b, c, d}), bits)
}

func prefix6(a, b uint16, bits int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom16([16]byte{byte(a >> 8), byte(a), byte(b >> 8), byte(b)}), bits)
}

func classifyAddr(a netip.Addr) kind {
	// IsLoopback would follow a v4-mapped address; 127/8 and ::1 are meant.
	if a.IsLoopback() && !a.Is4In6() {
		return loopback
	}
	if a.Is6() && !globalUnicast.Contains(a) {
		return private
	}
	for _, p := range special {
		if p.Contains(a) {
			return private
		}
	}
	return public
}
