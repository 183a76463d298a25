//! Single sign-on by OpenID Connect, as browsers and providers meet it:
//!
//! - `GET /oidc/callback/{connection}`: a browser comes back, and is logged in;
//! - `POST /oidc/log-out`: a session ends here, and the portal learns where it ends at the provider;
//! - `POST /oidc/back-channel-logout/{connection}`: a provider says that a session has ended there.
//!
//! What a provider says is judged in `tenantry_identity::oidc`, what follows from it in `Identity::arrive`; this is
//! parameters and redirects. How a browser sets out, and what all protocols share, is in [`super::sso`].

mod back_channel;
mod callback;
mod log_out;
#[cfg(test)]
mod tests;

pub(super) use back_channel::back_channel_logout;
pub(super) use callback::callback;
pub(super) use log_out::log_out;
