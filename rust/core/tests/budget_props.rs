//! A budget is an integer between empty and full, and is never overspent.
#![cfg(not(loom))]
#![allow(
    clippy::tests_outside_test_module,
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test; millionths of a token below 2^53 are exact in a float"
)]

use proptest::prelude::*;
use seawall_core::Budget;

const TOKEN: u64 = 1_000_000;

fn tokens(millionths: u64) -> f64 {
    f64::from(u32::try_from(millionths).unwrap()) / 1e6
}

proptest! {
    #[test]
    fn a_budget_is_a_bounded_integer(
        ratio in 0..3 * TOKEN,
        capacity in TOKEN..20 * TOKEN,
        deposits in proptest::collection::vec(any::<bool>(), 0..300),
    ) {
        let budget = Budget::new(tokens(ratio), tokens(capacity)).unwrap();
        let mut level = capacity;
        for deposit in deposits {
            let filled = capacity.min(level + ratio);
            prop_assert_eq!(budget.quiet(), filled == level);
            if deposit {
                prop_assert_eq!(budget.deposit(), filled != level);
                level = filled;
            } else {
                prop_assert_eq!(budget.withdraw(), level >= TOKEN);
                level = if level >= TOKEN { level - TOKEN } else { level };
            }
            prop_assert_eq!(budget.tokens(), tokens(level));
        }
    }

    #[test]
    fn retries_never_exceed_capacity_and_share(
        ratio in 0..3 * TOKEN,
        capacity in TOKEN..20 * TOKEN,
        deposits in proptest::collection::vec(any::<bool>(), 0..300),
    ) {
        let budget = Budget::new(tokens(ratio), tokens(capacity)).unwrap();
        let (mut calls, mut retries) = (0, 0);
        for deposit in deposits {
            if deposit {
                budget.deposit();
                calls += 1;
            } else if budget.withdraw() {
                retries += 1;
            }
            prop_assert!(retries * TOKEN <= capacity + ratio * calls);
        }
    }
}

#[test]
fn a_hundred_callers_that_always_fail_cause_thirty_retries() {
    let budget = Budget::new(0.2, 10.0).unwrap();
    let retries = (0..100)
        .map(|_| {
            budget.deposit();
            (0..3).take_while(|_| budget.withdraw()).count()
        })
        .sum::<usize>();

    // 10 + 0.2 * 99: the first deposit finds the bucket full.
    assert_eq!(retries, 29);
}
