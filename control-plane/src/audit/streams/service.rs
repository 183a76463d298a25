use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{AuditStreamId, Error, Kind as ErrorKind, Result, Secret, TenantId};
use tenantry_store::TenantTx;
use tenantry_store::audit::{self, By, Entry, Facts, streams as rows};

use super::model::{Kind, MOST, Receiver, Stream};
use super::webhook;
use crate::audit::Audit;
use crate::webhooks::sign;

impl Audit {
    /// A tenant's streams, oldest first.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` without `audit:view`.
    pub(crate) async fn streams(&self, ctx: &Ctx, tenant: TenantId) -> Result<Vec<Stream>> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        let tx = TenantTx::begin(&self.config().db, &permit).await?;
        let streams = rows::list(&tx).await?;
        tx.commit().await?;
        streams.into_iter().map(Stream::try_from).collect()
    }

    /// Sends the trail somewhere from the next record on. With the stream, the secret that a webhook's signatures are
    /// made with: it is shown this once.
    ///
    /// # Errors
    /// `Invalid` for a target that cannot be; `Conflict` for one that there is; `QuotaExceeded` beyond five streams;
    /// `NotFound` or `Forbidden` without `audit:manage`.
    pub(crate) async fn add_stream(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        (kind, target): (Kind, &str),
    ) -> Result<(Stream, Option<Secret>)> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Audit, tenant))?;
        let target = self.check_target(tenant, kind, target).await?;
        let id = AuditStreamId::generate(ctx.clock(), ctx.entropy());
        let tx = TenantTx::begin(&self.config().db, &permit).await?;
        // Its record is made first: appenders take turns, so that of two who add at once the second counts the first.
        let entry = Entry {
            tenant,
            action: "audit.stream.create",
            resource: id.to_string(),
            result: audit::OK,
            details: serde_json::json!({}),
        };
        let facts = Facts::one("kind", kind.as_str()).with("target", shown(kind, &target));
        audit::append(&tx, By::ctx(ctx), entry.changing(None, facts)).await?;
        if rows::list(&tx).await?.len() >= MOST {
            return Err(Error::new(ErrorKind::QuotaExceeded, format!("There are {MOST} streams, the most."))
                .with_remedy("Delete one that is no longer needed."));
        }
        let secret = match kind {
            Kind::Webhook => Some(sign::new_secret(ctx.entropy())),
            Kind::Syslog | Kind::File => None,
        };
        let sealed = match &secret {
            Some(secret) => {
                let subject = id.to_string();
                Some(self.config().keys.seal(&tx, tenant, webhook::purpose(&subject), secret).await?)
            }
            None => None,
        };
        let new = rows::NewStream { id, kind: kind.as_str(), target: &target, secret: sealed, at: ctx.now() };
        rows::insert(&tx, new).await?;
        let made = rows::list(&tx).await?.into_iter().find(|s| s.id == id);
        tx.commit().await?;
        let made = made.ok_or_else(|| Error::internal("a stream that was just made"))?;
        Ok((made.try_into()?, secret))
    }

    /// Ends a stream. Repeating it finds nothing.
    ///
    /// # Errors
    /// `NotFound` for one that is not there; `NotFound` or `Forbidden` without `audit:manage`.
    pub(crate) async fn delete_stream(&self, ctx: &Ctx, tenant: TenantId, id: AuditStreamId) -> Result<()> {
        let permit = ctx.permit(Action::Manage, &Resource::new(ResourceKind::Audit, tenant))?;
        let tx = TenantTx::begin(&self.config().db, &permit).await?;
        let (kind, target) = rows::delete(&tx, id).await?.ok_or_else(|| Error::not_found("stream"))?;
        let entry = Entry {
            tenant,
            action: "audit.stream.delete",
            resource: id.to_string(),
            result: audit::OK,
            details: serde_json::json!({}),
        };
        let facts = Facts::one("kind", kind.as_str()).with("target", shown(Kind::parse(&kind)?, &target));
        audit::append(&tx, By::ctx(ctx), entry.changing(facts, None)).await?;
        tx.commit().await
    }

    /// The target as it is kept. Judged once here, for the person who waits; and again at each delivery.
    async fn check_target(&self, tenant: TenantId, kind: Kind, target: &str) -> Result<String> {
        let target = target.trim();
        if target.len() > 2048 || target.chars().any(char::is_control) {
            return Err(Error::invalid("target", "A target has at most 2048 printable characters."));
        }
        let outbound = self.config().outbound.of(tenant);
        match kind {
            Kind::Webhook => {
                let target = outbound.check(target).await.map_err(|e| e.of_field("target"))?;
                Ok(target.url().to_owned())
            }
            Kind::Syslog => {
                let receiver = Receiver::parse(target)?;
                let found = outbound.check_host(&receiver.host, receiver.port).await;
                found.map_err(|e| e.of_field("target"))?;
                Ok(target.to_owned())
            }
            Kind::File if self.config().directory.is_none() => {
                Err(Error::invalid("kind", "This installation writes no files.")
                    .with_remedy("Choose a webhook or a syslog receiver, or export the trail."))
            }
            // The operator says where: a tenant names no path.
            Kind::File => Ok(String::new()),
        }
    }
}

/// A webhook's path and query may be secrets of its receiver.
fn shown(kind: Kind, target: &str) -> String {
    match (kind, url::Url::parse(target)) {
        (Kind::Webhook, Ok(url)) => url.origin().ascii_serialization(),
        _ => target.to_owned(),
    }
}
