//! Senders: claim, send, record.

use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Method, StatusCode, header};
use tenantry_kernel::{Kind, Result, Secret};
use tenantry_outbound::Request;
use tenantry_store::notify::{Signal, Signals};
use tenantry_store::{SystemRole, SystemTx};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Webhooks;
use super::claim::{self, Claimed, Room};
use super::endpoints::purpose;
use super::health;
use super::model::{self, Attempt};
use super::record::{self, Verdict};
use super::sign::Signed;

/// Deliveries that one process sends at the same time.
const PLACES: usize = 128;
/// How many of them may be to endpoints at which the last attempt failed: those may be slow to fail again.
const PLACES_FOR_FAILING: usize = PLACES / 2;
/// Longer than an exchange can take: only a sender that died loses its lease.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(60);
/// Bytes of an answer that are kept.
const KEPT_OF_ANSWER: usize = 2048;
/// Without any word, due rows are looked for so often.
const POLL: Duration = Duration::from_secs(1);

/// What is being sent.
#[derive(Default)]
struct Flying {
    /// Each says whether its endpoint was failing.
    tasks: JoinSet<bool>,
    failing: usize,
}

impl Flying {
    fn room(&self) -> Room {
        let left = |most: usize, taken: usize| i64::try_from(most.saturating_sub(taken)).unwrap_or_default();
        Room { all: left(PLACES, self.tasks.len()), failing: left(PLACES_FOR_FAILING, self.failing) }
    }

    fn ended(&mut self, task: std::result::Result<bool, tokio::task::JoinError>) {
        // A task that panicked counts as one of the healthy: its row's lease ends by itself.
        if task.unwrap_or(false) {
            self.failing = self.failing.saturating_sub(1);
        }
    }
}

/// Sends what is due until cancelled; what is on its way then gets some seconds to arrive.
pub(crate) async fn send_webhooks(webhooks: Webhooks, signals: Signals, stop: CancellationToken) {
    let mut wake = signals.subscribe();
    let mut flying = Flying::default();
    while !stop.is_cancelled() {
        if let Err(error) = webhooks.launch(&mut flying).await
            && error.kind() != Kind::Unavailable
        {
            tracing::error!(error = ?error, "webhooks cannot be sent, it is tried again");
        }
        tokio::select! {
            () = stop.cancelled() => break,
            Some(ended) = flying.tasks.join_next() => flying.ended(ended),
            () = announced(&mut wake) => {}
            () = tokio::time::sleep(POLL) => {}
        }
        // What else has ended meanwhile: one claim for all the places that are free.
        while let Some(ended) = flying.tasks.try_join_next() {
            flying.ended(ended);
        }
    }
    let rest = async { while flying.tasks.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(Duration::from_secs(5), rest).await;
}

async fn announced(signals: &mut Receiver<Signal>) {
    loop {
        match signals.recv().await {
            Ok(signal) if signal.channel != "tenantry_webhook" => {}
            Ok(_) | Err(RecvError::Lagged(_)) => return,
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

impl Webhooks {
    /// Claims what is due and fits, and starts sending it. How many.
    async fn launch(&self, flying: &mut Flying) -> Result<usize> {
        let room = flying.room();
        if room.all == 0 {
            return Ok(0);
        }
        let claimed = self.claim(room).await?;
        let launched = claimed.len();
        for claimed in claimed {
            flying.failing += usize::from(claimed.failing_since.is_some());
            let webhooks = self.clone();
            flying.tasks.spawn(async move {
                let failing = claimed.failing_since.is_some();
                webhooks.attempt(claimed).await;
                failing
            });
        }
        Ok(launched)
    }

    /// Sends what is due now, and what becomes due by that, until nothing is: for tests, with their own clock.
    #[cfg(test)]
    pub(super) async fn send_due(&self) -> usize {
        let mut flying = Flying::default();
        let mut sent = 0;
        loop {
            let launched = self.launch(&mut flying).await.unwrap();
            sent += launched;
            if launched == 0 && flying.tasks.is_empty() {
                return sent;
            }
            if let Some(ended) = flying.tasks.join_next().await {
                flying.ended(ended);
            }
        }
    }

    pub(super) async fn claim(&self, room: Room) -> Result<Vec<Claimed>> {
        let now = self.now();
        let tx = self.system().await?;
        let claimed = claim::due(&tx, room, (now, now + LEASE)).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    /// One attempt. Whatever goes wrong in it is its outcome; if that cannot be written, the lease ends and it is sent again.
    pub(super) async fn attempt(&self, claimed: Claimed) {
        let at = self.now();
        let started = Instant::now();
        let (verdict, mut attempt) = match self.send(&claimed, at).await {
            Ok(sent) => sent,
            Err(error) => {
                tracing::error!(delivery.id = %claimed.id, error = ?error, "a webhook could not be signed");
                let failed = Attempt {
                    at,
                    status: None,
                    error: Some("An error on our side.".to_owned()),
                    millis: 0,
                    response: None,
                };
                (Verdict::Failed { asked: None }, failed)
            }
        };
        attempt.millis = i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX);
        if let Err(error) = self.record(&claimed, verdict, &attempt).await {
            tracing::warn!(delivery.id = %claimed.id, error = ?error, "the outcome of a webhook is not recorded, it is sent again");
        }
    }

    async fn send(&self, claimed: &Claimed, at: DateTime<Utc>) -> Result<(Verdict, Attempt)> {
        let secrets = self.secrets(claimed, at).await?;
        let id = claimed.message.to_string();
        let headers = Signed { id: &id, at, body: &claimed.body }.headers(&secrets)?;
        drop(secrets);
        let request = Request {
            method: Method::POST,
            url: &claimed.url,
            headers,
            body: Bytes::from(claimed.body.clone()),
            most: KEPT_OF_ANSWER,
        };
        let (status, error, response, verdict) = match self.0.outbound.of(claimed.tenant).send(request).await
        {
            Ok(answer) => {
                let verdict = verdict(answer.status, &answer.headers);
                let error = (verdict != Verdict::Delivered).then(|| said(answer.status));
                (Some(answer.status.as_u16()), error, Some(text(&answer.body)), verdict)
            }
            Err(error) => (None, Some(error.to_string()), None, Verdict::Failed { asked: None }),
        };
        Ok((verdict, Attempt { at, status, error, millis: 0, response }))
    }

    /// The secrets that sign, newest first.
    async fn secrets(&self, claimed: &Claimed, at: DateTime<Utc>) -> Result<Vec<Secret>> {
        let previous =
            claimed.previous_secret.as_ref().filter(|(_, until)| *until > at).map(|(sealed, _)| sealed);
        let subject = claimed.endpoint.to_string();
        let tx = self.system().await?;
        let mut secrets = Vec::new();
        for sealed in [Some(&claimed.secret), previous].into_iter().flatten() {
            secrets.push(self.0.keys.open(&tx, claimed.tenant, purpose(&subject), sealed).await?);
        }
        tx.commit().await?;
        Ok(secrets)
    }

    pub(super) async fn record(&self, claimed: &Claimed, verdict: Verdict, attempt: &Attempt) -> Result<()> {
        let now = self.now();
        let tx = self.system().await?;
        let failing = match verdict {
            Verdict::Delivered => None,
            Verdict::Failed { .. } | Verdict::Gone => health::concerned(&tx, claimed, attempt.at).await?,
        };
        // That one is gone which this endpoint no longer is: this one gets the delivery.
        let verdict = match (verdict, &failing) {
            (Verdict::Gone, None) => Verdict::Failed { asked: None },
            _ => verdict,
        };
        let next = match verdict {
            Verdict::Failed { asked } => model::next_attempt(
                (claimed.tries + 1, asked),
                (now, claimed.give_up_at),
                &*self.0.runtime.entropy,
            ),
            Verdict::Delivered | Verdict::Gone => None,
        };
        if record::outcome(&tx, claimed, (verdict, next), (attempt, now)).await? {
            match (verdict, failing) {
                (Verdict::Delivered, _) => health::delivered(&tx, claimed).await?,
                (Verdict::Gone, Some(_)) => health::gone(&tx, claimed, now).await?,
                (Verdict::Failed { .. }, Some(failing)) => {
                    health::failed(&tx, claimed, (&failing, now)).await?;
                }
                (Verdict::Gone | Verdict::Failed { .. }, None) => {}
            }
        }
        tx.commit().await
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.0.runtime.clock.now()
    }

    pub(super) async fn system(&self) -> Result<SystemTx> {
        SystemTx::begin(&self.0.db, SystemRole::Webhooks).await
    }
}

fn verdict(status: StatusCode, headers: &HeaderMap) -> Verdict {
    if status.is_success() {
        return Verdict::Delivered;
    }
    if status == StatusCode::GONE {
        return Verdict::Gone;
    }
    // Only as seconds: the other form, a date, would be by the receiver's clock.
    let asked = headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse::<u32>().ok());
    Verdict::Failed { asked: asked.map(|seconds| TimeDelta::seconds(i64::from(seconds))) }
}

fn said(status: StatusCode) -> String {
    match status.as_u16() {
        300..=399 => format!("The receiver answered {status}: redirects are not followed."),
        _ => format!("The receiver answered {status}."),
    }
}

/// Any bytes as text that PostgreSQL can keep.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_answer_means() {
        let verdict = |status: u16, retry: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RETRY_AFTER, retry.parse().unwrap());
            super::verdict(StatusCode::from_u16(status).unwrap(), &headers)
        };
        for status in [200, 201, 202, 204, 299] {
            assert_eq!(verdict(status, "9"), Verdict::Delivered);
        }
        assert_eq!(verdict(410, "9"), Verdict::Gone);
        for status in [100, 301, 302, 307, 400, 401, 404, 429, 500, 503, 599] {
            let asked = Some(TimeDelta::seconds(9));
            assert_eq!(verdict(status, "9"), Verdict::Failed { asked });
        }
        for odd in ["-1", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "99999999999999999999", "1e9", ""] {
            assert_eq!(verdict(503, odd), Verdict::Failed { asked: None }, "{odd}");
        }
    }

    #[test]
    fn any_bytes_become_text_that_can_be_kept() {
        assert_eq!(text(b"a\0b\xff"), "a\u{fffd}b\u{fffd}");
    }
}
