//! What the domain name system says: the proof that a domain is a tenant's.

use std::net::SocketAddr;
use std::time::Duration;

use async_trait::async_trait;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::proto::rr::RData;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use tenantry_kernel::{Error, Result};

/// How long one name server may take for one answer.
const PATIENCE: Duration = Duration::from_secs(3);
/// And how long all of them together.
const TOTAL: Duration = Duration::from_secs(8);

/// Who reads TXT records (RFC 1035, section 3.3.14).
#[async_trait]
pub trait TxtRecords: Send + Sync {
    /// The records of an absolute name, each as one text. None is an answer, not an error.
    ///
    /// # Errors
    /// `Unavailable` when no name server gives an answer.
    async fn txt(&self, name: &str) -> Result<Vec<String>>;
}

/// Asks name servers, each time anew: who has just published a record is not told of an older answer.
pub struct DnsTxt(TokioResolver);

impl DnsTxt {
    /// Of this machine's configuration (resolv.conf).
    ///
    /// # Errors
    /// `Internal` when it names no name server.
    pub fn system() -> Result<Self> {
        let builder = TokioResolver::builder_tokio().map_err(Error::internal)?;
        Self::build(builder)
    }

    /// Of these name servers.
    ///
    /// # Errors
    /// `Internal` when the resolver cannot be made of them.
    pub fn of(servers: &[SocketAddr]) -> Result<Self> {
        let servers = servers.iter().map(|server| name_server(*server)).collect();
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        Self::build(TokioResolver::builder_with_config(config, TokioRuntimeProvider::default()))
    }

    fn build(mut builder: ResolverBuilder<TokioRuntimeProvider>) -> Result<Self> {
        let options = builder.options_mut();
        options.cache_size = 0;
        options.timeout = PATIENCE;
        options.attempts = 1;
        builder.build().map(Self).map_err(Error::internal)
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let mut ways = vec![ConnectionConfig::udp(), ConnectionConfig::tcp()];
    for way in &mut ways {
        way.port = server.port();
    }
    NameServerConfig::new(server.ip(), true, ways)
}

#[async_trait]
impl TxtRecords for DnsTxt {
    async fn txt(&self, name: &str) -> Result<Vec<String>> {
        let silent = |why: String| Error::unavailable("The domain's name server", why);
        let asked = tokio::time::timeout(TOTAL, self.0.txt_lookup(name)).await;
        let found = match asked.map_err(|_| silent("it took too long".to_owned()))? {
            Ok(found) => found,
            Err(error) if error.is_no_records_found() => return Ok(Vec::new()),
            Err(error) => return Err(silent(error.to_string())),
        };
        let text = |data: &RData| match data {
            // Its strings are one text: a record's author splits what is longer than 255 octets.
            RData::TXT(txt) => Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned()),
            _ => None,
        };
        Ok(found.answers().iter().filter_map(|record| text(&record.data)).collect())
    }
}
