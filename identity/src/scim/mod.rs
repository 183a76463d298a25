//! SCIM 2.0 (RFC 7643, RFC 7644): a tenant's directory says who its people are.
//!
//! What it owns: the directory's users and groups as it describes them, the tokens that it comes with, and what follows of
//! them for the tenant's members: who is invited, who goes, and what role they have.
//!
//! Invariants:
//! - *a directory has its own tenant's resources and no others*. It never sees an account, nor whether there is one: its
//!   users are rows of the tenant, with ids of their own;
//! - *nobody becomes a member by being described*. A user is invited by mail, and is a member once the holder of the
//!   mailbox accepts, or comes in through another way that proves the address. Who is a member already is linked by
//!   their address;
//! - *an account is its person's*: the directory changes neither its address nor its name nor its password;
//! - `active: false`, and DELETE, end the membership in the same transaction; sessions end at once where the person is
//!   in no other tenant. Elsewhere they stay who they are;
//! - *a token acts with its maker's authority*, as it is at that moment: it gives and takes no role that its maker cannot, and
//!   is dead when they leave. The last owner stays, whatever the directory says;
//! - all of a PATCH is done, or nothing. Writes of a tenant take turns.
//!
//! The table in [`schema`] is what reading, filtering, patching and `/Schemas` follow.

mod answer;
mod authenticate;
mod call;
mod connection;
mod discovery;
mod document;
mod fault;
mod filter;
mod groups;
mod patch;
mod path;
mod projection;
mod query;
mod schema;
mod settle;
pub(crate) mod tokens;
mod users;

pub use answer::ScimAnswer;
pub use call::{ScimCall, ScimKind};
pub use connection::{MapGroup, ProvisionedGroup, ProvisionedUser, Provisioning, SetProvisioning};
pub use fault::ScimFault;
pub use projection::Projection as ScimProjection;
pub use query::ScimQuery;
pub use tokens::{CreateScimToken, NewScimToken, ScimToken};

#[cfg(test)]
pub(crate) mod repos {
    //! The repositories, for the tests of the wall.
    pub(crate) use super::connection::repo as connection;
    pub(crate) use super::query::Window;

    pub(crate) mod users {
        pub(crate) use crate::scim::users::ScimUser;
        pub(crate) use crate::scim::users::repo::*;
    }

    pub(crate) mod groups {
        pub(crate) use crate::scim::groups::ScimGroup;
        pub(crate) use crate::scim::groups::repo::*;
    }
}
