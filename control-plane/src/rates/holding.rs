use std::time::{Duration, Instant};

use tenantry_store::rates::Portion;

/// The first portion of a window: what opening a page asks for.
const FIRST: u32 = 8;
const MOST: u32 = 1 << 20;
/// How long a ration lasts that a node gives itself.
const RATION: Duration = Duration::from_secs(1);

/// What a node holds of one budget. Time is monotonic and the node's own: the window's end is known as "so long from
/// when I asked", which is never later than the real one.
#[derive(Debug, Default)]
pub(super) struct Holding {
    /// `None`: nothing was ever taken.
    until: Option<Instant>,
    allowed: u32,
    held: u32,
    /// What was left for further takings when this node last took.
    left: u32,
    /// Nothing more is to be had before `until`.
    last: bool,
    want: u32,
}

/// What came of asking a holding for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Granted {
        allowed: u32,
        remaining: u32,
        resets_in: Duration,
    },
    Refused {
        allowed: u32,
        resets_in: Duration,
    },
    /// Take this much of the budget first.
    Dry {
        want: u32,
    },
}

impl Holding {
    pub(super) fn take(&mut self, now: Instant) -> Taken {
        let Some(until) = self.until.filter(|until| *until > now) else {
            self.want = FIRST;
            return Taken::Dry { want: FIRST };
        };
        let resets_in = until.saturating_duration_since(now);
        if self.held > 0 {
            self.held -= 1;
            let remaining = self.held.saturating_add(self.left);
            Taken::Granted { allowed: self.allowed, remaining, resets_in }
        } else if self.last {
            Taken::Refused { allowed: self.allowed, resets_in }
        } else {
            Taken::Dry { want: self.want }
        }
    }

    /// Puts in a portion that was asked for at `asked`.
    pub(super) fn refill(&mut self, asked: Instant, portion: &Portion) {
        self.until = Some(asked + portion.ends_in);
        self.allowed = portion.allowed;
        self.held = portion.granted;
        self.left = portion.left;
        self.last = portion.left == 0;
        self.want = self.want.saturating_mul(2).clamp(FIRST, MOST);
    }

    /// Gives itself what is due to a second, because the database does not answer.
    pub(super) fn ration(&mut self, now: Instant, (allowed, window): (u32, Duration)) {
        let due = f64::from(allowed) * RATION.as_secs_f64() / window.as_secs_f64().max(1.0);
        self.until = Some(now + RATION);
        self.allowed = allowed;
        self.held = num_of(due);
        self.left = 0;
        self.last = true;
        self.want = FIRST;
    }
}

/// Rounded up, and at least one.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what fits")]
fn num_of(due: f64) -> u32 {
    due.ceil().clamp(1.0, f64::from(MOST)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn portion(granted: u32, left: u32) -> Portion {
        Portion { granted, allowed: 100, left, ends_in: 10 * SECOND }
    }

    #[test]
    fn what_is_held_is_handed_out_once_and_only_within_the_window() {
        let (mut holding, start) = (Holding::default(), Instant::now());
        assert_eq!(holding.take(start), Taken::Dry { want: FIRST });
        holding.refill(start, &portion(3, 50));
        let granted = |remaining, resets_in| Taken::Granted { allowed: 100, remaining, resets_in };
        assert_eq!(holding.take(start), granted(52, 10 * SECOND));
        assert_eq!(holding.take(start + SECOND), granted(51, 9 * SECOND));
        let late = holding.take(start + 10 * SECOND);
        assert_eq!(late, Taken::Dry { want: FIRST }, "the third has ended with the window");
    }

    #[test]
    fn portions_grow_while_a_window_lasts_and_start_small_in_the_next() {
        let (mut holding, start) = (Holding::default(), Instant::now());
        let mut wants = Vec::new();
        for _ in 0..4 {
            let Taken::Dry { want } = holding.take(start) else { panic!("nothing is held") };
            wants.push(want);
            holding.refill(start, &portion(1, 50));
            assert!(matches!(holding.take(start), Taken::Granted { .. }));
        }
        assert_eq!(wants, [8, 16, 32, 64]);
        assert_eq!(holding.take(start + 10 * SECOND), Taken::Dry { want: 8 });
    }

    #[test]
    fn when_all_is_taken_it_refuses_without_asking_until_the_window_ends() {
        let (mut holding, start) = (Holding::default(), Instant::now());
        assert!(matches!(holding.take(start), Taken::Dry { .. }));
        holding.refill(start, &portion(1, 0));
        assert!(matches!(holding.take(start), Taken::Granted { remaining: 0, .. }));
        for _ in 0..3 {
            let refused = holding.take(start + 4 * SECOND);
            assert_eq!(refused, Taken::Refused { allowed: 100, resets_in: 6 * SECOND });
        }
        assert!(matches!(holding.take(start + 10 * SECOND), Taken::Dry { .. }));
    }

    #[test]
    fn without_the_database_a_second_has_its_share_and_at_least_one() {
        for (allowed, share) in [(600, 10), (601, 11), (1, 1)] {
            let (mut holding, start) = (Holding::default(), Instant::now());
            holding.ration(start, (allowed, 60 * SECOND));
            let passed = (0..100).filter(|_| matches!(holding.take(start), Taken::Granted { .. })).count();
            assert_eq!(passed, share);
            assert!(matches!(holding.take(start), Taken::Refused { .. }));
            assert!(
                matches!(holding.take(start + SECOND), Taken::Dry { .. }),
                "then the database is asked again"
            );
        }
    }
}
