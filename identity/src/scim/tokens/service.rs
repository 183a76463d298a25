use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, ScimTokenId, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::{CreateScimToken, NewScimToken, ScimToken, repo};
use crate::Identity;
use crate::api_keys::{LONGEST, check_expiry, check_name};
use crate::members::record::{What, record};
use crate::members::{self, seats};
use crate::recognisable::{self, Form};

/// Tokens of one tenant that could be used at once: enough to change them without a gap.
const MOST_LIVE: i64 = 10;

impl Identity {
    /// Makes a token by which the tenant's directory acts with the asking person's authority over members. Its secret is
    /// in the answer and nowhere else.
    ///
    /// # Errors
    /// `Forbidden` for programs, and for who may not manage both provisioning and members; `Invalid` for a wrong name or
    /// expiry; `Conflict` when the tenant has ten live tokens.
    pub async fn create_scim_token(&self, ctx: &Ctx, input: CreateScimToken) -> Result<NewScimToken> {
        let permit = ctx.permit(Action::Manage, &provisioning_of(input.tenant))?;
        let user = ctx.user()?;
        let name = check_name(&input.name)?;
        let expires_at = check_expiry(Some(input.expires_at.unwrap_or(ctx.now() + LONGEST)), ctx.now())?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        seats::lock(&tx, input.tenant).await?;
        // The request's roles are as old as the request: who was removed while it waited is nobody here.
        let me = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("tenant"))?;
        // A token of somebody who may not manage members could do nothing.
        self.catalog(&tx).await?.giver(me.role, ResourceKind::Member)?;
        if repo::live(&tx, ctx.now()).await? >= MOST_LIVE {
            return Err(Error::conflict(format!("The organisation has {MOST_LIVE} provisioning tokens."))
                .with_remedy(
                    "Revoke those that the directory uses no more: the list says when each was used.",
                ));
        }
        let secret = Form::ScimToken.generate(ctx.entropy());
        let token = ScimToken {
            id: ScimTokenId::generate(ctx.clock(), ctx.entropy()),
            name,
            prefix: recognisable::shown(&secret),
            maker: user,
            maker_name: me.name,
            created_at: ctx.now(),
            expires_at,
            last_used_at: None,
            last_used_from: None,
            revoked_at: None,
        };
        repo::insert(&tx, &token, &secret).await?;
        let token = recorded(tx, ctx, ("scim_token.created", token)).await?;
        Ok(NewScimToken { token, secret })
    }

    /// Takes a token's power at once and for good. Repeating it changes nothing.
    ///
    /// # Errors
    /// `NotFound` for one of somebody else's tenant.
    pub async fn revoke_scim_token(&self, ctx: &Ctx, tenant: TenantId, id: ScimTokenId) -> Result<ScimToken> {
        let permit = ctx.permit(Action::Manage, &provisioning_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let token = repo::find(&tx, id).await?.ok_or_else(|| Error::not_found("provisioning token"))?;
        if !repo::revoke(&tx, id, ctx.now()).await? {
            return Ok(token);
        }
        let token = ScimToken { revoked_at: Some(ctx.now()), ..token };
        recorded(tx, ctx, ("scim_token.revoked", token)).await
    }

    /// The tenant's tokens, newest first. Those that are revoked or have expired stay for ninety days.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see provisioning.
    pub async fn scim_tokens(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<ScimToken>> {
        let permit = ctx.permit(Action::View, &provisioning_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let tokens = repo::list(&tx, page).await?;
        tx.commit().await?;
        Ok(tokens)
    }
}

fn provisioning_of(tenant: TenantId) -> Resource {
    Resource::new(ResourceKind::Provisioning, tenant)
}

async fn recorded(tx: TenantTx, ctx: &Ctx, (action, token): (&'static str, ScimToken)) -> Result<ScimToken> {
    let what = What {
        tenant: tx.tenant(),
        action,
        subject: token.id.to_string(),
        details: json!({
            "name": token.name, "prefix": token.prefix, "maker": token.maker.to_string(), "expiresAt": token.expires_at
        }),
    };
    record(&tx, ctx, what).await?;
    tx.commit().await?;
    Ok(token)
}
