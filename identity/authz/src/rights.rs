//! The rights that there are in a tenant, each with one line of what it lets somebody do.

use crate::{Action, ResourceKind, Right};

use Action::{Create, Delete, Manage, Open, Operate, Update, View};
use ResourceKind::{
    ApiKey, Audit, Instance, Invoice, Member, Provisioning, Role, ServiceAccount, Sso, Subscription,
    SupportAccess, Tenant, Usage, Webhook,
};

const RIGHTS: &[(ResourceKind, Action, &str)] = &[
    (Tenant, View, "See the organisation. Every role includes it."),
    (Tenant, Update, "Change the organisation's name and settings."),
    (Tenant, Delete, "Close the organisation."),
    (
        Tenant,
        Manage,
        "Decide how members come in and how long their sessions last; hand the organisation over.",
    ),
    (Member, View, "See the members and their roles."),
    (Member, Manage, "Invite people, change their roles, remove them."),
    (Instance, View, "See instances, their state and executions."),
    (Instance, Create, "Create instances."),
    (Instance, Update, "Change an instance's settings."),
    (Instance, Delete, "Delete and restore instances."),
    (Instance, Operate, "Start, stop and retry instances."),
    (Instance, Open, "Enter an instance's editor, with everything in it."),
    (Usage, View, "See usage and export it."),
    (Invoice, View, "See invoices and what the month would cost."),
    (Subscription, View, "See the plan."),
    (Subscription, Manage, "Change the plan."),
    (Audit, View, "See and export the audit trail."),
    (Audit, Manage, "Set the audit trail's retention and where it is streamed to."),
    (Role, View, "See the organisation's own roles."),
    (Role, Manage, "Make, change and delete the organisation's own roles."),
    (ApiKey, View, "See API keys, without their secrets."),
    (ApiKey, Manage, "Make, rotate and revoke API keys."),
    (ServiceAccount, View, "See service accounts, without their secrets."),
    (ServiceAccount, Manage, "Make, change and delete service accounts and their credentials."),
    (Webhook, View, "See webhook endpoints, deliveries and the feed of events."),
    (Webhook, Manage, "Make, change and delete webhook endpoints, and repeat deliveries."),
    (SupportAccess, View, "See when the platform's staff had access, and why."),
    (SupportAccess, Manage, "Grant the platform's staff access, and revoke it."),
    (Sso, View, "See single sign-on: connections, without their secrets, and domains."),
    (Sso, Manage, "Set up single sign-on, prove domains, and enforce it."),
    (Provisioning, View, "See the directory's tokens without their secrets, its people and groups."),
    (Provisioning, Manage, "Connect a directory, make and revoke its tokens, give its groups roles."),
];

impl Right {
    /// What every role of a tenant includes: whoever is in it sees it.
    pub const SEE_TENANT: Self = Self { kind: Tenant, action: View };

    pub const fn new(kind: ResourceKind, action: Action) -> Self {
        Self { kind, action }
    }

    /// Every right that there is in a tenant. Other pairs of kind and action mean nothing, and no role has them.
    pub fn all() -> impl Iterator<Item = Self> {
        RIGHTS.iter().map(|(kind, action, _)| Self { kind: *kind, action: *action })
    }

    /// What it lets somebody do. `None` for a pair that means nothing.
    pub fn description(self) -> Option<&'static str> {
        let found = RIGHTS.iter().find(|(kind, action, _)| (*kind, *action) == (self.kind, self.action));
        found.map(|(_, _, text)| *text)
    }
}
