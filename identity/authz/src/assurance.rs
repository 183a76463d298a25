//! How sure it is that a person is who they say, and what the gate asks for beyond a role.
//!
//! Two things may be asked of a person (programs prove themselves with every request):
//! - *a fresh proof*: what cannot be undone, or outlives the session, is done only by somebody who has proven who they
//!   are within [`PROOF_LASTS`]. A log-in counts. A stolen or forgotten session alone destroys nothing and makes no key;
//! - *a second factor*: a tenant may demand that its members have one.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{Error, Result, TenantId};

use crate::{Action, Actor, Ctx, Resource, ResourceKind, Right};

/// How long a proof counts as fresh.
pub const PROOF_LASTS: TimeDelta = TimeDelta::minutes(5);

/// The code of the error that asks for a fresh proof.
pub const STEP_UP_REQUIRED: &str = "STEP_UP_REQUIRED";
/// The code of the error that asks for a second factor.
pub const MFA_REQUIRED: &str = "MFA_REQUIRED";

/// What authentication read beside a person's session. The default is of somebody who has proven nothing lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assurance {
    /// When the person last proved in this session who they are. Logging in is such a proof.
    pub proved_at: Option<DateTime<Utc>>,
    /// The tenants that demand a second factor, which this person lacks.
    pub lacking: Arc<[TenantId]>,
}

impl Assurance {
    /// Of somebody who proved who they are at this moment.
    pub fn proved(at: DateTime<Utc>) -> Self {
        Self { proved_at: Some(at), ..Self::default() }
    }
}

impl Right {
    /// Whether a person needs a fresh proof for it: it destroys data, makes credentials that outlive the session,
    /// costs money, or changes how members come in.
    pub fn needs_proof(self) -> bool {
        use Action::{Delete, Manage};
        use ResourceKind::{ApiKey, Instance, Provisioning, ServiceAccount, Sso, Subscription, Tenant};
        matches!(
            (self.kind, self.action),
            (Instance | Tenant, Delete)
                | (Tenant | ApiKey | ServiceAccount | Subscription | Sso | Provisioning, Manage)
        )
    }
}

impl Ctx {
    /// For what needs a fresh proof though its right does not: the person has proven who they are just now. Whoever has
    /// neither a password nor a factor logs in again, the way they came.
    ///
    /// # Errors
    /// `Forbidden` with the code [`STEP_UP_REQUIRED`].
    pub fn ensure_proof(&self) -> Result<()> {
        if !matches!(self.actor(), Actor::User { .. }) {
            return Ok(());
        }
        // A proof of the future is of a clock that went back: it is none.
        let fresh = |at: DateTime<Utc>| (TimeDelta::zero()..=PROOF_LASTS).contains(&(self.now() - at));
        if self.assurance().proved_at.is_some_and(fresh) {
            return Ok(());
        }
        Err(Error::forbidden("Confirm that it is you: this needs a fresh proof of who you are.")
            .with_code(STEP_UP_REQUIRED)
            .with_remedy(
                "Prove it with `prove` (your password, a code of your authenticator, or a passkey), or log in again, then \
                 repeat the call within five minutes.",
            ))
    }

    /// As [`ensure_proof`](Self::ensure_proof), for what changes the person's own account, which is good in all their
    /// tenants: a session that came by one tenant's connection does not do, however fresh. Its tenant could make its
    /// provider say anything, and would own the account.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn ensure_own_proof(&self) -> Result<()> {
        self.ensure_own_way()?;
        self.ensure_proof()
    }

    /// For what is the person's own in all their tenants: a session that came by one tenant's connection does not do.
    ///
    /// # Errors
    /// `Forbidden`.
    pub fn ensure_own_way(&self) -> Result<()> {
        if self.reach().is_some() {
            return Err(Error::forbidden(
                "You came in by an organisation's single sign-on, which is good there only.",
            )
            .with_remedy("Log out, and log in with what is your own: your password or a passkey."));
        }
        Ok(())
    }

    /// Whether the tenant demands a second factor that the person lacks.
    pub fn lacks_factor_in(&self, tenant: TenantId) -> bool {
        self.assurance().lacking.contains(&tenant)
    }

    /// What is asked of the person beyond the role.
    pub(crate) fn ensure_assured(&self, action: Action, resource: &Resource) -> Result<()> {
        if self.lacks_factor_in(resource.tenant) {
            return Err(Error::forbidden("This organisation demands a second factor of its members.")
                .with_code(MFA_REQUIRED)
                .with_remedy("Set up an authenticator or a passkey in your account, under Security."));
        }
        if Right::new(resource.kind, action).needs_proof() { self.ensure_proof() } else { Ok(()) }
    }
}
