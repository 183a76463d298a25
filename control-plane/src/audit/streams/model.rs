use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{AuditStreamId, Error, Result};
use tenantry_store::audit::streams as rows;
use url::{Host, Url};

/// Streams that a tenant may have.
pub(super) const MOST: usize = 5;
/// Records in one batch.
pub(super) const BATCH: i64 = 100;
/// How long one batch may take, connection included.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What a stream leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Webhook,
    Syslog,
    File,
}

impl Kind {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Webhook => "webhook",
            Self::Syslog => "syslog",
            Self::File => "file",
        }
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        match text {
            "webhook" => Ok(Self::Webhook),
            "syslog" => Ok(Self::Syslog),
            "file" => Ok(Self::File),
            other => Err(Error::internal(format!("a stream's kind: {other}"))),
        }
    }
}

/// A stream as its tenant sees it.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    pub(crate) id: AuditStreamId,
    pub(crate) kind: Kind,
    pub(crate) target: String,
    pub(crate) last_seq: i64,
    /// Records that the receiver has not taken yet.
    pub(crate) pending: i64,
    pub(crate) last_error: Option<String>,
    pub(crate) last_delivered_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) paused_at: Option<DateTime<Utc>>,
}

impl TryFrom<rows::Stream> for Stream {
    type Error = Error;

    fn try_from(row: rows::Stream) -> Result<Self> {
        Ok(Self {
            id: row.id,
            kind: Kind::parse(&row.kind)?,
            target: row.target,
            last_seq: row.last_seq,
            pending: (row.head - row.last_seq).max(0),
            last_error: row.last_error,
            last_delivered_at: row.last_delivered_at,
            created_at: row.created_at,
            paused_at: row.paused_at,
        })
    }
}

/// How long to wait after so many failed attempts: 5 seconds, doubled each time, at most 15 minutes.
pub(super) fn backoff(attempts: i32) -> TimeDelta {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or(0);
    TimeDelta::seconds((5_i64 << doublings).min(900))
}

/// Where a syslog receiver is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Receiver {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
}

impl Receiver {
    /// Reads `syslog+tls://host[:6514]` or `syslog+tcp://host[:601]` (the ports of RFC 5425 and RFC 6587).
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = || {
            Error::invalid("target", "That is not the address of a syslog receiver.")
                .with_remedy("Give syslog+tls://host:6514, or syslog+tcp://host:601 for one without TLS.")
        };
        let url = Url::parse(text).map_err(|_| wrong())?;
        let (tls, port) = match url.scheme() {
            "syslog+tls" => (true, 6514),
            "syslog+tcp" => (false, 601),
            _ => return Err(wrong()),
        };
        let plain = url.username().is_empty()
            && url.password().is_none()
            && matches!(url.path(), "" | "/")
            && url.query().is_none()
            && url.fragment().is_none();
        let host = match url.host() {
            Some(Host::Domain(name)) if !name.is_empty() => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            _ => return Err(wrong()),
        };
        if plain { Ok(Self { host, port: url.port().unwrap_or(port), tls }) } else { Err(wrong()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_grows_and_has_an_end() {
        let waits: Vec<i64> = [0, 1, 2, 7, 8, 100, i32::MAX].map(|n| backoff(n).num_seconds()).to_vec();
        assert_eq!(waits, [5, 10, 20, 640, 900, 900, 900]);
    }

    #[test]
    fn receivers_are_read_strictly() {
        let receiver = |host: &str, port, tls| Receiver { host: host.to_owned(), port, tls };
        for (text, wanted) in [
            ("syslog+tls://logs.example.com", receiver("logs.example.com", 6514, true)),
            ("syslog+tcp://logs.example.com:5140/", receiver("logs.example.com", 5140, false)),
            ("syslog+tls://[2001:db8::1]:7000", receiver("2001:db8::1", 7000, true)),
        ] {
            assert_eq!(Receiver::parse(text).unwrap(), wanted, "{text}");
        }
        for bad in [
            "",
            "logs.example.com:514",
            "syslog://logs.example.com",
            "https://logs.example.com",
            "syslog+tcp://",
            "syslog+tcp://user@logs.example.com",
            "syslog+tcp://logs.example.com/path",
            "syslog+tcp://logs.example.com?x=1",
            "syslog+tcp://logs.example.com:99999",
        ] {
            assert_eq!(Receiver::parse(bad).unwrap_err().field(), Some("target"), "{bad}");
        }
    }
}
