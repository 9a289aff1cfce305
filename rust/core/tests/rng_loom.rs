//! No draw is handed out twice, in every interleaving.
#![cfg(loom)]
#![allow(
    clippy::tests_outside_test_module,
    clippy::unwrap_used,
    reason = "a test"
)]

use loom::sync::Arc;
use loom::thread;
use seawall_core::rng::{Rng, mix};

#[test]
fn concurrent_draws_are_the_sequence_each_once() {
    loom::model(|| {
        let rng = Arc::new(Rng::new(7));
        let other = {
            let rng = rng.clone();
            thread::spawn(move || [rng.draw(), rng.draw()])
        };
        let mut drawn = [rng.draw(), rng.draw()].to_vec();
        drawn.extend(other.join().unwrap());
        let mut expected = [0, 1, 2, 3].map(|index| mix(7, index));
        drawn.sort_unstable();
        expected.sort_unstable();

        assert_eq!(drawn, expected);
    });
}

#[test]
fn a_new_seed_takes_effect_between_draws() {
    loom::model(|| {
        let rng = Arc::new(Rng::new(7));
        let other = {
            let rng = rng.clone();
            thread::spawn(move || rng.draw())
        };
        rng.reseed(8);
        let (mine, theirs) = (rng.draw(), other.join().unwrap());

        let drawn = (mine, theirs);
        let orders = [
            (mix(8, 0), mix(7, 0)),
            (mix(8, 0), mix(8, 1)),
            (mix(8, 1), mix(8, 0)),
        ];
        assert!(orders.contains(&drawn), "{drawn:?}");
    });
}
