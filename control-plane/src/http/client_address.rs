//! Which address a request comes from: the connection's, or where a trusted proxy says that it got it from.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use ipnet::IpNet;

/// The proxies whose `X-Forwarded-For` is believed. Without any, only connections count.
#[derive(Debug, Clone, Default)]
pub(crate) struct Proxies(Arc<[IpNet]>);

impl Proxies {
    pub(crate) fn new(networks: Vec<IpNet>) -> Self {
        Self(networks.into())
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// From the right of `X-Forwarded-For`, where each proxy appends whom it heard it from: the first that is no
    /// trusted proxy. What stands left of that may have been made up by the client.
    fn client(&self, headers: &HeaderMap, peer: IpAddr) -> IpAddr {
        let mut client = peer.to_canonical();
        let lines = headers.get_all("x-forwarded-for").iter().rev();
        // A value that is no text hides what it says: an empty one, so that the search ends there.
        let hops = lines.flat_map(|line| line.to_str().unwrap_or_default().rsplit(','));
        for hop in hops {
            if !self.trusts(client) {
                break;
            }
            let Ok(address) = hop.trim().parse::<IpAddr>() else { break };
            client = address.to_canonical();
        }
        client
    }

    /// Where a request comes from; `None` without a connection, as in tests.
    pub(crate) fn client_of(&self, request: &Request) -> Option<IpAddr> {
        let peer = request.extensions().get::<ConnectInfo<SocketAddr>>()?.0.ip();
        Some(self.client(request.headers(), peer))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(proxies: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::new(proxies.iter().map(|p| p.parse().unwrap()).collect());
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        proxies.client(&headers, peer.parse().unwrap()).to_string()
    }

    #[test]
    fn only_trusted_proxies_are_believed_and_only_about_their_own_peer() {
        let proxy = ["10.0.0.0/8"];
        assert_eq!(client(&[], "10.0.0.1", &["203.0.113.9"]), "10.0.0.1", "nobody is trusted");
        assert_eq!(client(&proxy, "198.51.100.7", &["203.0.113.9"]), "198.51.100.7", "made up by a client");
        assert_eq!(client(&proxy, "10.0.0.1", &["203.0.113.9"]), "203.0.113.9");
        assert_eq!(
            client(&proxy, "10.0.0.1", &["1.2.3.4, 203.0.113.9"]),
            "203.0.113.9",
            "the left is made up"
        );
        assert_eq!(
            client(&proxy, "10.0.0.1", &["1.2.3.4", "203.0.113.9, 10.2.2.2"]),
            "203.0.113.9",
            "two proxies"
        );
        assert_eq!(client(&proxy, "10.0.0.1", &["1.2.3.4, nonsense"]), "10.0.0.1");
        assert_eq!(client(&proxy, "10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(
            client(&proxy, "::ffff:10.0.0.1", &["2001:db8::1"]),
            "2001:db8::1",
            "one host, two notations"
        );
        assert_eq!(client(&["::1/128"], "::1", &["::ffff:203.0.113.9"]), "203.0.113.9");
    }
}
