//! Endpoints and deliveries, and when a failed delivery is tried again.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tenantry_authz::Ctx;
use tenantry_kernel::{DeliveryId, Entropy, Error, MessageId, Result, TenantId, WebhookEndpointId};

use super::events;

/// Endpoints that a tenant may have.
pub(crate) const MOST_ENDPOINTS: i64 = 20;
/// How long the secret before the newest signs too.
pub(crate) const OVERLAP: TimeDelta = TimeDelta::hours(24);
/// How long a delivery is tried, from when it was made or replayed.
pub(crate) const TRIED_FOR: TimeDelta = TimeDelta::hours(72);
/// An endpoint at which nothing has succeeded for so long is disabled.
pub(crate) const FAILING_FOR: TimeDelta = TimeDelta::days(5);
/// How long messages and their deliveries are kept.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(30);
/// Deliveries that are kept of an endpoint. Above it the oldest go that have ended; what waits never goes.
pub(crate) const MOST_KEPT: i64 = 50_000;
/// Deliveries that wait for an endpoint. One that comes on top is dead at once, with the reason, and can be replayed.
pub(crate) const MOST_WAITING: i64 = COUNTED;
/// Why.
pub(crate) const OVERFLOWED: &str = "It was not sent: too many deliveries waited for this endpoint.";
/// Deliveries that one transaction changes or takes away.
pub(crate) const AT_ONCE: i64 = 5_000;
/// Attempts that a delivery's log holds.
pub(crate) const LOGGED: i64 = 10;
/// Counts of deliveries stop here: counting further would cost more than it tells.
pub(crate) const COUNTED: i64 = 10_000;

/// Seconds from each failed try to the next; the last one repeats.
const PAUSES: [i64; 9] = [5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800];

/// Where a tenant wants its events sent. Without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) id: WebhookEndpointId,
    pub(crate) url: String,
    pub(crate) description: String,
    /// None: all.
    pub(crate) event_types: Vec<String>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) failing_since: Option<DateTime<Utc>>,
    pub(crate) disabled_at: Option<DateTime<Utc>>,
    /// `owner`, `gone` or `failing`.
    pub(crate) disabled_why: Option<String>,
    /// Until when the secret before the newest signs too.
    pub(crate) rotated_until: Option<DateTime<Utc>>,
    /// Deliveries, counted up to [`COUNTED`].
    pub(crate) pending: i64,
    pub(crate) dead: i64,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum DeliveryState {
    Pending,
    Delivered,
    Dead,
}

impl DeliveryState {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

impl std::str::FromStr for DeliveryState {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "pending" => Ok(Self::Pending),
            "delivered" => Ok(Self::Delivered),
            "dead" => Ok(Self::Dead),
            _ => Err(Error::internal("a delivery is in no known state")),
        }
    }
}

/// A message on its way to an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Delivery {
    pub(crate) id: DeliveryId,
    pub(crate) endpoint: WebhookEndpointId,
    pub(crate) message: MessageId,
    pub(crate) event_type: String,
    /// The text that is sent.
    pub(crate) body: String,
    pub(crate) state: DeliveryState,
    pub(crate) attempts: i32,
    pub(crate) next_attempt_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) delivered_at: Option<DateTime<Utc>>,
    pub(crate) last_status: Option<i32>,
    pub(crate) last_error: Option<String>,
    /// The last ten, oldest first.
    pub(crate) log: Vec<Attempt>,
}

impl Delivery {
    /// As somebody may have it: without the event's data where they may not see what it is about, and without what
    /// the receiver answered, which may repeat it.
    pub(crate) fn seen_by(mut self, ctx: &Ctx, tenant: TenantId) -> Self {
        if !events::may_see(ctx, tenant, &self.event_type) {
            self.body = events::without_data(&self.body);
            self.log.iter_mut().for_each(|attempt| attempt.response = None);
        }
        self
    }
}

/// One attempt to deliver, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attempt {
    pub(crate) at: DateTime<Utc>,
    pub(crate) status: Option<u16>,
    pub(crate) error: Option<String>,
    pub(crate) millis: i64,
    /// The beginning of the answer's body.
    pub(crate) response: Option<String>,
}

/// When a delivery that has now failed for the `tries`th time since `give_up_at` was set is tried again; `None`: it is dead.
///
/// The pause grows from 5 seconds to 8 hours and varies by a tenth, so that what failed together does not come back
/// together. A receiver may ask for a longer one (`Retry-After`), up to 8 hours.
pub(crate) fn next_attempt(
    (tries, asked): (i32, Option<TimeDelta>),
    (now, give_up_at): (DateTime<Utc>, DateTime<Utc>),
    entropy: &dyn Entropy,
) -> Option<DateTime<Utc>> {
    let index = usize::try_from(tries - 1).unwrap_or(0).min(PAUSES.len() - 1);
    let most = PAUSES.last().copied().unwrap_or(0);
    let pause = PAUSES.get(index).copied().unwrap_or(most);
    let pause = asked.map_or(pause, |asked| asked.num_seconds().clamp(pause, most.max(pause)));
    let mut random = [0u8; 1];
    entropy.fill(&mut random);
    let [random] = random;
    // From nine tenths to eleven tenths.
    let millis = pause * 900 + pause * 200 * i64::from(random) / 255;
    let next = now + TimeDelta::milliseconds(millis);
    if next <= give_up_at {
        return Some(next);
    }
    // A last try at the very end, unless the one that failed was nearly that.
    (give_up_at - now > TimeDelta::hours(1)).then_some(give_up_at)
}

/// The types that an endpoint wants, each once, in the table's order.
pub(crate) fn event_types(wanted: &[String]) -> Result<Vec<String>> {
    for name in wanted {
        if events::named(name).is_none() {
            let shown: String = name.chars().take(60).collect();
            return Err(Error::invalid("eventTypes", format!("There is no event type {shown:?}."))
                .with_remedy(
                    "Choose among the tenant's webhookEventTypes; an empty list means all of them.",
                ));
        }
    }
    let wants = |name: &str| wanted.iter().any(|w| w == name);
    Ok(events::TYPES.iter().filter(|t| wants(t.name)).map(|t| t.name.to_owned()).collect())
}

/// A description as it is kept.
pub(crate) fn description(text: &str) -> Result<String> {
    let text = text.trim();
    if text.chars().count() > 200 || text.chars().any(char::is_control) {
        return Err(Error::invalid("description", "A description has at most 200 characters, on one line."));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::OsEntropy;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_800_000_000 + seconds)
    }

    #[test]
    fn pauses_grow_for_three_days_and_then_it_is_dead() {
        let give_up_at = at(0) + TRIED_FOR;
        let (mut now, mut tries, mut pauses) = (at(0), 0, Vec::new());
        loop {
            tries += 1;
            let Some(next) = next_attempt((tries, None), (now, give_up_at), &OsEntropy) else { break };
            pauses.push((next - now).num_seconds());
            now = next;
        }
        assert!((15..=19).contains(&tries), "{tries}");
        assert!(now >= give_up_at - TimeDelta::hours(1), "it was tried to the end: {now}");
        pauses.pop();
        for (pause, nominal) in pauses.iter().zip(PAUSES.iter().chain(std::iter::repeat(&28_800))) {
            assert!((nominal * 9 / 10 - 1..=nominal * 11 / 10 + 1).contains(pause), "{pause} for {nominal}");
        }
    }

    #[test]
    fn what_failed_together_does_not_come_back_together() {
        let next = || next_attempt((6, None), (at(0), at(0) + TRIED_FOR), &OsEntropy).unwrap();
        let times: std::collections::BTreeSet<_> = (0..50).map(|_| next()).collect();
        assert!(times.len() > 10);
    }

    #[test]
    fn a_receiver_can_ask_for_more_time_and_not_for_less() {
        let window = (at(0), at(0) + TRIED_FOR);
        let asks = |seconds| Some(TimeDelta::seconds(seconds));
        let pause = |asked| (next_attempt((1, asked), window, &OsEntropy).unwrap() - at(0)).num_seconds();
        assert!((4..=6).contains(&pause(asks(1))));
        assert!((4..=6).contains(&pause(asks(-100))));
        assert!((540..=660).contains(&pause(asks(600))));
        assert!((25_900..=31_700).contains(&pause(asks(i64::from(u32::MAX)))));
    }

    #[test]
    fn event_types_are_known_once_and_in_order() {
        let texts = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let kept = event_types(&texts(&["member.added", "instance.created", "member.added"])).unwrap();
        assert_eq!(kept, ["instance.created", "member.added"]);
        assert!(event_types(&[]).unwrap().is_empty());
        for unknown in ["instance.exploded", "", "instance.*", "webhook.test"] {
            let error = event_types(&texts(&[unknown])).unwrap_err();
            assert_eq!(error.field(), Some("eventTypes"), "{unknown}");
        }
    }
}
