use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::response::Category;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tenantry_kernel::{Clock, Entropy, Error, Kind, Result, Secret};
use url::{Host, Url};

use super::{Mail, Mailer};

/// Where mail is handed over, and in whose name.
pub struct SmtpSettings {
    /// `smtps://user:password@host` (TLS from the start, port 465) or `smtp://user:password@host` (STARTTLS,
    /// demanded, port 587). Without TLS only to this machine.
    pub url: Secret,
    /// `Tenantry <no-reply@example.com>`.
    pub from: String,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
}

/// Mail by SMTP.
pub struct SmtpMailer {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

const TIMEOUT: Duration = Duration::from_secs(20);

impl SmtpMailer {
    /// Connects with each mail, not now.
    ///
    /// # Errors
    /// `Invalid` for a URL or sender that cannot be used. The message does not repeat the URL: it holds a password.
    pub fn new(settings: SmtpSettings) -> Result<Self> {
        let wrong = || {
            Error::invalid("smtp_url", "That is not the URL of a mail server.")
                .with_remedy("Give smtps://user:password@host or smtp://user:password@host.")
        };
        let url = secured(Url::parse(settings.url.expose()).map_err(|_| wrong())?);
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.as_str())
            .map_err(|_| wrong())?
            .timeout(Some(TIMEOUT))
            .build();
        let from = settings.from.parse().map_err(|_| {
            Error::invalid("mail_from", "That is not a sender.")
                .with_remedy("Give a name and an address: Tenantry <no-reply@example.com>.")
        })?;
        Ok(Self { transport, from, clock: settings.clock, entropy: settings.entropy })
    }

    fn message(&self, mail: Mail) -> Result<Message> {
        let id = Secret::random(&*self.entropy, 16);
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, recipient(&mail.to)?))
            .subject(mail.subject)
            .date(SystemTime::from(self.clock.now()))
            .message_id(Some(format!("<{}@{}>", id.expose(), self.from.email.domain())))
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .map_err(Error::internal)?;
        // RFC 3834: asks absence notices and robots not to answer.
        message.headers_mut().insert_raw(HeaderValue::new(
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated".to_owned(),
        ));
        Ok(message)
    }
}

/// The one form of a recipient that every mailer takes.
pub(crate) fn recipient(to: &str) -> Result<Address> {
    to.parse().map_err(|_| Error::invalid("to", "That is not an address that mail can be sent to."))
}

/// Demands TLS of every server but this machine's own. The library's default for `smtp` would be plain text, and
/// `opportunistic` is TLS only if nobody in between strips it.
fn secured(mut url: Url) -> Url {
    if url.scheme() == "smtp" && !is_loopback(&url) {
        url.query_pairs_mut().clear().append_pair("tls", "required");
    }
    url
}

fn is_loopback(url: &Url) -> bool {
    // `smtp` is no scheme of the web: its host is parsed as a name even where it is an address.
    match url.host() {
        Some(Host::Domain(name)) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|a| a.is_loopback())
        }
        Some(Host::Ipv4(a)) => a.is_loopback(),
        Some(Host::Ipv6(a)) => a.is_loopback(),
        None => false,
    }
}

#[async_trait::async_trait]
impl Mailer for SmtpMailer {
    async fn send(&self, mail: Mail) -> Result<()> {
        let message = self.message(mail)?;
        match self.transport.send(message).await {
            Ok(_) => Ok(()),
            // x5x: the mailbox or the mail itself. The other permanent answers (such as 535, wrong credentials) are
            // about our set-up, and the mail can leave once an operator has corrected that.
            Err(e) if e.is_permanent() && e.status().is_some_and(|s| s.category == Category::MailSystem) => {
                Err(Error::new(Kind::Invalid, "The mail server refused the mail.").with_source(e))
            }
            Err(e) => Err(Error::unavailable("The mail server", e)),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn tls_is_demanded_of_every_server_but_our_own() {
        let secured = |url: &str| super::secured(url.parse().unwrap()).to_string();
        for remote in
            ["smtp://u:p@mail.example", "smtp://mail.example:25?tls=opportunistic", "smtp://192.0.2.1"]
        {
            assert!(secured(remote).ends_with("?tls=required"), "{remote}");
        }
        for as_it_is in
            ["smtps://u:p@mail.example", "smtp://localhost:1025", "smtp://127.0.0.1", "smtp://[::1]:25"]
        {
            assert_eq!(secured(as_it_is), as_it_is);
        }
    }
}
