//! Runs of refusals that wait to be written, in bounded memory.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use chrono::{DateTime, Utc};
use tenantry_authz::Denial;

/// Runs that a table holds.
pub(super) const MOST: usize = 2_048;
/// Strangers that a record names.
const NAMED: usize = 10;

/// A run of refusals: the first, and how many.
pub(super) struct Run {
    pub(super) first: Denial,
    pub(super) last: DateTime<Utc>,
    pub(super) count: u64,
    pub(super) actors: Vec<String>,
    pub(super) more_actors: bool,
}

impl Run {
    pub(super) fn new(denial: Denial) -> Self {
        Self {
            last: denial.at,
            count: 1,
            actors: vec![denial.actor.label()],
            more_actors: false,
            first: denial,
        }
    }

    /// Who began it.
    fn actor(&self) -> &str {
        self.actors.first().map_or("", String::as_str)
    }

    fn add(&mut self, other: Run) {
        self.last = self.last.max(other.last);
        self.count += other.count;
        self.more_actors |= other.more_actors;
        for actor in other.actors {
            if self.actors.contains(&actor) {
                continue;
            }
            if self.actors.len() < NAMED {
                self.actors.push(actor);
            } else {
                self.more_actors = true;
            }
        }
    }
}

/// At most [`MOST`] runs. Each belongs to the actor who began it. In a full table a new run takes the place of one of the
/// actor's who holds the most, unless that is who adds it: so a flood costs whoever makes it their own runs, and an actor
/// with few is pushed out only when more actors than there are places flood at once.
pub(super) struct Table<K> {
    runs: HashMap<K, Run>,
    held: HashMap<String, usize>,
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { runs: HashMap::new(), held: HashMap::new() }
    }
}

impl<K: Eq + Hash + Clone> Table<K> {
    /// Adds a run, or to the run with the same key. How many refusals were dropped for it.
    pub(super) fn add(&mut self, key: K, run: Run) -> u64 {
        if let Some(there) = self.runs.get_mut(&key) {
            there.add(run);
            return 0;
        }
        let mut dropped = 0;
        if self.runs.len() >= MOST {
            match self.of_the_greediest(run.actor()) {
                Some(victim) => dropped = self.remove(&victim).map_or(0, |run| run.count),
                None => return run.count,
            }
        }
        *self.held.entry(run.actor().to_owned()).or_default() += 1;
        self.runs.insert(key, run);
        dropped
    }

    /// Takes out the runs that are `over`.
    pub(super) fn take(&mut self, over: impl Fn(&Run) -> bool) -> Vec<Run> {
        let keys: Vec<K> =
            self.runs.iter().filter(|(_, run)| over(run)).map(|(key, _)| key.clone()).collect();
        keys.iter().filter_map(|key| self.remove(key)).collect()
    }

    /// A run of the actor who holds the most, if that is more than `actor` would hold with one more. One that others have
    /// been added to is theirs too, and goes last.
    fn of_the_greediest(&self, actor: &str) -> Option<K> {
        let own = self.held.get(actor).copied().unwrap_or_default();
        let (greediest, most) = self.held.iter().max_by_key(|(_, held)| **held)?;
        if *most <= own + 1 {
            return None;
        }
        let its = self.runs.iter().filter(|(_, run)| run.actor() == greediest);
        its.min_by_key(|(_, run)| run.actors.len()).map(|(key, _)| key.clone())
    }

    fn remove(&mut self, key: &K) -> Option<Run> {
        let run = self.runs.remove(key)?;
        if let Entry::Occupied(mut held) = self.held.entry(run.actor().to_owned()) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
        Some(run)
    }
}
