//! Programs as they come in: with an API key, or with a service account's access token.

use tenantry_authz::{Actor, Ctx, Grant, Origin};
use tenantry_kernel::{Error, Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use crate::recognisable::Form;
use crate::{Identity, api_keys, members, service_accounts, users};

/// What a bearer token says about its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    pub actor: Actor,
    /// Of one tenant: its maker's for a key, its own for a service account.
    pub grants: Vec<Grant>,
}

/// A person who answers for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answerable {
    pub email: String,
    pub name: String,
}

impl Identity {
    /// Who holds this bearer token, and what they may do *now*. `None` for one that is not good: unknown, mistyped,
    /// expired, revoked, or used from elsewhere.
    ///
    /// # Errors
    /// `Unavailable` when the database does not answer.
    pub async fn authenticate_program(&self, token: &Secret, origin: &Origin) -> Result<Option<Program>> {
        let form = match Form::of(token) {
            Some(form @ (Form::ApiKey | Form::AccessToken)) => form,
            // A typing error, or a secret that is for another endpoint: no reason to ask the database.
            Some(Form::ClientSecret | Form::ScimToken) | None => return Ok(None),
        };
        let now = self.runtime().clock.now();
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let program = match form {
            Form::ApiKey => api_keys::authenticate(self, (&tx, token, now), origin).await?,
            _ => service_accounts::authenticate(self, (&tx, token, now)).await?,
        };
        tx.commit().await?;
        Ok(program)
    }

    /// The person whose name stands on what the actor makes: oneself, an API key's maker, or for a service account
    /// the tenant's first owner.
    ///
    /// # Errors
    /// `Unauthenticated` for nobody.
    pub async fn answerable(&self, ctx: &Ctx) -> Result<Answerable> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let of_account = |user: users::entity::Model| Answerable { email: user.email, name: user.name };
        let found = match ctx.actor() {
            Actor::User { id, .. } => users::repo::by_id(&tx, *id).await?.map(of_account),
            Actor::ApiKey { maker, .. } | Actor::Scim { maker, .. } => {
                users::repo::by_id(&tx, *maker).await?.map(of_account)
            }
            Actor::ServiceAccount { tenant, .. } => members::repo::first_owner(&tx, *tenant)
                .await?
                .map(|(email, name)| Answerable { email, name }),
            Actor::Anonymous => None,
        };
        tx.commit().await?;
        found.ok_or_else(Error::unauthenticated)
    }
}
