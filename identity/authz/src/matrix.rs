//! The policy as people read it: what the engine answers for every role × resource × action.

use std::fmt::Write;

use tenantry_kernel::{Result, TenantId, UserId};

use crate::{
    Action, Actor, Gate, Grant, HeldRole, PlatformResource, PlatformRole, ResellerRole, Resource,
    ResourceKind, Role, SupportRole,
};

/// What one role may do with one kind of thing, as the engine decides. Rows without any are among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub role: &'static str,
    pub resource: &'static str,
    pub actions: Vec<&'static str>,
}

/// Every decision that there is about built-in roles.
pub fn rows(gate: &Gate) -> Vec<Row> {
    let tenant = TenantId::from_uuid(uuid::Uuid::nil());
    let actor = Actor::User {
        id: UserId::from_uuid(uuid::Uuid::nil()),
        session: tenantry_kernel::SessionId::from_uuid(uuid::Uuid::nil()),
        platform_role: None,
    };
    let roles = (Role::ALL.iter().map(|r| (r.as_str(), HeldRole::Member(*r))))
        .chain(ResellerRole::ALL.iter().map(|r| (r.as_str(), HeldRole::Reseller(*r))))
        .chain(SupportRole::ALL.iter().map(|r| (r.as_str(), HeldRole::Support(*r))));
    let mut rows = Vec::new();
    for (name, role) in roles {
        let grants = [Grant::new(tenant, role)];
        for kind in ResourceKind::ALL {
            let allows = |action: Action| gate.allows(&actor, &grants, action, &Resource::new(*kind, tenant));
            rows.push(Row { role: name, resource: kind.as_str(), actions: actions(allows) });
        }
    }
    for role in PlatformRole::ALL {
        for resource in PlatformResource::ALL {
            let allows = |action: Action| gate.allows_platform(&actor, *role, action, *resource);
            rows.push(Row { role: role.as_str(), resource: resource.as_str(), actions: actions(allows) });
        }
    }
    rows
}

fn actions(allows: impl Fn(Action) -> bool) -> Vec<&'static str> {
    Action::ALL.iter().filter(|action| allows(**action)).map(|action| action.as_str()).collect()
}

/// The whole policy as a text table, committed as `policy-matrix.txt`: reviewed by people, and what tests compare
/// the engine's decisions with.
///
/// # Errors
/// When the compiled-in policy does not parse.
pub async fn render() -> Result<String> {
    let gate = Gate::built_in().await?;
    Ok(text(&rows(&gate)))
}

fn text(rows: &[Row]) -> String {
    let mut out = String::from(
        "# role × resource: the actions that the gate allows. Whatever is not here is denied.\n",
    );
    let mut role = "";
    for row in rows.iter().filter(|row| !row.actions.is_empty()) {
        if row.role != role {
            role = row.role;
            let _ = writeln!(out, "\n{role}");
        }
        let _ = writeln!(out, "  {:<15} {}", row.resource, row.actions.join(" "));
    }
    out
}
