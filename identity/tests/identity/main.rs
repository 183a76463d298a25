//! Identity against a real PostgreSQL: what people, strangers and staff can and cannot do.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod account;
mod api_keys;
mod invitations;
mod links;
mod log_in;
mod mailers;
mod members;
mod membership;
mod operator;
mod path;
mod roles;
mod service_accounts;
mod sign_up;
mod support;
mod throttle;
mod walls;
mod world;
