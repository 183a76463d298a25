use chrono::{DateTime, Utc};
use tenantry_authz::Ctx;
use tenantry_kernel::{SupportAccessId, TenantId};
use uuid::Uuid;

use super::Facts;

/// The chain of what staff does to the platform itself. No tenant has this id: tenants are made with random ones.
pub const PLATFORM: TenantId = TenantId::from_uuid(Uuid::nil());

/// It was done.
pub const OK: &str = "ok";
/// The gate refused it.
pub const DENIED: &str = "denied";
/// It was allowed, tried, and did not succeed.
pub const FAILED: &str = "failed";

/// What happened. `details` must hold no secret.
#[derive(Debug, Clone)]
pub struct Entry {
    pub tenant: TenantId,
    pub action: &'static str,
    pub resource: String,
    /// [`OK`], [`DENIED`] or [`FAILED`].
    pub result: &'static str,
    pub details: serde_json::Value,
}

impl Entry {
    /// The same with what was before and what is after: of something new there is no before, of something gone no after.
    pub fn changing(self, before: impl Into<Option<Facts>>, after: impl Into<Option<Facts>>) -> Change {
        Change { entry: self, before: before.into(), after: after.into() }
    }
}

/// What happened, and what it changed.
#[derive(Debug, Clone)]
pub struct Change {
    pub entry: Entry,
    pub before: Option<Facts>,
    pub after: Option<Facts>,
}

impl From<Entry> for Change {
    fn from(entry: Entry) -> Self {
        Self { entry, before: None, after: None }
    }
}

/// Who did it, from where, when.
#[derive(Debug, Clone)]
pub struct By {
    pub actor: String,
    pub origin: Option<String>,
    pub user_agent: Option<String>,
    pub request_id: String,
    pub at: DateTime<Utc>,
    /// The tenants that the actor is in as platform staff, and by what access.
    pub support: Vec<(TenantId, SupportAccessId)>,
}

impl By {
    pub fn ctx(ctx: &Ctx) -> Self {
        Self {
            actor: ctx.actor().label(),
            origin: ctx.origin().address.map(|a| a.to_string()),
            // PostgreSQL's text holds no NUL.
            user_agent: ctx.origin().user_agent.as_ref().map(|agent| agent.replace('\0', "\u{FFFD}")),
            request_id: ctx.request().to_string(),
            at: ctx.now(),
            support: ctx.grants().iter().filter_map(|g| Some((g.tenant, g.by?))).collect(),
        }
    }

    pub fn system(component: &str, at: DateTime<Utc>) -> Self {
        Self {
            actor: format!("system:{component}"),
            origin: None,
            user_agent: None,
            request_id: String::new(),
            at,
            support: Vec::new(),
        }
    }

    /// What platform staff does by a tenant's support access is marked in that tenant's trail: the actor is
    /// `staff:usr_…`, and the details name the access.
    pub(super) fn marked(mut self, entry: &mut Entry) -> Self {
        let access =
            self.support.iter().find(|(tenant, _)| *tenant == entry.tenant).map(|(_, access)| access);
        if let Some(access) = access {
            self.actor = format!("staff:{}", self.actor);
            let details = entry.details.take();
            entry.details = match details {
                serde_json::Value::Object(fields) => fields.into(),
                other => serde_json::json!({ "details": other }),
            };
            if let Some(fields) = entry.details.as_object_mut() {
                fields.insert("supportAccess".to_owned(), access.to_string().into());
            }
        }
        self
    }
}
