//! A budget is never overspent and loses no deposit, in every interleaving.
#![cfg(loom)]
#![allow(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    clippy::float_cmp,
    reason = "a test; millionths of a token are exact in a float"
)]

use std::io::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

use loom::sync::Arc;
use loom::thread;
use seawall_core::Budget;

/// Runs a model and tells how many executions it took.
fn explore(name: &str, model: impl Fn() + Send + Sync + 'static) {
    let executions = std::sync::Arc::new(AtomicUsize::new(0));
    let count = executions.clone();
    loom::model(move || {
        count.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let executions = executions.load(Ordering::Relaxed);
    let line = format!("{name:<58} {executions:>8} executions\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

fn spend(budget: &Arc<Budget>, times: usize) -> thread::JoinHandle<usize> {
    let budget = budget.clone();
    thread::spawn(move || (0..times).filter(|_| budget.withdraw()).count())
}

#[test]
fn two_tokens_pay_for_two_of_four_retries() {
    explore("budget: four withdrawals of two tokens", || {
        let budget = Arc::new(Budget::new(0.0, 2.0).unwrap());
        let other = spend(&budget, 2);
        let mine = (0..2).filter(|_| budget.withdraw()).count();

        assert_eq!(mine.saturating_add(other.join().unwrap()), 2);
        assert_eq!(budget.tokens(), 0.0);
    });
}

#[test]
fn no_deposit_is_lost() {
    explore("budget: two deposits against a withdrawal", || {
        let budget = Arc::new(Budget::new(0.5, 2.0).unwrap());
        assert!(budget.withdraw() && budget.withdraw());
        let depositor = {
            let budget = budget.clone();
            thread::spawn(move || budget.deposit())
        };
        let spender = spend(&budget, 1);
        budget.deposit();
        depositor.join().unwrap();
        let left = if spender.join().unwrap() == 1 {
            0.0
        } else {
            1.0
        };

        assert_eq!(budget.tokens(), left);
    });
}

#[test]
fn deposits_never_exceed_the_capacity() {
    explore("budget: deposits at the brim", || {
        let budget = Arc::new(Budget::new(0.75, 1.0).unwrap());
        assert!(budget.withdraw());
        let depositor = {
            let budget = budget.clone();
            thread::spawn(move || budget.deposit())
        };
        budget.deposit();
        depositor.join().unwrap();

        assert_eq!(budget.tokens(), 1.0);
    });
}

#[test]
fn a_deposit_into_a_full_bucket_writes_nothing() {
    explore("budget: deposits into a full bucket", || {
        let budget = Arc::new(Budget::new(0.2, 10.0).unwrap());
        let depositor = {
            let budget = budget.clone();
            thread::spawn(move || budget.deposit())
        };
        budget.deposit();
        depositor.join().unwrap();

        assert_eq!(budget.writes(), 0);
    });
}

#[test]
fn an_empty_bucket_refuses_without_writing() {
    explore("budget: withdrawals from an empty bucket", || {
        let budget = Arc::new(Budget::new(0.2, 1.0).unwrap());
        assert!(budget.withdraw());
        let before = budget.writes();
        let spender = spend(&budget, 1);

        assert!(!budget.withdraw());
        assert_eq!(spender.join().unwrap(), 0);
        assert_eq!(budget.writes(), before);
    });
}
