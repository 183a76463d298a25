//! What people log in from: how a device is called, and which of them a person has used before.
//!
//! A device is a browser, a system and a network (an IPv4 /24, an IPv6 /48), as a log-in shows them: it proves nothing, and is
//! good for telling a person of a log-in that is not like the ones before. For half a year without a log-in it is remembered.

mod delivery;
mod model;
pub(crate) mod repo;
mod service;

pub use delivery::{NewSignIn, SEND_NEW_SIGN_IN};
pub use model::{Device, DeviceKind};
pub(crate) use service::REMEMBERED;
