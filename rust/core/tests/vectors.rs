//! The delays of a seed are the same everywhere and for ever.
//!
//! `tests/vectors/jitter.json` lists them for every kind of backoff and every
//! jitter; other languages read the same file. To add cases, change this test,
//! run it with `SEAWALL_WRITE_VECTORS=1`, and read the diff: lines that were
//! there before must not change.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;

use seawall_core::{Backoff, Jitter, Nanos, rng};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../tests/vectors/jitter.json"
);
const ABOUT: &str = "Durations in nanoseconds. draw is number `retry`, from 0, of SplitMix64 \
                     started with `seed`; previous is the delay before, null for the first.";

const SEEDS: [u64; 3] = [0, 7, 0xDEAD_BEEF_0BAD_CAFE];
const RETRIES: [u64; 7] = [1, 2, 3, 6, 7, 1000, u64::MAX];
const JITTERS: [&str; 6] = [
    "\"none\"",
    "\"full\"",
    "\"equal\"",
    "\"decorrelated\"",
    "0.5",
    "0.1",
];

/// Its fields in JSON, and the backoff they make with each jitter that it takes.
struct Kind {
    fields: &'static str,
    make: fn(Jitter) -> Option<Backoff>,
}

const KINDS: [Kind; 4] = [
    Kind {
        fields: r#""kind": "exponential", "base": 1000000000, "factor": 2.0, "max_delay": 60000000000"#,
        make: |jitter| Backoff::exponential(second(1), 2.0, second(60), jitter).ok(),
    },
    Kind {
        fields: r#""kind": "exponential", "base": 100000007, "factor": 1.7, "max_delay": 9999999999"#,
        make: |jitter| {
            let (base, cap) = (Nanos::new(100_000_007), Nanos::new(9_999_999_999));
            Backoff::exponential(base, 1.7, cap, jitter).ok()
        },
    },
    Kind {
        fields: r#""kind": "linear", "base": 1000000000, "step": 3000000000, "max_delay": 10000000000"#,
        make: |jitter| Backoff::linear(second(1), second(3), second(10), jitter).ok(),
    },
    Kind {
        fields: r#""kind": "constant", "delay": 2000000000"#,
        make: |jitter| Backoff::constant(second(2), jitter).ok(),
    },
];

const fn second(seconds: u64) -> Nanos {
    Nanos::new(seconds.saturating_mul(1_000_000_000))
}

fn jitter(name: &str) -> Jitter {
    match name {
        "\"none\"" => Jitter::None,
        "\"full\"" => Jitter::Full,
        "\"equal\"" => Jitter::Equal,
        "\"decorrelated\"" => Jitter::Decorrelated,
        share => Jitter::spread(share.parse().unwrap()).unwrap(),
    }
}

/// The lines of one kind, jitter and seed: a call that is retried, each delay
/// being the previous one of the next.
fn call(kind: &Kind, name: &str, seed: u64) -> Vec<String> {
    let Some(backoff) = (kind.make)(jitter(name)) else {
        return Vec::new();
    };
    let mut previous = None;
    RETRIES
        .iter()
        .map(|retry| {
            let delay = backoff.seeded_delay(*retry, previous, seed);
            let before = previous.map_or("null".to_owned(), |one| one.as_u64().to_string());
            previous = Some(delay);
            format!(
                r#"    {{{}, "jitter": {name}, "seed": {seed}, "retry": {retry}, "previous": {before}, "draw": {}, "expected": {}}}"#,
                kind.fields,
                rng::mix(seed, *retry),
                delay.as_u64(),
            )
        })
        .collect()
}

fn vectors() -> String {
    let mut lines = Vec::new();
    for kind in &KINDS {
        for name in JITTERS {
            for seed in SEEDS {
                lines.extend(call(kind, name, seed));
            }
        }
    }
    let cases = lines.join(",\n");
    format!("{{\n  \"about\": \"{ABOUT}\",\n  \"cases\": [\n{cases}\n  ]\n}}\n")
}

#[test]
fn the_published_delays_still_hold() {
    let computed = vectors();
    if std::env::var_os("SEAWALL_WRITE_VECTORS").is_some() {
        fs::write(FILE, &computed).unwrap();
    }
    let published = fs::read_to_string(FILE).unwrap();

    for (line, (now, then)) in computed.lines().zip(published.lines()).enumerate() {
        assert_eq!(now, then, "line {line} of {FILE}");
    }
    assert_eq!(computed.lines().count(), published.lines().count());
}
