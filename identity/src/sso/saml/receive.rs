//! A provider's answer, at the address where it is posted to.

use std::fmt;

use tenantry_authz::Ctx;
use tenantry_kernel::{ConnectionId, Error, Result, Secret};
use tenantry_store::{SystemRole, SystemTx};

use super::super::model::HOME;
use super::super::{Arrival, Flow, FlowPurpose, Protocol};
use super::judged::Judged;
use super::repo::{self, OpenFlow};
use super::settings::SamlParties;
use crate::Identity;
use crate::saml::{Checked, Expected, Refusal, check_response};

/// What a browser brings from a provider (SAML bindings, section 3.5.4).
#[derive(Debug, Clone)]
pub struct SamlAnswer {
    /// By the address that it was posted to.
    pub connection: ConnectionId,
    pub response: String,
    pub relay_state: Option<String>,
}

/// What becomes of it.
#[derive(Debug)]
pub enum Received {
    /// It holds, and waits for the browser that set out: it goes on to where its cookie is sent.
    Continue {
        state: Secret,
    },
    /// It holds, and nobody had set out: the connection allows that.
    Arrived(Arrival),
    TurnedAway(TurnedAway),
}

/// An answer that is not taken: where to say so. Why stands in the log, and in a test's result.
#[derive(Debug, Clone)]
pub struct TurnedAway {
    pub purpose: FlowPurpose,
    pub return_to: String,
    /// What it answers is not known any more: begin again.
    pub expired: bool,
}

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Refused(Refusal),
    UnknownFlow,
    Answered,
    TransientName,
}

impl From<Refusal> for Why {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (code, hint) = match self {
            Self::Refused(refusal) => (refusal.code(), refusal.hint()),
            Self::UnknownFlow => {
                ("unknown_flow", "The answer comes too late, or to a log-in that was not begun here.")
            }
            Self::Answered => ("answered", "The log-in has an answer already."),
            Self::TransientName => (
                "transient_name_id",
                "The provider names people anew at each log-in. Have it send a persistent NameID, or the e-mail address.",
            ),
        };
        write!(f, "{code}: {hint}")
    }
}

impl Identity {
    /// Judges a provider's answer. The flow that it answers is not taken: that is for the browser that set out.
    ///
    /// # Errors
    /// `NotFound` for a connection that is not there, speaks another protocol or that nobody can log in by; `RateLimited`;
    /// `Unavailable`. An answer that is not taken is an outcome, no error.
    pub async fn receive_saml(&self, ctx: &Ctx, answer: SamlAnswer) -> Result<Received> {
        self.throttle().address(ctx.origin().address)?;
        let state = answer.relay_state.as_deref().filter(|state| !state.is_empty()).map(Secret::new);
        let open = self.open_flow(ctx, (answer.connection, state.as_ref())).await?;
        let purpose = open.as_ref().map_or(FlowPurpose::LogIn, |open| open.purpose);
        let parties = self.parties((answer.connection, purpose)).await?;
        let turned = match (&open, &state) {
            // Not "unsolicited": a provider gives back what it was sent, so that something was begun.
            (None, Some(_)) if !parties.allows_idp_initiated => Err(Why::UnknownFlow),
            _ => match self.check(ctx, (&answer, parties), open.as_ref()).await? {
                Ok((checked, parties)) => {
                    self.take_over(ctx, (checked, parties), (open.as_ref(), &answer)).await?
                }
                Err(refusal) => Err(refusal.into()),
            },
        };
        match (turned, open, state) {
            (Ok(_), Some(_), Some(state)) => Ok(Received::Continue { state }),
            (Ok(judged), ..) => self.arrive_unasked(ctx, (answer.connection, judged)).await,
            (Err(why), open, _) => {
                let turned = TurnedAway {
                    purpose,
                    return_to: open.as_ref().map_or_else(|| HOME.to_owned(), |open| open.return_to.clone()),
                    expired: why == Why::UnknownFlow,
                };
                let began = open.map_or(ctx.now(), |open| open.created_at);
                self.note_refusal(ctx, (answer.connection, purpose, began), &why.to_string()).await?;
                Ok(Received::TurnedAway(turned))
            }
        }
    }

    async fn open_flow(
        &self,
        ctx: &Ctx,
        (connection, state): (ConnectionId, Option<&Secret>),
    ) -> Result<Option<OpenFlow>> {
        let Some(state) = state else { return Ok(None) };
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let open = repo::open_flow(&tx, (connection, state), ctx.now()).await?;
        tx.commit().await?;
        Ok(open)
    }

    async fn parties(&self, (id, purpose): (ConnectionId, FlowPurpose)) -> Result<Box<SamlParties>> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let settings = self.settings(&tx, (id, purpose)).await?;
        tx.commit().await?;
        match settings.protocol {
            Protocol::Saml(parties) => Ok(parties),
            Protocol::Oidc { .. } | Protocol::GitHub { .. } => Err(Error::not_found("connection")),
        }
    }

    /// Checks with the provider's certificates as they are known, and once more with newer ones where none of them fits.
    async fn check(
        &self,
        ctx: &Ctx,
        (answer, parties): (&SamlAnswer, Box<SamlParties>),
        open: Option<&OpenFlow>,
    ) -> Result<std::result::Result<(Checked, Box<SamlParties>), Refusal>> {
        let (refusal, parties) = match check(ctx, (answer, parties), open).await? {
            (Ok(checked), parties) => return Ok(Ok((checked, parties))),
            (Err(refusal), parties) => (refusal, parties),
        };
        let unknown_key = refusal == Refusal::SignatureInvalid && parties.has_metadata_url;
        if !unknown_key || !self.look_again(answer.connection).await? {
            return Ok(Err(refusal));
        }
        let purpose = open.map_or(FlowPurpose::LogIn, |open| open.purpose);
        let parties = self.parties((answer.connection, purpose)).await?;
        let (checked, parties) = check(ctx, (answer, parties), open).await?;
        Ok(checked.map(|checked| (checked, parties)))
    }

    /// Uses the assertion up, and puts what it says into the flow that it answers: both or neither.
    async fn take_over(
        &self,
        ctx: &Ctx,
        (checked, parties): (Checked, Box<SamlParties>),
        (open, answer): (Option<&OpenFlow>, &SamlAnswer),
    ) -> Result<std::result::Result<Judged, Why>> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let used = (answer.connection, checked.key());
        let first = repo::use_assertion(&tx, (used.0, &used.1), checked.keep_until()).await?;
        let assertion = match checked.first_use(first) {
            Ok(assertion) => assertion,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let judged = match Judged::of(assertion, &parties.attributes) {
            Ok(judged) => judged,
            Err(why) => return Ok(Err(why)),
        };
        if let (Some(_), Some(state)) = (open, &answer.relay_state) {
            let kept = serde_json::to_value(&judged).map_err(Error::internal)?;
            if !repo::answer_flow(&tx, (answer.connection, &Secret::new(state)), (kept, ctx.now())).await? {
                return Ok(Err(Why::Answered));
            }
        }
        tx.commit().await?;
        Ok(Ok(judged))
    }

    /// Somebody comes from the provider's own page. Where they want to go is not asked of anybody: it stands in no proof.
    async fn arrive_unasked(&self, ctx: &Ctx, (id, judged): (ConnectionId, Judged)) -> Result<Received> {
        let tx = SystemTx::begin(self.db(), SystemRole::Authentication).await?;
        let tenant = repo::tenant_of(&tx, id).await?;
        tx.commit().await?;
        let flow = Flow {
            connection: id,
            purpose: FlowPurpose::LogIn,
            return_to: HOME.to_owned(),
            nonce: Secret::new(""),
            verifier: Secret::new(""),
            created_at: ctx.now(),
            assertion: None,
        };
        self.arrive(ctx, flow, judged.asserted((id, tenant))).await.map(Received::Arrived)
    }
}

/// xmlsec computes, in C and for some milliseconds: not on a thread that serves others.
async fn check(
    ctx: &Ctx,
    (answer, parties): (&SamlAnswer, Box<SamlParties>),
    open: Option<&OpenFlow>,
) -> Result<(std::result::Result<Checked, Refusal>, Box<SamlParties>)> {
    let (response, request, now) =
        (answer.response.clone(), open.map(|open| open.request.clone()), ctx.now());
    let checking = tokio::task::spawn_blocking(move || {
        let expected = Expected {
            request: request.as_ref().map(Secret::expose),
            provider_may_start: parties.allows_idp_initiated,
            now,
        };
        let checked = check_response(&parties.sp, &parties.idp, &response, &expected);
        (checked, parties)
    });
    checking.await.map_err(Error::internal)
}
