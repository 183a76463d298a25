//! All tenants, as platform staff sees them.

use std::collections::HashMap;

use sea_orm::sea_query::{Expr, extension::postgres::PgExpr};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use tenantry_authz::{Action, Ctx, PlatformResource};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::{DbResultExt, Page, PageRequest, SearchText, SystemTx, Transaction};

use super::entity::{Column, Entity};
use super::{Tenant, Tenants};

impl Tenants {
    async fn begin_as_staff(&self, ctx: &Ctx, resource: PlatformResource) -> Result<SystemTx> {
        SystemTx::begin_platform(&self.db, &ctx.permit_platform(Action::View, resource)?).await
    }

    /// All tenants, newest first; `search` is a part of a name or slug, or a whole id.
    pub async fn list(&self, ctx: &Ctx, page: &PageRequest, search: Option<&str>) -> Result<Page<Tenant>> {
        let tx = self.begin_as_staff(ctx, PlatformResource::Tenants).await?;
        let mut query = found(SearchText::parse(search)?.as_ref())
            .order_by_desc(Column::Id)
            .limit(u64::from(page.first) + 1);
        if let Some(after) = &page.after {
            let after: TenantId =
                after.parse().map_err(|_| Error::invalid("after", "That is not a cursor of this list."))?;
            query = query.filter(Column::Id.lt(after.uuid()));
        }
        let rows = query.all(tx.conn()).await.db()?;
        Ok(Page::of(rows.into_iter().map(Tenant::from).collect(), page))
    }

    /// How many tenants the search finds, or there are.
    pub async fn count(&self, ctx: &Ctx, search: Option<&str>) -> Result<i64> {
        let tx = self.begin_as_staff(ctx, PlatformResource::Tenants).await?;
        let count = found(SearchText::parse(search)?.as_ref()).count(tx.conn()).await.db()?;
        i64::try_from(count).map_err(Error::internal)
    }

    /// Any tenant, for platform staff.
    pub async fn find(&self, ctx: &Ctx, id: TenantId) -> Result<Option<Tenant>> {
        let tx = self.begin_as_staff(ctx, PlatformResource::Tenants).await?;
        Ok(Entity::find_by_id(id.uuid()).one(tx.conn()).await.db()?.map(Tenant::from))
    }

    /// These tenants, by one statement: whose the instances of a page of the fleet are.
    pub async fn of_fleet(&self, ctx: &Ctx, ids: &[TenantId]) -> Result<HashMap<TenantId, Tenant>> {
        let tx = self.begin_as_staff(ctx, PlatformResource::Fleet).await?;
        let query = Entity::find().filter(Column::Id.is_in(ids.iter().map(|id| id.uuid())));
        let rows = query.all(tx.conn()).await.db()?;
        Ok(rows.into_iter().map(|row| (TenantId::from_uuid(row.id), row.into())).collect())
    }

    /// The ids of all tenants that a search of the fleet finds.
    pub async fn found_in_fleet(&self, ctx: &Ctx, search: &SearchText) -> Result<Vec<TenantId>> {
        let tx = self.begin_as_staff(ctx, PlatformResource::Fleet).await?;
        let query = found(Some(search)).select_only().column(Column::Id).into_tuple::<uuid::Uuid>();
        let ids = query.all(tx.conn()).await.db()?;
        Ok(ids.into_iter().map(TenantId::from_uuid).collect())
    }
}

fn found(search: Option<&SearchText>) -> Select<Entity> {
    let query = Entity::find();
    let Some(search) = search else { return query };
    let like = |column: Column| Expr::col((Entity, column)).ilike(search.pattern());
    let mut any = Condition::any().add(like(Column::Slug)).add(like(Column::Name));
    if let Ok(id) = search.as_str().parse::<TenantId>() {
        any = any.add(Column::Id.eq(id.uuid()));
    }
    query.filter(any)
}
