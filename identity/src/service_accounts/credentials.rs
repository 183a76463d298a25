use serde_json::json;
use tenantry_authz::Ctx;
use tenantry_kernel::{CredentialId, Error, Result, ServiceAccountId, TenantId};
use tenantry_store::TenantTx;

use super::model::{AddCredential, AddPublicKey, Credential, CredentialKind, NewClientSecret};
use super::public_key::PublicKey;
use super::service::{moment, write_down};
use super::{ServiceAccount, repo};
use crate::Identity;
use crate::api_keys::check_expiry;
use crate::recognisable::{self, Form};

/// Credentials of one account: a new one beside the old, for the time of a rotation, and some more.
const MOST: usize = 10;

impl Identity {
    /// Gives an account another secret. It is in the answer and nowhere else; the others go on working.
    ///
    /// # Errors
    /// `NotFound` for an account that is not there; `Forbidden` for one whose role has a right that one lacks; `Invalid` for a
    /// wrong expiry; `Conflict` when it has ten credentials.
    pub async fn add_service_account_secret(
        &self,
        ctx: &Ctx,
        input: AddCredential,
    ) -> Result<NewClientSecret> {
        let (tx, account) = self.touch_account(ctx, input.tenant, input.account).await?;
        let expires_at = check_expiry(input.expires_at, ctx.now())?;
        let secret = Form::ClientSecret.generate(ctx.entropy());
        let new = Credential {
            id: CredentialId::generate(ctx.clock(), ctx.entropy()),
            account: account.id,
            kind: CredentialKind::Secret,
            hint: recognisable::shown(&secret),
            created_at: ctx.now(),
            expires_at: Some(expires_at),
            last_used_at: None,
        };
        added(tx, ctx, (&account, new, repo::Proof::Secret(&secret))).await?;
        Ok(NewClientSecret { account, secret })
    }

    /// Registers another public key of an account. It works until it is removed.
    ///
    /// # Errors
    /// As [`Self::add_service_account_secret`]; `Invalid` for what is no P-256, Ed25519 or RSA public key in PEM;
    /// `Conflict` for one that the account has.
    pub async fn add_service_account_key(&self, ctx: &Ctx, input: AddPublicKey) -> Result<ServiceAccount> {
        let (tx, account) = self.touch_account(ctx, input.tenant, input.account).await?;
        let key = PublicKey::from_pem(&input.pem)?;
        let new = Credential {
            id: CredentialId::generate(ctx.clock(), ctx.entropy()),
            account: account.id,
            kind: CredentialKind::PublicKey,
            hint: key.hint(),
            created_at: ctx.now(),
            expires_at: None,
            last_used_at: None,
        };
        added(tx, ctx, (&account, new, repo::Proof::PublicKey(input.pem.trim()))).await?;
        Ok(account)
    }

    /// Takes a credential away. Tokens that were got with it are dead at once.
    ///
    /// # Errors
    /// `NotFound` for an account or credential that is not there; `Forbidden` for a role with a right that one lacks.
    pub async fn remove_service_account_credential(
        &self,
        ctx: &Ctx,
        (tenant, account): (TenantId, ServiceAccountId),
        id: CredentialId,
    ) -> Result<ServiceAccount> {
        let (tx, account) = self.touch_account(ctx, tenant, account).await?;
        if !repo::remove_credential(&tx, account.id, id).await? {
            return Err(Error::not_found("credential"));
        }
        let details = json!({ "credential": id.to_string() });
        write_down(tx, ctx, ("service_account.credential_removed", &account, details)).await?;
        Ok(account)
    }
}

async fn added(
    tx: TenantTx,
    ctx: &Ctx,
    (account, new, proof): (&ServiceAccount, Credential, repo::Proof<'_>),
) -> Result<()> {
    let present = repo::credentials(&tx, &[account.id]).await?;
    if present.len() >= MOST {
        return Err(Error::conflict(format!("A service account has at most {MOST} credentials."))
            .with_remedy("Remove those that are not used any more, then add this one."));
    }
    if new.kind == CredentialKind::PublicKey && present.iter().any(|c| c.hint == new.hint) {
        return Err(Error::conflict("This account has this public key already."));
    }
    repo::add_credential(&tx, &new, (ctx.user()?, proof)).await?;
    let details = json!({
        "credential": new.id.to_string(), "hint": new.hint, "expiresAt": moment(new.expires_at)
    });
    write_down(tx, ctx, ("service_account.credential_added", account, details)).await
}
