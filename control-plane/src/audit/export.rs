use chrono::{DateTime, SubsecRound, Utc};
use tenantry_authz::{Action, Ctx, Resource, ResourceKind};
use tenantry_kernel::{Error, Result, TenantId};
use tenantry_store::TenantTx;
use tenantry_store::audit::checkpoints;
use tenantry_store::audit::{self, By, Entry, FIRST, settings};

use super::Audit;
use super::lines::{Anchor, End, FORMAT, Header, Key, Line};

/// Records that are read at once.
const PAGE: i64 = 1_000;

/// An export that is under way: how far it is.
pub(crate) struct Export {
    audit: Audit,
    header: Header,
    /// The last record that was written, or what is before the first.
    seq: i64,
    hash: String,
    last: i64,
    done: bool,
}

impl Audit {
    /// Begins an export: its header as text. What it holds is decided now, its own record included; what happens later is
    /// not in it. Records lie in a row, so one whose moment is a little off, as it waited for its turn, comes with its
    /// neighbours.
    ///
    /// # Errors
    /// `NotFound` or `Forbidden` without `audit:view`; `Invalid` when nothing can lie between the moments.
    pub(crate) async fn begin_export(
        &self,
        ctx: &Ctx,
        tenant: TenantId,
        (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    ) -> Result<(Export, Vec<u8>)> {
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        if from.zip(to).is_some_and(|(from, to)| from >= to) {
            return Err(Error::invalid("to", "The end is not after the beginning.")
                .with_remedy("Give a later moment as `to`, or leave it out."));
        }
        let tx = TenantTx::begin(&self.config().db, &permit).await?;
        let entry = Entry {
            tenant,
            action: "audit.export",
            resource: tenant.to_string(),
            result: audit::OK,
            details: serde_json::json!({ "from": from, "to": to }),
        };
        audit::append(&tx, By::ctx(ctx), entry).await?;
        let range = settings::range(&tx, tenant, (from, to)).await?;
        let before = match range {
            Some((first, _)) => audit::span(&tx, tenant, (first - 1, first), 1).await?.into_iter().next(),
            None => None,
        };
        let (seq, hash, last) = match (range, before) {
            (Some((first, last)), Some(record)) => (first - 1, record.prev_hash, last),
            _ => (0, FIRST.to_owned(), 0),
        };
        let checkpoint = checkpoints::span(&tx, tenant, (seq - 1, seq), 1).await?.into_iter().next();
        let keys = checkpoints::keys(&tx).await?.iter().map(Key::from).collect();
        tx.commit().await?;
        let header = Header {
            format: FORMAT.to_owned(),
            tenant,
            from,
            to,
            made_at: ctx.now().trunc_subsecs(6),
            anchor: Anchor { seq, hash: hash.clone(), checkpoint: checkpoint.filter(|c| c.hash == hash) },
            keys,
        };
        let mut text = Vec::new();
        Line::Header(header.clone()).write(&mut text)?;
        Ok((Export { audit: self.clone(), header, seq, hash, last, done: false }, text))
    }
}

impl Export {
    /// The next part of the file; after its end `None`. The gate is asked each time.
    ///
    /// # Errors
    /// As the gate says; `Conflict` when records went away meanwhile.
    pub(crate) async fn next(&mut self, ctx: &Ctx) -> Result<Option<Vec<u8>>> {
        if self.done {
            return Ok(None);
        }
        let tenant = self.header.tenant;
        let permit = ctx.permit(Action::View, &Resource::new(ResourceKind::Audit, tenant))?;
        if self.seq >= self.last {
            self.done = true;
            return self.end().map(Some);
        }
        let tx = TenantTx::begin(&self.audit.config().db, &permit).await?;
        let records = audit::span(&tx, tenant, (self.seq, self.last), PAGE).await?;
        let upto = records.last().map_or(self.seq, |r| r.seq);
        let signed = checkpoints::span(&tx, tenant, (self.seq, upto), PAGE).await?;
        tx.commit().await?;
        let mut signed = signed.into_iter().peekable();
        let mut text = Vec::new();
        let went =
            || Error::conflict("Records of this export went away meanwhile.").with_remedy("Export again.");
        if records.is_empty() {
            return Err(went());
        }
        for record in records {
            if record.seq != self.seq + 1 {
                return Err(went());
            }
            (self.seq, self.hash) = (record.seq, record.hash.clone());
            Line::Record(Box::new(record)).write(&mut text)?;
            while let Some(checkpoint) = signed.next_if(|c| c.seq <= self.seq) {
                Line::Checkpoint(checkpoint).write(&mut text)?;
            }
        }
        Ok(Some(text))
    }

    fn end(&self) -> Result<Vec<u8>> {
        let signer = &self.audit.config().signer;
        let mut end = End {
            tenant: self.header.tenant,
            from: self.header.from,
            to: self.header.to,
            anchor_seq: self.header.anchor.seq,
            anchor_hash: self.header.anchor.hash.clone(),
            last_seq: self.seq,
            last_hash: self.hash.clone(),
            made_at: self.header.made_at,
            key_id: signer.key_id().to_owned(),
            signature: String::new(),
        };
        end.signature = signer.sign(&end.message());
        let mut text = Vec::new();
        Line::End(end).write(&mut text)?;
        Ok(text)
    }
}
