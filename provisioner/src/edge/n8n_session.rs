//! n8n's own sessions: one an instance, by its ordinary log-in, kept here and given to no browser.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex as Lock};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use tenantry_kernel::{Error, InstanceId, Kind, Result, Secret};
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::n8n::N8nClient;
use crate::open::{Opening, OwnerLogIn};

/// n8n takes five log-ins a minute for an account. One is left to the region's worker, which makes the API key.
const MOST_LOG_INS: usize = 4;
const MINUTE: Duration = Duration::from_secs(60);
/// A session is given up this long before it ends.
const MARGIN: TimeDelta = TimeDelta::hours(1);
/// Of a session that does not say when it ends. n8n's default is a week.
const UNSAID: TimeDelta = TimeDelta::days(1);

pub(super) struct N8nSessions {
    opening: Opening,
    http: reqwest::Client,
    /// One log-in at a time for each instance; the others wait for it.
    instances: Lock<HashMap<InstanceId, Arc<Mutex<State>>>>,
}

#[derive(Default)]
struct State {
    session: Option<Session>,
    log_ins: VecDeque<Instant>,
}

struct Session {
    cookie: Secret,
    good_until: DateTime<Utc>,
}

impl N8nSessions {
    pub(super) fn new(opening: Opening, http: reqwest::Client) -> Self {
        Self { opening, http, instances: Lock::default() }
    }

    /// The value of n8n's cookie for the instance that listens on this port.
    ///
    /// # Errors
    /// `Unavailable` when n8n refuses the log-in or there were too many.
    pub(super) async fn cookie(&self, instance: InstanceId, port: u16) -> Result<Secret> {
        let state = self.state(instance);
        let mut state = state.lock().await;
        if let Some(session) = &state.session
            && session.good_until > self.opening.now()
        {
            return Ok(session.cookie.clone());
        }
        state.session = None;
        state.log_ins.retain(|at| at.elapsed() < MINUTE);
        if state.log_ins.len() >= MOST_LOG_INS {
            return Err(Error::new(Kind::Unavailable, "This n8n has had too many log-ins within a minute.")
                .with_remedy("Try again in a minute."));
        }
        let OwnerLogIn { email, password } = self.opening.owner_log_in(instance).await?;
        state.log_ins.push_back(Instant::now());
        let cookie = N8nClient::new(self.http.clone(), port).login(&email, &password).await;
        let cookie = cookie.map_err(|error| Error::unavailable("This n8n", error))?.value().clone();
        let good_until = expiry(&cookie).unwrap_or_else(|| self.opening.now() + UNSAID + MARGIN) - MARGIN;
        tracing::info!(instance.id = %instance, "logged in to the instance");
        state.session = Some(Session { cookie: cookie.clone(), good_until });
        Ok(cookie)
    }

    /// n8n answered 401 to this cookie: the next question logs in anew. An instance that says so to everything does
    /// not use up the log-ins: after some of them within a minute the session is kept.
    pub(super) async fn refused(&self, instance: InstanceId, cookie: &Secret) {
        let state = self.state(instance);
        let mut state = state.lock().await;
        state.log_ins.retain(|at| at.elapsed() < MINUTE);
        let another = state.log_ins.len() + 1 < MOST_LOG_INS;
        if another && state.session.as_ref().is_some_and(|session| session.cookie == *cookie) {
            state.session = None;
        }
    }

    fn state(&self, instance: InstanceId) -> Arc<Mutex<State>> {
        let mut instances = self.instances.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        instances.entry(instance).or_default().clone()
    }
}

/// When a JSON web token ends (RFC 7519, section 4.1.4). It is n8n's to check; here it only says when to ask anew.
fn expiry(token: &Secret) -> Option<DateTime<Utc>> {
    #[derive(Deserialize)]
    struct Claims {
        exp: i64,
    }
    let payload = token.expose().split('.').nth(1)?;
    let claims: Claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    DateTime::from_timestamp(claims.exp, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tokens_end_is_read_and_nonsense_has_none() {
        // {"id":"1","exp":1800000000}
        let token = Secret::new("eyJhbGciOiJIUzI1NiJ9.eyJpZCI6IjEiLCJleHAiOjE4MDAwMDAwMDB9.c2ln");
        assert_eq!(expiry(&token).unwrap().timestamp(), 1_800_000_000);
        for nonsense in ["", "a", "a.b.c", "a.e30.c"] {
            assert_eq!(expiry(&Secret::new(nonsense)), None);
        }
    }
}
