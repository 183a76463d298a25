use std::sync::Arc;

use chrono::{DateTime, Utc};
use tenantry_kernel::{
    ApiKeyId, Clock, Entropy, Error, RequestId, Result, ScimTokenId, ServiceAccountId, SessionId,
    SupportAccessId, TenantId, UserId,
};

use crate::gate::held_in;
use crate::{
    Action, Assurance, Barred, Denial, Denials, Explanation, Gate, Grant, Ground, Grounds, HeldRole, Permit,
    PlatformPermit, PlatformResource, PlatformRole, Resource, ResourceKind, Right, Role,
};

/// Who acts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    Anonymous,
    /// A person with a session. Platform staff are persons with a platform role.
    User {
        id: UserId,
        session: SessionId,
        platform_role: Option<PlatformRole>,
    },
    /// A program with a tenant's API key. It may do what is in its scopes *and* what its maker may do now:
    /// the context's grants are the maker's, in this tenant alone.
    ApiKey {
        id: ApiKeyId,
        tenant: TenantId,
        maker: UserId,
        scopes: Arc<[Right]>,
    },
    /// A program with a tenant's service account, by a short-lived token of its own. `scopes` are what the token
    /// was asked for; without them it may do what the account's role allows.
    ServiceAccount {
        id: ServiceAccountId,
        tenant: TenantId,
        scopes: Option<Arc<[Right]>>,
    },
    /// A tenant's directory, by one of its tokens. It sees and manages people, and nothing else; the context's grants
    /// are those of the token's maker, in this tenant alone.
    Scim {
        token: ScimTokenId,
        tenant: TenantId,
        maker: UserId,
    },
}

/// All that a directory may do, where the maker of its token may.
const OF_DIRECTORIES: &[Right] = &[
    Right::SEE_TENANT,
    Right::new(ResourceKind::Member, Action::View),
    Right::new(ResourceKind::Member, Action::Manage),
];

impl Actor {
    /// As written in the audit trail.
    pub fn label(&self) -> String {
        match self {
            Actor::Anonymous => "anonymous".to_owned(),
            Actor::User { id, .. } => id.to_string(),
            Actor::ApiKey { id, .. } => id.to_string(),
            Actor::ServiceAccount { id, .. } => id.to_string(),
            Actor::Scim { token, .. } => token.to_string(),
        }
    }

    /// What the actor's credential is limited to, whatever its roles allow. `None`: not limited.
    pub fn scopes(&self) -> Option<&[Right]> {
        match self {
            Actor::Anonymous | Actor::User { .. } => None,
            Actor::ApiKey { scopes, .. } => Some(scopes),
            Actor::ServiceAccount { scopes, .. } => scopes.as_deref(),
            Actor::Scim { .. } => Some(OF_DIRECTORIES),
        }
    }
}

/// Where a request came from, for the audit trail and the session list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    pub address: Option<std::net::IpAddr>,
    pub user_agent: Option<String>,
}

/// What a process injects into every context: the gate, the clock, randomness.
#[derive(Clone)]
pub struct Runtime {
    pub gate: Arc<Gate>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Who hears of what the gate refuses, if anybody.
    pub denials: Option<Arc<dyn Denials>>,
}

/// The context of one request. Every service method takes it first.
#[derive(Clone)]
pub struct Ctx {
    runtime: Runtime,
    actor: Actor,
    grants: Arc<[Grant]>,
    assurance: Assurance,
    barred: Arc<[Barred]>,
    reach: Option<TenantId>,
    request: RequestId,
    origin: Origin,
    /// Where each yes of the gate is put down, if anywhere.
    grounds: Option<Grounds>,
}

impl Ctx {
    pub fn new(runtime: Runtime, actor: Actor, grants: Vec<Grant>, origin: Origin) -> Self {
        let request = RequestId::generate(&*runtime.clock, &*runtime.entropy);
        Self {
            runtime,
            actor,
            grants: in_order(grants),
            assurance: Assurance::default(),
            barred: Arc::default(),
            reach: None,
            request,
            origin,
            grounds: None,
        }
    }

    /// The same context of a person of whom this is known.
    #[must_use]
    pub fn with_assurance(mut self, assurance: Assurance) -> Self {
        self.assurance = assurance;
        self
    }

    /// The same context of somebody whose session does not do in these tenants.
    #[must_use]
    pub fn with_barred(mut self, barred: Vec<Barred>) -> Self {
        self.barred = barred.into();
        self
    }

    /// The same context of somebody whose session is good in one tenant only: it came by that tenant's connection.
    #[must_use]
    pub fn with_reach(mut self, reach: Option<TenantId>) -> Self {
        self.reach = reach;
        self
    }

    /// The same context with another request id: the one that the transport logs and answers with.
    #[must_use]
    pub fn with_request(mut self, request: RequestId) -> Self {
        self.request = request;
        self
    }

    /// The same context from another place: where it was made for somebody who is elsewhere.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// The same context, which puts down what the gate allows it from here on.
    #[must_use]
    pub fn gathering(mut self, grounds: &Grounds) -> Self {
        self.grounds = Some(grounds.clone());
        self
    }

    /// Asks the gate. The only way to a [`Permit`].
    ///
    /// # Errors
    /// `Unauthenticated` without a session, `NotFound` where the actor may not even view the resource,
    /// `Forbidden` with the lacking right where it may; `Forbidden` with the code `STEP_UP_REQUIRED` or `MFA_REQUIRED`
    /// where the role allows it and more is asked of the person ([`Assurance`]), or with [`SESSION_TOO_OLD`](crate::SESSION_TOO_OLD)
    /// for a member whose session is too old for the tenant.
    /// `Forbidden` with the code [`SSO_REQUIRED`](crate::SSO_REQUIRED) where the person belongs to the tenant and this
    /// session does not do there.
    pub fn permit(&self, action: Action, resource: &Resource) -> Result<Permit> {
        if self.actor == Actor::Anonymous {
            return Err(Error::unauthenticated());
        }
        let by_role = self.by_role(action, resource);
        if by_role && self.in_scope(action, resource.kind) {
            self.ensure_assured(action, resource)?;
            self.note(Ground::Tenant(resource.tenant, Right::new(resource.kind, action)));
            return Ok(Permit::new(*resource, action).of(self));
        }
        Err(self.denied(by_role, action, resource))
    }

    /// Whether the actor has the right, be it after a fresh proof: for what is only shown or left out.
    pub fn may(&self, action: Action, resource: &Resource) -> bool {
        let may = self.has(action, resource);
        if may {
            self.note(Ground::Tenant(resource.tenant, Right::new(resource.kind, action)));
        }
        may
    }

    fn has(&self, action: Action, resource: &Resource) -> bool {
        self.actor != Actor::Anonymous
            && self.by_role(action, resource)
            && self.in_scope(action, resource.kind)
            && !self.lacks_factor_in(resource.tenant)
    }

    fn note(&self, ground: Ground) {
        if let Some(grounds) = &self.grounds {
            grounds.add(ground);
        }
    }

    fn denied(&self, by_role: bool, action: Action, resource: &Resource) -> Error {
        if self.is_outdated_in(resource.tenant) {
            return crate::outdated::error();
        }
        let visible = self.by_role(Action::View, resource);
        tracing::info!(
            actor.id = %self.actor.label(), tenant.id = %resource.tenant, authz.resource = %resource.kind,
            authz.action = %action, authz.visible = visible, "denied"
        );
        let right = Right { kind: resource.kind, action };
        if let Some(denials) = &self.runtime.denials {
            denials.denied(Denial {
                actor: self.actor.clone(),
                resource: *resource,
                right,
                visible,
                member: !self.held_in(resource.tenant).is_empty(),
                support: self.support_in(resource.tenant),
                origin: self.origin.clone(),
                request: self.request,
                at: self.now(),
            });
        }
        if !visible {
            let barred = self.barred.iter().find(|barred| barred.tenant == resource.tenant);
            return barred.map_or_else(|| Error::not_found(resource.kind.as_str()), |barred| barred.error());
        }
        let access = self.runtime.gate.access(right, &self.grants, resource.tenant);
        if by_role {
            return Error::forbidden(format!("This credential's scopes do not include {right}."))
                .with_remedy("Use a credential with that scope: an owner or administrator can make one.")
                .with_access(access);
        }
        let text = format!("Your role does not include the right to {action} ({}).", resource.kind);
        let remedy = format!("Ask for one of these roles: {}.", access.granted_by.join(", "));
        Error::forbidden(text).with_remedy(remedy).with_access(access)
    }

    fn by_role(&self, action: Action, resource: &Resource) -> bool {
        self.runtime.gate.allows(&self.actor, &self.grants, action, resource)
    }

    fn in_scope(&self, action: Action, kind: ResourceKind) -> bool {
        self.actor.scopes().is_none_or(|scopes| scopes.contains(&Right { kind, action }))
    }

    /// What the gate allows the actor in a tenant. To know it is no ground: it lets nobody see or do anything.
    pub fn rights(&self, tenant: TenantId) -> impl Iterator<Item = Right> {
        Right::all().filter(move |right| self.has(right.action, &Resource::new(right.kind, tenant)))
    }

    /// As [`Self::rights`], in text: `resource:action`.
    pub fn rights_in(&self, tenant: TenantId) -> Vec<String> {
        self.rights(tenant).map(|right| right.to_string()).collect()
    }

    /// Why the gate allows the actor something in a tenant, or does not.
    pub fn explain(&self, right: Right, tenant: TenantId) -> Explanation {
        self.runtime.gate.explain(&self.actor, &self.grants, right, tenant)
    }

    /// The same request with these roles: for the rest of one that has changed them.
    #[must_use]
    pub fn with_grants(mut self, grants: Vec<Grant>) -> Self {
        self.grants = in_order(grants);
        self
    }

    /// Asks the gate about a resource of the platform. Whoever holds no platform role learns nothing.
    pub fn permit_platform(&self, action: Action, resource: PlatformResource) -> Result<PlatformPermit> {
        let Actor::User { platform_role, .. } = &self.actor else {
            return Err(Error::unauthenticated());
        };
        let Some(role) = platform_role else {
            return Err(Error::not_found("page"));
        };
        if self.runtime.gate.allows_platform(&self.actor, *role, action, resource) {
            self.note(Ground::Platform(resource, action));
            Ok(PlatformPermit::new(resource, action))
        } else {
            Err(Error::forbidden(format!("The role {role} does not include {action} on {resource}.")))
        }
    }

    pub fn resource(&self, kind: ResourceKind, tenant: TenantId) -> Resource {
        Resource::new(kind, tenant)
    }

    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// The acting person.
    ///
    /// # Errors
    /// `Unauthenticated` for nobody, `Forbidden` for a program.
    pub fn user(&self) -> Result<UserId> {
        match &self.actor {
            Actor::User { id, .. } => Ok(*id),
            Actor::Anonymous => Err(Error::unauthenticated()),
            Actor::ApiKey { .. } | Actor::ServiceAccount { .. } | Actor::Scim { .. } => {
                Err(Error::forbidden("Only a person who is logged in can do this.")
                    .with_remedy("Do it in the portal."))
            }
        }
    }

    /// How sure it is that the acting person is who they say.
    pub fn assurance(&self) -> &Assurance {
        &self.assurance
    }

    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// The tenants that the person belongs to and cannot act in with this session.
    pub fn barred(&self) -> &[Barred] {
        &self.barred
    }

    /// The only tenant that the session is good in, where it came by that tenant's connection.
    pub(crate) fn reach(&self) -> Option<TenantId> {
        self.reach
    }

    /// For who comes to belong to a tenant: that the session is good there.
    ///
    /// # Errors
    /// `Forbidden` with the code [`SSO_REQUIRED`](crate::SSO_REQUIRED) for a session that came by another tenant's
    /// connection.
    pub fn ensure_reaches(&self, tenant: TenantId) -> Result<()> {
        match self.reach {
            Some(reach) if reach != tenant => Err(Barred { tenant, connection: None }.error()),
            _ => Ok(()),
        }
    }

    /// What the actor holds in a tenant.
    pub fn held_in(&self, tenant: TenantId) -> &[Grant] {
        held_in(&self.grants, tenant)
    }

    /// The built-in role that the actor holds as a member of a tenant.
    pub fn role_in(&self, tenant: TenantId) -> Option<Role> {
        self.held_in(tenant).iter().find_map(|g| match g.role {
            HeldRole::Member(role) => Some(role),
            _ => None,
        })
    }

    /// The access by which the actor is in a tenant as platform staff, whatever else they are there.
    pub fn support_in(&self, tenant: TenantId) -> Option<SupportAccessId> {
        self.held_in(tenant).iter().find_map(|g| g.by)
    }

    pub fn runtime(&self) -> &Runtime {
        &self.runtime
    }

    pub fn clock(&self) -> &dyn Clock {
        &*self.runtime.clock
    }

    pub fn entropy(&self) -> &dyn Entropy {
        &*self.runtime.entropy
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.runtime.clock.now()
    }

    pub fn request(&self) -> RequestId {
        self.request
    }

    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// In the order of their tenants: what somebody holds in one of very many is found at once.
fn in_order(mut grants: Vec<Grant>) -> Arc<[Grant]> {
    grants.sort_by_key(|grant| grant.tenant);
    grants.into()
}
