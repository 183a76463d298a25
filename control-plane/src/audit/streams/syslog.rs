//! Records as syslog messages: RFC 5424, framed by octet counting (RFC 6587, 3.4.1; RFC 5425, 4.3), over TCP or TLS.

use std::time::Duration;

use chrono::SecondsFormat;
use tenantry_outbound::OutboundOf;
use tenantry_store::audit::Record;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

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

/// Sends records over a connection of their own. Syslog has no acknowledgement: they count as taken when the network
/// has all of them and the receiver does not reset the connection upon its end.
pub(super) async fn send(
    outbound: &OutboundOf,
    (target, host): (&str, &str),
    records: &[Record],
) -> Result<(), String> {
    let receiver = Receiver::parse(target).map_err(|e| e.message().to_owned())?;
    let bytes = frames(host, records)?;
    if receiver.tls {
        let stream = outbound.connect_tls(&receiver.host, receiver.port).await.map_err(|e| e.to_string())?;
        write(stream, &bytes).await
    } else {
        let stream = outbound.connect(&receiver.host, receiver.port).await.map_err(|e| e.to_string())?;
        write(stream, &bytes).await
    }
}

async fn write(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> Result<(), String> {
    let lost = |_: std::io::Error| "The receiver closed the connection.".to_owned();
    stream.write_all(bytes).await.map_err(lost)?;
    stream.flush().await.map_err(lost)?;
    stream.shutdown().await.map_err(lost)?;
    // Most receivers close as well once they have read all. Those that do not are not waited for.
    let mut nothing = [0_u8; 256];
    let closing = async {
        loop {
            match stream.read(&mut nothing).await {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                // Over TLS many end without saying so.
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Ok(()),
                Err(error) => return Err(lost(error)),
            }
        }
    };
    timeout(Duration::from_secs(1), closing).await.unwrap_or(Ok(()))
}

#[cfg(test)]
mod tests {
    use super::*;

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
