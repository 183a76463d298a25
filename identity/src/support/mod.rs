//! Access of platform staff to a tenant.
//!
//! Platform roles give no right inside a tenant. What lets staff in is the tenant's consent, given by its owners and
//! administrators for at most a week, or broken glass: a platform administrator's own act, to read for at most an
//! hour, told to the tenant's owners at once. Either ends when it is revoked or its time is over; authentication reads
//! it with each request, so the next one is refused, and a subscription ends within five seconds.
//!
//! What staff does in the tenant stands in the tenant's own audit trail as `staff:usr_…` with the access's id, viewing
//! included (`TenantTx::begin` sees to that).

mod alarm;
mod break_glass;
mod consent;
mod model;
pub(crate) mod repo;

pub use alarm::{GlassBroken, SEND_GLASS_BROKEN};
pub use break_glass::{BreakGlass, PlatformAccess};
pub use consent::GrantAccess;
pub(crate) use model::reason;
pub use model::{AccessKind, Level, SupportAccess};
