//! Identity against a real PostgreSQL: what people, strangers and staff can and cannot do.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed"
)]

mod account;
mod api_keys;
mod authenticator;
mod devices;
mod factors;
mod invitations;
mod links;
mod log_in;
mod mailers;
mod members;
mod membership;
mod name_server;
mod operator;
mod ownership;
mod passkeys;
mod path;
mod proof;
mod roles;
mod saml;
mod scim;
mod service_accounts;
mod session_policy;
mod sessions;
mod sign_up;
mod sso_arrivals;
mod sso_connections;
mod sso_domains;
mod sso_enforced;
mod sso_links;
mod sso_saml;
mod sso_world;
mod support;
mod throttle;
mod walls;
mod world;
