use std::net::IpAddr;

use url::{Host, Url};

use crate::Refusal;

/// The longest URL that is taken, in bytes.
pub const MAX_URL: usize = 2048;

/// A URL that may be asked for, as far as one can tell without resolving its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(crate) url: Url,
    pub(crate) place: Place,
}

/// Where a connection goes: a name or an address, and a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) host: Name,
    pub(crate) port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    /// Lower-case, in ASCII, without a final dot.
    Dns(String),
    Address(IpAddr),
}

impl Target {
    /// The URL as it was understood: normalised, without a fragment.
    pub fn url(&self) -> &str {
        self.url.as_str()
    }

    /// Scheme, host and port: what may stand in a log. Paths and queries of webhooks hold secrets.
    pub fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Reads a URL. With `loopback`, plain HTTP to this machine is a target too.
    pub(crate) fn parse(text: &str, loopback: bool) -> Result<Self, Refusal> {
        if text.len() > MAX_URL {
            return Err(Refusal::TooLong);
        }
        let mut url = Url::parse(text).map_err(|_| Refusal::NotAUrl)?;
        if !matches!(url.scheme(), "https" | "http") {
            return Err(Refusal::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::UserInfo);
        }
        let host = Name::of(url.host().ok_or(Refusal::NotAUrl)?.to_owned());
        let of_this_machine = loopback && host.is_of_this_machine();
        if url.scheme() == "http" && !of_this_machine {
            return Err(Refusal::Scheme);
        }
        if matches!(&host, Name::Dns(name) if !is_full(name)) && !of_this_machine {
            return Err(Refusal::Host);
        }
        let port = url.port_or_known_default().ok_or(Refusal::NotAUrl)?;
        if !(port == 443 || port >= 1024 || of_this_machine) {
            return Err(Refusal::Port(port));
        }
        url.set_fragment(None);
        Ok(Self { url, place: Place { host, port } })
    }
}

impl Name {
    fn of(host: Host<String>) -> Self {
        match host {
            Host::Domain(name) => Self::Dns(name.trim_end_matches('.').to_ascii_lowercase()),
            Host::Ipv4(address) => Self::Address(address.into()),
            Host::Ipv6(address) => Self::Address(address.into()),
        }
    }

    /// Reads a host as people write it where there is no URL: a name, or an address with or without brackets.
    pub(crate) fn parse(text: &str, loopback: bool) -> Result<Self, Refusal> {
        let host = match text.parse::<IpAddr>() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::of(Host::parse(text).map_err(|_| Refusal::Host)?),
        };
        match &host {
            Self::Dns(name) if !(is_full(name) || loopback && host.is_of_this_machine()) => {
                Err(Refusal::Host)
            }
            _ => Ok(host),
        }
    }

    fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Dns(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Address(address) => address.is_loopback(),
        }
    }
}

/// A name of at least two labels, as the DNS can hold it (RFC 1035, 2.3.4).
fn is_full(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_url_may_look_like() {
        for good in [
            "https://hooks.example.com/a?b=c",
            "https://hooks.example.com:8443/",
            "https://8.8.8.8/x",
            "https://[2606:4700:4700::1111]/",
            "https://b\u{fc}cher.example/",
            "https://example.com./",
        ] {
            Target::parse(good, false).unwrap_or_else(|e| panic!("{good}: {e}"));
        }
        for (bad, why) in [
            ("", Refusal::NotAUrl),
            ("hooks.example.com", Refusal::NotAUrl),
            ("https://", Refusal::NotAUrl),
            ("https://exa mple.com/", Refusal::NotAUrl),
            ("https://1.2.3.4.5/", Refusal::NotAUrl),
            ("https://[::1%25eth0]/", Refusal::NotAUrl),
            ("http://hooks.example.com/", Refusal::Scheme),
            ("http://127.0.0.1/", Refusal::Scheme),
            ("ftp://hooks.example.com/", Refusal::Scheme),
            ("file:///etc/passwd", Refusal::Scheme),
            ("gopher://hooks.example.com/", Refusal::Scheme),
            ("javascript:alert(1)", Refusal::Scheme),
            ("https://user@hooks.example.com/", Refusal::UserInfo),
            ("https://user:pass@hooks.example.com/", Refusal::UserInfo),
            ("https://8.8.8.8@localhost.example.com/", Refusal::UserInfo),
            ("https://localhost/", Refusal::Host),
            ("https://localhost./", Refusal::Host),
            ("https://intranet/", Refusal::Host),
            ("https://a..example.com/", Refusal::Host),
            ("https://hooks.example.com:22/", Refusal::Port(22)),
            ("https://hooks.example.com:25/", Refusal::Port(25)),
            ("https://hooks.example.com:80/", Refusal::Port(80)),
            ("https://hooks.example.com:0/", Refusal::Port(0)),
        ] {
            assert_eq!(Target::parse(bad, false), Err(why), "{bad}");
        }
        let long = format!("https://hooks.example.com/{}", "a".repeat(MAX_URL));
        assert_eq!(Target::parse(&long, false), Err(Refusal::TooLong));
    }

    /// All the ways to write 127.0.0.1 that browsers understand are the address itself here.
    #[test]
    fn odd_spellings_of_an_address_are_that_address() {
        for odd in [
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://017700000001/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "https://%31%32%37.0.0.1/",
            "https:/127.0.0.1/",
            "https:\\\\127.0.0.1\\",
            "  https://127.0.0.1/  ",
            "https://\t127.0.0.1/",
        ] {
            let target = Target::parse(odd, false).unwrap_or_else(|e| panic!("{odd}: {e}"));
            assert_eq!(target.place.host, Name::Address("127.0.0.1".parse().unwrap()), "{odd}");
        }
    }

    #[test]
    fn loopback_is_a_target_where_it_is_allowed_and_nothing_else_is() {
        for good in
            ["http://localhost:8080/", "http://127.0.0.1:3000/", "http://[::1]:3000/", "http://a.localhost/"]
        {
            assert!(Target::parse(good, true).is_ok(), "{good}");
            assert!(Target::parse(good, false).is_err(), "{good}");
        }
        assert_eq!(Target::parse("http://10.0.0.1/", true), Err(Refusal::Scheme));
        assert_eq!(Target::parse("http://hooks.example.com/", true), Err(Refusal::Scheme));
        assert_eq!(Target::parse("https://intranet/", true), Err(Refusal::Host));
    }

    #[test]
    fn an_origin_tells_no_path() {
        let target = Target::parse("https://Hooks.Example.com:443/secret?token=1#x", false).unwrap();
        assert_eq!(target.origin(), "https://hooks.example.com");
        assert_eq!(target.url(), "https://hooks.example.com/secret?token=1");
    }
}
