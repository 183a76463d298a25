//! Second factors: what people prove themselves with, the second step of a log-in, and fresh proofs.

use async_graphql::{Context, Enum, ID, InputObject, Json, Object, Result, SimpleObject};
use chrono::{DateTime, Utc};
use serde_json::Value;
use tenantry_authz::{Ctx, PROOF_LASTS};
use tenantry_identity as identity;
use tenantry_identity::{
    CompleteLogIn, FactorKind, FactorProof, LogInOutcome, PasskeyAnswer, PasskeyChallenge, ProveOutcome,
    ProveWith, SetMfaRequired,
};
use tenantry_kernel::{Error, Secret};

use super::error::{Answer, Problem, parse_id, request_of};
use super::mutation::{LogInPayload, PlainPayload, plain};
use super::types::Viewer;
use crate::app::{App, Credential};
use crate::http::session;

/// With what a log-in can be completed.
#[derive(Enum, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondFactor {
    Passkey,
    /// A code of an authenticator app.
    Totp,
    RecoveryCode,
}

impl From<FactorKind> for SecondFactor {
    fn from(kind: FactorKind) -> Self {
        match kind {
            FactorKind::Passkey => Self::Passkey,
            FactorKind::Totp => Self::Totp,
            FactorKind::RecoveryCode => Self::RecoveryCode,
        }
    }
}

/// A log-in that has shown the right password and waits for a second factor.
#[derive(SimpleObject)]
pub(super) struct PendingLogIn {
    /// For `completeLogIn`. Keep it in memory alone.
    token: String,
    factors: Vec<SecondFactor>,
    expires_at: DateTime<Utc>,
}

/// What the viewer proves themselves with.
#[derive(SimpleObject)]
pub(crate) struct Security {
    has_password: bool,
    /// Since when there is an authenticator app; null for none.
    totp_since: Option<DateTime<Utc>>,
    passkeys: Vec<Passkey>,
    recovery_codes_left: i64,
    /// Until when what needs a fresh proof is done without asking for one; null: it is asked for.
    proven_until: Option<DateTime<Utc>>,
}

impl Security {
    pub(super) async fn of(ctx: &Context<'_>, request: &Ctx) -> Result<Self> {
        let factors = ctx.data::<App>()?.identity.factors(request).await.answer(ctx)?;
        let until = request.assurance().proved_at.map(|at| at + PROOF_LASTS);
        Ok(Self {
            has_password: factors.has_password,
            totp_since: factors.totp,
            passkeys: factors.passkeys.into_iter().map(Passkey::from).collect(),
            recovery_codes_left: factors.recovery_codes_left,
            proven_until: until.filter(|until| *until > request.now()),
        })
    }
}

/// A passkey of the viewer.
#[derive(SimpleObject)]
pub(crate) struct Passkey {
    id: ID,
    name: String,
    created_at: DateTime<Utc>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<identity::Passkey> for Passkey {
    fn from(passkey: identity::Passkey) -> Self {
        Self {
            id: passkey.id.to_string().into(),
            name: passkey.name,
            created_at: passkey.created_at,
            last_used_at: passkey.last_used_at,
        }
    }
}

/// An authenticator app to be set up. It is shown once.
#[derive(SimpleObject)]
struct TotpSetup {
    /// For typing it in (base32).
    secret: String,
    /// For an app on the same device (`otpauth://`).
    url: String,
    /// The same as a QR code: a path (SVG's `d`) on a square of `qrSize`.
    qr_path: String,
    qr_size: i32,
}

#[derive(SimpleObject)]
struct TotpSetupPayload {
    setup: Option<TotpSetup>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct RecoveryCodesPayload {
    /// Shown once. Empty where earlier ones stay good.
    recovery_codes: Option<Vec<String>>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct PasskeyPayload {
    passkey: Option<Passkey>,
    /// Shown once. Empty where earlier ones stay good.
    recovery_codes: Option<Vec<String>>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct PasskeyChallengePayload {
    /// To be sent back with the browser's answer, within five minutes.
    token: Option<String>,
    /// The options for `navigator.credentials`, in their JSON form (WebAuthn Level 3, section 5.1).
    options: Option<Json<Value>>,
    problem: Option<Problem>,
}

#[derive(SimpleObject)]
struct MfaRequiredPayload {
    required: Option<bool>,
    problem: Option<Problem>,
}

/// The browser's answer to a challenge.
#[derive(InputObject)]
struct PasskeyAnswerInput {
    /// Of the challenge.
    token: String,
    /// `PublicKeyCredential`, in its JSON form.
    credential: Json<Value>,
}

impl From<PasskeyAnswerInput> for PasskeyAnswer {
    fn from(input: PasskeyAnswerInput) -> Self {
        Self { token: Secret::new(input.token), credential: input.credential.0 }
    }
}

#[derive(InputObject)]
struct FinishPasskeyInput {
    answer: PasskeyAnswerInput,
    /// 1 to 60 characters.
    name: String,
}

#[derive(InputObject)]
struct RenamePasskeyInput {
    id: ID,
    name: String,
}

#[derive(InputObject)]
struct PasskeyInput {
    id: ID,
}

/// One of the three.
#[derive(InputObject)]
struct CompleteLogInInput {
    /// Of `logIn`.
    token: String,
    totp: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<PasskeyAnswerInput>,
}

/// One of the four.
#[derive(InputObject)]
struct ProveInput {
    password: Option<String>,
    totp: Option<String>,
    recovery_code: Option<String>,
    passkey: Option<PasskeyAnswerInput>,
}

#[derive(InputObject)]
struct SetMfaRequiredInput {
    tenant_id: ID,
    required: bool,
}

fn factor(
    (totp, recovery_code): (Option<String>, Option<String>),
    passkey: Option<PasskeyAnswerInput>,
) -> tenantry_kernel::Result<Option<FactorProof>> {
    match (totp, recovery_code, passkey) {
        (None, None, None) => Ok(None),
        (Some(code), None, None) => Ok(Some(FactorProof::Totp(Secret::new(code)))),
        (None, Some(code), None) => Ok(Some(FactorProof::RecoveryCode(Secret::new(code)))),
        (None, None, Some(answer)) => Ok(Some(FactorProof::Passkey(answer.into()))),
        _ => Err(one_proof()),
    }
}

fn one_proof() -> Error {
    Error::invalid("input", "One proof is looked at.").with_remedy("Send exactly one of them.")
}

fn shown(codes: Vec<Secret>) -> Vec<String> {
    codes.iter().map(|code| code.expose().to_owned()).collect()
}

/// What is answered to a log-in, of whichever way. Gives the browser its session.
pub(super) async fn entered(
    ctx: &Context<'_>,
    outcome: std::result::Result<LogInOutcome, Problem>,
) -> Result<LogInPayload> {
    let mut payload = LogInPayload { viewer: None, second_factor: None, problem: None };
    match outcome {
        Ok(LogInOutcome::LoggedIn { token, expires_at, user, .. }) => {
            let app = ctx.data::<App>()?;
            let lifetime = expires_at - request_of(ctx).now();
            ctx.append_http_header("set-cookie", session::cookie(&token, lifetime, app.public.is_tls()));
            // Until now the request was nobody's, or another person's.
            let (origin, id) = (request_of(ctx).origin().clone(), request_of(ctx).request());
            let fresh = app.context(&Credential::Session(token), origin, id).await.answer(ctx)?;
            payload.viewer = Some(Viewer { fresh: Some(fresh), ..user.into() });
        }
        Ok(LogInOutcome::SecondFactorNeeded { token, factors, expires_at }) => {
            let factors = factors.into_iter().map(SecondFactor::from).collect();
            let token = token.expose().to_owned();
            payload.second_factor = Some(PendingLogIn { token, factors, expires_at });
        }
        Ok(LogInOutcome::WrongFactor) => payload.problem = Some(wrong_proof()),
        Ok(LogInOutcome::LogInExpired) => {
            payload.problem = Some(Problem::new(
                "LOG_IN_EXPIRED",
                "This log-in has waited too long, or was tried too often.",
                "Log in again with your password.",
            ));
        }
        Ok(LogInOutcome::WrongCredentials) => {
            payload.problem = Some(Problem::new(
                "WRONG_CREDENTIALS",
                "The e-mail address or the password is wrong.",
                "Check both, or ask for a link to set a new password.",
            ));
        }
        Ok(LogInOutcome::NotVerified) => {
            payload.problem = Some(Problem::new(
                "EMAIL_NOT_VERIFIED",
                "The e-mail address is not verified yet.",
                "Follow the link in the mail that we have just sent again, or ask for a new one.",
            ));
        }
        Err(problem) => payload.problem = Some(problem),
    }
    Ok(payload)
}

fn wrong_proof() -> Problem {
    Problem::new(
        "WRONG_PROOF",
        "That did not prove who you are.",
        "Try again with the newest code, a recovery code that is not used yet, or a passkey of this account.",
    )
}

fn challenge(outcome: std::result::Result<PasskeyChallenge, Problem>) -> PasskeyChallengePayload {
    match outcome {
        Ok(challenge) => PasskeyChallengePayload {
            token: Some(challenge.token.expose().to_owned()),
            options: Some(Json(challenge.options)),
            problem: None,
        },
        Err(problem) => PasskeyChallengePayload { token: None, options: None, problem: Some(problem) },
    }
}

fn recovery_codes(outcome: std::result::Result<Vec<Secret>, Problem>) -> RecoveryCodesPayload {
    match outcome {
        Ok(codes) => RecoveryCodesPayload { recovery_codes: Some(shown(codes)), problem: None },
        Err(problem) => RecoveryCodesPayload { recovery_codes: None, problem: Some(problem) },
    }
}

#[derive(Default)]
pub(super) struct FactorMutation;

#[Object]
impl FactorMutation {
    /// Completes a log-in with the second factor: the answer sets the session cookie. Five wrong codes in a row lock
    /// codes for a minute, each further one for twice as long.
    async fn complete_log_in(&self, ctx: &Context<'_>, input: CompleteLogInInput) -> Result<LogInPayload> {
        let app = ctx.data::<App>()?;
        let completed = async {
            let proof = factor((input.totp, input.recovery_code), input.passkey)?.ok_or_else(one_proof)?;
            let complete = CompleteLogIn { token: Secret::new(input.token), proof };
            app.identity.complete_log_in(request_of(ctx), complete).await
        };
        let outcome = completed.await.outcome(ctx)?;
        entered(ctx, outcome).await
    }

    /// Begins a log-in by a passkey alone.
    async fn start_passkey_log_in(&self, ctx: &Context<'_>) -> Result<PasskeyChallengePayload> {
        let started = ctx.data::<App>()?.identity.start_passkey_log_in(request_of(ctx)).await;
        Ok(challenge(started.outcome(ctx)?))
    }

    /// Logs in by a passkey alone: the answer sets the session cookie.
    async fn log_in_with_passkey(
        &self,
        ctx: &Context<'_>,
        input: PasskeyAnswerInput,
    ) -> Result<LogInPayload> {
        let app = ctx.data::<App>()?;
        let outcome = app.identity.log_in_with_passkey(request_of(ctx), input.into()).await.outcome(ctx)?;
        entered(ctx, outcome).await
    }

    /// A challenge for a passkey: of the log-in that waits under the token, or of the viewer, to prove who they are.
    async fn challenge_passkey(
        &self,
        ctx: &Context<'_>,
        log_in_token: Option<String>,
    ) -> Result<PasskeyChallengePayload> {
        let token = log_in_token.map(Secret::new);
        let given = ctx.data::<App>()?.identity.challenge_passkey(request_of(ctx), token.as_ref()).await;
        Ok(challenge(given.outcome(ctx)?))
    }

    /// Proves again who the viewer is, for what is refused with `STEP_UP_REQUIRED`: that is done for five minutes then.
    /// The answer sets another session cookie; the present one is dead.
    async fn prove(&self, ctx: &Context<'_>, input: ProveInput) -> Result<PlainPayload> {
        let app = ctx.data::<App>()?;
        let proved = async {
            let factor = factor((input.totp, input.recovery_code), input.passkey)?;
            let with = match (input.password, factor) {
                (Some(password), None) => ProveWith::Password(Secret::new(password)),
                (None, Some(proof)) => ProveWith::Factor(proof),
                _ => return Err(one_proof()),
            };
            app.identity.prove(request_of(ctx), with).await
        };
        Ok(plain(match proved.await.outcome(ctx)? {
            Ok(ProveOutcome::Proved { token, expires_at }) => {
                let lifetime = expires_at - request_of(ctx).now();
                ctx.append_http_header("set-cookie", session::cookie(&token, lifetime, app.public.is_tls()));
                Ok(())
            }
            Ok(ProveOutcome::Wrong) => Err(wrong_proof()),
            Err(problem) => Err(problem),
        }))
    }

    /// Begins to set up an authenticator app. It is no factor before `confirmTotp`.
    async fn start_totp(&self, ctx: &Context<'_>) -> Result<TotpSetupPayload> {
        let started = ctx.data::<App>()?.identity.start_totp(request_of(ctx)).await;
        Ok(match started.outcome(ctx)? {
            Ok(setup) => {
                let setup = TotpSetup {
                    secret: setup.secret.expose().to_owned(),
                    url: setup.url.expose().to_owned(),
                    qr_path: setup.qr.path.expose().to_owned(),
                    qr_size: setup.qr.size,
                };
                TotpSetupPayload { setup: Some(setup), problem: None }
            }
            Err(problem) => TotpSetupPayload { setup: None, problem: Some(problem) },
        })
    }

    /// Makes the authenticator app a factor, by the code that it shows.
    async fn confirm_totp(&self, ctx: &Context<'_>, code: String) -> Result<RecoveryCodesPayload> {
        let confirmed = ctx.data::<App>()?.identity.confirm_totp(request_of(ctx), &Secret::new(code)).await;
        Ok(recovery_codes(confirmed.outcome(ctx)?))
    }

    /// Removes the authenticator app.
    async fn remove_totp(&self, ctx: &Context<'_>) -> Result<PlainPayload> {
        let removed = ctx.data::<App>()?.identity.remove_totp(request_of(ctx)).await;
        Ok(plain(removed.outcome(ctx)?))
    }

    /// Makes new recovery codes; all earlier ones are dead.
    async fn make_recovery_codes(&self, ctx: &Context<'_>) -> Result<RecoveryCodesPayload> {
        let made = ctx.data::<App>()?.identity.new_recovery_codes(request_of(ctx)).await;
        Ok(recovery_codes(made.outcome(ctx)?))
    }

    /// Begins to register a passkey.
    async fn start_passkey(&self, ctx: &Context<'_>) -> Result<PasskeyChallengePayload> {
        let started = ctx.data::<App>()?.identity.start_passkey_registration(request_of(ctx)).await;
        Ok(challenge(started.outcome(ctx)?))
    }

    /// Registers the passkey that the browser has made.
    async fn finish_passkey(&self, ctx: &Context<'_>, input: FinishPasskeyInput) -> Result<PasskeyPayload> {
        let identity = &ctx.data::<App>()?.identity;
        let made =
            identity.finish_passkey_registration(request_of(ctx), (input.answer.into(), &input.name)).await;
        Ok(match made.outcome(ctx)? {
            Ok(made) => PasskeyPayload {
                passkey: Some(made.passkey.into()),
                recovery_codes: Some(shown(made.recovery_codes)),
                problem: None,
            },
            Err(problem) => PasskeyPayload { passkey: None, recovery_codes: None, problem: Some(problem) },
        })
    }

    /// Gives a passkey another name.
    async fn rename_passkey(&self, ctx: &Context<'_>, input: RenamePasskeyInput) -> Result<PlainPayload> {
        let id = parse_id(&input.id, "passkey").answer(ctx)?;
        let renamed = ctx.data::<App>()?.identity.rename_passkey(request_of(ctx), id, &input.name).await;
        Ok(plain(renamed.outcome(ctx)?))
    }

    /// Removes a passkey.
    async fn remove_passkey(&self, ctx: &Context<'_>, input: PasskeyInput) -> Result<PlainPayload> {
        let id = parse_id(&input.id, "passkey").answer(ctx)?;
        let removed = ctx.data::<App>()?.identity.remove_passkey(request_of(ctx), id).await;
        Ok(plain(removed.outcome(ctx)?))
    }

    /// Demands a second factor of the organisation's members, or no longer. It counts at their next request: members
    /// without one are answered `MFA_REQUIRED`. Whoever demands it has one.
    async fn set_mfa_required(
        &self,
        ctx: &Context<'_>,
        input: SetMfaRequiredInput,
    ) -> Result<MfaRequiredPayload> {
        let tenant = parse_id(&input.tenant_id, "tenant").answer(ctx)?;
        let set = SetMfaRequired { tenant, required: input.required };
        let set = ctx.data::<App>()?.identity.set_mfa_required(request_of(ctx), set).await;
        Ok(match set.outcome(ctx)? {
            Ok(required) => MfaRequiredPayload { required: Some(required), problem: None },
            Err(problem) => MfaRequiredPayload { required: None, problem: Some(problem) },
        })
    }
}
