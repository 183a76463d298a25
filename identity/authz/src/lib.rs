//! Who may do what: the one gate between an actor and everything that belongs to a tenant.
//!
//! What it owns:
//! - [`Ctx`], the context object every service method takes: the actor, what roles it holds where, the clock,
//!   randomness and the request id;
//! - [`Gate`], the only caller of Casbin. The rules (`policy/policy.csv`) and the model (`policy/model.conf`)
//!   are data; [`matrix`] prints what the engine makes of them, as a table that people review;
//! - [`CustomPolicy`], the roles that a tenant has made for itself, as of a version. The gate keeps those that were
//!   used last; reading them is authentication's;
//! - [`Explanation`]: the engine's own reason for an answer;
//! - [`Assurance`]: what is asked of a person beyond a role: a fresh proof of who they are, a second factor;
//! - [`Barred`]: a tenant that somebody belongs to and cannot act in with this session;
//! - [`Grounds`]: every yes of the gate in one request, for whoever gives its answer again;
//! - [`Permit`] and [`PlatformPermit`]: proofs that the gate said yes. A tenant's data cannot be opened without
//!   one, because `TenantTx::begin` demands it and nothing outside this crate can make one.
//!
//! What it refuses: queries. The roles an actor holds ([`Grant`]) are facts handed in by authentication.
//!
//! Invariants:
//! - *not visible is not found*: an actor without the right to view a resource gets the same answer as for one
//!   that does not exist; an actor who may view it, but not do this, is told `Forbidden` and which right lacks;
//! - *each role is a small enforcer of its own* (`rules`), built-in ones for all tenants together, a tenant's own for
//!   that tenant. `g()` asks the grant that the decision is about. Policies are never copied per tenant, so a
//!   decision stays flat in the number of tenants, and a denial looks at no more than one role's rules;
//! - *a decision is kept where its rules are*: a role's answers depend on kind and action only, so they are a table of
//!   bytes beside the rules. Rules never change; newer ones are another value with an empty table. There is nothing
//!   to invalidate, and nothing to evict but whole policies;
//! - *an engine that fails denies*, and is asked again the next time;
//! - platform roles live in the domain `platform` and give no right inside any tenant.

mod access;
mod assurance;
mod barred;
mod ctx;
mod custom;
mod denial;
mod explain;
mod gate;
mod grounds;
pub mod matrix;
mod outdated;
mod permit;
mod policies;
#[cfg(test)]
mod policy_tests;
mod rights;
mod role;
mod rules;

pub use access::{Action, PlatformResource, Resource, ResourceKind, Right};
pub use assurance::{Assurance, MFA_REQUIRED, PROOF_LASTS, STEP_UP_REQUIRED};
pub use barred::{Barred, SSO_REQUIRED};
pub use ctx::{Actor, Ctx, Origin, Runtime};
pub use custom::{CustomPolicy, CustomRole};
pub use denial::{Denial, Denials};
pub use explain::Explanation;
pub use gate::Gate;
pub use grounds::{Ground, Grounds};
pub use outdated::SESSION_TOO_OLD;
pub use permit::{Permit, PlatformPermit, SupportUse};
pub use role::{Grant, HeldRole, PlatformRole, ResellerRole, Role, SupportRole};
