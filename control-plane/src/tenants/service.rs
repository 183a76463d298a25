use sea_orm::ActiveValue::Set;
use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};
use tenantry_authz::{Action, Barred, Ctx, Resource, ResourceKind, Role};
use tenantry_billing::Billing;
use tenantry_identity::Identity;
use tenantry_kernel::{Error, Kind, Result, TenantId};
use tenantry_keys::Keys;
use tenantry_store::audit::{self, By, Entry};
use tenantry_store::outbox::{self, Fact};
use tenantry_store::{Db, DbResultExt, SystemRole, SystemTx, TenantTx, Transaction, stmt};

use super::Tenant;
use super::entity::{ActiveModel, Column, Entity};

/// How many tenants one person may own. Beyond it, support raises the limit after a talk.
pub(super) const OWNED_BY_ONE: i64 = 20;

/// A new tenant; its maker becomes its owner.
#[derive(Debug, Clone)]
pub struct CreateTenant {
    pub name: String,
    pub slug: String,
    pub plan: String,
}

/// Tenants. Cheap to clone.
#[derive(Clone)]
pub struct Tenants {
    pub(super) db: Db,
    keys: Keys,
    pub(super) identity: Identity,
    billing: Billing,
}

impl Tenants {
    pub fn new(db: Db, keys: Keys, identity: Identity, billing: Billing) -> Self {
        Self { db, keys, identity, billing }
    }

    /// Makes a tenant with its key, first owner and subscription, all in one transaction. Repeating the call gives
    /// the tenant that is there.
    ///
    /// # Errors
    /// `Invalid` for a bad name, slug or plan; `Conflict` for a slug that somebody else has; `QuotaExceeded` for
    /// whoever owns as many as one may.
    pub async fn create(&self, ctx: &Ctx, input: CreateTenant) -> Result<Tenant> {
        let user = ctx.user()?;
        check(&input)?;
        if let Some(existing) = self.owned_with_slug(ctx, &input.slug).await? {
            return Ok(existing);
        }
        let plan = self.billing.plan(&input.plan).await?;
        let tenant = TenantId::generate(ctx.clock(), ctx.entropy());
        let now = ctx.now();
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await?;
        // Counted here and not in the request's roles, which know nothing of what was made since it began.
        if self.identity.owned_for_update(&tx, user).await? >= OWNED_BY_ONE {
            return Err(Error::new(
                Kind::QuotaExceeded,
                format!("You own {OWNED_BY_ONE} organisations already."),
            )
            .with_remedy("Close one you no longer need, or ask support for more."));
        }
        ctx.ensure_reaches(tenant)?;
        let row = ActiveModel {
            id: Set(tenant.uuid()),
            slug: Set(input.slug),
            name: Set(input.name.trim().to_owned()),
            status: Set("active".to_owned()),
            created_at: Set(now),
        };
        let row = row.insert(tx.conn()).await.unique("tenants_slug_key", || {
            Error::conflict("This address is taken.").with_remedy("Choose another address.")
        })?;
        self.keys.create(&tx, tenant, now).await?;
        self.identity.add_first_owner(&tx, tenant, user, now).await?;
        self.billing.subscribe(&tx, tenant, &plan.code, now).await?;
        let details = serde_json::json!({ "slug": row.slug, "plan": plan.code });
        let entry = Entry {
            tenant,
            action: "tenant.create",
            resource: tenant.to_string(),
            result: "ok",
            details: details.clone(),
        };
        audit::append(&tx, By::ctx(ctx), entry).await?;
        let fact = Fact { tenant, topic: "tenant.create", subject: tenant.to_string(), payload: details };
        outbox::publish(&tx, now, &fact).await?;
        tx.commit().await?;
        Ok(row.into())
    }

    async fn owned_with_slug(&self, ctx: &Ctx, slug: &str) -> Result<Option<Tenant>> {
        let mine = self.of_viewer(ctx).await?;
        let owned = |t: &Tenant| ctx.role_in(t.id) == Some(Role::Owner);
        Ok(mine.into_iter().find(|t| t.slug == slug && owned(t)))
    }

    /// The tenants that the acting person belongs to.
    pub async fn of_viewer(&self, ctx: &Ctx) -> Result<Vec<Tenant>> {
        ctx.user()?;
        // Whoever is somewhere as the platform's staff does not belong there.
        let ids: Vec<_> = ctx.grants().iter().filter(|g| g.by.is_none()).map(|g| g.tenant.uuid()).collect();
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await?;
        let rows = Entity::find()
            .filter(Column::Id.is_in(ids))
            .order_by_asc(Column::Name)
            .order_by_asc(Column::Id)
            .all(tx.conn())
            .await
            .db()?;
        Ok(rows.into_iter().map(Tenant::from).collect())
    }

    /// The tenants that the acting person belongs to and cannot act in with this session, by name.
    pub(crate) async fn barred(&self, ctx: &Ctx) -> Result<Vec<(Tenant, Barred)>> {
        if ctx.barred().is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<_> = ctx.barred().iter().map(|barred| barred.tenant.uuid()).collect();
        let tx = SystemTx::begin(&self.db, SystemRole::Onboarding).await?;
        let rows = Entity::find()
            .filter(Column::Id.is_in(ids))
            .order_by_asc(Column::Name)
            .order_by_asc(Column::Id)
            .all(tx.conn())
            .await
            .db()?;
        let of = |tenant: Tenant| {
            let barred = ctx.barred().iter().find(|barred| barred.tenant == tenant.id).copied();
            barred.map(|barred| (tenant, barred))
        };
        Ok(rows.into_iter().map(Tenant::from).filter_map(of).collect())
    }

    /// Whether the actor may see the tenant. Nothing is read: who holds a role in a tenant has it of its rows.
    ///
    /// # Errors
    /// `Unauthenticated`, or `NotFound`.
    pub fn ensure_visible(&self, ctx: &Ctx, id: TenantId) -> Result<()> {
        ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, id)).map(|_| ())
    }

    pub async fn get(&self, ctx: &Ctx, id: TenantId) -> Result<Tenant> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Tenant, id))?;
        let tx = TenantTx::begin(&self.db, &permit).await?;
        let row = Entity::find_by_id(id.uuid()).one(tx.conn()).await.db()?;
        row.map(Tenant::from).ok_or_else(|| Error::not_found("tenant"))
    }

    /// Whether any tenant key exists: then the keyring must not be made anew.
    pub async fn keys_in_use(db: &Db) -> Result<bool> {
        let tx = SystemTx::begin(db, SystemRole::Onboarding).await?;
        let row = tx
            .conn()
            .query_one_raw(stmt("SELECT EXISTS (SELECT 1 FROM platform.tenant_keys) AS used", []))
            .await
            .db()?;
        row.map_or(Ok(false), |row| row.try_get("", "used").db())
    }
}

fn check(input: &CreateTenant) -> Result<()> {
    if !(1..=120).contains(&input.name.trim().chars().count()) || input.name.chars().any(char::is_control) {
        return Err(Error::invalid("name", "A name has 1 to 120 characters."));
    }
    let slug = &input.slug;
    let ok = (1..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if ok {
        Ok(())
    } else {
        Err(Error::invalid(
            "slug",
            "An address has 1 to 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit.",
        ))
    }
}
