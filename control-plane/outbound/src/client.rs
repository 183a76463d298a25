use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::target::Target;
use crate::{OutboundError, OutboundOf};

/// Seconds for all of an exchange.
const TOTAL: u64 = 15;
const MAX_HEADERS: usize = 100;
const MAX_HEAD: usize = 64 << 10;
const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("Tenantry/", env!("CARGO_PKG_VERSION")));

/// A request to a customer's address.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub method: Method,
    pub url: &'a str,
    /// `Host`, `User-Agent`, `Connection` and `Accept-Encoding` are ours.
    pub headers: HeaderMap,
    pub body: Bytes,
    /// So many bytes of the answer's body are read; the rest is not taken from the network.
    pub most: usize,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Any status: a redirect is an answer like any other.
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// As it was sent: never decompressed.
    pub body: Bytes,
    /// Whether there was more than was asked for.
    pub truncated: bool,
}

/// The task that moves a connection's bytes: it ends with the exchange.
struct Moving(JoinHandle<()>);

impl Drop for Moving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl OutboundOf {
    /// Sends a request on a connection of its own and reads the answer.
    ///
    /// # Errors
    /// `TimedOut` after 15 seconds for all of it, and what `connect` says; `Protocol` for an answer that is none.
    pub async fn send(&self, request: Request<'_>) -> Result<Answer, OutboundError> {
        let target = self.target(request.url)?;
        let exchange = async {
            if target.is_tls() {
                speak(self.secure(&target.place).await?, &target, request).await
            } else {
                speak(self.open(&target.place).await?, &target, request).await
            }
        };
        timeout(Duration::from_secs(TOTAL), exchange).await.map_err(|_| OutboundError::TimedOut(TOTAL))?
    }
}

async fn speak<S>(stream: S, target: &Target, request: Request<'_>) -> Result<Answer, OutboundError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let most = request.most;
    let request = compose(target, request)?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .max_headers(MAX_HEADERS)
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(protocol)?;
    let _moving = Moving(tokio::spawn(async move {
        let _ = connection.await;
    }));
    let answer = sender.send_request(request).await.map_err(protocol)?;
    let (head, body) = answer.into_parts();
    let (body, truncated) = read(body, most).await?;
    Ok(Answer { status: head.status, headers: head.headers, body, truncated })
}

fn compose(target: &Target, request: Request<'_>) -> Result<http::Request<Full<Bytes>>, OutboundError> {
    let url = &target.url;
    let path = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let authority = match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => return Err(OutboundError::Protocol),
    };
    let mut out = http::Request::new(Full::new(request.body));
    *out.method_mut() = request.method;
    *out.uri_mut() = path.parse::<Uri>().map_err(|_| OutboundError::Protocol)?;
    *out.headers_mut() = request.headers;
    let headers = out.headers_mut();
    let host = HeaderValue::from_str(&authority).map_err(|_| OutboundError::Protocol)?;
    headers.insert(header::HOST, host);
    headers.insert(header::USER_AGENT, USER_AGENT);
    headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    Ok(out)
}

/// The first `most` bytes of a body, however long it is or says it is.
async fn read(mut body: Incoming, most: usize) -> Result<(Bytes, bool), OutboundError> {
    let mut kept = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(protocol)?.into_data() else { continue };
        let room = most.saturating_sub(kept.len());
        if data.len() > room {
            kept.extend(data.into_iter().take(room));
            return Ok((kept.freeze(), true));
        }
        kept.extend_from_slice(&data);
    }
    Ok((kept.freeze(), false))
}

fn protocol(error: hyper::Error) -> OutboundError {
    tracing::debug!(error = %error, "an exchange with a customer's address failed");
    OutboundError::Protocol
}
