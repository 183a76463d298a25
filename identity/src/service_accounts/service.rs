use chrono::{DateTime, Utc};
use serde_json::json;
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, ServiceAccountId, TenantId};
use tenantry_store::{Page, PageRequest, TenantTx};

use super::repo;
use super::{CreateServiceAccount, Credential, ServiceAccount};
use crate::Identity;
use crate::api_keys::check_name;
use crate::members::record::{What, record};
use crate::members::{self, Member, seats};

/// Accounts of one tenant.
const MOST: i64 = 100;

impl Identity {
    /// Makes a service account. It has no credential yet.
    ///
    /// # Errors
    /// `Forbidden` for programs, for who may not manage accounts, and for a role with a right that one lacks; `Invalid` for a
    /// wrong name or role; `Conflict` when the tenant has 100 accounts.
    pub async fn create_service_account(
        &self,
        ctx: &Ctx,
        input: CreateServiceAccount,
    ) -> Result<ServiceAccount> {
        let (tx, me) = self.manage_accounts(ctx, input.tenant).await?;
        let name = check_name(&input.name)?;
        self.ensure_may_give(&tx, ctx, (ResourceKind::ServiceAccount, input.role)).await?;
        if repo::count(&tx).await? >= MOST {
            return Err(Error::conflict(format!("The organisation has {MOST} service accounts."))
                .with_remedy("Delete those that no program uses any more."));
        }
        let account = ServiceAccount {
            id: ServiceAccountId::generate(ctx.clock(), ctx.entropy()),
            name,
            role: input.role,
            creator_name: me.name,
            created_at: ctx.now(),
            disabled_at: None,
            last_used_at: None,
        };
        repo::insert(&tx, &account, me.user_id).await?;
        recorded(tx, ctx, ("service_account.created", account)).await
    }

    /// Deletes an account: its credentials and tokens are gone at once. Repeating it finds nothing.
    ///
    /// # Errors
    /// `NotFound` for one that is not there; `Forbidden` for one whose role has a right that one lacks.
    pub async fn delete_service_account(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: ServiceAccountId,
    ) -> Result<()> {
        let (tx, account) = self.touch_account(ctx, tenant, id).await?;
        repo::disable(&tx, id, ctx.now()).await?;
        recorded(tx, ctx, ("service_account.deleted", account)).await.map(|_| ())
    }

    /// The tenant's accounts, newest first.
    ///
    /// # Errors
    /// `NotFound` where the actor is no member, `Forbidden` where its role may not see accounts.
    pub async fn service_accounts(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        page: &PageRequest,
    ) -> Result<Page<ServiceAccount>> {
        let permit = ctx.permit(Action::View, &accounts_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let accounts = repo::list(&tx, page).await?;
        tx.commit().await?;
        Ok(accounts)
    }

    /// The credentials of these accounts, oldest first, by one statement.
    ///
    /// # Errors
    /// As [`Self::service_accounts`].
    pub async fn service_account_credentials(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        accounts: &[ServiceAccountId],
    ) -> Result<Vec<Credential>> {
        let permit = ctx.permit(Action::View, &accounts_of(tenant))?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        let credentials = repo::credentials(&tx, accounts).await?;
        tx.commit().await?;
        Ok(credentials)
    }

    /// A transaction in which the actor, a person, decides about accounts, and what they are at this moment.
    async fn manage_accounts(&self, ctx: &Ctx, tenant: TenantId) -> Result<(TenantTx, Member)> {
        let permit = ctx.permit(Action::Manage, &accounts_of(tenant))?;
        let user = ctx.user()?;
        let tx = TenantTx::begin(self.db(), &permit).await?;
        // With whoever decides about people and roles: what is read here is true at commit.
        seats::lock(&tx, tenant).await?;
        let me = members::repo::find(&tx, user).await?.ok_or_else(|| Error::not_found("tenant"))?;
        Ok((tx, me))
    }

    /// As `manage_accounts`, with an account whose role has no right that the actor lacks.
    pub(super) async fn touch_account(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        id: ServiceAccountId,
    ) -> Result<(TenantTx, ServiceAccount)> {
        let (tx, _) = self.manage_accounts(ctx, tenant).await?;
        let account = repo::find(&tx, id).await?.ok_or_else(|| Error::not_found("service account"))?;
        self.ensure_may_give(&tx, ctx, (ResourceKind::ServiceAccount, account.role)).await?;
        Ok((tx, account))
    }
}

fn accounts_of(tenant: TenantId) -> Resource {
    Resource::new(ResourceKind::ServiceAccount, tenant)
}

pub(super) async fn recorded(
    tx: TenantTx,
    ctx: &Ctx,
    (action, account): (&'static str, ServiceAccount),
) -> Result<ServiceAccount> {
    let details = json!({ "name": account.name, "role": account.role.to_string() });
    write_down(tx, ctx, (action, &account, details)).await?;
    Ok(account)
}

/// The audit row and the fact, and the end of the transaction.
pub(super) async fn write_down(
    tx: TenantTx,
    ctx: &Ctx,
    (action, account, details): (&'static str, &ServiceAccount, serde_json::Value),
) -> Result<()> {
    let what = What { tenant: tx.tenant(), action, subject: account.id.to_string(), details };
    record(&tx, ctx, what).await?;
    tx.commit().await
}

/// How an expiry is written in the trail.
pub(super) fn moment(at: Option<DateTime<Utc>>) -> serde_json::Value {
    at.map_or(serde_json::Value::Null, |at| json!(at))
}
