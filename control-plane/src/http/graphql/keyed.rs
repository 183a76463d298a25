//! Requests with an `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header-07): repeating one gives the first
//! answer and does nothing again.
//!
//! Kept for 24 hours by who asks and their key. Of somebody's requests with one key, at once or one after another, on
//! one node or several, one runs; another request under the key is refused. Somebody unknown is told apart by their
//! address *and* all that they ask for: two strangers behind one address with the same key do not meet.
//!
//! With an answer is kept on what it stands: each yes of the gate in the first request ([`Grounds`]). It is given again only
//! to whoever the gate allows all of that now; others are told [`ACCESS_LOST`].
//!
//! The database holds MACs and sealed text ([`InstallationKey`]): an answer may show a secret that is shown once.
//!
//! The answer is put into the row after the request's own transactions. If the process dies in between, or the outcome
//! was a fault, nobody can know whether the change was made, and repeating it could make it twice. So that is what the
//! repetition is told: [`OUTCOME_UNKNOWN`].

use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tenantry_authz::{Actor, Ctx, Ground, Grounds, MFA_REQUIRED, STEP_UP_REQUIRED};
use tenantry_kernel::{Error, Kind, Result};
use tenantry_keys::InstallationKey;
use tenantry_store::request_keys::{self, Before, Claim, Ending, Progress};
use tenantry_store::{SystemRole, SystemTx};

use super::answer::{Answers, Refusal, code, is_request_error};
use super::params::Asked;
use crate::app::App;

pub(super) const HEADER: &str = "idempotency-key";
/// How long an answer is kept.
pub(crate) const KEPT: TimeDelta = TimeDelta::hours(24);
/// How long a request may still be running after its time limit: then whoever ran it is dead.
const GRACE: TimeDelta = TimeDelta::seconds(15);
/// The largest answer that is kept, in bytes of JSON.
const MOST: usize = 1 << 20;
const NAME: &str = "request-keys";

/// Mutations whose answer is a cookie: it is for one browser, once.
pub(super) const NOT_KEYED: [&str; 6] =
    ["logIn", "completeLogIn", "logInWithPasskey", "prove", "logOut", "logOutEverywhere"];

pub(super) const BAD_KEY: Refusal<'static> = Refusal {
    code: "INVALID_IDEMPOTENCY_KEY",
    message: "The header Idempotency-Key is not one key of 1 to 255 visible ASCII characters.",
    remedy: "Send one value that you make anew for each change, such as a UUID.",
};
pub(super) const NO_KEY_HERE: Refusal<'static> = Refusal {
    code: "IDEMPOTENCY_NOT_SUPPORTED",
    message: "Logging in and out, and proving who you are, answer with a cookie, which is not given twice.",
    remedy: "Leave out the header Idempotency-Key: these may be repeated as they are.",
};
const REUSED: Refusal<'static> = Refusal {
    code: "IDEMPOTENCY_KEY_REUSED",
    message: "This idempotency key was used for another request.",
    remedy: "Use a new key for a new request; repeat a request with its own key and body.",
};
const IN_PROGRESS: Refusal<'static> = Refusal {
    code: "IDEMPOTENCY_IN_PROGRESS",
    message: "The first request with this idempotency key is still running.",
    remedy: "Wait a second, then repeat it.",
};
const OUTCOME_UNKNOWN: Refusal<'static> = Refusal {
    code: "OUTCOME_UNKNOWN",
    message: "The first request with this idempotency key was cut off, and it is not known whether it made its change.",
    remedy: "Look whether the change was made. If not, make it with a new key.",
};
const ACCESS_LOST: Refusal<'static> = Refusal {
    code: "IDEMPOTENCY_ACCESS_LOST",
    message: "This request was made before, and you no longer have a right by which its answer was given.",
    remedy: "It is not made again. Look for its result where you may, or ask somebody who has the right.",
};

/// The request's key, if it has one.
///
/// # Errors
/// [`BAD_KEY`].
pub(super) fn key_of(headers: &HeaderMap) -> std::result::Result<Option<String>, Refusal<'static>> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().map_err(|_| BAD_KEY)?.trim();
    // The draft has it as a string of structured fields (RFC 8941), in quotes; most clients send it bare.
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let good =
        (1..=255).contains(&bare.len()) && bare.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if good && values.next().is_none() { Ok(Some(bare.to_owned())) } else { Err(BAD_KEY) }
}

/// A request that won its key.
pub(super) struct Claimed {
    app: App,
    key: InstallationKey,
    id: String,
    began_at: DateTime<Utc>,
}

/// What the key says of a request.
pub(super) enum Begun {
    Run(Box<Claimed>),
    /// It ran before, and this was the answer.
    Replay(Answers),
    Refused(StatusCode, Refusal<'static>),
}

/// Claims the key for a request to `path`.
///
/// # Errors
/// `Unavailable` when the database does not answer.
pub(super) async fn begin(app: &App, ctx: &Ctx, (key, path, asked): (&str, &str, &Asked)) -> Result<Begun> {
    let now = app.runtime.clock.now();
    let body = serde_json::to_vec(asked).map_err(Error::internal)?;
    let tx = SystemTx::begin(&app.db, SystemRole::Requests).await?;
    let root = app.keys.installation(&tx, NAME, now).await?;
    let own = match ctx.actor() {
        Actor::Anonymous => {
            let address = ctx.origin().address.map(|address| address.to_string()).unwrap_or_default();
            root.derive(&[b"anonymous", address.as_bytes(), key.as_bytes(), path.as_bytes(), &body])?
        }
        actor => root.derive(&[b"actor", actor.label().as_bytes(), key.as_bytes()])?,
    };
    let id = own.mac(&[b"id"])?;
    let fingerprint = own.mac(&[b"fingerprint", path.as_bytes(), &body])?;
    let claim = match request_keys::claim(&tx, (&id, &fingerprint), (now, now - KEPT)).await {
        Err(error) if error.kind() == Kind::Conflict => {
            return Ok(Begun::Refused(StatusCode::CONFLICT, IN_PROGRESS));
        }
        claim => claim?,
    };
    tx.commit().await?;
    app.keys.remember_installation(NAME, &root);
    let before = match claim {
        Claim::Won => {
            return Ok(Begun::Run(Box::new(Claimed { app: app.clone(), key: own, id, began_at: now })));
        }
        Claim::Lost(before) => before,
    };
    let longest = TimeDelta::from_std(app.api.max_time).unwrap_or(GRACE) + GRACE;
    Ok(match verdict(&before, &fingerprint, now - longest) {
        Ok(sealed) => {
            let (answers, grounds) = open(&own, sealed)?;
            if stands(ctx, grounds.as_deref()) {
                Begun::Replay(answers)
            } else {
                Begun::Refused(StatusCode::FORBIDDEN, ACCESS_LOST)
            }
        }
        Err((status, refusal)) => Begun::Refused(status, refusal),
    })
}

/// What whoever came second is told: the first one's sealed answer, or why not.
fn verdict<'a>(
    before: &'a Before,
    fingerprint: &str,
    running_since: DateTime<Utc>,
) -> std::result::Result<&'a str, (StatusCode, Refusal<'static>)> {
    if before.fingerprint != fingerprint {
        return Err((StatusCode::UNPROCESSABLE_ENTITY, REUSED));
    }
    match &before.progress {
        Progress::Kept(sealed) => Ok(sealed),
        Progress::Running if before.began_at >= running_since => Err((StatusCode::CONFLICT, IN_PROGRESS)),
        Progress::Running | Progress::Unknown => Err((StatusCode::CONFLICT, OUTCOME_UNKNOWN)),
    }
}

/// Whether the gate allows now what a kept answer stands on. Where that is not known, or cannot be read, it cannot be
/// asked.
fn stands(ctx: &Ctx, grounds: Option<&[String]>) -> bool {
    let stands = |text: &String| text.parse().is_ok_and(|ground: Ground| ctx.ensure_stands(ground).is_ok());
    grounds.is_some_and(|grounds| grounds.iter().all(stands))
}

#[derive(Serialize, Deserialize)]
struct Kept {
    batch: bool,
    responses: Vec<async_graphql::Response>,
    /// None: kept by a program that did not know of them.
    #[serde(default)]
    grounds: Option<Vec<String>>,
}

/// A kept answer and its grounds.
fn open(key: &InstallationKey, sealed: &str) -> Result<(Answers, Option<Vec<String>>)> {
    let plain = key.derive(&[b"answer"])?.open(sealed, "answer")?;
    let mut kept: Kept = serde_json::from_slice(&plain).map_err(Error::internal)?;
    if kept.batch {
        return Ok((Answers::Batch(kept.responses), kept.grounds));
    }
    let only = kept.responses.pop().ok_or_else(|| Error::internal("a kept answer is empty"))?;
    Ok((Answers::Single(only), kept.grounds))
}

impl Claimed {
    /// Ends the claim with the answer and what it stands on. If that fails, the key stays `running`, which later means
    /// "unknown".
    pub(super) async fn end(self, answers: &Answers, grounds: &Grounds) {
        if let Err(error) = self.try_end(answers, grounds).await {
            tracing::error!(error = ?error, "the answer to a keyed request could not be kept");
        }
    }

    async fn try_end(&self, answers: &Answers, grounds: &Grounds) -> Result<()> {
        let ending = match fate(answers) {
            Fate::Keep => self.seal(answers, grounds)?,
            Fate::Forget => Ending::Forget,
            Fate::Unknown => Ending::Unknown,
        };
        let tx = SystemTx::begin(&self.app.db, SystemRole::Requests).await?;
        request_keys::end(&tx, (&self.id, self.began_at), &ending).await?;
        tx.commit().await
    }

    fn seal(&self, answers: &Answers, grounds: &Grounds) -> Result<Ending> {
        #[derive(Serialize)]
        struct Keeping<'a> {
            batch: bool,
            responses: &'a [async_graphql::Response],
            grounds: Vec<String>,
        }
        let keeping = Keeping {
            batch: matches!(answers, Answers::Batch(_)),
            responses: answers.all(),
            grounds: grounds.all().iter().map(ToString::to_string).collect(),
        };
        let plain = serde_json::to_vec(&keeping).map_err(Error::internal)?;
        if plain.len() > MOST {
            return Ok(Ending::Unknown);
        }
        let key = self.key.derive(&[b"answer"])?;
        Ok(Ending::Keep(key.seal(&*self.app.runtime.entropy, &plain, "answer")?))
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Fate {
    Keep,
    Forget,
    Unknown,
}

/// What becomes of an answer. Pure.
fn fate(answers: &Answers) -> Fate {
    let errors = || answers.all().iter().flat_map(|response| &response.errors);
    // After a fault of ours, a change may or may not have been committed.
    if errors().any(|error| matches!(code(error), Some("INTERNAL" | "UNAVAILABLE" | "TIMEOUT"))) {
        return Fate::Unknown;
    }
    let nothing_ran = answers.all().iter().all(is_request_error);
    // Who was asked for a proof comes again with it, and with the same key.
    let asked_for_proof = answers.all().iter().all(is_asked_for_proof);
    let has_cookie = answers.all().iter().any(|response| response.http_headers.contains_key("set-cookie"));
    // Who was told to wait may come again.
    let told_to_wait = answers.all().iter().all(is_rate_limited);
    if nothing_ran || has_cookie || told_to_wait || asked_for_proof { Fate::Forget } else { Fate::Keep }
}

/// Whether nothing was done until somebody proves who they are.
fn is_asked_for_proof(response: &async_graphql::Response) -> bool {
    let done = match &response.data {
        async_graphql::Value::Object(fields) => fields.values().any(|v| *v != async_graphql::Value::Null),
        _ => false,
    };
    let asked = |error| matches!(code(error), Some(STEP_UP_REQUIRED | MFA_REQUIRED));
    !done && !response.errors.is_empty() && response.errors.iter().all(asked)
}

/// Whether all that was asked for was refused until later.
fn is_rate_limited(response: &async_graphql::Response) -> bool {
    use async_graphql::Value;
    let errors = response.errors.iter().filter(|error| code(error) == Some("RATE_LIMITED")).count();
    let Value::Object(fields) = &response.data else {
        return errors > 0 && errors == response.errors.len();
    };
    let is_limit = |payload: &Value| match payload {
        Value::Object(payload) => match payload.get("problem") {
            Some(Value::Object(problem)) => {
                matches!(problem.get("code"), Some(Value::String(code)) if code == "RATE_LIMITED")
            }
            _ => false,
        },
        _ => false,
    };
    !fields.is_empty() && fields.values().all(is_limit)
}

#[cfg(test)]
#[path = "keyed_tests.rs"]
mod tests;
