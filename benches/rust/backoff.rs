//! One delay, for each way of spreading it.

use std::hint::black_box;

use criterion::Criterion;
use seawall_core::{Backoff, ConfigError, Jitter, Nanos, Rng};

fn main() -> Result<(), ConfigError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("backoff");
    let rng = Rng::new(7);
    group.bench_function("draw", |b| b.iter(|| black_box(rng.draw())));
    let jitters = [
        ("none", Jitter::None),
        ("full", Jitter::Full),
        ("equal", Jitter::Equal),
        ("decorrelated", Jitter::Decorrelated),
        ("spread", Jitter::spread(0.5)?),
    ];
    let (base, cap) = (Nanos::from_secs_f64(1.0), Nanos::from_secs_f64(60.0));
    for (name, jitter) in jitters {
        let backoff = Backoff::exponential(base, 2.0, cap, jitter)?;
        group.bench_function(format!("exponential, {name}, third retry"), |b| {
            b.iter(|| black_box(backoff.delay(black_box(3), Some(base), rng.draw())));
        });
    }
    let backoff = Backoff::exponential(base, 2.0, cap, Jitter::Full)?;
    group.bench_function("exponential, full, retry 2^63", |b| {
        b.iter(|| black_box(backoff.delay(black_box(1 << 63), Some(base), rng.draw())));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
