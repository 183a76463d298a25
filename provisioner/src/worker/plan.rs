//! The pure planner: what to do next, given what is wanted and what is there.

use crate::instances::{Desired, Phase};

/// Whether something is there. `Unknown` forbids anything that could lose data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Presence {
    Unknown,
    Absent,
    Present,
}

/// What the process does, as observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Process {
    Unknown,
    /// No process and no directory.
    Absent,
    /// A directory, no process.
    Exited,
    /// Alive, not listening yet.
    Starting,
    /// Listening, its database not migrated (or away).
    Listening,
    /// n8n says that it is ready.
    Ready,
}

impl Process {
    fn is_alive(self) -> bool {
        matches!(self, Process::Starting | Process::Listening | Process::Ready)
    }
}

/// How far the removal of a deleted instance's data is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Removal {
    /// It is not deleted, or its days of grace run: it can be restored.
    NotYet,
    /// Its days of grace are over. Nothing is gone yet.
    Due,
    /// The point of no return is on record.
    Begun,
}

/// All that the decision depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Situation {
    pub desired: Desired,
    pub removal: Removal,
    /// Ports and user are chosen.
    pub placed: bool,
    pub database: Presence,
    pub process: Process,
    /// The running process was started from today's specification.
    pub up_to_date: bool,
    /// The control plane's API key is in hand.
    pub has_api_key: bool,
    /// It has been booting for longer than it may.
    pub overdue: bool,
}

/// The next step. Each is idempotent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step {
    /// Choose a user and ports.
    Place,
    /// Make the role and database where they are missing.
    CreateDatabase,
    Start,
    /// Nothing to do but to look again; the phase says what is waited for.
    Wait(Phase),
    /// Look again later: something could not be observed.
    Observe,
    /// Log in as the owner and fetch the control plane's API key.
    FetchApiKey,
    /// The process runs from an older specification: stop it, so that it is started anew.
    Restart,
    /// It has not become ready in time: stop it, and say so.
    GiveUp,
    Stop,
    /// Put on record that its data goes now: from here on it cannot be restored. It has no effect where the wish
    /// has changed since.
    BeginRemoval,
    /// Bring in what the meter has not read yet, then remove processes and directory.
    Destroy,
    DropDatabase,
    /// As wanted.
    Settled(Phase),
}

impl Step {
    /// Whether a customer's data is gone after it.
    pub fn loses_data(self) -> bool {
        matches!(self, Step::Destroy | Step::DropDatabase)
    }
}

/// What to do next.
pub fn plan(now: &Situation) -> Step {
    match now.desired {
        Desired::Running => plan_running(now),
        Desired::Stopped => plan_stopped(now.process),
        Desired::Deleted => plan_deleted(now),
    }
}

fn plan_stopped(process: Process) -> Step {
    match process {
        Process::Unknown => Step::Observe,
        process if process.is_alive() => Step::Stop,
        _ => Step::Settled(Phase::Stopped),
    }
}

/// Only the wish to delete, its days of grace over and that on record, leads to a step that loses data. Processes go
/// first: n8n must not meet a database that vanishes under it.
fn plan_deleted(now: &Situation) -> Step {
    match (now.removal, now.process, now.database) {
        (Removal::NotYet, process, _) => plan_stopped(process),
        (_, Process::Unknown, _) => Step::Observe,
        (Removal::Due, _, _) => Step::BeginRemoval,
        (Removal::Begun, Process::Absent, Presence::Unknown) => Step::Observe,
        (Removal::Begun, Process::Absent, Presence::Present) => Step::DropDatabase,
        (Removal::Begun, Process::Absent, Presence::Absent) => Step::Settled(Phase::Deleted),
        (Removal::Begun, _, _) => Step::Destroy,
    }
}

fn plan_running(now: &Situation) -> Step {
    if !now.placed {
        return Step::Place;
    }
    match now.database {
        Presence::Unknown => return Step::Observe,
        // A live process without its database is of no use, but stopping it is no loss either: make the database
        // anew only where there is none, and let the process reconnect.
        Presence::Absent => return Step::CreateDatabase,
        Presence::Present => {}
    }
    match now.process {
        Process::Unknown => Step::Observe,
        Process::Absent | Process::Exited => Step::Start,
        process if !now.up_to_date && process.is_alive() => Step::Restart,
        Process::Ready if now.has_api_key => Step::Settled(Phase::Ready),
        Process::Ready => Step::FetchApiKey,
        _ if now.overdue => Step::GiveUp,
        Process::Starting => Step::Wait(Phase::Starting),
        Process::Listening => Step::Wait(Phase::Migrating),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn situations() -> impl Strategy<Value = Situation> {
        let desired = prop::sample::select(vec![Desired::Running, Desired::Stopped, Desired::Deleted]);
        let presence = prop::sample::select(vec![Presence::Unknown, Presence::Absent, Presence::Present]);
        let process = prop::sample::select(vec![
            Process::Unknown,
            Process::Absent,
            Process::Exited,
            Process::Starting,
            Process::Listening,
            Process::Ready,
        ]);
        let removal = prop::sample::select(vec![Removal::NotYet, Removal::Due, Removal::Begun]);
        let flags = prop::array::uniform4(any::<bool>());
        (desired, removal, presence, process, flags).prop_map(
            |(desired, removal, database, process, [placed, up_to_date, key, overdue])| Situation {
                desired,
                removal,
                placed,
                database,
                process,
                up_to_date,
                has_api_key: key,
                overdue,
            },
        )
    }

    /// What the world looks like after a step. Observation succeeds in the end; a boot goes on by itself.
    fn after(mut now: Situation, step: Step) -> Situation {
        match step {
            Step::Place => now.placed = true,
            Step::CreateDatabase => now.database = Presence::Present,
            Step::Start => {
                now.process = Process::Starting;
                now.up_to_date = true;
                now.overdue = false;
            }
            Step::Wait(_) => {
                now.process =
                    if now.process == Process::Starting { Process::Listening } else { Process::Ready };
            }
            Step::Observe => {
                if now.process == Process::Unknown {
                    now.process = Process::Exited;
                }
                if now.database == Presence::Unknown {
                    now.database = Presence::Present;
                }
            }
            Step::FetchApiKey => now.has_api_key = true,
            Step::Restart | Step::GiveUp | Step::Stop => now.process = Process::Exited,
            // Written only where the wish is still the same.
            Step::BeginRemoval if now.desired == Desired::Deleted && now.removal == Removal::Due => {
                now.removal = Removal::Begun;
            }
            Step::BeginRemoval => {}
            Step::Destroy => now.process = Process::Absent,
            Step::DropDatabase => now.database = Presence::Absent,
            Step::Settled(_) => {}
        }
        now
    }

    #[derive(Debug, Clone, Copy)]
    enum Event {
        Decide,
        Act,
        Delete,
        DeleteNow,
        Restore,
        GraceEnds,
    }

    fn events() -> impl Strategy<Value = Event> {
        use Event::{Act, Decide, Delete, DeleteNow, GraceEnds, Restore};
        prop::sample::select(vec![Decide, Act, Decide, Act, Delete, DeleteNow, Restore, GraceEnds])
    }

    impl Event {
        /// As the service takes wishes.
        fn change(self, now: &mut Situation) {
            match self {
                Event::Delete if now.desired != Desired::Deleted => {
                    now.desired = Desired::Deleted;
                    now.removal = Removal::NotYet;
                }
                Event::DeleteNow if now.removal == Removal::NotYet => {
                    now.desired = Desired::Deleted;
                    now.removal = Removal::Due;
                }
                Event::Restore if now.desired == Desired::Deleted && now.removal == Removal::NotYet => {
                    now.desired = Desired::Running;
                }
                Event::GraceEnds if now.desired == Desired::Deleted && now.removal == Removal::NotYet => {
                    now.removal = Removal::Due;
                }
                _ => {}
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn converges_to_what_is_wanted(start in situations()) {
            let mut now = start;
            let mut steps = 0;
            let settled = loop {
                match plan(&now) {
                    Step::Settled(phase) => break phase,
                    step => now = after(now, step),
                }
                steps += 1;
                prop_assert!(steps < 16, "no end in sight from {start:?}");
            };
            let wanted = match start.desired {
                Desired::Running => Phase::Ready,
                Desired::Stopped => Phase::Stopped,
                Desired::Deleted if start.removal == Removal::NotYet => Phase::Stopped,
                Desired::Deleted => Phase::Deleted,
            };
            prop_assert_eq!(settled, wanted);
        }

        #[test]
        fn is_idempotent_once_settled(start in situations()) {
            let mut now = start;
            while !matches!(plan(&now), Step::Settled(_)) {
                now = after(now, plan(&now));
            }
            let settled = plan(&now);
            prop_assert_eq!(plan(&after(now, settled)), settled);
        }

        #[test]
        fn loses_no_data_unless_it_is_to_be_deleted_and_cannot_come_back(now in situations()) {
            let may_go = now.desired == Desired::Deleted && now.removal == Removal::Begun;
            prop_assert!(may_go || !plan(&now).loses_data());
        }

        #[test]
        fn begins_no_removal_before_its_time(now in situations()) {
            let due = now.desired == Desired::Deleted && now.removal == Removal::Due;
            prop_assert!(due || plan(&now) != Step::BeginRemoval);
        }

        /// People change their minds and time passes at any moment, also between a decision and its step.
        #[test]
        fn no_order_of_events_costs_the_data_of_an_instance_that_is_wanted_or_kept(
            start in situations(),
            events in prop::collection::vec(events(), 0..60),
        ) {
            let mut now = start;
            if now.desired != Desired::Deleted {
                now.removal = Removal::NotYet;
            }
            let mut decided = None;
            let mut lost = now.removal == Removal::Begun;
            for event in events {
                match event {
                    Event::Decide => decided = Some(plan(&now)),
                    Event::Act => if let Some(step) = decided.take() {
                        lost |= step.loses_data();
                        now = after(now, step);
                    },
                    wish => wish.change(&mut now),
                }
                let kept = now.desired != Desired::Deleted || now.removal == Removal::NotYet;
                prop_assert!(!(lost && kept), "after {event:?}: {now:?}");
            }
        }

        #[test]
        fn does_nothing_drastic_while_it_cannot_see(now in situations()) {
            if now.process == Process::Unknown {
                prop_assert!(!plan(&now).loses_data());
                prop_assert!(plan(&now) != Step::Start, "a second process might be started");
            }
        }

        #[test]
        fn drops_a_database_only_after_the_process_is_gone(now in situations()) {
            prop_assert!(plan(&now) != Step::DropDatabase || now.process == Process::Absent);
        }
    }
}
