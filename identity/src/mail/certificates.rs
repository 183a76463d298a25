//! What owners are told of certificates that end.

use super::Mail;
use super::letter::Letter;
use crate::sso::Ending;

/// The words in it are the tenant's own: how it has called its connection.
pub(crate) fn ending(ending: &Ending, portal: &str) -> Mail {
    let whose = if ending.ours { "our" } else { "the identity provider's" };
    let verb = if ending.has_ended { "has ended" } else { "ends soon" };
    let subject = format!("Single sign-on: {whose} certificate {verb}");
    let first = match ending.ours {
        true => {
            "A certificate by which Tenantry shows itself to your identity provider is about to end. Some providers \
             refuse log-ins after that."
        }
        false => {
            "A certificate by which your identity provider signs log-ins is about to end. Providers change it around \
             that time, and log-ins fail if Tenantry does not know the new one."
        }
    };
    let what = match (ending.covered, ending.ours) {
        (true, true) => "The next one is there already. Have the provider read our metadata, then use it.",
        (false, true) => "Add the next certificate, have the provider read our metadata, then use it.",
        (true, false) => {
            "Another one of the provider's is known already, so log-ins should go on. Check that it is the new one."
        }
        (false, false) => {
            "Have the provider's administrator publish the next one, then upload the provider's metadata again. Where \
             its address is known, Tenantry looks once a day."
        }
    };
    Letter::new(&ending.to, &subject)
        .text(first)
        .text(format!(
            "Connection: {}\nCertificate (SHA-256): {}\nEnd: {}",
            ending.connection,
            ending.fingerprint,
            ending.ends.format("%Y-%m-%d %H:%M UTC")
        ))
        .text(what)
        .link("Open the portal", &format!("{portal}/"))
        .note("You get this because you are an owner of the organisation. Nobody is logged out by it.")
        .finish()
}
