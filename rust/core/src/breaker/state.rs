//! The breaker's transitions, and nothing else.
//!
//! Rule 1: every function takes the word that is there and says which word
//! should take its place. Whether it does is for the caller's compare-and-swap
//! to find out.
//!
//! Rule 2: a stamp of another generation changes nothing.
//!
//! Rule 3: this file does not know what time it is, and what needs no time
//! does not ask for it.
//!
//! No match has a `_` arm: a new state does not compile until someone has
//! decided every row.

use core::ops::Deref;

use super::permit::{Admit, Reject, Stamp, State};
use super::tick::{BreakTick, LeaseTick};
use super::word::{Parts, Phase, Probes, Word};
use crate::config::{MAX_BREAK, MAX_REOPENINGS, Trip};
use crate::{BreakerConfig, Nanos};

/// Doubling stops at 128 times the lease.
const MAX_RECLAIMS: u32 = 7;
/// A turn of [`LeaseTick`] is 48 days; less than half of it is taken.
const LONGEST_LEASE: Nanos = Nanos::new(20 * 24 * 3600 * 1_000_000_000);

/// What to do with a call that asks for admission.
#[derive(Clone, Copy)]
pub(super) enum Entry {
    /// Say so; there is nothing to write.
    Answer(Admit),
    /// Let it pass, unless too many of those that passed hang.
    Closed,
    /// Let it pass as a probe, if this word can be stored.
    Grant(Word),
}

/// What to do with a verdict or a command.
#[derive(Clone, Copy)]
pub(super) enum Next {
    Late,
    Same,
    To(Word),
    /// An open word, and how long it is open.
    Break(Word, Nanos),
}

/// When a break begins, and what makes it longer or shorter.
#[derive(Clone, Copy)]
pub(super) struct Pause {
    now: Nanos,
    draw: u64,
    hint: Option<Nanos>,
}

impl Pause {
    pub(super) const fn new(now: Nanos, draw: u64, hint: Option<Nanos>) -> Self {
        Self { now, draw, hint }
    }
}

/// The answer where no clock is needed: everywhere but open and half-open, and
/// closed if calls are timed.
pub(super) fn enter_at_any_time(word: Word, timed: bool) -> Option<Admit> {
    match word.state() {
        State::Closed if timed => None,
        state @ (State::Closed | State::Disabled) => Some(pass(word, state)),
        State::Isolated => Some(refuse(State::Isolated, None)),
        State::Open | State::HalfOpen => None,
    }
}

pub(super) fn enter(word: Word, config: &impl Deref<Target = BreakerConfig>, now: Nanos) -> Entry {
    let parts = word.unpack();
    match parts.phase {
        Phase::Closed { .. } => Entry::Closed,
        Phase::Disabled => Entry::Answer(pass(word, State::Disabled)),
        Phase::Isolated { .. } => Entry::Answer(refuse(State::Isolated, None)),
        Phase::Open { until } => match until.remaining(now, MAX_BREAK) {
            Some(wait) => Entry::Answer(refuse(State::Open, Some(wait))),
            None => Entry::Grant(new_round(parts, 0, config, now)),
        },
        Phase::HalfOpen(probes) => probe(parts, probes, config, now),
    }
}

/// An admission that nothing has to be written for.
pub(super) fn pass(word: Word, state: State) -> Admit {
    Admit::Permit {
        stamp: word.stamp(),
        state,
        transition: None,
        flight: None,
    }
}

const fn refuse(state: State, retry_after: Option<Nanos>) -> Admit {
    Admit::Reject(Reject {
        state,
        retry_after,
        transition: None,
    })
}

/// A permit if one is free; all of them anew if the newest lease is over.
fn probe(parts: Parts, probes: Probes, config: &BreakerConfig, now: Nanos) -> Entry {
    if probes.out < config.max_probes() {
        let out = probes.out.saturating_add(1);
        let lease = lease_end(probes.reclaims, config, now);
        let phase = Phase::HalfOpen(Probes {
            out,
            lease,
            ..probes
        });
        return Entry::Grant(Parts { phase, ..parts }.pack());
    }
    if probes.lease.reached(now, lease(probes.reclaims, config)) {
        // The lost holders' stamps become late here. The next lease is twice
        // as long: the holders may not be lost but slow, and a slow healthy
        // dependency must be able to close the circuit some day.
        let reclaims = probes.reclaims.saturating_add(1).min(MAX_RECLAIMS);
        return Entry::Grant(new_round(parts, reclaims, config, now));
    }
    Entry::Answer(refuse(State::HalfOpen, None))
}

/// A half-open word of the next generation with its first permit out.
fn new_round(parts: Parts, reclaims: u32, config: &BreakerConfig, now: Nanos) -> Word {
    let lease = lease_end(reclaims, config, now);
    let phase = Phase::HalfOpen(Probes {
        out: 1,
        successes: 0,
        reclaims,
        lease,
    });
    Parts {
        generation: parts.generation.next(),
        phase,
        ..parts
    }
    .pack()
}

/// How long a permit is leased after so many lost rounds in a row.
fn lease(reclaims: u32, config: &BreakerConfig) -> Nanos {
    let doubled = config
        .probe_lease()
        .as_u64()
        .saturating_mul(1_u64.wrapping_shl(reclaims));
    Nanos::new(doubled).min(LONGEST_LEASE)
}

/// A lease shorter than a tick lasts until the next one, not until now.
fn lease_end(reclaims: u32, config: &BreakerConfig, now: Nanos) -> LeaseTick {
    let end = LeaseTick::at(now.saturating_add(lease(reclaims, config)));
    if end == LeaseTick::at(now) {
        end.next()
    } else {
        end
    }
}

pub(super) fn success(word: Word, config: &BreakerConfig, stamp: Stamp) -> Next {
    let parts = word.unpack();
    if parts.generation != stamp {
        return Next::Late;
    }
    match parts.phase {
        Phase::Closed { failures: 0 } | Phase::Disabled => Next::Same,
        Phase::Closed { .. } => Next::To(Word::clean(parts.generation)),
        Phase::HalfOpen(probes) => probe_succeeded(parts, probes, config),
        // They admit nobody, so nobody holds a stamp of theirs.
        Phase::Open { .. } | Phase::Isolated { .. } => Next::Late,
    }
}

fn probe_succeeded(parts: Parts, probes: Probes, config: &BreakerConfig) -> Next {
    let Some(out) = probes.out.checked_sub(1) else {
        return Next::Late; // a second verdict for the same permit
    };
    let successes = probes.successes.saturating_add(1);
    if successes >= config.success_threshold() {
        return Next::To(close(parts));
    }
    let phase = Phase::HalfOpen(Probes {
        out,
        successes,
        ..probes
    });
    Next::To(Parts { phase, ..parts }.pack())
}

/// A failure that only counts; `None` if it opens the circuit, which takes a
/// deadline and therefore a clock.
pub(super) fn count_failure(word: Word, config: &BreakerConfig, stamp: Stamp) -> Option<Next> {
    let parts = word.unpack();
    if parts.generation != stamp {
        return Some(Next::Late);
    }
    match parts.phase {
        Phase::Closed { failures } => {
            let failures = failures.saturating_add(1);
            let phase = Phase::Closed { failures };
            match config.trip() {
                Trip::Consecutive(most) => {
                    (failures < u64::from(most)).then(|| Next::To(Parts { phase, ..parts }.pack()))
                }
                // The window counts, and `trip` is told.
                Trip::Ratio { .. } => Some(Next::Same),
            }
        }
        Phase::HalfOpen(probes) => (probes.out == 0).then_some(Next::Late),
        Phase::Disabled => Some(Next::Same),
        Phase::Open { .. } | Phase::Isolated { .. } => Some(Next::Late),
    }
}

pub(super) fn failure(word: Word, config: &BreakerConfig, stamp: Stamp, pause: Pause) -> Next {
    count_failure(word, config, stamp).unwrap_or_else(|| open(word, config, pause))
}

/// A failure after which the window has too many, or a look at too many that hang.
pub(super) fn trip(word: Word, config: &BreakerConfig, stamp: Stamp, pause: Pause) -> Next {
    if word.stamp() == stamp {
        open(word, config, pause)
    } else {
        Next::Late
    }
}

fn open(word: Word, config: &BreakerConfig, pause: Pause) -> Next {
    let parts = word.unpack();
    let reopenings = match parts.phase {
        Phase::HalfOpen(_) => parts.reopenings.saturating_add(1).min(MAX_REOPENINGS),
        Phase::Closed { .. } | Phase::Open { .. } | Phase::Isolated { .. } | Phase::Disabled => 0,
    };
    let duration = config.break_after(reopenings, pause.draw, pause.hint);
    let until = BreakTick::at(pause.now.saturating_add(duration));
    let phase = Phase::Open { until };
    let opened = Parts {
        generation: parts.generation.next(),
        reopenings,
        phase,
    };
    Next::Break(opened.pack(), duration)
}

pub(super) fn release(word: Word, stamp: Stamp) -> Next {
    let parts = word.unpack();
    if parts.generation != stamp {
        return Next::Late;
    }
    match parts.phase {
        Phase::Closed { .. } | Phase::Disabled => Next::Same,
        Phase::HalfOpen(probes) => match probes.out.checked_sub(1) {
            None => Next::Late,
            Some(out) => {
                let phase = Phase::HalfOpen(Probes { out, ..probes });
                Next::To(Parts { phase, ..parts }.pack())
            }
        },
        Phase::Open { .. } | Phase::Isolated { .. } => Next::Late,
    }
}

/// A closed word of the next generation that remembers nothing.
pub(super) fn close(parts: Parts) -> Word {
    Word::clean(parts.generation.next())
}
