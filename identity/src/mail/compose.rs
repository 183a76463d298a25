//! The texts. No name of a person stands in a mail: whoever signs up chooses it, and a stranger would read it.

use tenantry_kernel::Secret;

use super::Mail;
use crate::support::repo::Alarm;

fn mail(to: &str, subject: &str, text: String) -> Mail {
    Mail { to: to.to_owned(), subject: subject.to_owned(), text }
}

pub(crate) fn verify(to: &str, link: &Secret) -> Mail {
    let text = format!(
        "Somebody, hopefully you, signed up to Tenantry with this e-mail address.\n\n\
         Confirm that it is yours by following this link:\n\n{}\n\n\
         The link works once, for 24 hours. If it was not you, do nothing: the account stays closed.\n",
        link.expose()
    );
    mail(to, "Confirm your e-mail address", text)
}

pub(crate) fn choose_password(to: &str, link: &Secret) -> Mail {
    let text = format!(
        "Somebody signed up to Tenantry with this e-mail address, more than once and with different passwords. \
         As the address was not confirmed yet, neither password is kept.\n\n\
         If it was you, choose the password by following this link, which confirms the address as well:\n\n{}\n\n\
         The link works once, for 1 hour. If it was not you, do nothing: the account stays closed.\n",
        link.expose()
    );
    mail(to, "Choose your password", text)
}

pub(crate) fn already_registered(to: &str, portal: &str) -> Mail {
    let text = format!(
        "Somebody, perhaps you, tried to sign up to Tenantry with this e-mail address. You have an account \
         already, and nothing about it was changed.\n\n\
         Log in here, or ask there for a new password if you forgot it:\n\n{portal}/log-in\n"
    );
    mail(to, "You already have an account", text)
}

pub(crate) fn reset(to: &str, link: &Secret) -> Mail {
    let text = format!(
        "Somebody, hopefully you, asked for a new password of your Tenantry account.\n\n\
         Choose it by following this link:\n\n{}\n\n\
         The link works once, for 1 hour, and ends all your sessions. If it was not you, do nothing: your password \
         stays as it is.\n",
        link.expose()
    );
    mail(to, "Choose a new password", text)
}

pub(crate) fn password_changed(to: &str, portal: &str) -> Mail {
    let text = format!(
        "The password of your Tenantry account was changed, and its other sessions were ended.\n\n\
         If it was not you, somebody reads your mailbox: secure that first, then ask for a new password here:\n\n\
         {portal}/forgot-password\n"
    );
    mail(to, "Your password was changed", text)
}

/// Of the inviter it says the proven address, no name: so the mail carries nobody's chosen words.
pub(crate) fn invitation(to: &str, (inviter, role): (&str, &str), link: &Secret) -> Mail {
    let text = format!(
        "{inviter} invites you to an organisation on Tenantry, as {role}.\n\n\
         See the organisation and join it by following this link:\n\n{}\n\n\
         The link works once, for 7 days, and for an account with this e-mail address ({to}). If you have none \
         yet, sign up with this address first and follow the link again.\n\n\
         If you do not know {inviter}, do nothing.\n",
        link.expose()
    );
    mail(to, "You are invited to an organisation", text)
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
