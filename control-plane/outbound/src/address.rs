//! Which addresses are public.
//!
//! Sources: the IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890, RFC 8190), column "Globally Reachable";
//! the IANA IPv6 Address Space registry, by which only 2000::/3 is global unicast; the multicast registries.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A block of addresses that are not for us to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Special {
    pub name: &'static str,
    /// The document that set it apart.
    pub source: &'static str,
}

type Block<A> = (A, u32, &'static str, &'static str);

const fn v4(a: u8, b: u8, c: u8, d: u8) -> Ipv4Addr {
    Ipv4Addr::new(a, b, c, d)
}

/// Not globally reachable, IPv4.
const V4: &[Block<Ipv4Addr>] = &[
    (v4(0, 0, 0, 0), 8, "this network", "RFC 791, 3.2"),
    (v4(10, 0, 0, 0), 8, "private use", "RFC 1918"),
    (v4(100, 64, 0, 0), 10, "shared address space", "RFC 6598"),
    (v4(127, 0, 0, 0), 8, "loopback", "RFC 1122, 3.2.1.3"),
    (v4(169, 254, 0, 0), 16, "link-local", "RFC 3927"),
    (v4(172, 16, 0, 0), 12, "private use", "RFC 1918"),
    // Two anycast addresses in it are reachable, and serve nobody's webhook.
    (v4(192, 0, 0, 0), 24, "IETF protocol assignments", "RFC 6890, 2.1"),
    (v4(192, 0, 2, 0), 24, "documentation", "RFC 5737"),
    (v4(192, 88, 99, 0), 24, "6to4 relay anycast, deprecated", "RFC 7526"),
    (v4(192, 168, 0, 0), 16, "private use", "RFC 1918"),
    (v4(198, 18, 0, 0), 15, "benchmarking", "RFC 2544"),
    (v4(198, 51, 100, 0), 24, "documentation", "RFC 5737"),
    (v4(203, 0, 113, 0), 24, "documentation", "RFC 5737"),
    (v4(224, 0, 0, 0), 4, "multicast", "RFC 5771"),
    // With the limited broadcast address, 255.255.255.255.
    (v4(240, 0, 0, 0), 4, "reserved", "RFC 1112, 4"),
];

const fn v6(a: u16, b: u16, c: u16) -> Ipv6Addr {
    Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0)
}

/// Within 2000::/3, and yet not globally reachable.
const V6: &[Block<Ipv6Addr>] = &[
    // Teredo, benchmarking, ORCHID and others; of the few reachable ones in it none is a host of somebody's.
    (v6(0x2001, 0, 0), 23, "IETF protocol assignments", "RFC 2928"),
    (v6(0x2001, 0xdb8, 0), 32, "documentation", "RFC 3849"),
    // It carries an IPv4 address, and the relays that take it there are deprecated.
    (v6(0x2002, 0, 0), 16, "6to4, deprecated", "RFC 7526"),
    (v6(0x3fff, 0, 0), 20, "documentation", "RFC 9637"),
];

/// Outside 2000::/3: only for the sake of a better word than "not global unicast".
const V6_OTHERS: &[Block<Ipv6Addr>] = &[
    (Ipv6Addr::LOCALHOST, 128, "loopback", "RFC 4291"),
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified", "RFC 4291"),
    (v6(0x64, 0xff9b, 1), 48, "local-use IPv4/IPv6 translation", "RFC 8215"),
    (v6(0x100, 0, 0), 64, "discard only", "RFC 6666"),
    (v6(0x5f00, 0, 0), 16, "segment routing", "RFC 9602"),
    (v6(0xfc00, 0, 0), 7, "unique local", "RFC 4193"),
    (v6(0xfe80, 0, 0), 10, "link-local", "RFC 4291"),
    (v6(0xfec0, 0, 0), 10, "site-local, deprecated", "RFC 3879"),
    (v6(0xff00, 0, 0), 8, "multicast", "RFC 4291"),
];

/// Why an address is not public; `None` for one that is.
pub fn refusal_of(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(v4) => of_v4(v4),
        IpAddr::V6(v6) => of_v6(v6),
    }
}

/// The address itself, without an IPv6 dress.
pub(crate) fn undressed(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => carried(v6).map_or(address, IpAddr::V4),
    }
}

fn of_v4(address: Ipv4Addr) -> Option<Special> {
    let bits = u32::from(address);
    let hit = V4.iter().find(|(base, length, ..)| (bits ^ u32::from(*base)) >> (32 - length) == 0);
    hit.map(|(_, _, name, source)| Special { name, source })
}

fn of_v6(address: Ipv6Addr) -> Option<Special> {
    if let Some(carried) = carried(address) {
        return of_v4(carried);
    }
    let bits = u128::from(address);
    let within = |(base, length, ..): &&Block<Ipv6Addr>| {
        // A shift by all 128 bits would be an overflow: a length of 0 is in no table.
        (bits ^ u128::from(*base)) >> (128 - length) == 0
    };
    let global_unicast = bits >> 125 == 0b001;
    let table = if global_unicast { V6 } else { V6_OTHERS };
    match table.iter().find(within) {
        Some((_, _, name, source)) => Some(Special { name, source }),
        None if global_unicast => None,
        None => Some(Special { name: "not global unicast", source: "RFC 4291, 2.4" }),
    }
}

/// The IPv4 address inside an IPv6 one that is only a way to write or translate it: mapped (`::ffff:0:0/96`, RFC 4291) and
/// the well-known prefix of NAT64 (`64:ff9b::/96`, RFC 6052), which DNS64 makes of public hosts on networks without IPv4.
/// IPv4-compatible ones (`::/96`) are deprecated and refused as a whole.
fn carried(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let nat64 = u128::from(v6(0x64, 0xff9b, 0)) >> 32;
    let mapped = u128::from(Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0)) >> 32;
    let bits = u128::from(address);
    let low = u32::try_from(bits & u128::from(u32::MAX)).ok()?;
    (bits >> 32 == nat64 || bits >> 32 == mapped).then(|| Ipv4Addr::from(low))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// First and last address of each block, and what lies beside it.
    const REFUSED: &[&str] = &[
        "0.0.0.0",
        "0.255.255.255",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.0",
        "169.254.169.254",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.0",
        "192.0.0.9",
        "192.0.0.170",
        "192.0.0.255",
        "192.0.2.0",
        "192.0.2.255",
        "192.88.99.1",
        "192.168.0.0",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.255",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.0",
        "255.255.255.255",
        "::",
        "::1",
        "::2",
        "::7f00:1",
        "::a00:1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::10.1.2.3",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::",
        "64:ff9b:1::808:808",
        "100::",
        "100::1",
        "200::1",
        "400::1",
        "1000::1",
        "1fff:ffff::1",
        "2001::",
        "2001::1",
        "2001:0:4136:e378::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:1ff:ffff::1",
        "2001:db8::",
        "2001:db8:ffff::1",
        "2002::",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "2002:ffff::1",
        "3fff::",
        "3fff:fff:ffff::1",
        "4000::1",
        "5f00::1",
        "8000::1",
        "fc00::",
        "fd00:ec2::254",
        "fdff:ffff::1",
        "fe00::1",
        "fe80::",
        "fe80::1",
        "febf:ffff::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::1",
        "ffff::1",
    ];

    const PUBLIC: &[&str] = &[
        "1.0.0.0",
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.0.3.0",
        "192.88.98.255",
        "192.88.100.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "198.51.99.255",
        "198.51.101.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "::ffff:8.8.8.8",
        "64:ff9b::8.8.8.8",
        "2000::1",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2001:db7:ffff::1",
        "2001:db9::1",
        "2003::1",
        "2606:4700:4700::1111",
        "2a00:1450:4001::1",
        "3ffe:ffff::1",
        "3fff:1000::1",
    ];

    #[test]
    fn the_table_of_addresses() {
        for text in REFUSED {
            assert!(refusal_of(text.parse().unwrap()).is_some(), "{text} must be refused");
        }
        for text in PUBLIC {
            assert_eq!(refusal_of(text.parse().unwrap()), None, "{text} is public");
        }
    }

    #[test]
    fn every_block_has_its_source_and_begins_where_it_says() {
        for (base, length, name, source) in V4 {
            assert!((1..=32).contains(length) && !name.is_empty() && source.starts_with("RFC"), "{name}");
            assert_eq!(u32::from(*base) & (u32::MAX >> length), 0, "{base}/{length} has host bits");
        }
        for (base, length, name, source) in V6.iter().chain(V6_OTHERS) {
            assert!((1..=128).contains(length) && !name.is_empty() && source.starts_with("RFC"), "{name}");
            let host = if *length == 128 { 0 } else { u128::MAX >> length };
            assert_eq!(u128::from(*base) & host, 0, "{base}/{length} has host bits");
        }
    }

    proptest! {
        /// Another opinion: what the standard library knows of IPv4 is never called public here.
        #[test]
        fn what_the_standard_library_calls_special_is_refused(bits: u32) {
            let ip = Ipv4Addr::from(bits);
            let special = ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_broadcast()
                || ip.is_documentation() || ip.is_multicast() || ip.is_unspecified();
            prop_assert!(!special || refusal_of(ip.into()).is_some());
        }

        /// However an IPv4 address is dressed, it is judged by itself or refused.
        #[test]
        fn a_dress_makes_no_address_public(bits: u32, prefix in prop::sample::select(vec![
            "::", "::ffff:0:0", "64:ff9b::", "64:ff9b:1::", "2002::",
        ])) {
            let base: Ipv6Addr = prefix.parse().unwrap();
            let dressed = if prefix == "2002::" {
                Ipv6Addr::from(u128::from(base) | u128::from(bits) << 80)
            } else {
                Ipv6Addr::from(u128::from(base) | u128::from(bits))
            };
            let refused = refusal_of(Ipv4Addr::from(bits).into()).is_some();
            prop_assert!(!refused || refusal_of(dressed.into()).is_some());
        }

        #[test]
        fn outside_global_unicast_only_translated_addresses_are_public(bits: u128) {
            let ip = Ipv6Addr::from(bits);
            if bits >> 125 != 1 && carried(ip).is_none() {
                prop_assert!(refusal_of(ip.into()).is_some());
            }
        }
    }
}
