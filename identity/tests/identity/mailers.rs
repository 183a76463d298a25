//! One contract, and every mailer that passes it.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use mailin::{Action, AuthMechanism, Handler, Response, SessionBuilder, response};
use mailparse::MailHeaderMap;
use tenantry_identity::*;
use tenantry_kernel::{Kind, OsEntropy, Secret};
use tenantry_store::PageRequest;

use crate::world::World;

/// What arrived, whichever way: recipient, subject, text and HTML.
type Arrived = (String, String, String, String);

#[async_trait::async_trait]
trait Mailbox {
    async fn arrived(&self) -> Vec<Arrived>;
}

async fn contract(mailer: &dyn Mailer, mailbox: &dyn Mailbox) {
    let long_link = format!("https://portal.example/verify-email#token={}", "0123456789abcdef".repeat(4));
    let mails = [
        ("ada@example.com", "Plain", "One line.\n".to_owned()),
        ("bob@example.com", "Grüße, 日本", "Ümlaute und 日本.\n.\n..zwei Punkte am Anfang\n".to_owned()),
        ("ada@example.com", "A link", format!("Follow\n\n{long_link}\n\n{}\n", "long line ".repeat(200))),
    ];
    for (to, subject, text) in &mails {
        let mail = Mail::plain(to, subject, text.clone());
        mailer.send(mail).await.unwrap();
    }
    for to in ["", "ada", "ada@example.com\r\nBcc: eve@example.com", "ada@example.com, eve@example.com"] {
        let mail = Mail::plain(to, "No", "No");
        assert_eq!(mailer.send(mail).await.unwrap_err().kind(), Kind::Invalid, "{to:?}");
    }
    let injected = Mail::plain("ada@example.com", "Hi\r\nBcc: eve@example.com", "x");
    mailer.send(injected).await.unwrap();

    let arrived = mailbox.arrived().await;
    assert_eq!(arrived.len(), 4, "{arrived:?}");
    for ((to, subject, text), (got_to, got_subject, got_text, _)) in mails.iter().zip(&arrived) {
        assert_eq!((to, subject), (&got_to.as_str(), &got_subject.as_str()));
        assert_eq!(text.trim_end(), got_text.replace("\r\n", "\n").trim_end());
    }
    assert!(arrived.iter().all(|(to, _, _, _)| to != "eve@example.com"));
    for (_, _, _, html) in &arrived {
        assert!(html.starts_with("<!doctype html>") && html.trim_end().ends_with("</html>"), "{html}");
    }
    assert!(arrived[1].3.contains("<h1>Grüße, 日本</h1>") && arrived[1].3.contains("Ümlaute und 日本."));
    assert!(arrived[2].3.contains(&format!("href=\"{long_link}\"")), "{}", arrived[2].3);
}

struct Captured<'a>(&'a World);

#[async_trait::async_trait]
impl Mailbox for Captured<'_> {
    async fn arrived(&self) -> Vec<Arrived> {
        let page = PageRequest::new(None, None);
        let page = self.0.identity.captured_mail(&self.0.as_operator(), None, &page).await.unwrap();
        page.rows.into_iter().rev().map(|m| (m.recipient, m.subject, m.body, m.html.unwrap())).collect()
    }
}

#[tokio::test]
async fn the_capturing_mailer_keeps_the_contract() {
    let world = World::new().await;
    contract(&CapturingMailer::new(world.db.clone(), world.clock.clone()), &Captured(&world)).await;
}

/// A recipient and the bytes of a mail.
type Raw = (String, Vec<u8>);

/// A mail server on loopback: the protocol is the library's, the loop is ours.
#[derive(Clone, Default)]
struct Server {
    mails: Arc<Mutex<Vec<Raw>>>,
    recipient: String,
    data: Vec<u8>,
    user: String,
}

impl Handler for Server {
    fn rcpt(&mut self, to: &str) -> Response {
        self.recipient = to.to_owned();
        if to.starts_with("gone@") { response::NO_MAILBOX } else { response::OK }
    }

    fn data(&mut self, line: &[u8]) -> std::io::Result<()> {
        self.data.extend_from_slice(line);
        Ok(())
    }

    fn data_end(&mut self) -> Response {
        let mail = (self.recipient.clone(), std::mem::take(&mut self.data));
        self.mails.lock().unwrap().push(mail);
        response::OK
    }

    fn auth_plain(&mut self, _: &str, user: &str, password: &str) -> Response {
        self.user = user.to_owned();
        if (user, password) == ("mailer", "s3cret/?") {
            response::AUTH_OK
        } else {
            response::INVALID_CREDENTIALS
        }
    }
}

impl Server {
    /// Serves until the test's process ends; says on which port.
    fn start(&self, with_auth: bool) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = self.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let server = server.clone();
                std::thread::spawn(move || server.talk(stream.unwrap(), with_auth));
            }
        });
        port
    }

    fn talk(self, stream: TcpStream, with_auth: bool) -> std::io::Result<()> {
        let mut builder = SessionBuilder::new("mail.example");
        if with_auth {
            builder.enable_auth(AuthMechanism::Plain).insecure_enable_plaintext_auth();
        }
        let mut session = builder.build(IpAddr::from([127, 0, 0, 1]), self);
        let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
        session.greeting().write_to(&mut writer)?;
        let mut line = vec![];
        while reader.read_until(b'\n', &mut line)? > 0 {
            let answer = session.process(&line);
            line.clear();
            if answer.action != Action::NoReply {
                let mut bytes = vec![];
                answer.write_to(&mut bytes)?;
                writer.write_all(&bytes)?;
            }
            if answer.action == Action::Close {
                break;
            }
        }
        Ok(())
    }
}

#[async_trait::async_trait]
impl Mailbox for Server {
    async fn arrived(&self) -> Vec<Arrived> {
        let mails = self.mails.lock().unwrap();
        mails
            .iter()
            .map(|(to, raw)| {
                let parsed = mailparse::parse_mail(raw).unwrap();
                let header = |name| parsed.get_headers().get_first_value(name);
                assert_eq!(header("From").as_deref(), Some("Tenantry <no-reply@example.com>"));
                assert_eq!(header("Auto-Submitted").as_deref(), Some("auto-generated"));
                assert!(header("Message-ID").unwrap().ends_with("@example.com>"));
                assert!(header("Date").unwrap().contains("2024"), "the injected clock's");
                assert_eq!(header("Bcc"), None);
                assert_eq!(parsed.ctype.mimetype, "multipart/alternative");
                // The last is what a program shows that can show it (RFC 2046, section 5.1.4).
                let kinds: Vec<_> = parsed.subparts.iter().map(|part| part.ctype.mimetype.as_str()).collect();
                assert_eq!(kinds, ["text/plain", "text/html"]);
                let part = |n: usize| parsed.subparts[n].get_body().unwrap();
                (to.clone(), header("Subject").unwrap(), part(0), part(1).replace("\r\n", "\n"))
            })
            .collect()
    }
}

fn smtp(world: &World, url: String) -> SmtpMailer {
    SmtpMailer::new(SmtpSettings {
        url: Secret::new(url),
        from: "Tenantry <no-reply@example.com>".into(),
        clock: world.clock.clone(),
        entropy: Arc::new(OsEntropy),
    })
    .unwrap()
}

fn hello() -> Mail {
    Mail::plain("ada@example.com", "Hello", "Hello\n")
}

#[tokio::test]
async fn the_smtp_mailer_keeps_the_contract() {
    let world = World::new().await;
    let server = Server::default();
    let port = server.start(false);
    contract(&smtp(&world, format!("smtp://127.0.0.1:{port}")), &server).await;
}

#[tokio::test]
async fn it_logs_in_to_the_mail_server() {
    let world = World::new().await;
    let server = Server::default();
    let port = server.start(true);
    smtp(&world, format!("smtp://mailer:s3cret%2F%3F@localhost:{port}")).send(hello()).await.unwrap();
    assert_eq!(server.arrived().await.len(), 1);
    let error =
        smtp(&world, format!("smtp://mailer:wrong@localhost:{port}")).send(hello()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable, "an operator can correct it, and the mail then leaves");
    assert!(!format!("{error:?}").contains("wrong@"), "{error:?}");
}

#[tokio::test]
async fn a_server_that_refuses_or_is_away_is_told_apart() {
    let world = World::new().await;
    let port = Server::default().start(false);
    let mail = Mail { to: "gone@example.com".into(), ..hello() };
    let refused = smtp(&world, format!("smtp://127.0.0.1:{port}")).send(mail).await.unwrap_err();
    assert_eq!(refused.kind(), Kind::Invalid);
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let away = smtp(&world, format!("smtp://127.0.0.1:{closed}")).send(hello()).await.unwrap_err();
    assert_eq!(away.kind(), Kind::Unavailable);
}

#[tokio::test]
async fn a_job_whose_mail_did_not_leave_fails_and_can_be_repeated() {
    let world = World::new().await;
    let closed = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
    let away = smtp(&world, format!("smtp://127.0.0.1:{closed}"));
    let identity = world.with(|c| c.mailer = Arc::new(away));
    world.sign_up("ada@example.com").await;
    let job: MailJob = serde_json::from_value(world.jobs().await.pop().unwrap()).unwrap();
    assert_eq!(identity.deliver_mail(job).await.unwrap_err().kind(), Kind::Unavailable);
    let token = world.token_mailed_to("ada@example.com").await;
    assert_eq!(world.verify(&token).await, VerifyOutcome::Verified);
}

#[test]
fn urls_that_cannot_be_used_are_refused_without_repeating_them() {
    for url in ["", "mail.example", "https://u:hunter2@mail.example", "smtp:u:hunter2"] {
        let error = SmtpMailer::new(SmtpSettings {
            url: Secret::new(url),
            from: "no-reply@example.com".into(),
            clock: Arc::new(tenantry_kernel::SystemClock),
            entropy: Arc::new(OsEntropy),
        })
        .err()
        .unwrap();
        assert_eq!(error.field(), Some("smtp_url"), "{url}");
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
