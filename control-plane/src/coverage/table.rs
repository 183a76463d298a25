//! The operations. Arguments name the things of a tenant as `$tenant`, `$instance`, …: see `fixture::Ids`.

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum At {
    Query,
    Mutation,
    Subscription,
    /// A field of a tenant.
    Tenant,
    /// A field of something inside a tenant, with the way there.
    Inside(&'static str, &'static str),
}

/// One operation: a field with its arguments, and the right that it needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) at: At,
    pub(super) field: &'static str,
    pub(super) arguments: &'static str,
    /// As `resource:action`.
    pub(super) right: &'static str,
}

impl Operation {
    /// `Type.field`.
    pub(super) fn name(&self) -> String {
        let of = match self.at {
            At::Query => "Query",
            At::Mutation => "Mutation",
            At::Subscription => "Subscription",
            At::Tenant => "Tenant",
            At::Inside(of, _) => of,
        };
        format!("{of}.{}", self.field)
    }

    /// The whole document, with `select` as what is asked of the field.
    pub(super) fn document(&self, select: &str) -> String {
        let arguments = match (self.at, self.arguments) {
            (_, "") => String::new(),
            (At::Mutation, input) => format!("(input: {{ {input} }})"),
            (_, arguments) => format!("({arguments})"),
        };
        let field = format!("{}{arguments} {select}", self.field);
        match self.at {
            At::Query => format!("query {{ {field} }}"),
            At::Mutation => format!("mutation {{ {field} }}"),
            At::Subscription => format!("subscription {{ {field} }}"),
            At::Tenant => format!("query {{ tenant(id: $tenant) {{ {field} }} }}"),
            At::Inside(_, way) => {
                let closing = "}".repeat(way.matches('{').count());
                format!("query {{ {way} {field} {closing} }}")
            }
        }
    }
}

const fn op(at: At, field: &'static str, arguments: &'static str, right: &'static str) -> Operation {
    Operation { at, field, arguments, right }
}
const fn q(field: &'static str, arguments: &'static str, right: &'static str) -> Operation {
    op(At::Query, field, arguments, right)
}
const fn t(field: &'static str, arguments: &'static str, right: &'static str) -> Operation {
    op(At::Tenant, field, arguments, right)
}
const fn m(field: &'static str, arguments: &'static str, right: &'static str) -> Operation {
    op(At::Mutation, field, arguments, right)
}
const fn s(field: &'static str, arguments: &'static str, right: &'static str) -> Operation {
    op(At::Subscription, field, arguments, right)
}

const INSTANCE: At = At::Inside("Instance", "tenant(id: $tenant) { instance(id: $instance) {");
const ENDPOINT: At = At::Inside("WebhookEndpoint", "tenant(id: $tenant) { webhookEndpoint(id: $endpoint) {");
const MEMBER: At = At::Inside("Member", "tenant(id: $tenant) { members(first: 1) { nodes {");
const PROVISIONING: At = At::Inside("Provisioning", "tenant(id: $tenant) { provisioning {");
const GROUP: At =
    At::Inside("ProvisionedGroup", "tenant(id: $tenant) { provisioning { groups(first: 1) { nodes {");
const ACCOUNT: At = At::Inside("ServiceAccount", "tenant(id: $tenant) { serviceAccounts(first: 1) { nodes {");

/// The customers' operations on what is a tenant's.
pub(super) const OPERATIONS: &[Operation] = &[
    q("tenant", "id: $tenant", "tenant:view"),
    q("addressCheck", r#"tenantId: $tenant, region: "us-east", slug: "somewhere""#, "instance:view"),
    q("explainAccess", r#"tenantId: $tenant, right: "instance:create""#, "tenant:view"),
    t("viewerRole", "", "tenant:view"),
    t("viewerRights", "", "tenant:view"),
    t("mfaRequired", "", "tenant:view"),
    t("allowances", "", "tenant:view"),
    t("rateLimits", "", "tenant:view"),
    t("rights", "", "tenant:view"),
    t("roles", "", "role:view"),
    t("members", "", "member:view"),
    op(MEMBER, "customRole", "", "member:view"),
    t("invitations", "", "member:manage"),
    t("instances", "", "instance:view"),
    t("instance", "id: $instance", "instance:view"),
    op(INSTANCE, "health", "", "instance:view"),
    op(INSTANCE, "resources", "", "instance:view"),
    op(INSTANCE, "events", "", "instance:view"),
    op(INSTANCE, "executions", "", "usage:view"),
    t("usage", "from: $from, to: $to, groupBy: WORKFLOW", "usage:view"),
    t("usageTotals", "from: $from, to: $to", "usage:view"),
    t("subscription", "", "subscription:view"),
    t("invoicePreview", "", "invoice:view"),
    t("apiKeys", "", "api-key:view"),
    t("serviceAccounts", "", "service-account:view"),
    op(ACCOUNT, "customRole", "", "service-account:view"),
    op(ACCOUNT, "credentials", "", "service-account:view"),
    t("sessionPolicy", "", "tenant:view"),
    t("supportAccess", "", "support-access:view"),
    t("provisioning", "", "provisioning:view"),
    op(PROVISIONING, "defaultCustomRole", "", "provisioning:view"),
    op(PROVISIONING, "tokens", "", "provisioning:view"),
    op(PROVISIONING, "users", "", "provisioning:view"),
    op(PROVISIONING, "groups", "", "provisioning:view"),
    op(GROUP, "customRole", "", "provisioning:view"),
    t("audit", "", "audit:view"),
    t("auditSettings", "", "audit:view"),
    t("auditStreams", "", "audit:view"),
    t("ssoConnections", "", "sso:view"),
    t("ssoDomains", "", "sso:view"),
    t("webhookEndpoints", "", "webhook:view"),
    t("webhookEndpoint", "id: $endpoint", "webhook:view"),
    op(ENDPOINT, "deliveries", "", "webhook:view"),
    t("webhookEventTypes", "", "tenant:view"),
    s("tenantActivity", "tenantId: $tenant", "tenant:view"),
    s("instanceProgress", "tenantId: $tenant, id: $instance", "instance:view"),
    m(
        "createInstance",
        r#"tenantId: $tenant, name: "New", slug: "brand-new", region: "us-east""#,
        "instance:create",
    ),
    m("startInstance", "tenantId: $tenant, id: $instance", "instance:operate"),
    m("stopInstance", "tenantId: $tenant, id: $instance", "instance:operate"),
    m("startInstances", "tenantId: $tenant, ids: [$instance]", "instance:operate"),
    m("stopInstances", "tenantId: $tenant, ids: [$instance]", "instance:operate"),
    m("deleteInstance", r#"tenantId: $tenant, id: $instance, confirmSlug: "target""#, "instance:delete"),
    m("restoreInstance", "tenantId: $tenant, id: $instance", "instance:delete"),
    m("revealInstanceApiKey", "tenantId: $tenant, id: $instance", "instance:open"),
    m("inviteMember", r#"tenantId: $tenant, email: "new@example.com", role: VIEWER"#, "member:manage"),
    m(
        "inviteMembers",
        r#"tenantId: $tenant, people: [{ email: "several@example.com", role: VIEWER }]"#,
        "member:manage",
    ),
    m("resendInvitation", "tenantId: $tenant, id: $invitation", "member:manage"),
    m("revokeInvitation", "tenantId: $tenant, id: $invitation", "member:manage"),
    m("changeMemberRole", "tenantId: $tenant, userId: $member, role: DEVELOPER", "member:manage"),
    m("removeMember", "tenantId: $tenant, userId: $member", "member:manage"),
    m("resetMemberFactors", "tenantId: $tenant, userId: $member", "member:manage"),
    m("setMfaRequired", "tenantId: $tenant, required: false", "tenant:manage"),
    m("endMemberSessions", "tenantId: $tenant, userId: $member", "member:manage"),
    m(
        "transferOwnership",
        r#"tenantId: $tenant, userId: $member, confirmSlug: "target", stay: true"#,
        "tenant:manage",
    ),
    m("updateSessionPolicy", "tenantId: $tenant, idleMinutes: 10080", "tenant:manage"),
    m("createRole", r#"tenantId: $tenant, name: "New", rights: ["instance:view"]"#, "role:manage"),
    m("updateRole", r#"tenantId: $tenant, id: $role, name: "Renamed""#, "role:manage"),
    m("deleteRole", "tenantId: $tenant, id: $role", "role:manage"),
    m("createApiKey", r#"tenantId: $tenant, name: "New", scopes: ["tenant:view"]"#, "api-key:manage"),
    m("rotateApiKey", "tenantId: $tenant, id: $key", "api-key:manage"),
    m("revokeApiKey", "tenantId: $tenant, id: $key", "api-key:manage"),
    m("createServiceAccount", r#"tenantId: $tenant, name: "New", role: VIEWER"#, "service-account:manage"),
    m("deleteServiceAccount", "tenantId: $tenant, id: $account", "service-account:manage"),
    m("addServiceAccountSecret", "tenantId: $tenant, id: $account", "service-account:manage"),
    m(
        "addServiceAccountKey",
        r#"tenantId: $tenant, id: $account, publicKeyPem: "no key""#,
        "service-account:manage",
    ),
    m(
        "removeServiceAccountCredential",
        "tenantId: $tenant, id: $account, credentialId: $credential",
        "service-account:manage",
    ),
    m(
        "grantSupportAccess",
        r#"tenantId: $tenant, level: READ, reason: "Look", hours: 1"#,
        "support-access:manage",
    ),
    m("revokeSupportAccess", "tenantId: $tenant, id: $access", "support-access:manage"),
    m("setProvisioning", "tenantId: $tenant, enabled: false", "provisioning:manage"),
    m("createProvisioningToken", r#"tenantId: $tenant, name: "New""#, "provisioning:manage"),
    m("revokeProvisioningToken", "tenantId: $tenant, id: $scimToken", "provisioning:manage"),
    m("mapProvisionedGroup", "tenantId: $tenant, id: $scimGroup, role: VIEWER", "provisioning:manage"),
    m("updateAuditSettings", "tenantId: $tenant, retentionDays: 400", "audit:manage"),
    m(
        "createAuditStream",
        r#"tenantId: $tenant, kind: SYSLOG, target: "syslog.example.com:6514""#,
        "audit:manage",
    ),
    m("deleteAuditStream", "tenantId: $tenant, id: $stream", "audit:manage"),
    m(
        "createWebhookEndpoint",
        r#"tenantId: $tenant, url: "https://hooks.example.com/new", eventTypes: ["instance.ready"]"#,
        "webhook:manage",
    ),
    m("updateWebhookEndpoint", r#"tenantId: $tenant, id: $endpoint, description: "d""#, "webhook:manage"),
    m("deleteWebhookEndpoint", "tenantId: $tenant, id: $endpoint", "webhook:manage"),
    m("rotateWebhookSecret", "tenantId: $tenant, id: $endpoint", "webhook:manage"),
    m("sendTestWebhook", "tenantId: $tenant, id: $endpoint", "webhook:manage"),
    m("replayWebhookDelivery", "tenantId: $tenant, id: $delivery", "webhook:manage"),
    m("replayDeadDeliveries", "tenantId: $tenant, endpointId: $endpoint, since: $from", "webhook:manage"),
    m("createSsoConnection", r#"tenantId: $tenant, name: "New""#, "sso:manage"),
    m("updateSsoConnection", r#"tenantId: $tenant, id: $connection, name: "Renamed""#, "sso:manage"),
    m(
        "setSsoPeople",
        "tenantId: $tenant, id: $connection, createsMembers: false, defaultRole: VIEWER, groupRoles: []",
        "sso:manage",
    ),
    m("testSsoConnection", "tenantId: $tenant, id: $connection", "sso:manage"),
    m("enforceSsoConnection", "tenantId: $tenant, id: $connection, exemptUserIds: [$member]", "sso:manage"),
    m("stopEnforcingSsoConnection", "tenantId: $tenant, id: $connection", "sso:manage"),
    m("deleteSsoConnection", "tenantId: $tenant, id: $connection", "sso:manage"),
    m("createSsoSetupLink", "tenantId: $tenant, id: $connection", "sso:manage"),
    m("revokeSsoSetupLink", "tenantId: $tenant, id: $connection", "sso:manage"),
    m("addSsoCertificate", "tenantId: $tenant, id: $samlConnection", "sso:manage"),
    m("useSsoCertificate", "tenantId: $tenant, id: $samlConnection", "sso:manage"),
    m("removeSsoCertificate", "tenantId: $tenant, id: $samlConnection", "sso:manage"),
    m("refreshSsoMetadata", "tenantId: $tenant, id: $samlConnection", "sso:manage"),
    m("addSsoDomain", r#"tenantId: $tenant, name: "new.example.com""#, "sso:manage"),
    m("checkSsoDomain", r#"tenantId: $tenant, name: "target.example.com""#, "sso:manage"),
    m("removeSsoDomain", r#"tenantId: $tenant, name: "target.example.com""#, "sso:manage"),
];

/// Operations of the platform's staff, with the platform's right that each needs.
pub(super) const ADMIN: &[(&str, &str, &str)] = &[
    ("Query.tenants", "{ tenants { totalCount nodes { id planCode members instances } } }", "tenants:view"),
    ("Query.tenant", "{ tenant(id: $tenant) { id } }", "tenants:view"),
    ("Query.instances", "{ instances { totalCount nodes { id tenantName events { at } } } }", "fleet:view"),
    ("Query.instance", "{ instance(id: $instance) { id } }", "fleet:view"),
    ("Query.fleet", "{ fleet { instances } }", "fleet:view"),
    ("Query.regions", "{ regions { code } }", "regions:view"),
    ("Query.jobs", "{ jobs { totalCount nodes { id } } }", "jobs:view"),
    ("Query.capturedMail", "{ capturedMail { totalCount nodes { id body } } }", "mail:view"),
    ("Query.supportAccess", "{ supportAccess { nodes { id tenantName reason } } }", "support:view"),
    ("Query.platformAudit", "{ platformAudit { nodes { seq actor } } }", "audit:view"),
    ("Mutation.retryInstance", "mutation { retryInstance(id: $instance) { ok } }", "fleet:operate"),
    ("Mutation.retryJob", r#"mutation { retryJob(id: "1") { ok } }"#, "jobs:operate"),
    (
        "Mutation.breakGlass",
        r#"mutation { breakGlass(input: { tenantId: $tenant, confirmSlug: "target", minutes: 1, reason: "A reason that is long enough" }) { access { id } } }"#,
        "support:manage",
    ),
    (
        "Mutation.resetFactors",
        r#"mutation { resetFactors(input: { email: "nobody@example.com", reason: "A reason that is long enough" }) { ok } }"#,
        "support:manage",
    ),
    (
        "Mutation.endBreakGlass",
        "mutation { endBreakGlass(input: { tenantId: $tenant, id: $glass }) { access { id } } }",
        "support:manage",
    ),
];

/// Routes that are not GraphQL and give something of a tenant's.
pub(super) const ROUTES: &[(&str, &str, &str)] = &[
    (
        "GET /export/usage.csv",
        "/export/usage.csv?tenant=$tenant&from=2026-11-01&to=2026-11-02&groupBy=DAY",
        "usage:view",
    ),
    ("GET /export/audit.jsonl", "/export/audit.jsonl?tenant=$tenant", "audit:view"),
    ("GET /v1/events", "/v1/events?tenant=$tenant", "webhook:view"),
];
