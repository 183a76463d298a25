//! Where a key may be used from: networks in CIDR notation (RFC 4632, RFC 4291).

use std::net::IpAddr;

use ipnet::IpNet;
use tenantry_kernel::{Error, Result};

const MOST: usize = 50;

/// Reads networks strictly: no host bits, no IPv4 dressed up as IPv6. A single address is a network of one.
///
/// # Errors
/// `Invalid`, with what was probably meant.
pub(super) fn parse(texts: &[String]) -> Result<Vec<IpNet>> {
    if texts.len() > MOST {
        return Err(wrong(format!("A key is bound to at most {MOST} addresses.")));
    }
    let mut networks: Vec<IpNet> = texts.iter().map(|text| one(text)).collect::<Result<_>>()?;
    networks.sort();
    networks.dedup();
    Ok(networks)
}

fn one(text: &str) -> Result<IpNet> {
    let text = text.trim();
    let shown: String = text.chars().take(60).collect();
    let network = match text.parse::<IpAddr>() {
        Ok(address) => Ok(IpNet::from(address)),
        Err(_) => text.parse::<IpNet>(),
    };
    let network = network.map_err(|_| wrong(format!("{shown:?} is no address and no network.")))?;
    if network.trunc() != network {
        let meant = network.trunc();
        return Err(Error::invalid("allowedAddresses", format!("{shown} has bits beyond its network's."))
            .with_remedy(format!(
                "Write {meant} for the network, or {} for the one address.",
                network.addr()
            )));
    }
    match network.addr() {
        IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
            Err(wrong(format!("{shown} is an IPv4 address written as IPv6.")))
        }
        _ => Ok(network),
    }
}

fn wrong(message: String) -> Error {
    Error::invalid("allowedAddresses", message).with_remedy(
        "Write addresses as 203.0.113.7 or 2001:db8::7, networks as 203.0.113.0/24 or 2001:db8::/32.",
    )
}

/// Whether a request from this address is let in. Without an address nobody knows where it came from.
pub(super) fn admit(networks: &[IpNet], address: Option<IpAddr>) -> bool {
    networks.is_empty()
        || address.is_some_and(|a| {
            let address = a.to_canonical();
            networks.iter().any(|network| network.contains(&address))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<IpNet>> {
        parse(&[text.to_owned()])
    }

    #[test]
    fn networks_are_read_strictly() {
        for (text, meant) in [
            ("203.0.113.7", "203.0.113.7/32"),
            (" 203.0.113.0/24 ", "203.0.113.0/24"),
            ("2001:db8::/32", "2001:db8::/32"),
            ("2001:DB8::7", "2001:db8::7/128"),
            ("0.0.0.0/0", "0.0.0.0/0"),
        ] {
            assert_eq!(read(text).unwrap()[0].to_string(), meant);
        }
        for text in [
            "",
            "203.0.113.7/24",
            "2001:db8::1/32",
            "203.0.113/24",
            "203.0.113.0/33",
            "203.0.113.0/-1",
            "010.0.0.1",
            "203.0.113.0/255.255.255.0",
            "::ffff:203.0.113.7",
            "example.com",
            "203.0.113.1-9",
            "*",
            "1.2.3.4, 5.6.7.8",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        assert!(read("203.0.113.7/24").unwrap_err().remedy().contains("203.0.113.0/24"));
        assert!(parse(&vec!["192.0.2.1".to_owned(); 51]).is_err());
        assert_eq!(parse(&vec!["192.0.2.1".to_owned(); 50]).unwrap().len(), 1);
    }

    #[test]
    fn an_address_is_admitted_by_its_network_however_it_is_written() {
        let networks = parse(&["203.0.113.0/24".to_owned(), "2001:db8::/32".to_owned()]).unwrap();
        for (address, admitted) in [
            ("203.0.113.255", true),
            ("203.0.114.0", false),
            ("::ffff:203.0.113.9", true),
            ("2001:db8:ffff::1", true),
            ("2001:db9::1", false),
        ] {
            assert_eq!(admit(&networks, Some(address.parse().unwrap())), admitted, "{address}");
        }
        assert!(!admit(&networks, None));
        assert!(admit(&[], None));
    }
}
