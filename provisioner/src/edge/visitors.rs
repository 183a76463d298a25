//! Who is in: the answers about sessions, kept for a moment.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as Lock};
use std::time::Duration;

use tenantry_kernel::{InstanceId, Result, Secret};
use tokio::sync::Mutex;
use tokio::time::Instant;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::open::{Opening, browser_hash};

/// How old an answer may be. A log-out counts after this and the time of one question.
const RECHECK: Duration = Duration::from_secs(1);
/// From here on, answers that nobody uses are thrown away.
const MOST: usize = 4096;

/// A browser's session on one instance's host.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Visitor {
    /// Of the session's token.
    hash: String,
    instance: InstanceId,
}

impl Visitor {
    pub(super) fn new(token: &Secret, instance: InstanceId) -> Self {
        Self { hash: browser_hash(token), instance }
    }
}

/// When it was last found good. Held while it is asked, so that a page's fifty requests ask once.
type Answer = Arc<Mutex<Option<Instant>>>;

pub(super) struct Visitors {
    opening: Opening,
    answers: Lock<HashMap<Visitor, Answer>>,
}

impl Visitors {
    pub(super) fn new(opening: Opening) -> Self {
        Self { opening, answers: Lock::default() }
    }

    /// Whether the session is good now, at most a second ago.
    pub(super) async fn is_live(&self, visitor: &Visitor) -> Result<bool> {
        let answer = self.answer(visitor);
        let mut good_at = answer.lock().await;
        if good_at.is_some_and(|at| at.elapsed() < RECHECK) {
            return Ok(true);
        }
        // The age counts from before the question.
        let asked = Instant::now();
        let live = self.opening.is_live(&visitor.hash, visitor.instance).await;
        *good_at = matches!(live, Ok(true)).then_some(asked);
        if !matches!(live, Ok(true)) {
            self.answers().remove(visitor);
        }
        live
    }

    /// Ends the session, at once for every request after this.
    pub(super) async fn end(&self, visitor: &Visitor) -> Result<()> {
        let answer = self.answer(visitor);
        let mut good_at = answer.lock().await;
        // Whoever asks meanwhile waits for the lock, and finds it ended.
        self.opening.end(&visitor.hash).await?;
        *good_at = None;
        self.answers().remove(visitor);
        Ok(())
    }

    /// Cancels the token once the session is not good any more, or cannot be asked about. The watch ends when what is
    /// returned is dropped.
    pub(super) fn watch(self: &Arc<Self>, visitor: Visitor, cancel: CancellationToken) -> DropGuard {
        let over = CancellationToken::new();
        let guard = over.clone().drop_guard();
        let visitors = self.clone();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    () = over.cancelled() => return,
                    () = cancel.cancelled() => return,
                    () = tokio::time::sleep(RECHECK) => {}
                }
                if !matches!(visitors.is_live(&visitor).await, Ok(true)) {
                    cancel.cancel();
                    return;
                }
            }
        });
        guard
    }

    fn answer(&self, visitor: &Visitor) -> Answer {
        let mut answers = self.answers();
        if answers.len() >= MOST && !answers.contains_key(visitor) {
            answers.retain(|_, answer| {
                // Whoever holds it is asking; else it is good only while it is fresh.
                answer.try_lock().map_or(true, |good| good.is_some_and(|at| at.elapsed() < RECHECK))
            });
        }
        answers.entry(visitor.clone()).or_default().clone()
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, HashMap<Visitor, Answer>> {
        self.answers.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}
