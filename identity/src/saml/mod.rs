//! SAML 2.0 as a service provider: requests out, responses in. No database, no HTTP; time and randomness come in as
//! arguments.
//!
//! What it owns: [`ServiceProvider`] with its metadata, [`IdentityProvider`] from its metadata, [`AuthnRequest`] by
//! redirect and by form, [`check_response`], [`AttributeNames`], and [`alarms()`] for certificates that end.
//!
//! What it refuses: storing anything (which requests are open and which assertions were used is the caller's to keep),
//! deciding whose account a subject is, single logout, artifacts, and messages for another than the web browser profile.
//!
//! Invariants of [`check_response`]:
//! - *what is read is what was signed*: the assertion is read from the canonical bytes that xmlsec has hashed and
//!   verified, parsed anew, and from nothing else. What stood around them can lead to a refusal and to nothing more;
//! - *keys come from the metadata*: a certificate inside a message is not looked at;
//! - *one assertion, one place for a signature, one form*: two, whatever they are and wherever they stand, are refused
//!   before any cryptography;
//! - *no text has two readings*: comments, CDATA, processing instructions, document types and foreign encodings never
//!   reach a parser; an ID names one element;
//! - *no weak algorithm*: SHA-1, keyed hashes, RSA PKCS #1 v1.5 encryption, and AES-CBC that no signature covers;
//! - *an assertion is for us, now, once*: audience, recipient, destination, request and times must fit, within
//!   [`SKEW`], and the caller's store must not have seen it: [`Checked::first_use`] hands it out;
//! - each refusal is its own [`Refusal`] with a stable code for the log. The page that people see answers all alike.
//!
//! Failure modes and costs:
//! - xmlsec and libxml2 are C. xmlsec is initialised once a process, behind a lock of `samael`, at the first message;
//!   after that contexts share nothing, and messages may be checked at once from many threads. A check takes a
//!   few milliseconds of processor and blocks: call it from `spawn_blocking`;
//! - xmlsec and libxml2 write errors of their own to standard error: a name from the message may be in one, its text is not;
//! - messages are at most 256 KiB and 32 elements deep: what costs more is refused before it is parsed;
//! - a certificate that ends is no refusal. [`alarms()`] says so 60, 30 and 7 days before.

mod alarms;
mod assertion;
mod attributes;
mod certificate;
mod decrypt;
mod keys;
mod metadata;
mod names;
mod refusal;
mod request;
mod response;
mod screen;
mod service_provider;
mod signature;
mod tree;

pub use alarms::{Alarm, Holder, Urgency, alarms};
pub use assertion::{Assertion, NameId, SKEW};
pub use attributes::{Attribute, AttributeNames, Profile};
pub use certificate::Certificate;
pub use keys::KeyPair;
pub use metadata::{Binding, Endpoint, IdentityProvider, MOST_METADATA};
pub use refusal::Refusal;
pub use request::{AuthnRequest, PostForm, RelayState};
pub use response::{Checked, Expected, check_response};
pub use service_provider::{Keys, ServiceProvider, published_metadata};
