use chrono::{DateTime, Utc};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};
use tenantry_store::SearchText;

use crate::instances::{Desired, Failure, Phase};

/// An instance with how it stands between what is wanted and what was observed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetInstance {
    pub id: InstanceId,
    pub tenant: TenantId,
    pub region: String,
    pub slug: String,
    pub name: String,
    pub n8n_version: String,
    pub desired: Desired,
    pub generation: i64,
    /// The newest generation that was made real.
    pub observed_generation: i64,
    pub phase: Phase,
    pub failure: Option<Failure>,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    /// When a deleted instance's data goes for good.
    pub delete_at: Option<DateTime<Utc>>,
    pub boot_millis: Option<i32>,
    /// Its place in the list it was read for.
    pub cursor: String,
}

impl FleetInstance {
    /// Whether trying again is what could help.
    ///
    /// # Errors
    /// `Conflict`, with what it does instead.
    pub(crate) fn ensure_failed(&self) -> Result<()> {
        if self.failure.is_some() || self.phase == Phase::Failed {
            return Ok(());
        }
        Err(Error::conflict(format!(
            "Nothing was tried again: the instance's last attempt did not fail. It is {}, and {} is wanted.",
            self.phase.as_str(),
            self.desired.as_str()
        ))
        .with_remedy("Reload it. The region's worker goes on by itself."))
    }
}

/// By what the fleet is sorted. Ties are broken by the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FleetSort {
    CreatedAt,
    /// Without regard to case.
    Name,
    Slug,
    Region,
    /// By the phase's word.
    Phase,
    Attempts,
}

impl FleetSort {
    pub const ALL: [Self; 6] =
        [Self::CreatedAt, Self::Name, Self::Slug, Self::Region, Self::Phase, Self::Attempts];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::CreatedAt => "CREATED_AT",
            Self::Name => "NAME",
            Self::Slug => "SLUG",
            Self::Region => "REGION",
            Self::Phase => "PHASE",
            Self::Attempts => "ATTEMPTS",
        }
    }

    /// What PostgreSQL sorts by.
    pub(crate) fn expression(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::Name => "lower(name)",
            Self::Slug => "slug",
            Self::Region => "region",
            Self::Phase => "phase",
            Self::Attempts => "attempts",
        }
    }
}

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FleetOrder {
    pub sort: FleetSort,
    pub descending: bool,
}

/// Which instances. What is not given restricts nothing.
#[derive(Debug, Clone, Default)]
pub struct FleetFilter {
    pub region: Option<String>,
    pub phase: Option<Phase>,
    pub tenant: Option<TenantId>,
    pub search: Option<Search>,
}

/// A part of the instance's name or address, or a whole id of an instance or tenant.
#[derive(Debug, Clone)]
pub struct Search {
    pub text: SearchText,
    /// The tenants that the text finds: their instances match too.
    pub tenants: Vec<TenantId>,
}

/// How many instances are in a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseCount {
    pub phase: Phase,
    pub count: i64,
}

/// What a retry did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retried {
    /// It is due now, with its attempts given back.
    MadeDue,
    /// It was due already: nothing changed.
    WasDue,
}
