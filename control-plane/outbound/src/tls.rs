use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};

use crate::target::Name;
use crate::{OutboundError, Refusal};

/// Whose certificates are trusted: Mozilla's list, and what is added.
#[derive(Clone)]
pub struct Tls(TlsConnector);

impl Tls {
    /// # Errors
    /// When an added certificate cannot be read.
    pub fn new(added: Vec<CertificateDer<'static>>) -> Result<Self, tokio_rustls::rustls::Error> {
        let mut roots = RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        for certificate in added {
            roots.add(certificate)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self(TlsConnector::from(Arc::new(config))))
    }

    /// The handshake on a connection that is open: the certificate must be good for `host`.
    pub(crate) async fn over(
        &self,
        stream: TcpStream,
        host: &Name,
    ) -> Result<TlsStream<TcpStream>, OutboundError> {
        let name = match host {
            Name::Dns(name) => ServerName::try_from(name.clone()).map_err(|_| Refusal::Host)?,
            Name::Address(address) => ServerName::from(*address),
        };
        self.0.connect(name, stream).await.map_err(|error| OutboundError::Tls(said(&error)))
    }
}

/// What a customer can use of a failed handshake: rustls's own words, without what it was reading.
fn said(error: &std::io::Error) -> String {
    use tokio_rustls::rustls::Error;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(why)) => {
            format!("the certificate is not good ({why:?})").chars().take(200).collect()
        }
        Some(Error::AlertReceived(alert)) => format!("the server says {alert:?}"),
        Some(Error::InvalidMessage(_)) => "the server does not speak TLS".to_owned(),
        Some(_) => "the two sides have nothing in common".to_owned(),
        None => "the connection was closed".to_owned(),
    }
}
