//! What a round needs of the machine it works on.

use std::ops::Range;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{Clock, Entropy};
use tenantry_keys::Keys;

use super::databases::InstanceDatabases;
use super::meter::Meter;
use crate::driver::{Driver, InstanceRef};
use crate::instances::entity::Model;

/// How many users an installation has for its instances.
const SLOTS: u32 = 4095;

/// What a round needs of its host.
pub(crate) struct Host {
    pub(crate) driver: Arc<dyn Driver>,
    pub(crate) databases: InstanceDatabases,
    pub(crate) keys: Keys,
    pub(crate) http: reqwest::Client,
    pub(crate) meter: Meter,
    pub(crate) boot_deadline: TimeDelta,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) entropy: Arc<dyn Entropy>,
    pub(super) first_uid: u32,
    pub(super) port_pool: Range<u16>,
    pub(super) public_url: String,
}

impl Host {
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Up to a quarter more, so that what failed together is not tried again together.
    pub(crate) fn jitter(&self, base: TimeDelta) -> TimeDelta {
        let mut byte = [0u8; 1];
        self.entropy.fill(&mut byte);
        base + base * i32::from(byte[0]) / 1024
    }

    /// The instance's operating-system user. One that is not placed has the last, which nobody ever gets.
    pub(crate) fn uid(&self, slot: Option<i32>) -> u32 {
        self.first_uid + slot.and_then(|s| u32::try_from(s).ok()).unwrap_or(SLOTS)
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = i32> {
        0..SLOTS.cast_signed()
    }

    pub(crate) fn port_pairs(&self) -> impl Iterator<Item = u16> {
        self.port_pool.clone().step_by(2)
    }

    pub(crate) fn public_url(&self, row: &Model) -> String {
        self.public_url.replace("{slug}", &row.slug).replace("{region}", &row.region)
    }

    pub(crate) fn reference(&self, row: &Model) -> InstanceRef {
        InstanceRef {
            id: row.instance_id().to_string(),
            host_uid: self.uid(row.slot),
            port: row.port.and_then(|p| u16::try_from(p).ok()).unwrap_or(0),
        }
    }
}
