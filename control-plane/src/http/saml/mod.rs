//! SAML 2.0, as browsers and providers meet it:
//!
//! - `GET /saml/{connection}/metadata`: what a provider needs to know of us;
//! - `POST /saml/{connection}/acs`: a provider's page posts its answer here, by the browser;
//! - `GET /saml/continue`: the browser goes on to here with its cookie, and is logged in.
//!
//! The answer is posted from another site, so the browser's `Lax` cookie is not with it. It is judged at once, with the
//! flow that its `RelayState` names, and waits there; the redirect after it is a navigation of the browser's own, with the
//! cookie. A cookie that came with posts from elsewhere (`SameSite=None`) would be the alternative: it would come with
//! everybody's posts, and some browsers keep none of that kind.
//!
//! What a provider says is judged in `tenantry_identity::saml`, what is kept of it in `tenantry_identity`'s `sso::saml`, what
//! follows in `Identity::arrive`. How a browser sets out is in [`super::sso`].

mod acs;
mod form;
mod metadata;
mod proceed;
#[cfg(test)]
mod tests;

pub(super) use acs::{LARGEST, acs};
pub(super) use form::form;
pub(super) use metadata::metadata;
pub(super) use proceed::proceed;
