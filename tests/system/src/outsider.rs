//! Every operation of the customers' API that names something of a tenant, as somebody else would try it.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Error as WebSocketError;

use crate::isolation::Check;
use crate::{Api, Progress};

/// An operation on somebody else's things.
#[derive(Debug, Clone)]
pub struct Attempt {
    /// The schema's field that is tried, as `Type.field`.
    pub field: &'static str,
    pub operation: &'static str,
    pub variables: Value,
    /// Whether it names the outsider's own tenant.
    in_own_tenant: bool,
}

/// Whose things are tried, and what the one who tries has himself.
#[derive(Debug, Clone)]
pub struct Names<'a> {
    pub tenant: &'a str,
    pub instance: &'a str,
    pub slug: &'a str,
    /// The outsider's own tenant: the other's instance must not appear in it either.
    pub own_tenant: &'a str,
}

/// Operations on a tenant: `$t`.
const TENANT: &[(&str, &str)] = &[
    ("Query.tenant", "query($t: ID!) { tenant(id: $t) { id slug name status createdAt } }"),
    (
        "Query.addressCheck",
        "query($t: ID!) { addressCheck(tenantId: $t, region: \"eu-central\", slug: \"intruder\") { available problem { message } } }",
    ),
    ("Tenant.viewerRole", "query($t: ID!) { tenant(id: $t) { viewerRole } }"),
    ("Tenant.mfaRequired", "query($t: ID!) { tenant(id: $t) { mfaRequired } }"),
    ("Tenant.viewerRights", "query($t: ID!) { tenant(id: $t) { viewerRights } }"),
    ("Tenant.invitations", "query($t: ID!) { tenant(id: $t) { invitations { nodes { id email } } } }"),
    (
        "Mutation.setMfaRequired",
        "mutation($t: ID!) { setMfaRequired(input: {tenantId: $t, required: false}) { required problem { code message remedy } } }",
    ),
    (
        "Mutation.resetMemberFactors",
        "mutation($t: ID!) { resetMemberFactors(input: {tenantId: $t, userId: \"usr_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.inviteMember",
        "mutation($t: ID!) { inviteMember(input: {tenantId: $t, email: \"intruder@example.com\", role: OWNER}) { invitation { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.inviteMembers",
        "mutation($t: ID!) { inviteMembers(input: {tenantId: $t, people: [{email: \"intruder@example.com\", role: OWNER}]}) { outcomes { problem { code } } problem { code message remedy } } }",
    ),
    (
        "Mutation.startInstances",
        "mutation($t: ID!, $i: ID!) { startInstances(input: {tenantId: $t, ids: [$i]}) { outcomes { problem { code } } problem { code message remedy } } }",
    ),
    (
        "Mutation.stopInstances",
        "mutation($t: ID!, $i: ID!) { stopInstances(input: {tenantId: $t, ids: [$i]}) { outcomes { problem { code } } problem { code message remedy } } }",
    ),
    (
        "Mutation.resendInvitation",
        "mutation($t: ID!) { resendInvitation(input: {tenantId: $t, id: \"inv_01h455vb4pex5vsknk084sn02q\"}) { invitation { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.revokeInvitation",
        "mutation($t: ID!) { revokeInvitation(input: {tenantId: $t, id: \"inv_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.changeMemberRole",
        "mutation($t: ID!) { changeMemberRole(input: {tenantId: $t, userId: \"usr_01h455vb4pex5vsknk084sn02q\", role: VIEWER}) { member { userId } problem { code message remedy } } }",
    ),
    (
        "Mutation.removeMember",
        "mutation($t: ID!) { removeMember(input: {tenantId: $t, userId: \"usr_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.endMemberSessions",
        "mutation($t: ID!) { endMemberSessions(input: {tenantId: $t, userId: \"usr_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.transferOwnership",
        "mutation($t: ID!) { transferOwnership(input: {tenantId: $t, userId: \"usr_01h455vb4pex5vsknk084sn02q\", confirmSlug: \"x\"}) { member { userId } problem { code message remedy } } }",
    ),
    (
        "Tenant.sessionPolicy",
        "query($t: ID!) { tenant(id: $t) { sessionPolicy { idleMinutes absoluteMinutes } } }",
    ),
    (
        "Mutation.updateSessionPolicy",
        "mutation($t: ID!) { updateSessionPolicy(input: {tenantId: $t, idleMinutes: 5}) { policy { idleMinutes } problem { code message remedy } } }",
    ),
    ("Tenant.roles", "query($t: ID!) { tenant(id: $t) { roles { nodes { id name rights } } } }"),
    ("Tenant.rights", "query($t: ID!) { tenant(id: $t) { rights { right } } }"),
    (
        "Query.explainAccess",
        "query($t: ID!) { explainAccess(tenantId: $t, right: \"tenant:view\") { allowed roles whoCanGrant } }",
    ),
    (
        "Mutation.createRole",
        "mutation($t: ID!) { createRole(input: {tenantId: $t, name: \"Intruders\", rights: [\"tenant:view\"]}) { role { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.updateRole",
        "mutation($t: ID!) { updateRole(input: {tenantId: $t, id: \"rol_01h455vb4pex5vsknk084sn02q\", name: \"Intruders\"}) { role { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteRole",
        "mutation($t: ID!) { deleteRole(input: {tenantId: $t, id: \"rol_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Tenant.audit",
        "query($t: ID!) { tenant(id: $t) { audit { nodes { seq actor actorName action before after } } } }",
    ),
    ("Tenant.auditSettings", "query($t: ID!) { tenant(id: $t) { auditSettings { retentionDays lastSeq } } }"),
    ("Tenant.auditStreams", "query($t: ID!) { tenant(id: $t) { auditStreams { id target } } }"),
    (
        "Mutation.updateAuditSettings",
        "mutation($t: ID!) { updateAuditSettings(input: {tenantId: $t, retentionDays: 30}) { settings { retentionDays } problem { code message remedy } } }",
    ),
    (
        "Mutation.createAuditStream",
        "mutation($t: ID!) { createAuditStream(input: {tenantId: $t, kind: WEBHOOK, target: \"https://intruder.example.com/\"}) { stream { id } secret problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteAuditStream",
        "mutation($t: ID!) { deleteAuditStream(input: {tenantId: $t, id: \"aus_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    ("Tenant.apiKeys", "query($t: ID!) { tenant(id: $t) { apiKeys { nodes { id prefix scopes } } } }"),
    (
        "Tenant.serviceAccounts",
        "query($t: ID!) { tenant(id: $t) { serviceAccounts { nodes { id credentials { hint } } } } }",
    ),
    (
        "Mutation.createApiKey",
        "mutation($t: ID!) { createApiKey(input: {tenantId: $t, name: \"Intruder\", scopes: [\"tenant:view\"]}) { key { id } secret problem { code message remedy } } }",
    ),
    (
        "Mutation.rotateApiKey",
        "mutation($t: ID!) { rotateApiKey(input: {tenantId: $t, id: \"key_01h455vb4pex5vsknk084sn02q\"}) { key { id } secret problem { code message remedy } } }",
    ),
    (
        "Mutation.revokeApiKey",
        "mutation($t: ID!) { revokeApiKey(input: {tenantId: $t, id: \"key_01h455vb4pex5vsknk084sn02q\"}) { key { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.createServiceAccount",
        "mutation($t: ID!) { createServiceAccount(input: {tenantId: $t, name: \"Intruder\", role: OWNER}) { serviceAccount { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteServiceAccount",
        "mutation($t: ID!) { deleteServiceAccount(input: {tenantId: $t, id: \"sva_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.addServiceAccountSecret",
        "mutation($t: ID!) { addServiceAccountSecret(input: {tenantId: $t, id: \"sva_01h455vb4pex5vsknk084sn02q\"}) { clientSecret problem { code message remedy } } }",
    ),
    (
        "Mutation.addServiceAccountKey",
        "mutation($t: ID!) { addServiceAccountKey(input: {tenantId: $t, id: \"sva_01h455vb4pex5vsknk084sn02q\", publicKeyPem: \"x\"}) { serviceAccount { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.removeServiceAccountCredential",
        "mutation($t: ID!) { removeServiceAccountCredential(input: {tenantId: $t, id: \"sva_01h455vb4pex5vsknk084sn02q\", credentialId: \"crd_01h455vb4pex5vsknk084sn02q\"}) { serviceAccount { id } problem { code message remedy } } }",
    ),
    (
        "Tenant.supportAccess",
        "query($t: ID!) { tenant(id: $t) { supportAccess { nodes { id reason grantedBy } } } }",
    ),
    (
        "Mutation.grantSupportAccess",
        "mutation($t: ID!) { grantSupportAccess(input: {tenantId: $t, level: WRITE, reason: \"Intrude\", hours: 1}) { access { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.revokeSupportAccess",
        "mutation($t: ID!) { revokeSupportAccess(input: {tenantId: $t, id: \"sup_01h455vb4pex5vsknk084sn02q\"}) { access { id } problem { code message remedy } } }",
    ),
    ("Tenant.members", "query($t: ID!) { tenant(id: $t) { members { nodes { email } } } }"),
    ("Tenant.instances", "query($t: ID!) { tenant(id: $t) { instances { nodes { id slug url } } } }"),
    ("Tenant.subscription", "query($t: ID!) { tenant(id: $t) { subscription { plan { code } } } }"),
    (
        "Tenant.usage",
        "query($t: ID!, $from: DateTime!, $to: DateTime!) { tenant(id: $t) { usage(from: $from, to: $to, groupBy: WORKFLOW) { nodes { billable } } } }",
    ),
    (
        "Tenant.usageTotals",
        "query($t: ID!, $from: DateTime!, $to: DateTime!) { tenant(id: $t) { usageTotals(from: $from, to: $to) { billable } } }",
    ),
    ("Tenant.allowances", "query($t: ID!) { tenant(id: $t) { allowances { instances { used limit } } } }"),
    ("Tenant.rateLimits", "query($t: ID!) { tenant(id: $t) { rateLimits { name limit remaining } } }"),
    (
        "Subscription.tenantActivity",
        "subscription($t: ID!) { tenantActivity(tenantId: $t) { at instances usage members } }",
    ),
    ("Tenant.invoicePreview", "query($t: ID!) { tenant(id: $t) { invoicePreview { totalMinor } } }"),
    (
        "Mutation.createInstance",
        "mutation($t: ID!) { createInstance(input: {tenantId: $t, name: \"Intruder\", slug: \"intruder\", region: \"eu-central\"}) { instance { id } problem { code message remedy } } }",
    ),
    (
        "Tenant.webhookEndpoints",
        "query($t: ID!) { tenant(id: $t) { webhookEndpoints { nodes { id url } } } }",
    ),
    (
        "Tenant.webhookEndpoint",
        "query($t: ID!) { tenant(id: $t) { webhookEndpoint(id: \"whe_01h455vb4pex5vsknk084sn02q\") { id url deliveries { nodes { payload } } } } }",
    ),
    ("Tenant.webhookEventTypes", "query($t: ID!) { tenant(id: $t) { webhookEventTypes { name } } }"),
    (
        "Mutation.createWebhookEndpoint",
        "mutation($t: ID!) { createWebhookEndpoint(input: {tenantId: $t, url: \"https://intruder.example.com/\", eventTypes: []}) { endpoint { id } secret problem { code message remedy } } }",
    ),
    (
        "Mutation.updateWebhookEndpoint",
        "mutation($t: ID!) { updateWebhookEndpoint(input: {tenantId: $t, id: \"whe_01h455vb4pex5vsknk084sn02q\", disabled: true}) { endpoint { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteWebhookEndpoint",
        "mutation($t: ID!) { deleteWebhookEndpoint(input: {tenantId: $t, id: \"whe_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.rotateWebhookSecret",
        "mutation($t: ID!) { rotateWebhookSecret(input: {tenantId: $t, id: \"whe_01h455vb4pex5vsknk084sn02q\"}) { endpoint { id } secret problem { code message remedy } } }",
    ),
    (
        "Mutation.sendTestWebhook",
        "mutation($t: ID!) { sendTestWebhook(input: {tenantId: $t, id: \"whe_01h455vb4pex5vsknk084sn02q\"}) { delivery { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.replayWebhookDelivery",
        "mutation($t: ID!) { replayWebhookDelivery(input: {tenantId: $t, id: \"del_01h455vb4pex5vsknk084sn02q\"}) { delivery { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.replayDeadDeliveries",
        "mutation($t: ID!, $from: DateTime!) { replayDeadDeliveries(input: {tenantId: $t, endpointId: \"whe_01h455vb4pex5vsknk084sn02q\", since: $from}) { ok problem { code message remedy } } }",
    ),
    ("Tenant.ssoConnections", "query($t: ID!) { tenant(id: $t) { ssoConnections { id name setupUntil } } }"),
    ("Tenant.ssoDomains", "query($t: ID!) { tenant(id: $t) { ssoDomains { name recordValue } } }"),
    (
        "Tenant.provisioning",
        "query($t: ID!) { tenant(id: $t) { provisioning { enabled url users { nodes { id } } tokens { nodes { prefix } } } } }",
    ),
    (
        "Mutation.createSsoConnection",
        "mutation($t: ID!) { createSsoConnection(input: {tenantId: $t, name: \"Intruder\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.updateSsoConnection",
        "mutation($t: ID!) { updateSsoConnection(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\", name: \"Intruder\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.setSsoPeople",
        "mutation($t: ID!) { setSsoPeople(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\", createsMembers: true, defaultRole: ADMIN, groupRoles: []}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.testSsoConnection",
        "mutation($t: ID!) { testSsoConnection(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { startUrl problem { code message remedy } } }",
    ),
    (
        "Mutation.enforceSsoConnection",
        "mutation($t: ID!) { enforceSsoConnection(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\", exemptUserIds: [\"usr_01h455vb4pex5vsknk084sn02q\"]}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.stopEnforcingSsoConnection",
        "mutation($t: ID!) { stopEnforcingSsoConnection(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.revokeSsoSetupLink",
        "mutation($t: ID!) { revokeSsoSetupLink(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteSsoConnection",
        "mutation($t: ID!) { deleteSsoConnection(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.createSsoSetupLink",
        "mutation($t: ID!) { createSsoSetupLink(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { url problem { code message remedy } } }",
    ),
    (
        "Mutation.addSsoDomain",
        "mutation($t: ID!) { addSsoDomain(input: {tenantId: $t, name: \"intruder.example.com\"}) { domain { recordValue } problem { code message remedy } } }",
    ),
    (
        "Mutation.checkSsoDomain",
        "mutation($t: ID!) { checkSsoDomain(input: {tenantId: $t, name: \"intruder.example.com\"}) { domain { recordValue } problem { code message remedy } } }",
    ),
    (
        "Mutation.removeSsoDomain",
        "mutation($t: ID!) { removeSsoDomain(input: {tenantId: $t, name: \"intruder.example.com\"}) { ok problem { code message remedy } } }",
    ),
    (
        "Mutation.setProvisioning",
        "mutation($t: ID!) { setProvisioning(input: {tenantId: $t, enabled: true}) { provisioning { enabled } problem { code message remedy } } }",
    ),
    (
        "Mutation.createProvisioningToken",
        "mutation($t: ID!) { createProvisioningToken(input: {tenantId: $t, name: \"Intruder\"}) { secret problem { code message remedy } } }",
    ),
    (
        "Mutation.revokeProvisioningToken",
        "mutation($t: ID!) { revokeProvisioningToken(input: {tenantId: $t, id: \"sct_01h455vb4pex5vsknk084sn02q\"}) { token { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.mapProvisionedGroup",
        "mutation($t: ID!) { mapProvisionedGroup(input: {tenantId: $t, id: \"scg_01h455vb4pex5vsknk084sn02q\", role: OWNER}) { group { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.addSsoCertificate",
        "mutation($t: ID!) { addSsoCertificate(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.useSsoCertificate",
        "mutation($t: ID!) { useSsoCertificate(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.removeSsoCertificate",
        "mutation($t: ID!) { removeSsoCertificate(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.refreshSsoMetadata",
        "mutation($t: ID!) { refreshSsoMetadata(input: {tenantId: $t, id: \"con_01h455vb4pex5vsknk084sn02q\"}) { connection { id } problem { code message remedy } } }",
    ),
];

/// Operations on an instance: `$t` and `$i`. Each is tried with its own tenant's id and with the outsider's.
const INSTANCE: &[(&str, &str)] = &[
    (
        "Tenant.instance",
        "query($t: ID!, $i: ID!) { tenant(id: $t) { instance(id: $i) { id slug url phase health resources { memoryMib } executions { nodes { id } } events { message } } } }",
    ),
    (
        "Mutation.startInstance",
        "mutation($t: ID!, $i: ID!) { startInstance(input: {tenantId: $t, id: $i}) { instance { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.stopInstance",
        "mutation($t: ID!, $i: ID!) { stopInstance(input: {tenantId: $t, id: $i}) { instance { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.deleteInstance",
        "mutation($t: ID!, $i: ID!, $s: String!) { deleteInstance(input: {tenantId: $t, id: $i, confirmSlug: $s}) { instance { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.restoreInstance",
        "mutation($t: ID!, $i: ID!) { restoreInstance(input: {tenantId: $t, id: $i}) { instance { id } problem { code message remedy } } }",
    ),
    (
        "Mutation.revealInstanceApiKey",
        "mutation($t: ID!, $i: ID!) { revealInstanceApiKey(input: {tenantId: $t, id: $i}) { apiKey problem { code message remedy } } }",
    ),
    (
        "Subscription.instanceProgress",
        "subscription($t: ID!, $i: ID!) { instanceProgress(tenantId: $t, id: $i) { id slug phase } }",
    ),
];

/// The whole table for these names.
pub fn attempts(names: &Names<'_>) -> Vec<Attempt> {
    let (from, to) = crate::month();
    let attempt = |(field, operation): &(&'static str, &'static str), tenant: &str| Attempt {
        field,
        operation,
        in_own_tenant: tenant == names.own_tenant,
        variables: json!({ "t": tenant, "i": names.instance, "s": names.slug, "from": from, "to": to }),
    };
    let tenant = TENANT.iter().map(|row| attempt(row, names.tenant));
    let instance =
        INSTANCE.iter().flat_map(|row| [attempt(row, names.tenant), attempt(row, names.own_tenant)]);
    tenant.chain(instance).collect()
}

impl Attempt {
    /// Only declared variables may be sent.
    fn variables(&self) -> Value {
        let declared = self.operation.split_once('{').map_or("", |(head, _)| head);
        let all = self.variables.as_object().cloned().unwrap_or_default();
        all.into_iter()
            .filter(|(name, _)| declared.contains(&format!("${name}:")))
            .collect::<serde_json::Map<_, _>>()
            .into()
    }

    async fn subscribe(&self, api: &Api) -> Result<Value> {
        let mut socket = match Progress::connect(api).await {
            Ok(socket) => socket,
            // Refused before there is a connection: the HTTP answer has the errors.
            Err(error) => match error.downcast::<WebSocketError>() {
                Ok(WebSocketError::Http(response)) => {
                    return Ok(serde_json::from_slice(response.body().as_deref().unwrap_or_default())?);
                }
                Ok(other) => return Err(other.into()),
                Err(other) => return Err(other),
            },
        };
        socket.subscribe(self.operation, self.variables()).await?;
        let message = socket.message().await?.context("an answer to the subscription")?;
        Ok(match message["type"].as_str() {
            // The protocol's own error message has the list of errors as its payload.
            Some("error") => json!({ "errors": message["payload"] }),
            _ => message["payload"].clone(),
        })
    }

    /// Tries it. It holds when the answer is the code `wanted` and has no data.
    ///
    /// # Errors
    /// When the product does not answer.
    pub async fn make(&self, api: &Api, wanted: &str) -> Result<Check> {
        let body = if self.operation.starts_with("subscription") {
            self.subscribe(api).await?
        } else {
            api.ask("/graphql", self.operation, self.variables()).await?.body
        };
        let answer = crate::Answer { status: 200, body };
        let code = answer.refusal().map(|r| r.code);
        let held = code.as_deref() == Some(wanted) && is_empty(&answer.body["data"]);
        let detail = if held { wanted.to_owned() } else { answer.body.to_string() };
        let whose = if self.in_own_tenant { " as if it were A's" } else { "" };
        Ok(Check::new(format!("API: {}{whose}", self.field), held, detail))
    }
}

/// Null, or an object with nothing but nulls in it: a payload that says only what the problem is.
fn is_empty(data: &Value) -> bool {
    match data {
        Value::Null => true,
        Value::Object(fields) => fields.iter().all(|(name, value)| name == "problem" || is_empty(value)),
        _ => false,
    }
}
