use chrono::{DateTime, Utc};
use tenantry_kernel::{RequestId, SupportAccessId};

use crate::{Actor, Origin, Resource, Right};

/// What the gate refused, to whom, and from where it was asked.
#[derive(Debug, Clone)]
pub struct Denial {
    pub actor: Actor,
    pub resource: Resource,
    pub right: Right,
    /// Whether the actor was told that it may not; else, that there is no such thing.
    pub visible: bool,
    /// Whether the actor holds any role in the tenant. A stranger holds none.
    pub member: bool,
    /// The access by which platform staff asked.
    pub support: Option<SupportAccessId>,
    pub origin: Origin,
    pub request: RequestId,
    pub at: DateTime<Utc>,
}

/// Who hears of what the gate refused. It is told in the middle of a request, so it must be quick: no waiting, no I/O,
/// and no more memory than it has set itself.
pub trait Denials: Send + Sync {
    fn denied(&self, denial: Denial);
}
