//! One guarded call, seen by the core: admission and verdict.
//!
//! `mutex` is the yardstick: what a lock alone costs on the same machine.

mod beside;

use std::hint::black_box;
use std::sync::{Mutex, PoisonError};

use beside::beside_another_thread;
use criterion::{BenchmarkGroup, Criterion, measurement::WallTime};
use seawall_core::{Admit, Breaker, BreakerConfig, ConfigError, Nanos, Stamp, Trip, Window};

const NOW: Nanos = Nanos::new(0);
const SECOND: Nanos = Nanos::new(1_000_000_000);
const HOUR: Nanos = Nanos::new(3_600_000_000_000);

fn main() -> Result<(), ConfigError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("breaker");
    yardstick(&mut group);
    succeeding(&mut group, &breaker(5)?);
    failing(&mut group, &breaker(u32::MAX)?);
    rejected(&mut group, &breaker(1)?);
    probing(&mut group)?;
    windowed(&mut group)?;
    timed(&mut group)?;
    group.finish();
    criterion.final_summary();
    Ok(())
}

fn breaker(failures: u32) -> Result<Breaker, ConfigError> {
    Ok(Breaker::new(BreakerConfig::new(
        failures, HOUR, 1, 1, SECOND,
    )?))
}

fn yardstick(group: &mut BenchmarkGroup<'_, WallTime>) {
    let mutex = Mutex::new(0_u64);
    let turn = || {
        let mut guard = mutex.lock().unwrap_or_else(PoisonError::into_inner);
        *guard = guard.wrapping_add(1);
    };
    group.bench_function("mutex, one thread", |b| b.iter(turn));
    group.bench_function("mutex, two threads", |b| {
        beside_another_thread(turn, || b.iter(turn));
    });
}

fn succeeding(group: &mut BenchmarkGroup<'_, WallTime>, breaker: &Breaker) {
    let call = || {
        if let Some(stamp) = admitted(breaker, NOW) {
            black_box(breaker.success(stamp));
        }
    };
    group.bench_function("closed, success, one thread", |b| b.iter(call));
    group.bench_function("closed, success, two threads", |b| {
        beside_another_thread(call, || b.iter(call));
    });
}

fn failing(group: &mut BenchmarkGroup<'_, WallTime>, breaker: &Breaker) {
    let call = || {
        if let Some(stamp) = admitted(breaker, NOW) {
            black_box(breaker.failure(stamp, || NOW));
        }
    };
    group.bench_function("closed, failure counted, one thread", |b| b.iter(call));
    group.bench_function("closed, failure counted, two threads", |b| {
        beside_another_thread(call, || b.iter(call));
    });
}

fn rejected(group: &mut BenchmarkGroup<'_, WallTime>, breaker: &Breaker) {
    fail_once(breaker, NOW);
    group.bench_function("open, rejected", |b| {
        b.iter(|| black_box(breaker.acquire(|| NOW)));
    });
}

/// One failure, the break, one successful probe: a whole turn of the states.
fn probing(group: &mut BenchmarkGroup<'_, WallTime>) -> Result<(), ConfigError> {
    let breaker = breaker(1)?;
    let mut now = NOW;
    group.bench_function("open, half-open, closed again", |b| {
        b.iter(|| {
            fail_once(&breaker, now);
            now = now.saturating_add(HOUR).saturating_add(SECOND);
            if let Some(stamp) = admitted(&breaker, now) {
                black_box(breaker.success(stamp));
            }
        });
    });
    Ok(())
}

/// A success while a ratio is told of each kind of window, all of them full.
fn windowed(group: &mut BenchmarkGroup<'_, WallTime>) -> Result<(), ConfigError> {
    for (name, window) in [
        ("a word", Window::Calls(32)),
        ("a ring", Window::Calls(1000)),
        ("buckets", Window::Time(HOUR)),
    ] {
        let trip = Trip::ratio(1.0, window, 10)?;
        let config = BreakerConfig::new(1, HOUR, 1, 1, SECOND)?.with_trip(trip)?;
        let breaker = Breaker::new(config);
        let call = || {
            if let Some(stamp) = admitted(&breaker, NOW) {
                black_box(breaker.success_with(stamp, || black_box(NOW)));
            }
        };
        (0..1000).for_each(|_| call());
        group.bench_function(format!("closed, success, {name} of successes"), |b| {
            b.iter(call);
        });
    }
    Ok(())
}

/// A success of a call that is timed, where nobody looks for calls that hang, and
/// where every admission does.
fn timed(group: &mut BenchmarkGroup<'_, WallTime>) -> Result<(), ConfigError> {
    let in_a_row = BreakerConfig::new(5, HOUR, 1, 1, SECOND)?.with_slow_after(SECOND)?;
    let ratio = in_a_row.with_trip(Trip::ratio(1.0, Window::Calls(32), 10)?)?;
    for (name, config) in [("in a row", in_a_row), ("a ratio", ratio)] {
        let breaker = Breaker::new(config);
        let call = || {
            if let Admit::Permit { stamp, flight, .. } = breaker.acquire(|| black_box(NOW)) {
                black_box(flight.map(|flight| breaker.landed(flight, NOW)));
                black_box(breaker.success(stamp));
            }
        };
        group.bench_function(format!("closed, timed success, {name}"), |b| b.iter(call));
    }
    Ok(())
}

fn fail_once(breaker: &Breaker, now: Nanos) {
    if let Some(stamp) = admitted(breaker, now) {
        black_box(breaker.failure(stamp, || now));
    }
}

fn admitted(breaker: &Breaker, now: Nanos) -> Option<Stamp> {
    match breaker.acquire(|| black_box(now)) {
        Admit::Permit { stamp, .. } => Some(stamp),
        Admit::Reject(_) => None,
    }
}
