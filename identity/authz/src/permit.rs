use tenantry_kernel::{SupportAccessId, TenantId};

use crate::{Action, Ctx, PlatformResource, Resource, ResourceKind};

/// Platform staff in a tenant: whoever acts by a support access, in the request in which they do.
#[derive(Clone)]
pub struct SupportUse {
    pub access: SupportAccessId,
    pub ctx: Ctx,
}

impl std::fmt::Debug for SupportUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SupportUse").field("access", &self.access).finish_non_exhaustive()
    }
}

/// Proof that the gate allowed an action on a kind of resource in one tenant.
///
/// Only this crate can make one, and it is neither `Clone` nor `Copy`: it is asked for where it is used.
#[derive(Debug)]
#[must_use = "a permit is the key to a tenant's transaction"]
pub struct Permit {
    resource: Resource,
    action: Action,
    support: Option<Box<SupportUse>>,
}

impl Permit {
    pub(crate) fn new(resource: Resource, action: Action) -> Self {
        Self { resource, action, support: None }
    }

    /// The same permit, of platform staff if the context is theirs: a transaction that is begun with it is seen by
    /// the tenant.
    pub(crate) fn of(mut self, ctx: &Ctx) -> Self {
        self.support = ctx
            .support_in(self.resource.tenant)
            .map(|access| Box::new(SupportUse { access, ctx: ctx.clone() }));
        self
    }

    /// Set for platform staff.
    pub fn support(&self) -> Option<&SupportUse> {
        self.support.as_deref()
    }

    pub fn tenant(&self) -> TenantId {
        self.resource.tenant
    }

    pub fn kind(&self) -> ResourceKind {
        self.resource.kind
    }

    pub fn action(&self) -> Action {
        self.action
    }
}

/// Proof that the gate allowed an action on a resource of the platform.
#[derive(Debug)]
#[must_use = "a platform permit is the key to a platform transaction"]
pub struct PlatformPermit {
    resource: PlatformResource,
    action: Action,
}

impl PlatformPermit {
    pub(crate) fn new(resource: PlatformResource, action: Action) -> Self {
        Self { resource, action }
    }

    pub fn resource(&self) -> PlatformResource {
        self.resource
    }

    pub fn action(&self) -> Action {
        self.action
    }
}
