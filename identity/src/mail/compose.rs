//! The texts. No name of a person stands in a mail: whoever signs up chooses it, and a stranger would read it.

use tenantry_kernel::Secret;

use super::Mail;
use super::letter::Letter;
use crate::devices::repo::NewDevice;
use crate::support::repo::Alarm;

fn mail(to: &str, subject: &str, text: String) -> Mail {
    Mail::plain(to, subject, text)
}

pub(crate) fn verify(to: &str, link: &Secret) -> Mail {
    Letter::new(to, "Confirm your e-mail address")
        .text("Somebody, hopefully you, signed up to Tenantry with this e-mail address.")
        .link("Confirm that it is yours", link.expose())
        .note("The link works once, for 24 hours. If it was not you, do nothing: the account stays closed.")
        .finish()
}

pub(crate) fn choose_password(to: &str, link: &Secret) -> Mail {
    Letter::new(to, "Choose your password")
        .text(
            "Somebody signed up to Tenantry with this e-mail address, more than once and with different passwords. \
             As the address was not confirmed yet, neither password is kept.",
        )
        .text("If it was you, choose the password by following this link, which confirms the address as well.")
        .link("Choose your password", link.expose())
        .note("The link works once, for 1 hour. If it was not you, do nothing: the account stays closed.")
        .finish()
}

pub(crate) fn already_registered(to: &str, portal: &str) -> Mail {
    Letter::new(to, "You already have an account")
        .text(
            "Somebody, perhaps you, tried to sign up to Tenantry with this e-mail address. You have an account \
             already, and nothing about it was changed.",
        )
        .link("Log in, or ask there for a new password", &format!("{portal}/log-in"))
        .finish()
}

pub(crate) fn reset(to: &str, link: &Secret) -> Mail {
    Letter::new(to, "Choose a new password")
        .text("Somebody, hopefully you, asked for a new password of your Tenantry account.")
        .link("Choose a new password", link.expose())
        .note(
            "The link works once, for 1 hour, and ends all your sessions. If it was not you, do nothing: your password \
             stays as it is.",
        )
        .finish()
}

pub(crate) fn password_changed(to: &str, portal: &str) -> Mail {
    Letter::new(to, "Your password was changed")
        .text("The password of your Tenantry account was changed, and its other sessions were ended.")
        .text(
            "If it was not you, somebody reads your mailbox: secure that first, then ask for a new password.",
        )
        .link("Ask for a new password", &format!("{portal}/forgot-password"))
        .finish()
}

/// What the browser says of itself and the address stand in it; both are the log-in's own, and nobody's chosen words: the
/// device's name is one of a list.
pub(crate) fn new_sign_in(device: &NewDevice, portal: &str) -> Mail {
    let address = device.address.as_deref().unwrap_or("unknown");
    Letter::new(&device.to, "New log-in to your account")
        .text("Somebody, hopefully you, logged in to your Tenantry account from a device or network that you did not use before.")
        .text(format!(
            "Device: {}\nAddress: {address}\nTime: {}",
            device.name,
            device.at.format("%Y-%m-%d %H:%M UTC")
        ))
        .note("If it was you, do nothing.")
        .text("If it was not you, end that session, then change your password.")
        .link("See your sessions", &format!("{portal}/account/sessions"))
        .finish()
}

/// Of the inviter it says the proven address, no name: so the mail carries nobody's chosen words.
pub(crate) fn invitation(to: &str, (inviter, role): (&str, &str), link: &Secret) -> Mail {
    Letter::new(to, "You are invited to an organisation")
        .text(format!("{inviter} invites you to an organisation on Tenantry, as {role}."))
        .link("See the organisation and join it", link.expose())
        .text(format!(
            "The link works once, for 7 days, and for an account with this e-mail address ({to}). If you have none \
             yet, sign up with this address first and follow the link again."
        ))
        .note(format!("If you do not know {inviter}, do nothing."))
        .finish()
}

/// Which organisation is not said: its name is somebody's chosen word.
pub(crate) fn ownership_received(to: &str, portal: &str) -> Mail {
    Letter::new(to, "You are an owner of an organisation now")
        .text("An owner of an organisation that you are a member of on Tenantry has made you an owner of it as well.")
        .text("Owners see and change everything there: members, bills, keys, single sign-on, and whether it goes on at all.")
        .link("See your organisations", &format!("{portal}/home"))
        .note("If you do not want that, ask another owner for another role, or leave the organisation.")
        .finish()
}

/// To each owner, at once. The words in it are the platform's own staff's and the tenant's address.
pub(crate) fn glass_broken(alarm: &Alarm, portal: &str) -> Mail {
    let when = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%d %H:%M UTC");
    let text = format!(
        "A platform administrator ({}) has broken the glass of your organisation {slug}: without your consent, they \
         can read its data, and change nothing, from {} until {}.\n\n\
         The reason they gave: {}\n\n\
         What they look at stands in your audit trail. You can end this access at once, under Support access:\n\n\
         {portal}/t/{slug}/support\n",
        alarm.by,
        when(alarm.from),
        when(alarm.until),
        alarm.reason,
        slug = alarm.slug,
    );
    mail(&alarm.to, "Platform staff broke the glass of your organisation", text)
}
