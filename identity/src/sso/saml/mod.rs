//! SAML 2.0 as a protocol of connections: what [`crate::saml`] leaves to its caller. That module judges messages and
//! knows no tables; here is what is kept, who may change it, and how the two meet.
//!
//! What it owns:
//! - a connection's settings ([`SamlSettings`]), from metadata that is uploaded or fetched ([`SamlInput`]);
//! - our keys for each connection, and their rotation (`own_keys`);
//! - the way out ([`Identity::set_out_by_saml`](crate::Identity::set_out_by_saml)) and back
//!   ([`Identity::receive_saml`](crate::Identity::receive_saml));
//! - looking at metadata again (`refresh`), and telling owners of certificates that end (`alarms`).
//!
//! Invariants:
//! - *an assertion works once*: its key goes into a table with that as its primary key, in the transaction that takes the
//!   assertion over;
//! - *a log-in stays with its browser*: an answer comes by a POST from the provider's site, where the `Lax` cookie is not.
//!   So it is judged there, with the flow that its `RelayState` names, and waits in the flow's row; only the browser with
//!   the flow's cookie comes further. One answer a flow;
//! - *a refreshed document replaces certificates and addresses of the same entity, and nothing else*. Another entity is
//!   refused and shown: its people would be other people;
//! - *a rotation fails nobody*: certificates, of either side, are no part of what a test has proven. They change while
//!   people log in, and while the connection is enforced;
//! - a private key leaves its seal for one message, and no request of a tenant can read even the seal.
//!
//! Why certificates are changed without a test. A test proves that the two sides understand each other: names, addresses,
//! attributes. A new certificate changes none of that; a wrong one lets nobody in, and the old ones stay as long as the
//! metadata lists them. Were it a draft, an enforced connection would have to be opened to passwords for each rotation, which
//! is the greater risk, and one that comes by the calendar. Who may change them is the owners, by upload or by naming an
//! address; whoever sets up by a link does not have that: their change is a draft.
//!
//! Failure modes: the provider's metadata cannot be fetched: what is known stays, and the reason stands with the
//! connection. The database is away between the check and its keeping: the person logs in once more.

mod alarms;
mod fetch;
mod input;
mod judged;
pub(super) mod key_repo;
mod own_keys;
mod receive;
mod refresh;
pub(super) mod repo;
mod set_out;
mod settings;

pub(crate) use alarms::Ending;
pub use alarms::{CertificateAlarm, SEND_CERTIFICATE_ALARM};
pub(super) use input::SamlChange;
pub use input::SamlInput;
pub use own_keys::{KeyState, OwnCertificate};
pub use receive::{Received, SamlAnswer, TurnedAway};
pub use set_out::SetOut;
pub(super) use settings::facts;
pub use settings::{SamlAttributes, SamlParties, SamlSettings};
