//! Records as syslog messages: RFC 5424, framed by octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3), over TCP or TLS.

use std::io;
use std::time::Duration;

use chrono::SecondsFormat;
use tenantry_outbound::OutboundOf;
use tenantry_store::audit::Record;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use super::model::Receiver;

/// Facility 13, log audit; severity informational, or warning for what was refused or failed (RFC 5424, 6.2.1).
fn priority(record: &Record) -> u8 {
    13 * 8 + if record.is_ok() { 6 } else { 4 }
}

/// One message. The record is its text, as JSON; its action is the MSGID.
fn message(host: &str, record: &Record) -> Result<String, String> {
    let at = record.at.to_rfc3339_opts(SecondsFormat::Micros, true);
    let id: String = record.action.chars().filter(char::is_ascii_graphic).take(32).collect();
    let id = if id.is_empty() { "-" } else { &id };
    let json = serde_json::to_string(record).map_err(|e| e.to_string())?;
    Ok(format!("<{}>1 {at} {host} tenantry - {id} - {json}", priority(record)))
}

fn frames(host: &str, records: &[Record]) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for record in records {
        let message = message(host, record)?;
        bytes.extend_from_slice(format!("{} ", message.len()).as_bytes());
        bytes.extend_from_slice(message.as_bytes());
    }
    Ok(bytes)
}

/// How long a receiver may take to close the connection once it was told that this was all.
const CLOSING: Duration = Duration::from_secs(8);
/// How long a reset may be on its way behind a receiver's end.
const SETTLING: Duration = Duration::from_millis(200);

/// Sends records over a connection of their own. Syslog has no acknowledgement; what there is of one is the end of the
/// connection: we close our direction and wait until the receiver closes its own. A program that ends a connection before it
/// has read everything resets it, and a machine that died says nothing: both mean that the records are sent again. So they
/// count as taken when the receiver's program has read all of them. Whether it has stored them nobody can tell.
pub(super) async fn send(
    outbound: &OutboundOf,
    (target, host): (&str, &str),
    records: &[Record],
) -> Result<(), String> {
    let receiver = Receiver::parse(target).map_err(|e| e.message().to_owned())?;
    let bytes = frames(host, records)?;
    if receiver.tls {
        let stream = outbound.connect_tls(&receiver.host, receiver.port).await.map_err(|e| e.to_string())?;
        write(stream, &bytes, (CLOSING, |stream| stream.get_ref().0.take_error())).await
    } else {
        let stream = outbound.connect(&receiver.host, receiver.port).await.map_err(|e| e.to_string())?;
        write(stream, &bytes, (CLOSING, TcpStream::take_error)).await
    }
}

fn lost(_: io::Error) -> String {
    "The receiver closed the connection before it had read all of it.".to_owned()
}

async fn write<S: AsyncRead + AsyncWrite + Unpin>(
    mut stream: S,
    bytes: &[u8],
    (closing, fault): (Duration, impl Fn(&S) -> io::Result<Option<io::Error>>),
) -> Result<(), String> {
    stream.write_all(bytes).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    stream.shutdown().await.map_err(lost)?;
    timeout(closing, end(&mut stream)).await.map_err(|_| {
        let seconds = closing.as_secs();
        format!("The receiver did not close the connection within {seconds} seconds of its end: whether it has read all is not known.")
    })??;
    // An end that was sent before our bytes had arrived is followed by a reset, which no read tells any more.
    sleep(SETTLING).await;
    match fault(&stream) {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(lost(error)),
    }
}

/// Reads until the receiver ends the connection. What it says is nothing to us.
async fn end(stream: &mut (impl AsyncRead + Unpin)) -> Result<(), String> {
    let mut nothing = [0_u8; 256];
    loop {
        match stream.read(&mut nothing).await {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            // Over TLS many end without saying so (RFC 5425, 4.4 asks for it): then the end of TCP is what counts.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(lost(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    const MEGABYTES: usize = 4 << 20;

    /// What becomes of so many bytes at a receiver that does as `with` says.
    async fn at_a_receiver<F: Future<Output = ()> + Send + 'static>(
        bytes: usize,
        with: impl FnOnce(TcpStream) -> F + Send + 'static,
    ) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { with(listener.accept().await.unwrap().0).await });
        let stream = TcpStream::connect(address).await.unwrap();
        write(stream, &vec![b'x'; bytes], (Duration::from_secs(2), TcpStream::take_error)).await
    }

    #[tokio::test]
    async fn records_are_taken_by_who_reads_to_the_end_and_by_nobody_else() {
        let whole = at_a_receiver(MEGABYTES, |mut socket| async move {
            let mut all = Vec::new();
            socket.read_to_end(&mut all).await.unwrap();
        });
        assert_eq!(whole.await, Ok(()));
        // It took what its kernel holds, and dies.
        let unread = at_a_receiver(1_000, |socket| async move {
            sleep(Duration::from_millis(300)).await;
            drop(socket);
        });
        assert!(unread.await.unwrap_err().contains("before it had read"), "nobody read it");
        let half = at_a_receiver(1_000, |mut socket| async move {
            sleep(Duration::from_millis(300)).await;
            socket.read_exact(&mut [0; 500]).await.unwrap();
        });
        assert!(half.await.unwrap_err().contains("before it had read"));
        // It hangs, as a machine does that lost its power.
        let hanging = at_a_receiver(1_000, |socket| async move {
            sleep(Duration::from_secs(60)).await;
            drop(socket);
        });
        assert!(hanging.await.unwrap_err().contains("did not close"));
        // It ends at once, whatever comes.
        let early = at_a_receiver(1_000, |socket| async move { drop(socket) });
        assert!(early.await.is_err());
    }

    #[test]
    fn a_message_is_as_rfc_5424_has_it_and_counted_in_octets() {
        let record: Record = serde_json::from_value(serde_json::json!({
            "version": 2, "tenant": "ten_01h455vb4pex5vsknk084sn02q", "seq": 7, "at": "2026-11-10T12:00:00.5Z",
            "actor": "usr_01h455vb4pex5vsknk084sn02q", "action": "instance.create", "resource": "é\n", "result": "ok",
            "origin": null, "userAgent": null, "requestId": "", "details": {}, "before": null, "after": null,
            "prevHash": "0", "hash": "1"
        }))
        .unwrap();
        let text = message("portal.example.com", &record).unwrap();
        let head = "<110>1 2026-11-10T12:00:00.500000Z portal.example.com tenantry - instance.create - {\"version\":2,";
        assert!(text.starts_with(head), "{text}");
        assert!(!text.contains('\n'), "a line break stays inside its JSON");
        let denied = Record { result: "denied".to_owned(), action: String::new(), ..record.clone() };
        assert!(
            message("h", &denied)
                .unwrap()
                .starts_with("<108>1 2026-11-10T12:00:00.500000Z h tenantry - - - {")
        );
        let frames = frames("h", &[record.clone(), record]).unwrap();
        let (count, rest) = std::str::from_utf8(&frames).unwrap().split_once(' ').unwrap();
        let count: usize = count.parse().unwrap();
        assert!(rest.as_bytes()[..count].ends_with(b"}"), "octets, not characters");
        assert!(rest.as_bytes()[count..].starts_with(format!("{count} <110>1 ").as_bytes()));
    }
}
