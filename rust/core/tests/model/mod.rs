//! The breaker as one would write it for a single thread: plain fields, plain
//! time, no bits. What the atomics do must be what this does in some order.
#![allow(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "an oracle is to be obvious, and each test uses its part of it"
)]

use seawall_core::{
    Admit, Breaker, BreakerConfig, Change, Flight, Nanos, Published, Reject, Snapshot, Stamp,
    State, Transition, Trip, Window,
};

const MILLISECOND: u64 = 1_000_000;
const QUARTER: u64 = 250 * MILLISECOND;
const HOUR: u64 = 3600 * 1000 * MILLISECOND;
const TWENTY_DAYS: u64 = 20 * 24 * 3600 * 1000 * MILLISECOND;

/// One call of the interface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Op {
    Acquire(Nanos),
    Success(Whose),
    SuccessAt(Whose, Nanos),
    Failure(Whose, Nanos),
    Release(Whose),
    Isolate,
    Unisolate(Whose),
    Disable,
    Enable,
    Reset,
    Snapshot(Nanos),
    Published,
    /// A flight is over: this one, or that of the permit that this thread holds.
    Landed(Option<Flight>, Nanos),
    /// One with the same window.
    Reconfigure(BreakerConfig),
    Config,
}

/// Whose stamp a verdict uses.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Whose {
    /// The one that this thread acquired last, a call's or a hold's.
    Mine,
    /// A stamp of this generation, whoever had it.
    Of(u32),
}

/// What came back.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Answer {
    Admit(Admit),
    Change(Change),
    Held(Stamp, Change),
    Snapshot(Snapshot),
    Published(Published),
    Landed(bool),
    Config(BreakerConfig),
    /// A verdict of a call that was not admitted.
    Nothing,
}

impl Answer {
    /// The transition that this caller was handed.
    pub(crate) fn transition(self) -> Option<Transition> {
        match self {
            Self::Admit(
                Admit::Permit { transition, .. } | Admit::Reject(Reject { transition, .. }),
            ) => transition,
            Self::Change(Change::Moved(transition)) | Self::Held(_, Change::Moved(transition)) => {
                Some(transition)
            }
            Self::Change(Change::Kept | Change::Late)
            | Self::Held(_, Change::Kept | Change::Late)
            | Self::Snapshot(_)
            | Self::Published(_)
            | Self::Landed(_)
            | Self::Config(_)
            | Self::Nothing => None,
        }
    }
}

/// The breaker and its model, called alike.
pub(crate) trait Subject {
    fn acquire(&mut self, now: Nanos) -> Admit;
    fn success(&mut self, stamp: Stamp, now: Nanos) -> Change;
    fn failure(&mut self, stamp: Stamp, now: Nanos) -> Change;
    fn release(&mut self, stamp: Stamp) -> Change;
    fn isolate(&mut self) -> (Stamp, Change);
    fn unisolate(&mut self, stamp: Stamp) -> Change;
    fn disable(&mut self) -> Change;
    fn enable(&mut self) -> Change;
    fn reset(&mut self) -> Change;
    fn snapshot(&mut self, now: Nanos) -> Snapshot;
    fn published(&mut self) -> Published;
    fn landed(&mut self, flight: Flight, now: Nanos) -> bool;
    fn reconfigure(&mut self, config: BreakerConfig);
    fn config(&mut self) -> BreakerConfig;
}

/// What a thread holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permit {
    pub(crate) stamp: Stamp,
    pub(crate) flight: Option<Flight>,
}

/// The same answer without what only the breaker can know: whether it counted
/// a flight is no part of what it promises.
fn told(admit: Admit, now: Nanos) -> Admit {
    let Admit::Permit {
        stamp,
        state,
        transition,
        flight,
    } = admit
    else {
        return admit;
    };
    let flight = flight.map(|_| Flight::uncounted(stamp, now));
    Admit::Permit {
        stamp,
        state,
        transition,
        flight,
    }
}

/// Runs one operation; `mine` is what this thread holds.
pub(crate) fn run(subject: &mut impl Subject, op: Op, mine: &mut Option<Permit>) -> Answer {
    let stamp = |whose, mine: &mut Option<Permit>| match whose {
        Whose::Mine => mine.take().map(|permit| permit.stamp),
        Whose::Of(generation) => Some(Stamp::from_generation(generation)),
    };
    let change = |change: Option<Change>| change.map_or(Answer::Nothing, Answer::Change);
    match op {
        Op::Acquire(now) => {
            let admit = subject.acquire(now);
            *mine = match admit {
                Admit::Permit { stamp, flight, .. } => Some(Permit { stamp, flight }),
                Admit::Reject(_) => None,
            };
            Answer::Admit(told(admit, now))
        }
        Op::Success(whose) => change(stamp(whose, mine).map(|s| subject.success(s, Nanos::new(0)))),
        Op::SuccessAt(whose, now) => change(stamp(whose, mine).map(|s| subject.success(s, now))),
        Op::Failure(whose, now) => change(stamp(whose, mine).map(|s| subject.failure(s, now))),
        Op::Release(whose) => change(stamp(whose, mine).map(|s| subject.release(s))),
        Op::Isolate => {
            let (stamp, change) = subject.isolate();
            let flight = None;
            *mine = Some(Permit { stamp, flight });
            Answer::Held(stamp, change)
        }
        Op::Unisolate(whose) => change(stamp(whose, mine).map(|s| subject.unisolate(s))),
        Op::Disable => Answer::Change(subject.disable()),
        Op::Enable => Answer::Change(subject.enable()),
        Op::Reset => Answer::Change(subject.reset()),
        Op::Snapshot(now) => Answer::Snapshot(subject.snapshot(now)),
        Op::Published => Answer::Published(subject.published()),
        Op::Landed(flight, now) => flight
            .or_else(|| mine.as_mut()?.flight.take())
            .map_or(Answer::Nothing, |flight| {
                Answer::Landed(subject.landed(flight, now))
            }),
        Op::Reconfigure(config) => {
            subject.reconfigure(config);
            Answer::Nothing
        }
        Op::Config => Answer::Config(subject.config()),
    }
}

impl Subject for &Breaker {
    fn acquire(&mut self, now: Nanos) -> Admit {
        Breaker::acquire(self, || now)
    }
    fn success(&mut self, stamp: Stamp, now: Nanos) -> Change {
        Breaker::success_with(self, stamp, || now)
    }
    fn failure(&mut self, stamp: Stamp, now: Nanos) -> Change {
        Breaker::failure(self, stamp, || now)
    }
    fn release(&mut self, stamp: Stamp) -> Change {
        Breaker::release(self, stamp)
    }
    fn isolate(&mut self) -> (Stamp, Change) {
        Breaker::isolate(self)
    }
    fn unisolate(&mut self, stamp: Stamp) -> Change {
        Breaker::unisolate(self, stamp)
    }
    fn disable(&mut self) -> Change {
        Breaker::disable(self)
    }
    fn enable(&mut self) -> Change {
        Breaker::enable(self)
    }
    fn reset(&mut self) -> Change {
        Breaker::reset(self)
    }
    fn snapshot(&mut self, now: Nanos) -> Snapshot {
        Breaker::snapshot(self, || now)
    }
    fn published(&mut self) -> Published {
        Breaker::published(self)
    }
    fn reconfigure(&mut self, config: BreakerConfig) {
        Breaker::reconfigure(self, config).unwrap();
    }
    fn config(&mut self) -> BreakerConfig {
        Breaker::config(self)
    }
    fn landed(&mut self, flight: Flight, now: Nanos) -> bool {
        Breaker::landed(self, flight, now)
    }
}

/// The plain breaker.
#[derive(Clone, Debug)]
pub(crate) struct Model {
    config: BreakerConfig,
    state: State,
    generation: u32,
    reopenings: u32,
    failures: u32,
    window: Vec<(u64, bool)>, // when, and whether it failed
    opens_until: u64,         // in milliseconds
    out: u32,
    successes: u32,
    reclaims: u32,
    leased_until: u64, // in quarters of a second
    holds: u64,
    flying: Vec<Nanos>, // when they were admitted
}

impl Model {
    pub(crate) fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            state: State::Closed,
            generation: 0,
            reopenings: 0,
            failures: 0,
            window: Vec::new(),
            opens_until: 0,
            out: 0,
            successes: 0,
            reclaims: 0,
            leased_until: 0,
            holds: 0,
            flying: Vec::new(),
        }
    }

    pub(crate) fn config(&self) -> BreakerConfig {
        self.config
    }

    pub(crate) fn state(&self) -> State {
        self.state
    }

    pub(crate) fn permits_out(&self) -> u32 {
        self.out
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// First instant at which a full half-open round is started anew.
    pub(crate) fn lease_end(&self) -> Nanos {
        Nanos::new(self.leased_until * QUARTER)
    }

    fn go(&mut self, new: State) -> Change {
        let transition = Transition {
            old: self.state,
            new,
            generation: (self.generation + 1) % (1 << 20),
            break_duration: None,
        };
        *self = Self {
            state: new,
            generation: transition.generation,
            reopenings: self.reopenings,
            ..Self::new(self.config)
        };
        if new != State::Open && new != State::HalfOpen {
            self.reopenings = 0;
        }
        Change::Moved(transition)
    }

    fn is_current(&self, stamp: Stamp) -> bool {
        let holder = match self.state {
            State::Closed | State::Disabled => true,
            State::HalfOpen => self.out > 0,
            State::Open | State::Isolated => false,
        };
        holder && stamp.generation() == self.generation
    }

    /// The first step of a failure; `None` if the second one is to open.
    pub(crate) fn begin_failure(&mut self, stamp: Stamp, now: Nanos) -> Option<Change> {
        if !self.is_current(stamp) {
            return Some(Change::Late);
        }
        match self.state {
            State::Disabled => return Some(Change::Kept),
            State::Closed => self.remember(now, true),
            State::HalfOpen => return None,
            State::Open | State::Isolated => unreachable!(),
        }
        let trips = match self.config.trip() {
            Trip::Consecutive(most) => {
                self.failures += 1;
                self.failures >= most
            }
            Trip::Ratio { .. } => self.reaches(now, 0),
        };
        (!trips).then_some(Change::Kept)
    }

    fn reaches(&self, now: Nanos, hanging: u32) -> bool {
        let Trip::Ratio { ppm, min_calls, .. } = self.config.trip() else {
            return false;
        };
        let (calls, failures) = self.counts(now);
        let (calls, failures) = (calls + hanging, failures + hanging);
        let share = f64::from(failures) * 1e6;
        calls >= min_calls && share >= f64::from(ppm.get()) * f64::from(calls)
    }

    /// Would an admission find so many hanging calls that it opens?
    pub(crate) fn too_many_hang(&self, now: Nanos) -> bool {
        let Some(slow_after) = self.config.slow_after() else {
            return false;
        };
        let tick = slow_after.as_u64().div_ceil(4).max(MILLISECOND / 10);
        let ticks = |then: &Nanos| (now.as_u64() / tick).saturating_sub(then.as_u64() / tick);
        let hanging = self.flying.iter().filter(|then| ticks(then) >= 5).count();
        let hanging = u32::try_from(hanging).unwrap();
        self.state == State::Closed && hanging > 0 && self.reaches(now, hanging)
    }

    /// What is told to the call that finds them, if none came in between.
    pub(crate) fn open_for_hanging(&mut self, now: Nanos) -> Admit {
        let stamp = Stamp::from_generation(self.generation);
        let Change::Moved(transition) = self.open(stamp, now) else {
            unreachable!()
        };
        Admit::Reject(Reject {
            state: State::Open,
            retry_after: transition.break_duration,
            transition: Some(transition),
        })
    }

    /// The second step; late if the generation ended after the first one.
    pub(crate) fn open(&mut self, stamp: Stamp, now: Nanos) -> Change {
        if !self.is_current(stamp) {
            return Change::Late;
        }
        if self.state == State::HalfOpen {
            self.reopenings = (self.reopenings + 1).min(15);
        }
        let Change::Moved(transition) = self.go(State::Open) else {
            unreachable!()
        };
        let duration = self.config.break_after(self.reopenings, 0, None);
        self.opens_until = (now.as_u64() + duration.as_u64()) / MILLISECOND;
        Change::Moved(Transition {
            break_duration: Some(duration),
            ..transition
        })
    }

    /// Would one more success change nothing?
    fn is_quiet(&self) -> bool {
        let Trip::Ratio { window, .. } = self.config.trip() else {
            return true;
        };
        let size = match window {
            Window::Calls(calls) => usize::try_from(calls).unwrap(),
            Window::Time(_) => usize::MAX,
        };
        let clean = self.window.iter().all(|(_, failed)| !failed);
        self.state == State::Disabled || (self.window.len() == size && clean)
    }

    fn remember(&mut self, now: Nanos, failed: bool) {
        let Trip::Ratio { window, .. } = self.config.trip() else {
            return;
        };
        self.window.push((now.as_u64(), failed));
        if let Window::Calls(calls) = window {
            let surplus = self.window.len().saturating_sub(calls.try_into().unwrap());
            self.window.drain(..surplus);
        }
    }

    pub(crate) fn has_window(&self) -> bool {
        matches!(self.config.trip(), Trip::Ratio { .. })
    }

    /// Outcomes in the window, and failures among them.
    fn counts(&self, now: Nanos) -> (u32, u32) {
        let inside = |then: u64| match self.config.trip() {
            Trip::Ratio {
                window: Window::Time(duration),
                ..
            } => {
                let tick = duration.as_u64() / 10;
                now.as_u64() / tick - then / tick < 10
            }
            Trip::Ratio { .. } | Trip::Consecutive(_) => true,
        };
        let inside = self.window.iter().filter(|(then, _)| inside(*then));
        let failed = inside.clone().filter(|(_, failed)| *failed);
        let count = |number: usize| u32::try_from(number).unwrap();
        (count(inside.count()), count(failed.count()))
    }

    fn longest_lease(&self) -> u64 {
        let lease = self.config.probe_lease().as_u64() * 2_u64.pow(self.reclaims);
        lease.min(TWENTY_DAYS)
    }

    fn lease(&mut self, now: Nanos) {
        let here = now.as_u64() / QUARTER;
        let end = (now.as_u64() + self.longest_lease()) / QUARTER;
        self.leased_until = end.max(here + 1);
        self.out += 1;
    }

    fn permit(&mut self, transition: Option<Transition>, now: Nanos) -> Admit {
        let stamp = Stamp::from_generation(self.generation);
        let timed = self.config.slow_after().is_some() && self.state != State::Disabled;
        if timed && self.state == State::Closed {
            self.flying.push(now);
        }
        Admit::Permit {
            stamp,
            state: self.state,
            transition,
            flight: timed.then_some(Flight::uncounted(stamp, now)),
        }
    }
}

impl Subject for Model {
    fn acquire(&mut self, now: Nanos) -> Admit {
        let refused = |state, retry_after| {
            Admit::Reject(Reject {
                state,
                retry_after,
                transition: None,
            })
        };
        if self.too_many_hang(now) {
            return self.open_for_hanging(now);
        }
        match self.state {
            State::Closed | State::Disabled => self.permit(None, now),
            State::Isolated => refused(State::Isolated, None),
            State::Open => {
                if now.as_u64() < self.opens_until * MILLISECOND {
                    let wait = self.opens_until * MILLISECOND - now.as_u64();
                    return refused(State::Open, Some(Nanos::new(wait)));
                }
                let Change::Moved(transition) = self.go(State::HalfOpen) else {
                    unreachable!()
                };
                self.lease(now);
                self.permit(Some(transition), now)
            }
            State::HalfOpen => {
                if self.out < self.config.max_probes() {
                    self.lease(now);
                    return self.permit(None, now);
                }
                // An hour is how old a reading of the clock may be; what has more to
                // go was leased under a configuration with longer leases.
                let furthest = (self.longest_lease() + HOUR) / QUARTER;
                let ahead = self.leased_until.saturating_sub(now.as_u64() / QUARTER);
                if 0 < ahead && ahead <= furthest {
                    return refused(State::HalfOpen, None);
                }
                let reclaims = (self.reclaims + 1).min(7);
                self.go(State::HalfOpen);
                self.reclaims = reclaims;
                self.lease(now);
                self.permit(None, now)
            }
        }
    }

    fn success(&mut self, stamp: Stamp, now: Nanos) -> Change {
        if !self.is_current(stamp) {
            return Change::Late;
        }
        if self.state == State::HalfOpen {
            self.out -= 1;
            self.successes += 1;
            if self.successes >= self.config.success_threshold() {
                return self.go(State::Closed);
            }
        }
        self.failures = 0;
        if self.state == State::Closed {
            self.remember(now, false);
        }
        Change::Kept
    }

    fn failure(&mut self, stamp: Stamp, now: Nanos) -> Change {
        self.begin_failure(stamp, now)
            .unwrap_or_else(|| self.open(stamp, now))
    }

    fn release(&mut self, stamp: Stamp) -> Change {
        if !self.is_current(stamp) {
            return Change::Late;
        }
        if self.state == State::HalfOpen {
            self.out -= 1;
        }
        Change::Kept
    }

    fn isolate(&mut self) -> (Stamp, Change) {
        let change = match self.state {
            State::Isolated => Change::Kept,
            State::Closed | State::Open | State::HalfOpen | State::Disabled => {
                self.go(State::Isolated)
            }
        };
        self.holds += 1;
        (Stamp::from_generation(self.generation), change)
    }

    fn unisolate(&mut self, stamp: Stamp) -> Change {
        if self.state != State::Isolated || stamp.generation() != self.generation {
            return Change::Late;
        }
        self.holds -= 1;
        if self.holds > 0 {
            Change::Kept
        } else {
            self.go(State::Closed)
        }
    }

    fn disable(&mut self) -> Change {
        if self.state == State::Disabled {
            return Change::Kept;
        }
        self.go(State::Disabled)
    }

    fn enable(&mut self) -> Change {
        if self.state != State::Disabled {
            return Change::Kept;
        }
        self.go(State::Closed)
    }

    fn reset(&mut self) -> Change {
        self.go(State::Closed)
    }

    fn snapshot(&mut self, now: Nanos) -> Snapshot {
        let wait = (self.opens_until * MILLISECOND).saturating_sub(now.as_u64());
        Snapshot {
            state: self.state,
            generation: self.generation,
            failures: self.failures,
            successes: self.successes,
            permits_out: self.out,
            holds: self.holds,
            reopenings: self.reopenings,
            retry_after: (wait > 0).then_some(Nanos::new(wait)),
            window_calls: self.counts(now).0,
            window_failures: self.counts(now).1,
        }
    }

    fn published(&mut self) -> Published {
        let admits = self.state == State::Closed || self.state == State::Disabled;
        let timed = self.config.slow_after().is_some() && self.state == State::Closed;
        Published {
            admits: (admits && !timed).then_some(Stamp::from_generation(self.generation)),
            quiet: admits && self.failures == 0 && self.is_quiet(),
        }
    }

    fn reconfigure(&mut self, config: BreakerConfig) {
        self.config = config;
    }

    fn config(&mut self) -> BreakerConfig {
        Self::config(self)
    }

    fn landed(&mut self, flight: Flight, now: Nanos) -> bool {
        let admitted = flight.admitted();
        let place = self.flying.iter().position(|one| *one == admitted);
        if let Some(place) = place.filter(|_| self.is_current(flight.stamp())) {
            self.flying.swap_remove(place);
        }
        let age = now.saturating_sub(admitted);
        self.config.slow_after().is_some_and(|after| age > after)
    }
}
