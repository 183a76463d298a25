//! Service accounts: programs that act for a tenant in their own name, with a role of their own.
//!
//! An account proves that it is itself by a secret, or by an assertion that it signs with a key whose public half is
//! registered (`private_key_jwt`, RFC 7523); it gets an access token that is good for fifteen minutes (RFC 6749,
//! section 4.4). Tokens are looked up at each use, so what is taken away (credential, account, role) is gone at the
//! next request, on every node.
//!
//! Nobody gives an account a role with a right that they lack, nor touches one that has such a role: whoever can add a
//! credential can be the account. It stays so when roles change ([`known`]).

mod assertion;
mod client;
mod credentials;
mod jws;
mod known;
mod model;
mod public_key;
pub(crate) mod repo;
mod service;
mod tokens;

pub use client::{ClientProof, TokenRefusal};
pub use model::{
    AddCredential, AddPublicKey, CreateServiceAccount, Credential, CredentialKind, NewClientSecret,
    ServiceAccount,
};
pub(crate) use tokens::authenticate;
pub use tokens::{IssuedToken, TokenRequest};
