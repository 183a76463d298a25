//! A name server on loopback that knows TXT records (RFC 1035), over UDP.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

type Records = Arc<Mutex<HashMap<String, Vec<String>>>>;

pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    records: Records,
    answering: JoinHandle<()>,
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.answering.abort();
    }
}

impl NameServer {
    pub(crate) async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let records = Records::default();
        let known = records.clone();
        let answering = tokio::spawn(async move {
            let mut buffer = [0_u8; 512];
            while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
                let answer = answer(&buffer[..length], &known.lock().unwrap());
                socket.send_to(&answer, from).await.unwrap();
            }
        });
        Self { address, records, answering }
    }

    /// Publishes the texts of a name, without the dot at its end.
    pub(crate) fn publish(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|text| (*text).to_owned()).collect();
        self.records.lock().unwrap().insert(name.to_owned(), texts);
    }
}

/// The answer to a query of one question: its TXT records, or that there is no such name.
fn answer(query: &[u8], records: &HashMap<String, Vec<String>>) -> Vec<u8> {
    let (mut labels, mut at) = (Vec::new(), 12);
    while query[at] != 0 {
        let length = usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..=at + length]).to_lowercase());
        at += length + 1;
    }
    let question = &query[12..at + 5];
    let texts = records.get(&labels.join(".")).cloned();
    let count = texts.as_ref().map_or(0, Vec::len) as u16;
    let mut out = query[..2].to_vec();
    // An answer, recursion available; 3: no such name.
    out.extend([0x81, if texts.is_some() { 0x80 } else { 0x83 }]);
    out.extend([0, 1]);
    out.extend(count.to_be_bytes());
    out.extend([0, 0, 0, 0]);
    out.extend(question);
    for text in texts.unwrap_or_default() {
        // A pointer to the question's name; TXT; IN; a minute.
        out.extend([0xc0, 12, 0, 16, 0, 1, 0, 0, 0, 60]);
        // As one string of up to 255 octets after another.
        let strings: Vec<u8> =
            text.as_bytes().chunks(20).flat_map(|part| [&[part.len() as u8], part].concat()).collect();
        out.extend((strings.len() as u16).to_be_bytes());
        out.extend(strings);
    }
    out
}
