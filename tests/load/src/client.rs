//! A bounded closed loop of HTTP requests over connections that are kept. It speaks just enough HTTP/1.1 to cost little
//! of the processors that it shares with what it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// No answer is waited for longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// A connection's requests in one run end at this number, however fast it is.
const MOST: usize = 200_000;

/// A POST of JSON to a server of this machine.
#[derive(Debug, Clone)]
pub struct Post {
    pub address: SocketAddr,
    bytes: Vec<u8>,
}

impl Post {
    /// # Errors
    /// When the address is not loopback's.
    pub fn new(
        address: SocketAddr,
        path: &str,
        cookie: Option<&str>,
        body: &serde_json::Value,
    ) -> Result<Self> {
        ensure!(address.ip().is_loopback(), "load goes to this machine only");
        let body = body.to_string();
        let cookie = cookie.map(|c| format!("cookie: {c}\r\n")).unwrap_or_default();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
             {cookie}content-length: {}\r\n\r\n",
            body.len()
        );
        Ok(Self { address, bytes: [head.into_bytes(), body.into_bytes()].concat() })
    }
}

/// How a run went.
#[derive(Debug, Clone)]
pub struct Run {
    pub requests: usize,
    pub rate: f64,
    pub p50: Duration,
    pub p99: Duration,
    pub slowest: Duration,
}

struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::with_capacity(64 * 1024) })
    }

    /// Sends it and gives the body of the answer.
    async fn ask(&mut self, post: &Post) -> Result<&[u8]> {
        self.read.clear();
        self.stream.write_all(&post.bytes).await?;
        let head = loop {
            if let Some(end) = find(&self.read, b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8_lossy(self.read.get(..head).unwrap_or_default()).to_ascii_lowercase();
        ensure!(text.starts_with("http/1.1 200"), "answered {:?}", text.lines().next());
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let length: usize = length.context("an answer without a length")?.trim().parse()?;
        while self.read.len() < head + length {
            self.more().await?;
        }
        self.read.get(head..head + length).context("the body")
    }

    async fn more(&mut self) -> Result<()> {
        let read = tokio::time::timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await;
        match read.context("no answer in time")?? {
            0 => bail!("the connection was closed"),
            _ => Ok(()),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// One request, and its answer.
///
/// # Errors
/// When it is not answered with 200.
pub async fn once(post: &Post) -> Result<serde_json::Value> {
    let mut connection = Connection::open(post.address).await?;
    Ok(serde_json::from_slice(connection.ask(post).await?)?)
}

/// Asks over this many connections, each of them again as soon as it is answered. Every answer must be the same as the
/// first, byte by byte: check that one with [`once`].
///
/// # Errors
/// When an answer is another, or none.
pub async fn run(post: &Post, connections: usize, duration: Duration) -> Result<Run> {
    let post = Arc::new(post.clone());
    let mut first = Connection::open(post.address).await?;
    let wanted: Arc<Vec<u8>> = Arc::new(first.ask(&post).await?.to_vec());
    let start = Instant::now();
    let until = start + duration;
    let one = |_| {
        let (post, wanted) = (post.clone(), wanted.clone());
        async move {
            let mut connection = Connection::open(post.address).await?;
            let mut took = Vec::with_capacity(16 * 1024);
            while Instant::now() < until && took.len() < MOST {
                let asked = Instant::now();
                let answer = connection.ask(&post).await?;
                took.push(asked.elapsed());
                ensure!(answer == wanted.as_slice(), "another answer: {}", String::from_utf8_lossy(answer));
            }
            anyhow::Ok(took)
        }
    };
    let all = futures::future::try_join_all((0..connections).map(one)).await?;
    let elapsed = start.elapsed();
    let mut took: Vec<Duration> = all.into_iter().flatten().collect();
    took.sort_unstable();
    let at = |part: usize| took.get((took.len().saturating_sub(1)) * part / 100).copied().unwrap_or_default();
    let count = u32::try_from(took.len())?;
    Ok(Run {
        requests: took.len(),
        rate: f64::from(count) / elapsed.as_secs_f64(),
        p50: at(50),
        p99: at(99),
        slowest: took.last().copied().unwrap_or_default(),
    })
}
