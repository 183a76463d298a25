//! What people are told of their second factors.

use super::Mail;

fn mail(to: &str, subject: &str, (what, portal): (&str, &str)) -> Mail {
    let text = format!(
        "{what}\n\n\
         If it was not you, somebody has your password or an open session of yours: set a new password, which ends all \
         your sessions, and look at your factors:\n\n\
         {portal}/forgot-password\n{portal}/account/security\n"
    );
    Mail::plain(to, subject, text)
}

pub(super) fn added(to: &str, portal: &str) -> Mail {
    let what = "A second factor (an authenticator or a passkey) was added to your Tenantry account.";
    mail(to, "A second factor was added", (what, portal))
}

pub(super) fn removed(to: &str, portal: &str) -> Mail {
    let what = "A second factor (an authenticator or a passkey) was removed from your Tenantry account.";
    mail(to, "A second factor was removed", (what, portal))
}

pub(super) fn reset(to: &str, portal: &str) -> Mail {
    let what = "All second factors of your Tenantry account were taken away by an administrator, and all your sessions \
                were ended. Log in with your password and set up a new factor.";
    mail(to, "Your second factors were reset", (what, portal))
}

pub(super) fn code_used(to: &str, portal: &str) -> Mail {
    let what = "A recovery code was used in place of your second factor. It works no more; make new codes before the \
                last one is used.";
    mail(to, "A recovery code was used", (what, portal))
}

pub(super) fn codes_made(to: &str, portal: &str) -> Mail {
    let what = "New recovery codes were made for your Tenantry account. All earlier ones work no more.";
    mail(to, "New recovery codes were made", (what, portal))
}
