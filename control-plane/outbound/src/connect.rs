use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use tenantry_kernel::TenantId;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use crate::address::{refusal_of, undressed};
use crate::target::{Name, Place, Target};
use crate::{OutboundError, Refusal, Resolver, SystemResolver, Tls};

/// Seconds for finding the address and connecting to it.
const CONNECT: u64 = 5;
/// Addresses of one host that are tried, one after the other.
const TRIES: usize = 4;
/// Ports that [`Outbound::connect`] may reach below 1024: HTTPS, and syslog by UDP's old number, RFC 6587's and RFC 5425's
/// neighbours. Mail is not among them: a customer must not make us speak to a mail server.
const LOW_PORTS: [u16; 3] = [443, 514, 601];

/// What a process may reach.
pub struct Config {
    /// Development only: this machine may be reached, by plain HTTP too.
    pub allow_loopback: bool,
    /// The operator's own networks that have public addresses and are nobody else's business.
    pub denied: Vec<IpNet>,
    pub resolver: Arc<dyn Resolver>,
    pub tls: Tls,
}

impl Config {
    /// What production wants: public addresses only, the machine's resolver, Mozilla's certificates.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn public() -> tenantry_kernel::Result<Self> {
        Ok(Self {
            allow_loopback: false,
            denied: Vec::new(),
            resolver: Arc::new(SystemResolver::default()),
            tls: Tls::new(Vec::new()).map_err(tenantry_kernel::Error::internal)?,
        })
    }
}

/// The way out. Cheap to clone.
#[derive(Clone)]
pub struct Outbound(Arc<Config>);

/// The way out of one tenant: what it costs counts against that tenant. Cheap to clone.
#[derive(Clone)]
pub struct OutboundOf {
    out: Outbound,
    tenant: TenantId,
}

impl Outbound {
    pub fn new(config: Config) -> Self {
        Self(Arc::new(config))
    }

    /// The only way to a connection: it says whose address it is.
    pub fn of(&self, tenant: TenantId) -> OutboundOf {
        OutboundOf { out: self.clone(), tenant }
    }

    /// Reads a URL and judges what can be judged without asking anybody; an address in it is.
    ///
    /// # Errors
    /// Why not.
    pub fn target(&self, url: &str) -> Result<Target, Refusal> {
        let target = Target::parse(url, self.0.allow_loopback)?;
        if let Name::Address(address) = target.place.host {
            self.judge(address)?;
        }
        Ok(target)
    }

    fn judge(&self, address: IpAddr) -> Result<(), Refusal> {
        if self.0.denied.iter().any(|net| net.contains(&undressed(address))) {
            return Err(Refusal::Address("closed by the operator"));
        }
        match refusal_of(address) {
            Some(_) if self.0.allow_loopback && address.to_canonical().is_loopback() => Ok(()),
            Some(special) => Err(Refusal::Address(special.name)),
            None => Ok(()),
        }
    }
}

impl OutboundOf {
    /// As [`Outbound::target`].
    ///
    /// # Errors
    /// Why not.
    pub fn target(&self, url: &str) -> Result<Target, Refusal> {
        self.out.target(url)
    }

    /// As [`Self::target`], and resolves the host: for telling a customer at once. It is no permission for later: every
    /// connection is judged anew.
    ///
    /// # Errors
    /// `Refused`, `NoAddress`, `TimedOut`.
    pub async fn check(&self, url: &str) -> Result<Target, OutboundError> {
        let target = self.target(url)?;
        let found = timeout(Duration::from_secs(CONNECT), self.addresses(&target.place));
        found.await.map_err(|_| OutboundError::TimedOut(CONNECT))??;
        Ok(target)
    }

    /// A connection to a host, for protocols other than HTTP. It goes to an address that was judged, and no other.
    ///
    /// # Errors
    /// `Refused`, `NoAddress`, `Connect`, `TimedOut` after 5 seconds.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, OutboundError> {
        self.open(&self.place(host, port)?).await
    }

    /// As [`Self::connect`], with TLS.
    ///
    /// # Errors
    /// Besides, `Tls`: the certificate must be good for `host`.
    pub async fn connect_tls(&self, host: &str, port: u16) -> Result<TlsStream<TcpStream>, OutboundError> {
        let place = self.place(host, port)?;
        self.secure(&place).await
    }

    /// Judges a host and a port as [`Self::connect`] will, by resolving the host: for telling a customer at once.
    ///
    /// # Errors
    /// `Refused`, `NoAddress`, `TimedOut`.
    pub async fn check_host(&self, host: &str, port: u16) -> Result<(), OutboundError> {
        let place = self.place(host, port)?;
        let found = timeout(Duration::from_secs(CONNECT), self.addresses(&place));
        found.await.map_err(|_| OutboundError::TimedOut(CONNECT))?.map(|_| ())
    }

    fn place(&self, host: &str, port: u16) -> Result<Place, Refusal> {
        let host = Name::parse(host, self.out.0.allow_loopback)?;
        if !(port >= 1024 || LOW_PORTS.contains(&port)) {
            return Err(Refusal::Port(port));
        }
        Ok(Place { host, port })
    }

    pub(crate) async fn secure(&self, place: &Place) -> Result<TlsStream<TcpStream>, OutboundError> {
        let stream = self.open(place).await?;
        let shake = timeout(Duration::from_secs(CONNECT), self.out.0.tls.over(stream, &place.host));
        shake.await.map_err(|_| OutboundError::TimedOut(CONNECT))?
    }

    pub(crate) async fn open(&self, place: &Place) -> Result<TcpStream, OutboundError> {
        let opening = async {
            let addresses = self.addresses(place).await?;
            let tried = addresses.len().min(TRIES);
            // Each gets its share, so that a dead first address leaves time for the next.
            let share = Duration::from_millis(CONNECT * 1000 / u64::try_from(tried.max(1)).unwrap_or(1));
            let mut last = OutboundError::NoAddress;
            for address in addresses.into_iter().take(tried) {
                match timeout(share, TcpStream::connect(SocketAddr::new(address, place.port))).await {
                    Ok(Ok(stream)) => {
                        let _ = stream.set_nodelay(true);
                        return Ok(stream);
                    }
                    Ok(Err(error)) => last = OutboundError::Connect(said(&error)),
                    Err(_) => last = OutboundError::TimedOut(CONNECT),
                }
            }
            Err(last)
        };
        timeout(Duration::from_secs(CONNECT), opening).await.map_err(|_| OutboundError::TimedOut(CONNECT))?
    }

    /// The addresses of a place, all of them judged: one that is not public spoils the answer. Honest names have no such
    /// mixture, and rebinding needs it.
    async fn addresses(&self, place: &Place) -> Result<Vec<IpAddr>, OutboundError> {
        let found = match &place.host {
            Name::Address(address) => vec![*address],
            Name::Dns(name) => self.out.0.resolver.resolve(self.tenant, name).await.map_err(|error| {
                tracing::debug!(error = %error, "a customer's host has no address");
                OutboundError::NoAddress
            })?,
        };
        for address in &found {
            self.out.judge(*address)?;
        }
        if found.is_empty() { Err(OutboundError::NoAddress) } else { Ok(found) }
    }
}

fn said(error: &std::io::Error) -> &'static str {
    use std::io::ErrorKind;
    match error.kind() {
        ErrorKind::ConnectionRefused => "the host refused it",
        ErrorKind::ConnectionReset => "the host closed it",
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable => "the host cannot be reached",
        ErrorKind::TimedOut => "the host does not answer",
        _ => "the network failed",
    }
}
