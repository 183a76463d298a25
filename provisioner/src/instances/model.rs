use chrono::{DateTime, Utc};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = Error;

            fn from_str(text: &str) -> Result<Self> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(Error::internal(format!(concat!("unknown ", stringify!($name), " {}"), text))),
                }
            }
        }
    };
}

words!(
    /// What the customer wants.
    Desired { Running = "running", Stopped = "stopped", Deleted = "deleted" }
);

words!(
    /// How far the region's worker has come.
    Phase {
        /// Waiting for a worker.
        Queued = "queued",
        /// Its database and role are being made.
        Database = "database",
        /// The process is being started.
        Starting = "starting",
        /// n8n listens and prepares its database.
        Migrating = "migrating",
        /// n8n is ready; the control plane fetches its own API key.
        Owner = "owner",
        Ready = "ready",
        Stopping = "stopping",
        Stopped = "stopped",
        /// The last attempt failed; the failure says why, and it is tried again.
        Failed = "failed",
        Deleting = "deleting",
        Deleted = "deleted",
    }
);

/// Why an attempt failed, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub code: String,
    pub message: String,
    pub remedy: String,
}

/// One n8n with its database, key, volume and URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    pub id: InstanceId,
    pub tenant: TenantId,
    pub region: String,
    pub slug: String,
    pub name: String,
    pub n8n_version: String,
    pub desired: Desired,
    pub generation: i64,
    pub phase: Phase,
    pub failure: Option<Failure>,
    pub attempts: i32,
    pub next_attempt_at: DateTime<Utc>,
    pub created_at: DateTime<Utc>,
    pub ready_at: Option<DateTime<Utc>>,
    /// Process start to n8n's own readiness, in milliseconds.
    pub boot_millis: Option<i32>,
    /// When a deleted instance's data may go. Until then it can be restored.
    pub delete_at: Option<DateTime<Utc>>,
    /// From when on a deleted instance cannot be restored: its data has begun to go.
    pub removal_began_at: Option<DateTime<Utc>>,
}

impl Instance {
    /// Fails where the instance is deleted, with what can still be done about it.
    pub fn ensure_alive(&self, now: DateTime<Utc>) -> Result<()> {
        match self.delete_at {
            Some(at) if self.is_restorable(now) => Err(Error::conflict(format!(
                "This instance is deleted; its data is kept until {}.",
                moment(at)
            ))
            .with_remedy("Restore it first.")),
            _ if self.desired == Desired::Deleted => {
                Err(Error::conflict("This instance is being deleted.").with_remedy("Create a new instance."))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is deleted and can be had back: its days of grace run, and nothing of it is gone.
    pub fn is_restorable(&self, now: DateTime<Utc>) -> bool {
        self.desired == Desired::Deleted
            && self.removal_began_at.is_none()
            && self.delete_at.is_some_and(|at| now < at)
    }
}

/// A step in an instance's life, for its history and for progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceEvent {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub phase: Phase,
    pub message: String,
}

/// A place with a driver, capacity and residency rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Region {
    pub code: String,
    pub name: String,
    pub residency: String,
    pub driver: String,
    pub capacity: i32,
    pub used: i64,
    /// The median time from creation to ready of the last first boots here. None: no experience yet.
    pub ready_seconds: Option<i32>,
}

/// A moment as messages say it.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%d %H:%M UTC").to_string()
}

/// Checks a slug: it becomes a host name label.
pub(crate) fn check_slug(slug: &str) -> Result<()> {
    let ok = (1..=40).contains(&slug.len())
        && slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !slug.starts_with('-')
        && !slug.ends_with('-');
    if ok && super::address::is_reserved(slug) {
        return Err(Error::invalid("slug", "This address is reserved for the platform.")
            .with_remedy("Choose another address."));
    }
    if ok {
        return Ok(());
    }
    Err(Error::invalid(
        "slug",
        "An address has 1 to 40 lower-case letters, digits and hyphens, and begins and ends with a letter or digit.",
    ))
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    if (1..=120).contains(&name.trim().chars().count()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::invalid("name", "A name has 1 to 120 characters."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_host_name_labels() {
        for good in ["a", "acme", "acme-2", "0"] {
            assert!(check_slug(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "Acme", "a.b", "a_b", "ä", &"a".repeat(41), "admin", "www"] {
            assert!(check_slug(bad).is_err(), "{bad}");
        }
    }
}
