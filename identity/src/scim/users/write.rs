use serde_json::{Value, json};
use tenantry_authz::Ctx;
use tenantry_kernel::{Error, Kind, Result, ScimUserId, UserId};
use tenantry_store::TenantTx;
use tenantry_store::audit::Facts;

use super::model::Described;
use super::read::{answered, known};
use super::{ScimUser, repo};
use crate::Identity;
use crate::members::record::{Change, What, record_change};
use crate::scim::ScimAnswer;
use crate::scim::call::ScimCall;
use crate::scim::document::read;
use crate::scim::fault::ScimResult;
use crate::scim::path::Document;
use crate::scim::schema::USER;

/// Users of one tenant's directory: those that filters look through are read at once.
const MOST: i64 = 10_000;

impl Identity {
    pub(in crate::scim) async fn scim_create_user(
        &self,
        call: ScimCall<'_>,
        body: &Value,
    ) -> ScimResult<ScimAnswer> {
        let described = Described::of(read(USER, body)?)?;
        let (ctx, now) = (call.ctx, call.ctx.now());
        let (tx, acting) = self.directory_writes(call).await?;
        if repo::count(&tx).await? >= MOST {
            let full = Error::new(Kind::QuotaExceeded, format!("A directory has at most {MOST} users here."));
            return Err(full.with_remedy("Delete those that are not needed any more.").into());
        }
        let mut user = ScimUser {
            id: ScimUserId::generate(ctx.clock(), ctx.entropy()),
            user_name: described.user_name,
            external_id: described.external_id,
            email: described.email.to_string(),
            active: described.active,
            person: None,
            was: None,
            role_given: false,
            attributes: described.attributes,
            version: 1,
            created_at: now,
            updated_at: now,
        };
        repo::insert(&tx, &user).await?;
        let gone = self.settle(&tx, ctx, (&acting, &mut user)).await?;
        noted(&tx, ctx, ("scim_user.created", user.id), (None, Some(facts(&user)))).await?;
        let answer = answered(&tx, call, user).await?;
        tx.commit().await?;
        self.end_sessions_outside(gone.as_slice()).await?;
        Ok(answer)
    }

    /// Changes a user by what `change` makes of the attributes. What makes no difference makes no version.
    pub(in crate::scim) async fn scim_change_user(
        &self,
        call: ScimCall<'_>,
        id: &str,
        change: impl FnOnce(&Document) -> ScimResult<Document>,
    ) -> ScimResult<ScimAnswer> {
        let ctx = call.ctx;
        let (tx, acting) = self.directory_writes(call).await?;
        let before = known(&tx, id).await?;
        call.ensure_version(before.version)?;
        let described = Described::of(change(&before.document())?)?;
        let mut user = ScimUser {
            user_name: described.user_name,
            external_id: described.external_id,
            email: described.email.to_string(),
            active: described.active,
            attributes: described.attributes,
            ..before.clone()
        };
        if user != before {
            user.version += 1;
            user.updated_at = ctx.now();
            repo::update(&tx, &user).await?;
            let change = (Some(facts(&before)), Some(facts(&user)));
            noted(&tx, ctx, ("scim_user.changed", user.id), change).await?;
        }
        if user.email != before.email && user.person.is_none() {
            self.uninvite(&tx, ctx, &before.email.parse()?).await?;
        }
        // Also where nothing changed: a deactivation that was answered by a fault is told again.
        let gone = match user.active && user.active == before.active && user.email == before.email {
            true => None,
            false => self.settle(&tx, ctx, (&acting, &mut user)).await?,
        };
        let answer = answered(&tx, call, user).await?;
        tx.commit().await?;
        self.end_sessions_outside(gone.as_slice()).await?;
        Ok(answer)
    }

    pub(in crate::scim) async fn scim_delete_user(&self, call: ScimCall<'_>, id: &str) -> ScimResult<()> {
        let ctx = call.ctx;
        let (tx, acting) = self.directory_writes(call).await?;
        let before = known(&tx, id).await?;
        call.ensure_version(before.version)?;
        // Deactivated first: then the membership's end is the directory's doing.
        let mut user = ScimUser { active: false, ..before.clone() };
        repo::update(&tx, &user).await?;
        let gone: Option<UserId> = self.settle(&tx, ctx, (&acting, &mut user)).await?;
        repo::delete(&tx, user.id).await?;
        noted(&tx, ctx, ("scim_user.deleted", user.id), (Some(facts(&before)), None)).await?;
        tx.commit().await?;
        self.end_sessions_outside(gone.as_slice()).await?;
        Ok(())
    }
}

fn facts(user: &ScimUser) -> Facts {
    Facts::one("userName", &user.user_name).with("email", &user.email).with("active", user.active)
}

async fn noted(
    tx: &TenantTx,
    ctx: &Ctx,
    (action, user): (&'static str, ScimUserId),
    change: Change,
) -> Result<()> {
    let what = What { tenant: tx.tenant(), action, subject: user.to_string(), details: json!({}) };
    record_change(tx, ctx, what, change).await
}
