//! The feed: a tenant's messages in their order, for those who cannot receive webhooks.

use tenantry_authz::{Action, Ctx};
use tenantry_kernel::{Error, Kind, MessageId, Result, TenantId};
use tenantry_store::TenantTx;

use super::{Webhooks, events, model, repo};

/// Messages that a page may have.
pub(crate) const MOST: i64 = 500;

/// What of the feed is wanted.
#[derive(Debug, Clone)]
pub(crate) struct FeedQuery {
    /// The position after which to begin; 0: from the oldest that is kept.
    pub(crate) after: i64,
    /// None: all.
    pub(crate) types: Vec<String>,
    pub(crate) limit: i64,
}

/// A message of the feed.
#[derive(Debug, Clone)]
pub(crate) struct FeedRow {
    /// The `webhook-id` of its deliveries.
    pub(crate) id: MessageId,
    pub(crate) position: i64,
    pub(crate) name: String,
    /// As it is sent to endpoints, without data where the reader may not see what it is about.
    pub(crate) body: String,
}

/// A part of the feed.
#[derive(Debug, Clone)]
pub(crate) struct FeedPage {
    pub(crate) rows: Vec<FeedRow>,
    /// Where the next page begins. It is behind everything that was looked through, wanted or not.
    pub(crate) next: i64,
    pub(crate) has_more: bool,
}

impl Webhooks {
    /// A part of the tenant's feed. Nothing is left out: a reader that may not see what an event is about is told that it
    /// happened.
    ///
    /// # Errors
    /// `Conflict` when messages after the position have been thrown away already: some were missed.
    pub(crate) async fn feed(&self, ctx: &Ctx, tenant: TenantId, query: &FeedQuery) -> Result<FeedPage> {
        let permit = Self::may(ctx, Action::View, tenant)?;
        let query = FeedQuery {
            types: model::event_types(&query.types)?,
            limit: query.limit.clamp(1, MOST),
            after: query.after,
        };
        let tx = TenantTx::begin(&self.0.db, &permit).await?;
        // Before the rows: what is dispatched in between is after this end, and not skipped by it.
        let (last, purged) = repo::feed_bounds(&tx).await?;
        if query.after > last || query.after < 0 {
            return Err(Error::invalid("after", "That is not a cursor of this feed."));
        }
        if query.after > 0 && query.after < purged {
            return Err(Error::new(
                Kind::Conflict,
                "Events after this cursor are older than 30 days and gone.",
            )
            .with_remedy("Begin again without `after`, and read what you may have missed by the API."));
        }
        let mut rows = repo::feed(&tx, &query).await?;
        tx.commit().await?;
        for row in rows.iter_mut().filter(|row| !events::may_see(ctx, tenant, &row.name)) {
            row.body = events::without_data(&row.body);
        }
        let wanted = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > wanted;
        rows.truncate(wanted);
        let seen = rows.last().map_or(query.after, |row| row.position);
        let next = if has_more { seen } else { seen.max(last) };
        Ok(FeedPage { rows, next, has_more })
    }
}
