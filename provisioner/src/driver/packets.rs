//! Packet rules by user id: what an instance may connect to.
//!
//! One nftables table for each installation. It judges only packets of its own instances' users, and of
//! those only the opening of a connection: everybody else on the machine may reach an instance, and its
//! answers pass. An instance may reach its own two ports, the machine's name servers, and the public internet;
//! nothing else on this machine, no private network, no cloud metadata service.

use std::fs;
use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// "This" network, private use, carrier-grade NAT, link-local (cloud metadata), IETF protocol assignments,
/// benchmarking, multicast, reserved and broadcast: RFC 6890.
const CLOSED_V4: &str = "0.0.0.0/8, 10.0.0.0/8, 100.64.0.0/10, 127.0.0.0/8, 169.254.0.0/16, 172.16.0.0/12, \
    192.0.0.0/24, 192.168.0.0/16, 198.18.0.0/15, 224.0.0.0/3";
/// Loopback and mapped addresses, NAT64 (would reach private addresses), unique local, link-local, multicast.
const CLOSED_V6: &str = "::/96, ::ffff:0:0/96, 64:ff9b::/96, 64:ff9b:1::/48, fc00::/7, fe80::/10, ff00::/8";

#[derive(Debug, Clone)]
pub(crate) struct PacketRules {
    nft: PathBuf,
    table: String,
}

impl PacketRules {
    /// Puts the table in place. What it said before about running instances stays.
    pub(crate) fn install(nft: PathBuf, installation: &str) -> Result<Self, String> {
        let rules = Self { nft, table: format!("tenantry_{installation}") };
        let resolvers = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        rules.run(&script(&rules.table, &name_servers(&resolvers)))?;
        Ok(rules)
    }

    /// Confines a user to its own two ports, and to `databases` where those are reached by TCP. Repeating it
    /// changes nothing. Databases are open to every instance: each has its own role there, and a server is
    /// shared by many.
    pub(crate) fn add(&self, uid: u32, ports: [u16; 2], databases: &[SocketAddr]) -> Result<(), String> {
        // An instance that moved to other ports loses the old ones.
        let stale: Vec<u16> = self.ports_of(uid)?.into_iter().filter(|port| !ports.contains(port)).collect();
        let t = &self.table;
        let mut script = elements("delete", t, uid, &stale);
        script += &format!("add element inet {t} tenants {{ {uid} }}\n");
        script += &elements("add", t, uid, &ports);
        for address in databases {
            let set = if address.is_ipv4() { "databases4" } else { "databases6" };
            script += &format!("add element inet {t} {set} {{ {} . {} }}\n", address.ip(), address.port());
        }
        self.run(&script)
    }

    /// Forgets a user: only when nothing runs under it any more.
    pub(crate) fn remove(&self, uid: u32) -> Result<(), String> {
        let t = &self.table;
        let mut script = elements("delete", t, uid, &self.ports_of(uid)?);
        // Adding first makes the deletion succeed whether or not it was there.
        script += &format!(
            "add element inet {t} tenants {{ {uid} }}\ndelete element inet {t} tenants {{ {uid} }}\n"
        );
        self.run(&script)
    }

    /// Deletes the whole table.
    pub(crate) fn uninstall(&self) -> Result<(), String> {
        self.run(&format!("add table inet {t}\ndelete table inet {t}\n", t = self.table))
    }

    fn ports_of(&self, uid: u32) -> Result<Vec<u16>, String> {
        let output = Command::new(&self.nft)
            .args(["-n", "list", "set", "inet", &self.table, "own_ports"])
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("nft cannot be executed: {e}"))?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
        }
        Ok(parse_ports(&String::from_utf8_lossy(&output.stdout), uid))
    }

    /// One transaction: all of it or nothing.
    fn run(&self, script: &str) -> Result<(), String> {
        let failed = |e: std::io::Error| format!("nft cannot be executed: {e}");
        let mut child = Command::new(&self.nft)
            .args(["-f", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(script.as_bytes()).map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        if output.status.success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&output.stderr);
        Err(format!("the packet rules were refused: {}", text.lines().next().unwrap_or("no reason given")))
    }
}

fn elements(verb: &str, table: &str, uid: u32, ports: &[u16]) -> String {
    ports.iter().map(|port| format!("{verb} element inet {table} own_ports {{ {uid} . {port} }}\n")).collect()
}

fn parse_ports(listing: &str, uid: u32) -> Vec<u16> {
    let Some((_, elements)) = listing.split_once("elements = {") else {
        return Vec::new();
    };
    let elements = elements.split('}').next().unwrap_or_default();
    elements
        .split(',')
        .filter_map(|element| {
            let (owner, port) = element.split_once('.')?;
            (owner.trim().parse() == Ok(uid)).then(|| port.trim().parse().ok())?
        })
        .collect()
}

fn name_servers(resolv_conf: &str) -> Vec<IpAddr> {
    resolv_conf
        .lines()
        .filter_map(|line| line.trim().strip_prefix("nameserver"))
        .filter_map(|address| address.trim().split('%').next()?.parse().ok())
        .collect()
}

fn script(table: &str, name_servers: &[IpAddr]) -> String {
    let dns: String = name_servers
        .iter()
        .map(|address| {
            let family = if address.is_ipv4() { "ip" } else { "ip6" };
            format!("add rule inet {table} instance {family} daddr {address} meta l4proto {{ tcp, udp }} th dport 53 accept\n")
        })
        .collect();
    format!(
        "add table inet {table}
add set inet {table} tenants {{ typeof meta skuid; }}
add set inet {table} own_ports {{ typeof meta skuid . tcp dport; }}
add set inet {table} databases4 {{ typeof ip daddr . tcp dport; }}
add set inet {table} databases6 {{ typeof ip6 daddr . tcp dport; }}
add chain inet {table} instance
add chain inet {table} output {{ type filter hook output priority filter; policy accept; }}
flush chain inet {table} output
flush chain inet {table} instance
add rule inet {table} output meta skuid @tenants jump instance
add rule inet {table} instance tcp flags & (syn | ack) != syn accept
{dns}add rule inet {table} instance ip daddr . tcp dport @databases4 accept
add rule inet {table} instance ip6 daddr . tcp dport @databases6 accept
add rule inet {table} instance oifname \"lo\" meta skuid . tcp dport @own_ports accept
add rule inet {table} instance oifname \"lo\" reject with icmpx type admin-prohibited
add rule inet {table} instance ip daddr {{ {CLOSED_V4} }} reject with icmpx type admin-prohibited
add rule inet {table} instance ip6 daddr {{ {CLOSED_V6} }} reject with icmpx type admin-prohibited
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_servers_are_read_with_scopes_and_comments_around() {
        let text = "# made by hand\nsearch example\nnameserver 10.0.0.2\n nameserver fe80::1%eth0\nnameserver nonsense\n";
        let found: Vec<String> = name_servers(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, ["10.0.0.2", "fe80::1"]);
    }

    #[test]
    fn only_the_users_own_ports_are_read_back() {
        let listing = "set own_ports {\n typeof meta skuid . tcp dport\n elements = { 5001 . 20000,\n 5001 . 20001, 15001 . 20002 }\n}";
        assert_eq!(parse_ports(listing, 5001), [20000, 20001]);
        assert!(parse_ports("set own_ports { }", 5001).is_empty());
    }

    #[test]
    fn name_servers_come_before_what_closes_private_networks() {
        let text = script("tenantry_x", &["10.0.0.2".parse().unwrap()]);
        let dns = text.find("10.0.0.2").unwrap();
        assert!(dns < text.find("oifname").unwrap() && dns < text.find("169.254.0.0/16").unwrap());
    }
}
