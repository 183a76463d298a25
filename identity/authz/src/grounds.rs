//! What an answer stands on: whoever gives it a second time asks the gate for that again.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use parking_lot::Mutex;
use tenantry_kernel::{Error, Result, TenantId};

use crate::{Action, Ctx, PlatformResource, Resource, Right};

/// One yes of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ground {
    Tenant(TenantId, Right),
    Platform(PlatformResource, Action),
}

const PLATFORM: &str = "platform";

/// In text, to be kept: `ten_… instance:view`, `platform fleet:view`.
impl fmt::Display for Ground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tenant(tenant, right) => write!(f, "{tenant} {right}"),
            Self::Platform(resource, action) => write!(f, "{PLATFORM} {resource}:{action}"),
        }
    }
}

impl FromStr for Ground {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let unknown = || Error::internal(format!("{text:?} is no ground of an answer"));
        let (place, right) = text.split_once(' ').ok_or_else(unknown)?;
        if place == PLATFORM {
            let (resource, action) = right.split_once(':').ok_or_else(unknown)?;
            return Ok(Self::Platform(resource.parse()?, action.parse()?));
        }
        Ok(Self::Tenant(place.parse().map_err(|_| unknown())?, right.parse()?))
    }
}

/// Every yes of the gate in the course of one request, each once. Cheap to clone; clones gather together.
#[derive(Clone, Default)]
pub struct Grounds(Arc<Mutex<BTreeSet<Ground>>>);

impl Grounds {
    pub(crate) fn add(&self, ground: Ground) {
        self.0.lock().insert(ground);
    }

    /// Those gathered so far, in order.
    pub fn all(&self) -> Vec<Ground> {
        self.0.lock().iter().copied().collect()
    }
}

impl Ctx {
    /// Asks the gate again for what an answer stands on.
    ///
    /// # Errors
    /// As [`Ctx::permit`] and [`Ctx::permit_platform`], where the actor may not do it now.
    pub fn ensure_stands(&self, ground: Ground) -> Result<()> {
        match ground {
            Ground::Tenant(tenant, right) => {
                self.permit(right.action, &Resource::new(right.kind, tenant)).map(drop)
            }
            Ground::Platform(resource, action) => self.permit_platform(action, resource).map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ground_is_read_back_from_its_text_and_nothing_else_is_one() {
        let tenant = TenantId::from_uuid(uuid::Uuid::from_u128(7));
        for right in Right::all() {
            let ground = Ground::Tenant(tenant, right);
            assert_eq!(ground.to_string().parse::<Ground>().unwrap(), ground);
        }
        let staff = Ground::Platform(PlatformResource::Fleet, Action::Operate);
        assert_eq!(staff.to_string(), "platform fleet:operate");
        assert_eq!(staff.to_string().parse::<Ground>().unwrap(), staff);
        for wrong in ["", "platform", "platform fleet", "platform fleet:fly", "acme instance:view", "ten_1 x"]
        {
            assert!(wrong.parse::<Ground>().is_err(), "{wrong:?}");
        }
    }
}
