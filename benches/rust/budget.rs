//! The retry budget: a deposit into a full bucket, and spending it.

mod beside;

use std::hint::black_box;

use beside::beside_another_thread;
use criterion::Criterion;
use seawall_core::{Budget, ConfigError};

fn main() -> Result<(), ConfigError> {
    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("budget");
    let full = Budget::new(0.1, 10.0)?;
    group.bench_function("deposit, full", |b| b.iter(|| full.deposit()));
    let budget = Budget::new(1.0, 10.0)?;
    let turn = || {
        black_box(budget.withdraw());
        budget.deposit();
    };
    group.bench_function("withdraw and deposit, one thread", |b| b.iter(turn));
    group.bench_function("withdraw and deposit, two threads", |b| {
        beside_another_thread(turn, || b.iter(turn));
    });
    group.finish();
    criterion.final_summary();
    Ok(())
}
