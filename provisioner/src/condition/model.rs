use chrono::{DateTime, TimeDelta, Utc};
use tenantry_kernel::{Error, InstanceId, Result, TenantId};

use crate::instances::{Desired, Phase};
use crate::n8n;

/// What was seen longer ago says nothing about now: three of the sampler's rounds.
const RECENT: TimeDelta = TimeDelta::seconds(45);

/// Whether an instance serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    Healthy,
    /// n8n answers and is not ready: its database is away, or it is overloaded.
    Degraded,
    /// It should run, and nothing answers.
    Unreachable,
    /// Stopped, deleted or not ready yet.
    Off,
}

/// What n8n's readiness said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Ready,
    Listening,
    None,
}

impl Answer {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Listening => "listening",
            Self::None => "none",
        }
    }
}

impl std::str::FromStr for Answer {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        [Self::Ready, Self::Listening, Self::None]
            .into_iter()
            .find(|answer| answer.as_str() == text)
            .ok_or_else(|| Error::internal(format!("unknown answer {text}")))
    }
}

impl From<n8n::Health> for Answer {
    fn from(health: n8n::Health) -> Self {
        match health {
            n8n::Health::Ready => Self::Ready,
            n8n::Health::Listening => Self::Listening,
            n8n::Health::Down => Self::None,
        }
    }
}

/// What the sampler saw of one instance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) tenant: TenantId,
    pub(crate) instance: InstanceId,
    pub(crate) answer: Answer,
    pub(crate) at: DateTime<Utc>,
    pub(crate) memory_mib: Option<i32>,
    pub(crate) cpu_millis: Option<i32>,
    pub(crate) storage_mib: Option<i32>,
}

/// What an instance uses of what it may use. `None`: not measured, or there is nothing that runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resources {
    pub memory_mib: Option<i32>,
    pub memory_limit_mib: i32,
    /// Thousandths of a processor, over the last seconds.
    pub cpu_millis: Option<i32>,
    pub cpu_limit_millis: i32,
    /// Its directory and its database.
    pub storage_mib: Option<i32>,
    pub storage_limit_mib: i32,
    pub measured_at: Option<DateTime<Utc>>,
}

/// How an instance does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub health: Health,
    pub resources: Resources,
}

/// An instance's row with its newest sample, as it was read.
pub(crate) struct Seen {
    pub(crate) desired: Desired,
    pub(crate) phase: Phase,
    pub(crate) ready_at: Option<DateTime<Utc>>,
    pub(crate) limits: Resources,
    pub(crate) sample: Option<Sample>,
}

impl Seen {
    pub(crate) fn condition(self, now: DateTime<Utc>) -> Condition {
        let health = self.health(now);
        let mut resources = self.limits.clone();
        if health != Health::Off
            && let Some(sample) = self.current()
            && (sample.memory_mib, sample.cpu_millis, sample.storage_mib) != (None, None, None)
        {
            resources.memory_mib = sample.memory_mib;
            resources.cpu_millis = sample.cpu_millis;
            resources.storage_mib = sample.storage_mib;
            resources.measured_at = Some(sample.at);
        }
        Condition { health, resources }
    }

    /// The sample, unless it is of an earlier life.
    fn current(&self) -> Option<&Sample> {
        let ready_at = self.ready_at?;
        self.sample.as_ref().filter(|sample| sample.at >= ready_at)
    }

    fn health(&self, now: DateTime<Utc>) -> Health {
        // It was ready once since its last start: from then on it should answer, whatever the worker is doing about it.
        let Some(ready_at) = self.ready_at else { return Health::Off };
        let expected = matches!(
            self.phase,
            Phase::Ready | Phase::Starting | Phase::Migrating | Phase::Owner | Phase::Failed
        );
        if self.desired != Desired::Running || !expected {
            return Health::Off;
        }
        match self.current().filter(|sample| now - sample.at <= RECENT) {
            Some(Sample { answer: Answer::Ready, .. }) => Health::Healthy,
            Some(Sample { answer: Answer::Listening, .. }) => Health::Degraded,
            Some(Sample { answer: Answer::None, .. }) => Health::Unreachable,
            // The worker itself has just seen it ready.
            None if self.phase == Phase::Ready && now - ready_at <= RECENT => Health::Healthy,
            None => Health::Unreachable,
        }
    }
}

#[cfg(test)]
mod tests {
    use tenantry_kernel::{OsEntropy, SystemClock};

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(1_000 + seconds)
    }

    fn seen(phase: Phase, sample: Option<(Answer, i64)>) -> Seen {
        let sample = sample.map(|(answer, seconds)| Sample {
            tenant: TenantId::generate(&SystemClock, &OsEntropy),
            instance: InstanceId::generate(&SystemClock, &OsEntropy),
            answer,
            at: at(seconds),
            memory_mib: Some(400),
            cpu_millis: None,
            storage_mib: Some(60),
        });
        let limits = Resources { memory_limit_mib: 1024, ..Resources::default() };
        Seen { desired: Desired::Running, phase, ready_at: Some(at(0)), limits, sample }
    }

    #[test]
    fn what_n8n_said_recently_is_its_health() {
        for (answer, health) in [
            (Answer::Ready, Health::Healthy),
            (Answer::Listening, Health::Degraded),
            (Answer::None, Health::Unreachable),
        ] {
            let condition = seen(Phase::Ready, Some((answer, 100))).condition(at(110));
            assert_eq!(condition.health, health);
            assert_eq!(condition.resources.memory_mib, Some(400));
            assert_eq!(condition.resources.measured_at, Some(at(100)));
            let old = seen(Phase::Ready, Some((answer, 100))).condition(at(200));
            assert_eq!(old.health, Health::Unreachable, "nobody has heard of it for long");
        }
        // The worker goes back to waiting for it when its database is away.
        let waiting = seen(Phase::Migrating, Some((Answer::Listening, 100))).condition(at(101));
        assert_eq!(waiting.health, Health::Degraded);
    }

    #[test]
    fn what_has_just_become_ready_is_healthy_before_it_is_sampled() {
        assert_eq!(seen(Phase::Ready, None).condition(at(10)).health, Health::Healthy);
        assert_eq!(seen(Phase::Ready, None).condition(at(60)).health, Health::Unreachable);
        // A sample of the life before the restart.
        let condition = seen(Phase::Ready, Some((Answer::None, -5))).condition(at(10));
        assert_eq!((condition.health, condition.resources.memory_mib), (Health::Healthy, None));
    }

    #[test]
    fn what_is_off_has_no_health_and_uses_nothing() {
        let mut off = vec![
            Seen { desired: Desired::Stopped, ..seen(Phase::Ready, Some((Answer::Ready, 100))) },
            Seen { desired: Desired::Deleted, ..seen(Phase::Ready, Some((Answer::Ready, 100))) },
            Seen { ready_at: None, ..seen(Phase::Starting, Some((Answer::Listening, 100))) },
            Seen { ready_at: None, ..seen(Phase::Failed, Some((Answer::None, 100))) },
        ];
        off.extend(
            [Phase::Queued, Phase::Stopping, Phase::Stopped, Phase::Deleting, Phase::Deleted]
                .map(|phase| seen(phase, Some((Answer::Ready, 100)))),
        );
        for seen in off {
            let condition = seen.condition(at(101));
            assert_eq!(condition.health, Health::Off);
            let nothing = Resources { memory_limit_mib: 1024, ..Resources::default() };
            assert_eq!(condition.resources, nothing);
        }
    }
}
