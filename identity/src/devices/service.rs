use chrono::TimeDelta;
use tenantry_authz::Ctx;
use tenantry_kernel::{DeviceId, Result, UserId};
use tenantry_store::SystemTx;

use super::{Device, delivery, repo};
use crate::Identity;

/// How long a device is remembered that is not used.
pub(crate) const REMEMBERED: TimeDelta = TimeDelta::days(180);

impl Identity {
    /// Notes from where a person logs in, in the transaction that opens the session, and has them told if they never did
    /// from there. Of the very first log-in nobody is told.
    pub(crate) async fn note_device(&self, tx: &SystemTx, ctx: &Ctx, user: UserId) -> Result<()> {
        let origin = ctx.origin();
        let device = Device::of(origin.user_agent.as_deref());
        let seen = repo::Sighting {
            id: DeviceId::generate(ctx.clock(), ctx.entropy()),
            user,
            fingerprint: &device.fingerprint(user, origin.address),
            name: &device.name(),
            address: origin.address.map(|a| a.to_canonical().to_string()),
            at: ctx.now(),
        };
        match repo::note(tx, seen).await? {
            Some(device) => delivery::enqueue(tx, device).await,
            None => Ok(()),
        }
    }
}
