//! The rules of one role: a small Casbin enforcer, made when it is first asked, and what it has decided before.

use std::cell::{Cell, RefCell};
use std::fmt::Write;
use std::io;
use std::pin::pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, Waker};

use casbin::rhai::ImmutableString;
use casbin::{
    CoreApi, DefaultEffector, DefaultModel, EffectKind, Effector, EffectorStream, Enforcer, MgmtApi,
    RoleManager, StringAdapter,
};
use parking_lot::RwLock;
use tenantry_kernel::{Error, Result, Shared};

use crate::{Action, PlatformResource, ResourceKind};

const MODEL: &str = include_str!("../policy/model.conf");

thread_local! {
    /// The role for which the decision on this thread is now being taken, as (domain, role).
    /// Casbin's role manager has no request parameter; a decision is synchronous, so this is exact.
    static HELD: RefCell<Option<(ImmutableString, ImmutableString)>> = const { RefCell::new(None) };
    /// The place of the rule that allowed the last decision on this thread, among the enforcer's rules.
    static DECIDING: Cell<Option<usize>> = const { Cell::new(None) };
}

const DENIED: u8 = 1;
const ALLOWED: u8 = 2;

/// A question to a role: an action on a kind of thing of a tenant, or of the platform.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Question {
    object: &'static str,
    action: &'static str,
    /// Which of the role's answers it is.
    cell: usize,
}

/// As many questions as there are of the larger of the two worlds.
const CELLS: usize = {
    let (tenant, platform) = (ResourceKind::ALL.len(), PlatformResource::ALL.len());
    (if tenant > platform { tenant } else { platform }) * Action::ALL.len()
};

impl Question {
    pub(crate) fn tenant(kind: ResourceKind, action: Action) -> Self {
        let cell = kind as usize * Action::ALL.len() + action as usize;
        Self { object: kind.as_str(), action: action.as_str(), cell }
    }

    pub(crate) fn platform(resource: PlatformResource, action: Action) -> Self {
        let cell = resource as usize * Action::ALL.len() + action as usize;
        Self { object: resource.as_str(), action: action.as_str(), cell }
    }
}

/// Who asks where, in Casbin's words. Written out only when the engine is really asked.
pub(crate) struct Asker {
    pub(crate) subject: String,
    pub(crate) domain: String,
}

/// What one role allows. Never changed: other rules are another value, which has decided nothing yet.
///
/// A role holds at most one rule for each right, so asking the engine takes tens of rules at the most, denials
/// included, and there are at most [`CELLS`] different answers: all are kept, without keys, locks or eviction.
///
/// Rules cost no more than their text until somebody asks: who brings along a thousand roles asks about few of them.
pub(crate) struct RoleRules {
    role: ImmutableString,
    lines: String,
    enforcer: Shared<OnceLock<Enforcer>>,
    decided: Box<[AtomicU8]>,
}

impl RoleRules {
    pub(crate) fn new<'a>(role: &str, rights: impl Iterator<Item = (&'a str, &'a str)>) -> Self {
        let mut lines = String::new();
        for (object, action) in rights {
            // Writing to a string does not fail.
            let _ = writeln!(lines, "p, {role}, {object}, {action}");
        }
        let decided = (0..CELLS).map(|_| AtomicU8::new(0)).collect();
        Self { role: role.into(), lines, enforcer: Shared::new(OnceLock::new()), decided }
    }

    /// Makes the engine now.
    ///
    /// # Errors
    /// When Casbin refuses the rules: a fault of ours.
    pub(crate) fn ready(self) -> Result<Self> {
        self.engine().map_err(Error::internal)?;
        Ok(self)
    }

    fn engine(&self) -> casbin::Result<&Enforcer> {
        if let Some(enforcer) = self.enforcer.get() {
            return Ok(enforcer);
        }
        let made =
            at_once(enforcer(&self.lines)).unwrap_or_else(|| Err(io::Error::other(NOT_AT_ONCE).into()))?;
        // Of two that make it at once, either does.
        Ok(self.enforcer.get_or_init(|| made))
    }

    /// Whether the role allows it: as the engine said before, or says now. `asker` is called in the second case.
    pub(crate) fn allows(&self, question: Question, asker: impl FnOnce() -> Asker) -> bool {
        let cell = self.decided.get(question.cell);
        match cell.map(|c| c.load(Ordering::Relaxed)) {
            Some(ALLOWED) => true,
            Some(DENIED) => false,
            _ => {
                let decision = self.ask(question, asker());
                // A failure is no decision: it is denied, and asked again.
                if let (Some(cell), Ok(allowed)) = (cell, &decision) {
                    cell.store(if *allowed { ALLOWED } else { DENIED }, Ordering::Relaxed);
                }
                decision.unwrap_or(false)
            }
        }
    }

    /// The rule by which the engine allows it, as it stands in the policy.
    pub(crate) fn rule(&self, question: Question, asker: Asker) -> Option<String> {
        if !self.ask(question, asker).ok()? {
            return None;
        }
        let rules = self.engine().ok()?.get_policy();
        DECIDING.take().and_then(|at| rules.get(at)).map(|rule| format!("p, {}", rule.join(", ")))
    }

    /// Forgets what was decided, so that the engine is asked again.
    pub(crate) fn forget(&self) {
        for cell in &self.decided {
            cell.store(0, Ordering::Relaxed);
        }
    }

    fn ask(&self, question: Question, asker: Asker) -> casbin::Result<bool> {
        let domain = ImmutableString::from(asker.domain);
        HELD.set(Some((domain.clone(), self.role.clone())));
        let request = [asker.subject.into(), domain, question.object.into(), question.action.into()].to_vec();
        let decision = self.engine().and_then(|engine| engine.enforce(request));
        HELD.take();
        decision.inspect_err(|error| tracing::error!(error = %error, "the policy engine failed: denied"))
    }
}

async fn enforcer(lines: &str) -> casbin::Result<Enforcer> {
    let model = DefaultModel::from_str(MODEL).await?;
    let mut enforcer = Enforcer::new(model, StringAdapter::new(lines)).await?;
    enforcer.set_role_manager(Arc::new(RwLock::new(HeldRoles)))?;
    enforcer.set_effector(Box::new(Telling));
    Ok(enforcer)
}

const NOT_AT_ONCE: &str = "the engine waits for something, and its rules are at hand";

/// What a future gives that waits for nothing. Casbin's are such where model and rules are text; a decision cannot wait.
fn at_once<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

/// Casbin's own effector, which also tells which rule it was. Casbin's `enforce_ex` would do so too, but with a
/// logger and a thread for each enforcer.
struct Telling;

struct TellingStream {
    inner: Box<dyn EffectorStream>,
    seen: usize,
}

impl Effector for Telling {
    fn new_stream(&self, expr: &str, cap: usize) -> Box<dyn EffectorStream> {
        DECIDING.set(None);
        Box::new(TellingStream { inner: DefaultEffector.new_stream(expr, cap), seen: 0 })
    }
}

impl EffectorStream for TellingStream {
    fn next(&self) -> bool {
        self.inner.next()
    }

    fn push_effect(&mut self, effect: EffectKind) -> bool {
        if effect == EffectKind::Allow {
            DECIDING.set(Some(self.seen));
        }
        self.seen += 1;
        self.inner.push_effect(effect)
    }
}

/// Casbin's `g(subject, role, domain)`, answered from the grant that the decision is about.
struct HeldRoles;

impl RoleManager for HeldRoles {
    fn has_link(&self, _subject: &str, role: &str, domain: Option<&str>) -> bool {
        HELD.with_borrow(|held| {
            held.as_ref().is_some_and(|(d, r)| Some(d.as_str()) == domain && r.as_str() == role)
        })
    }

    fn clear(&mut self) {}
    fn add_link(&mut self, _: &str, _: &str, _: Option<&str>) {}
    fn matching_fn(&mut self, _: Option<fn(&str, &str) -> bool>, _: Option<fn(&str, &str) -> bool>) {}
    fn delete_link(&mut self, _: &str, _: &str, _: Option<&str>) -> casbin::Result<()> {
        Ok(())
    }
    fn get_roles(&self, _: &str, domain: Option<&str>) -> Vec<String> {
        HELD.with_borrow(|held| {
            held.iter().filter(|(d, _)| Some(d.as_str()) == domain).map(|(_, r)| r.to_string()).collect()
        })
    }
    fn get_users(&self, _: &str, _: Option<&str>) -> Vec<String> {
        Vec::new()
    }
}
