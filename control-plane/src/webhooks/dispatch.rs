//! From facts to messages and deliveries.
//!
//! One dispatcher at a time, by a lock that ends with its transaction: so positions of the feeds are given in the order in
//! which they become visible, and a killed dispatcher leaves nothing but facts that are still to be dispatched. A fact that
//! commits late gets a later position; none is skipped.

use std::collections::BTreeMap;

use sea_orm::ConnectionTrait;
use tenantry_kernel::{DeliveryId, Error, Kind, MessageId, Result, TenantId, WebhookEndpointId};
use tenantry_store::outbox::{self, StoredFact};
use tenantry_store::{DbResultExt, SystemRole, SystemTx, Transaction, stmt};
use uuid::Uuid;

use super::events::{self, Public};
use super::model::{MOST_WAITING, OVERFLOWED, TRIED_FOR};
use super::{Webhooks, repo};

/// Facts of one transaction.
pub(crate) const BATCH: i64 = 500;
/// How often a fact that fails alone is tried before it is set aside.
const TRIES: usize = 3;

/// A batch that could not be dispatched: which facts were in it, and why.
struct Failed {
    facts: Vec<i64>,
    error: Error,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self { facts: Vec::new(), error }
    }
}

struct Message {
    id: MessageId,
    fact: i64,
    tenant: TenantId,
    position: i64,
    public: Public,
}

impl Webhooks {
    /// Hands on the oldest facts, at most [`BATCH`]. How many; none while another does it.
    ///
    /// # Errors
    /// `Unavailable` while the database is away: nothing is lost.
    pub(crate) async fn dispatch(&self) -> Result<usize> {
        match self.dispatch_batch(BATCH).await {
            Ok(done) => Ok(done),
            Err(Failed { error, .. }) if error.kind() == Kind::Unavailable => Err(error),
            Err(Failed { error, .. }) => {
                tracing::error!(error = ?error, "facts cannot be dispatched together, they are dispatched one by one");
                self.dispatch_singly().await
            }
        }
    }

    /// One fact a transaction: one that fails is set aside, and the others go on.
    async fn dispatch_singly(&self) -> Result<usize> {
        let mut done = 0;
        let mut failures = 0;
        while done < usize::try_from(BATCH).unwrap_or(usize::MAX) {
            match self.dispatch_batch(1).await {
                Ok(0) => break,
                Ok(_) => (done, failures) = (done + 1, 0),
                Err(Failed { error, .. }) if error.kind() == Kind::Unavailable => return Err(error),
                Err(Failed { facts, error }) => {
                    failures += 1;
                    if failures < TRIES {
                        continue;
                    }
                    let [fact] = facts.as_slice() else { return Err(error) };
                    self.set_aside(*fact, &error).await?;
                    (done, failures) = (done + 1, 0);
                }
            }
        }
        Ok(done)
    }

    async fn set_aside(&self, fact: i64, error: &Error) -> Result<()> {
        tracing::error!(fact.id = fact, error = ?error, "a fact is set aside: it cannot be handed on");
        let tx = SystemTx::begin(&self.0.db, SystemRole::Jobs).await?;
        let why: String = format!("{error:?}").chars().take(2_000).collect();
        outbox::set_aside(&tx, fact, (&why, self.0.runtime.clock.now())).await?;
        tx.commit().await
    }

    async fn dispatch_batch(&self, most: i64) -> Result<usize, Failed> {
        let tx = SystemTx::begin(&self.0.db, SystemRole::Jobs).await?;
        if !only_dispatcher(&tx).await? {
            return Ok(0);
        }
        let facts = outbox::claim(&tx, most).await?;
        if facts.is_empty() {
            return Ok(0);
        }
        let ids: Vec<i64> = facts.iter().map(|fact| fact.id).collect();
        let failed = |error| Failed { facts: ids.clone(), error };
        let written = async {
            self.write_messages(&tx, &facts).await?;
            outbox::mark_dispatched(&tx, &ids, self.0.runtime.clock.now()).await
        };
        if let Err(error) = written.await {
            // Now, and not some time after the transaction was dropped: the next one asks for the lock at once.
            let _ = tx.conn().execute_raw(stmt("ROLLBACK", [])).await;
            return Err(failed(error));
        }
        tx.commit().await.map_err(failed)?;
        for fact in &facts {
            tracing::info!(fact.topic = %fact.topic, fact.subject = %fact.subject, tenant.id = %fact.tenant, "fact");
        }
        Ok(facts.len())
    }

    async fn write_messages(&self, tx: &SystemTx, facts: &[StoredFact]) -> Result<()> {
        let public: Vec<(&StoredFact, Public)> =
            facts.iter().filter_map(|fact| Some((fact, events::of_fact(fact)?))).collect();
        if public.is_empty() {
            return Ok(());
        }
        let mut tenants: BTreeMap<TenantId, i64> = BTreeMap::new();
        for (fact, _) in &public {
            *tenants.entry(fact.tenant).or_default() += 1;
        }
        let mut next = reserve(tx, &tenants).await?;
        let runtime = &self.0.runtime;
        let messages = public.into_iter().map(|(fact, public)| {
            let position = next.entry(fact.tenant).or_default();
            *position += 1;
            let id = MessageId::generate(&*runtime.clock, &*runtime.entropy);
            Message { id, fact: fact.id, tenant: fact.tenant, position: *position, public }
        });
        let messages: Vec<Message> = messages.collect();
        self.insert_messages(tx, &messages).await?;
        let mut wanting = endpoints_of(tx, tenants.keys().map(|t| t.uuid()).collect()).await?;
        self.insert_deliveries(tx, &messages, &mut wanting).await
    }

    async fn insert_messages(&self, tx: &SystemTx, messages: &[Message]) -> Result<()> {
        let of = |f: fn(&Message) -> String| messages.iter().map(f).collect::<Vec<_>>();
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO webhooks.messages (id, tenant_id, position, fact_id, type, body, created_at)
                 SELECT id, tenant_id, position, fact_id, type, body, $7
                 FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[], $6::text[])
                   AS m (id, tenant_id, position, fact_id, type, body)",
                [
                    messages.iter().map(|m| m.id.uuid()).collect::<Vec<_>>().into(),
                    messages.iter().map(|m| m.tenant.uuid()).collect::<Vec<_>>().into(),
                    messages.iter().map(|m| m.position).collect::<Vec<_>>().into(),
                    messages.iter().map(|m| m.fact).collect::<Vec<_>>().into(),
                    of(|m| m.public.name.to_owned()).into(),
                    of(|m| m.public.body.clone()).into(),
                    self.0.runtime.clock.now().into(),
                ],
            ))
            .await
            .db()?;
        Ok(())
    }

    async fn insert_deliveries(
        &self,
        tx: &SystemTx,
        messages: &[Message],
        wanting: &mut [Wanting],
    ) -> Result<()> {
        let (clock, entropy) = (&*self.0.runtime.clock, &*self.0.runtime.entropy);
        let (mut ids, mut tenants, mut endpoints, mut of) = (vec![], vec![], vec![], vec![]);
        let mut fits: Vec<bool> = vec![];
        for message in messages {
            for endpoint in wanting.iter_mut().filter(|w| w.wants(message)) {
                ids.push(DeliveryId::generate(clock, entropy).uuid());
                tenants.push(message.tenant.uuid());
                endpoints.push(endpoint.id.uuid());
                of.push(message.id.uuid());
                fits.push(endpoint.room > 0);
                endpoint.room -= 1;
            }
        }
        if ids.is_empty() {
            return Ok(());
        }
        let now = clock.now();
        tx.conn()
            .execute_raw(stmt(
                "INSERT INTO webhooks.deliveries
                   (id, tenant_id, endpoint_id, message_id, state, next_attempt_at, give_up_at, created_at, last_error)
                 SELECT id, tenant_id, endpoint_id, message_id, CASE WHEN fits THEN 'pending' ELSE 'dead' END,
                        CASE WHEN fits THEN $5 END, $6, $5, CASE WHEN NOT fits THEN $8 END
                 FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $7::boolean[])
                   AS d (id, tenant_id, endpoint_id, message_id, fits)",
                [
                    ids.into(),
                    tenants.into(),
                    endpoints.into(),
                    of.into(),
                    now.into(),
                    (now + TRIED_FOR).into(),
                    fits.into(),
                    OVERFLOWED.into(),
                ],
            ))
            .await
            .db()?;
        repo::wake(tx).await
    }
}

/// Whether this transaction is the one that dispatches, until it ends.
async fn only_dispatcher(tx: &SystemTx) -> Result<bool> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('outbox', 0)) AS mine";
    let row = tx.conn().query_one_raw(stmt(sql, [])).await.db()?;
    row.map_or(Ok(false), |row| row.try_get("", "mine").db())
}

/// Takes so many positions of each tenant's feed; the position before the first of them.
async fn reserve(tx: &SystemTx, tenants: &BTreeMap<TenantId, i64>) -> Result<BTreeMap<TenantId, i64>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "INSERT INTO webhooks.feeds AS f (tenant_id, last_position)
             SELECT tenant_id, n FROM unnest($1::uuid[], $2::bigint[]) AS t (tenant_id, n) ORDER BY 1
             ON CONFLICT (tenant_id) DO UPDATE SET last_position = f.last_position + EXCLUDED.last_position
             RETURNING tenant_id, last_position",
            [
                tenants.keys().map(|t| t.uuid()).collect::<Vec<Uuid>>().into(),
                tenants.values().copied().collect::<Vec<i64>>().into(),
            ],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            let tenant = TenantId::from_uuid(row.try_get("", "tenant_id").db()?);
            let last: i64 = row.try_get("", "last_position").db()?;
            Ok((tenant, last - tenants.get(&tenant).copied().unwrap_or_default()))
        })
        .collect()
}

/// An endpoint that may want messages.
struct Wanting {
    id: WebhookEndpointId,
    tenant: TenantId,
    event_types: Vec<String>,
    /// Deliveries that may still wait for it.
    room: i64,
}

impl Wanting {
    fn wants(&self, message: &Message) -> bool {
        self.tenant == message.tenant
            && (self.event_types.is_empty() || self.event_types.iter().any(|t| t == message.public.name))
    }
}

/// The enabled endpoints of these tenants. They cannot be deleted until the transaction ends.
async fn endpoints_of(tx: &SystemTx, tenants: Vec<Uuid>) -> Result<Vec<Wanting>> {
    let rows = tx
        .conn()
        .query_all_raw(stmt(
            "SELECT e.id, e.tenant_id, e.event_types, $2 - (SELECT count(*) FROM (
                      SELECT FROM webhooks.deliveries d WHERE d.endpoint_id = e.id AND d.state = 'pending' LIMIT $2) w) AS room
             FROM webhooks.endpoints e
             WHERE e.tenant_id = ANY($1) AND e.disabled_at IS NULL ORDER BY e.id FOR KEY SHARE OF e",
            [tenants.into(), MOST_WAITING.into()],
        ))
        .await
        .db()?;
    rows.iter()
        .map(|row| {
            Ok(Wanting {
                id: WebhookEndpointId::from_uuid(row.try_get("", "id").db()?),
                tenant: TenantId::from_uuid(row.try_get("", "tenant_id").db()?),
                event_types: row.try_get("", "event_types").db()?,
                room: row.try_get("", "room").db()?,
            })
        })
        .collect()
}
