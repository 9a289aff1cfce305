#!/usr/bin/env python3
"""Break the Rust core on purpose, and see each break caught.

Every mutant below is one plausible mistake: a store where a compare-and-swap
belongs, a generation that is not checked, a cap that is forgotten. It is applied
to a copy of the crate under `target/mutants`, and the one test that is named with
it must fail. A mutant that survives, a patch that no longer applies, a test that
no longer exists and a mutant that does not compile are all errors.

    python tools/mutants.py             all of them, a few minutes
    python tools/mutants.py lease       those with "lease" in their name
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRATCH = ROOT / "target" / "mutants"
TREE = SCRATCH / "tree"
TIMEOUT = 120  # seconds without the build; a mutant may loop for ever: caught too
NO_END = 124  # the status of what was stopped, as timeout(1) has it


@dataclass(frozen=True)
class Mutant:
    """One mistake, and the test that must notice it."""

    name: str
    file: str
    old: str
    new: str
    test: str  # "binary::function"


STATE, BREAKER, TICK = "breaker/state.rs", "breaker/mod.rs", "breaker/tick.rs"
LOOK, COMMAND = "breaker/look.rs", "breaker/command.rs"
LIVE = "config/live.rs"
COUNT, RING, TIME = "window/count.rs", "window/ring.rs", "window/time.rs"
LAPS = "window/laps.rs"
FLIGHT, SLOW = "window/flight.rs", "breaker/slow.rs"

CHECK = "    if parts.generation != stamp {\n        return %s;\n    }\n"
LATE, SOME_LATE = CHECK % "Next::Late", CHECK % "Some(Next::Late)"
UNPACK = " -> %s {\n    let parts = word.unpack();\n"

MUTANTS = [
    # What only an interleaving shows.
    Mutant(
        "a store instead of a compare-and-swap",
        BREAKER,
        "            .compare_exchange_weak(old.bits(), new.bits(), "
        "Ordering::AcqRel, Ordering::Acquire)\n"
        "            .map(drop)\n"
        "            .map_err(Word::from_bits)",
        "            .swap(new.bits(), Ordering::AcqRel);\n"
        "        let _ = old;\n"
        "        Ok(())",
        "breaker_loom::three_acquirers_for_one_permit",
    ),
    Mutant(
        "a lost race is reported as won",
        BREAKER,
        "        self.swap(word, new)?;",
        "        let _ = self.swap(word, new);",
        "breaker_loom::failures_against_a_success",
    ),
    Mutant(
        "fetch_add counts the closed failure",
        BREAKER,
        "state::count_failure(word, &self.config(), stamp) {\n",
        "state::count_failure(word, &self.config(), stamp) {\n"
        "            if word.is_closed() && matches!(next, Next::To(_)) {\n"
        "                self.word.fetch_add(1, Ordering::AcqRel);\n"
        "                return Change::Kept;\n"
        "            }\n",
        "breaker_loom::failures_race_to_the_threshold",
    ),
    Mutant(
        "a store forgets the failures",
        BREAKER,
        "            return self.remember_success(stamp, || Some(now()));\n        }\n",
        "            return self.remember_success(stamp, || Some(now()));\n        }\n"
        "        let word = self.load();\n"
        "        if word.is_closed() && word.stamp() == stamp {\n"
        "            self.word.swap(Word::clean(stamp).bits(), Ordering::AcqRel);\n"
        "            return Change::Kept;\n"
        "        }\n",
        "breaker_loom::a_success_forgets_no_later_failure",
    ),
    Mutant(
        "a release is decided on an old word",
        BREAKER,
        "        self.advance(|word| state::release(word, stamp))",
        "        let seen = self.load();\n"
        "        self.advance(|_| state::release(seen, stamp))",
        "breaker_loom::probes_end_in_every_way_at_once",
    ),
    Mutant(
        "a permit is granted on an old word",
        BREAKER,
        "                Entry::Grant(new) => "
        "self.swap(word, new).map(|()| self.granted(word, new, now)),\n",
        "                Entry::Grant(new) => {\n"
        "                    let _ = self.swap(word, new);\n"
        "                    Ok(self.granted(word, new, now))\n"
        "                }\n",
        "breaker_loom::three_acquirers_for_one_permit",
    ),
    Mutant(
        "a verdict is dropped when its race is lost",
        BREAKER,
        "            match self.commit(word, decide(word)) {\n"
        "                Ok(change) => return change,\n"
        "                Err(seen) => word = seen,\n",
        "            match self.commit(word, decide(word)) {\n"
        "                Ok(change) => return change,\n"
        "                Err(seen) if seen.is_closed() => return Change::Late,\n"
        "                Err(seen) => word = seen,\n",
        "breaker_loom::failures_against_a_success",
    ),
    Mutant(
        "the clean closed path writes",
        BREAKER,
        "        if self.glance() == Word::clean(stamp) {\n"
        "            return self.remember_success(stamp, || Some(now()));",
        "        if self.swap(Word::clean(stamp), Word::clean(stamp)).is_ok() {\n"
        "            return self.remember_success(stamp, || Some(now()));",
        "breaker_loom::a_clean_closed_circuit_writes_nothing",
    ),
    Mutant(
        "a disabled circuit writes",
        STATE,
        "        Phase::Closed { failures: 0 } | Phase::Disabled => Next::Same,",
        "        Phase::Closed { failures: 0 } => Next::Same,\n"
        "        Phase::Disabled => Next::To(word),",
        "breaker_loom::a_disabled_circuit_writes_nothing",
    ),
    # Generations.
    Mutant(
        "success does not check the generation",
        STATE,
        "Stamp) -> Next {\n    let parts = word.unpack();\n"
        + LATE
        + "    match parts.phase {\n        Phase::Closed { failures: 0 }",
        "Stamp) -> Next {\n    let parts = word.unpack();\n"
        "    let _ = stamp;\n"
        "    match parts.phase {\n        Phase::Closed { failures: 0 }",
        "breaker_loom::late_results_against_a_probe",
    ),
    Mutant(
        "failure does not check the generation",
        STATE,
        SOME_LATE,
        "    let _ = stamp;\n",
        "breaker_loom::late_results_against_a_probe",
    ),
    Mutant(
        "release does not check the generation",
        STATE,
        "pub(super) fn release(word: Word, stamp: Stamp)" + UNPACK % "Next" + LATE,
        "pub(super) fn release(word: Word, stamp: Stamp)"
        + UNPACK % "Next"
        + "    let _ = stamp;\n",
        "breaker_loom::late_results_against_a_probe",
    ),
    Mutant(
        "a release of a hold does not check the generation",
        COMMAND,
        "pub(super) fn unisolate(word: Word, stamp: Stamp)" + UNPACK % "Next" + LATE,
        "pub(super) fn unisolate(word: Word, stamp: Stamp)"
        + UNPACK % "Next"
        + "    let _ = stamp;\n",
        "breaker_loom::a_dropped_hold_against_a_newer_one",
    ),
    Mutant(
        "a hold tells the generation before it",
        BREAKER,
        "                Ok(change) => return (new.stamp(), change),",
        "                Ok(change) => return (word.stamp(), change),",
        "breaker::two_holds_are_released_by_two_releases",
    ),
    Mutant(
        "no new generation when the circuit opens",
        STATE,
        "        generation: parts.generation.next(),\n        reopenings,\n",
        "        generation: parts.generation,\n        reopenings,\n",
        "breaker_loom::failures_race_to_the_threshold",
    ),
    Mutant(
        "no new generation when a lost lease is reclaimed",
        STATE,
        "        return Entry::Grant(new_round(parts, reclaims, config, now));",
        "        let generation = Stamp::from_generation(\n"
        "            parts.generation.generation().wrapping_sub(1),\n"
        "        );\n"
        "        let parts = Parts { generation, ..parts };\n"
        "        return Entry::Grant(new_round(parts, reclaims, config, now));",
        "breaker_loom::a_lost_permit_its_late_result_and_two_reclaimers",
    ),
    Mutant(
        "no new generation in half-open",
        STATE,
        "generation: parts.generation.next(),\n        phase,\n        ..parts\n",
        "generation: parts.generation,\n        phase,\n        ..parts\n",
        "breaker_loom::three_acquirers_for_one_permit",
    ),
    Mutant(
        "no new generation when the circuit closes",
        STATE,
        "    Word::clean(parts.generation.next())",
        "    Word::clean(parts.generation)",
        "breaker_loom::a_cancelled_probe_against_two_acquirers",
    ),
    # Permits and leases.
    Mutant(
        "one permit too many",
        STATE,
        "    if probes.out < config.max_probes() {",
        "    if probes.out <= config.max_probes() {",
        "breaker::successes_make_no_room_for_more_permits_than_allowed",
    ),
    Mutant(
        "the first probe takes no permit",
        STATE,
        "        out: 1,\n",
        "        out: 0,\n",
        "breaker_loom::three_acquirers_for_one_permit",
    ),
    Mutant(
        "a cancelled probe keeps its permit",
        STATE,
        "            Some(out) => {\n"
        "                let phase = Phase::HalfOpen(Probes { out, ..probes });\n",
        "            Some(_) => {\n"
        "                let phase = Phase::HalfOpen(probes);\n",
        "breaker_loom::a_cancelled_probe_against_two_acquirers",
    ),
    Mutant(
        "a successful probe keeps its permit",
        STATE,
        "    let Some(out) = probes.out.checked_sub(1) else {\n"
        "        return Next::Late; // a second verdict for the same permit",
        "    let Some(out) = Some(probes.out) else {\n"
        "        return Next::Late; // a second verdict for the same permit",
        "breaker::more_successes_than_permits_are_earned_one_after_the_other",
    ),
    Mutant(
        "a second verdict takes a permit that is not there",
        STATE,
        "        Phase::HalfOpen(probes) => (probes.out == 0).then_some(Next::Late),",
        "        Phase::HalfOpen(_) => None,",
        "breaker::a_second_verdict_of_the_last_permit_changes_nothing",
    ),
    Mutant(
        "a lease is taken back before its end",
        STATE,
        "    if probes.lease.reached(now, lease(probes.reclaims, config)) {",
        "    let over = probes.lease.reached(now, lease(probes.reclaims, config));\n"
        "    if over || probes.out > 0 {",
        "breaker_loom::three_acquirers_for_one_permit",
    ),
    Mutant(
        "a lost lease is never taken back",
        STATE,
        "    if probes.lease.reached(now, lease(probes.reclaims, config)) {",
        "    let over = probes.lease.reached(now, lease(probes.reclaims, config));\n"
        "    if over && probes.out == 0 {",
        "breaker_props::with_all_permits_lost_an_acquire_after_the_lease_succeeds",
    ),
    Mutant(
        "a new permit does not renew the lease",
        STATE,
        "            out,\n            lease,\n            ..probes\n",
        "            out,\n"
        "            lease: if out == 1 { lease } else { probes.lease },\n"
        "            ..probes\n",
        "breaker::a_new_permit_renews_the_lease_of_the_round",
    ),
    Mutant(
        "a lost lease does not double the next",
        STATE,
        "        let reclaims = probes.reclaims.saturating_add(1).min(MAX_RECLAIMS);",
        "        let reclaims = probes.reclaims.min(MAX_RECLAIMS);",
        "breaker::a_slow_but_healthy_dependency_closes_at_last",
    ),
    Mutant(
        "a lease grows beyond twenty days",
        STATE,
        "    Nanos::new(doubled).min(LONGEST_LEASE)",
        "    let _ = LONGEST_LEASE;\n    Nanos::new(doubled)",
        "breaker::no_lease_is_longer_than_twenty_days",
    ),
    Mutant(
        "a lease shorter than a tick is over at once",
        STATE,
        "        end.next()\n",
        "        end\n",
        "breaker::a_lease_shorter_than_its_clock_is_not_over_at_once",
    ),
    # Time.
    Mutant(
        "deadlines are compared as plain numbers",
        TICK,
        "        if distance <= furthest { distance } else { 0 }",
        "        let later = self.0 > Self::at(now).0;\n"
        "        if later && distance <= furthest { distance } else { 0 }",
        "word_props::the_circle_has_no_seam",
    ),
    Mutant(
        "half the circle lies ahead, however short the lease",
        TICK,
        "        if distance <= furthest { distance } else { 0 }",
        "        if distance <= furthest || distance <= Self::MASK >> 1 { "
        "distance } else { 0 }",
        "breaker_props::however_long_nobody_asked_a_lost_round_is_over_one_lease_later",
    ),
    Mutant(
        "no break is over before half the circle is",
        STATE,
        "match until.remaining(now, MAX_BREAK) {",
        "match until.remaining(now, Nanos::new(u64::MAX >> 8)) {",
        "breaker_props::however_long_nobody_asked_a_break_is_over_a_year_later",
    ),
    Mutant(
        "a snapshot tells of a break that was over years ago",
        LOOK,
        "until.remaining(*now, MAX_BREAK)",
        "until.remaining(*now, MAX_BREAK.saturating_add(MAX_BREAK))",
        "breaker::a_break_that_began_years_ago_is_over",
    ),
    Mutant(
        "a lease is taken for a lost one by whoever read the clock before it",
        TICK,
        "longest.saturating_add(SLEPT).as_u64()",
        "longest.saturating_sub(SLEPT).saturating_add(SLEPT).as_u64()",
        "breaker::who_read_the_clock_long_ago_takes_no_permit_back",
    ),
    Mutant(
        "the lease of a round that was lost before counts as a first one",
        STATE,
        "reached(now, lease(probes.reclaims, config))",
        "reached(now, lease(0, config))",
        "breaker::no_lease_is_longer_than_twenty_days",
    ),
    Mutant(
        "a deadline rounds up",
        STATE,
        "    let until = BreakTick::at(pause.now.saturating_add(duration));",
        "    let end = pause.now.saturating_add(duration);\n"
        "    let until = BreakTick::at(end).next();",
        "breaker_props::nobody_is_admitted_during_the_break_and_somebody_after_it",
    ),
    Mutant(
        "ticks round up",
        TICK,
        "        Self::from_bits(now.as_u64().div_euclid(NANOS))",
        "        Self::from_bits(now.as_u64().div_ceil(NANOS))",
        "word_props::a_break_ends_when_it_should",
    ),
    Mutant(
        "retry_after forgets the part of the tick that is over",
        TICK,
        "let into = now.as_u64().rem_euclid(NANOS);",
        "let into = 0;",
        "word_props::a_break_ends_when_it_should",
    ),
    Mutant(
        "the clock is read where nobody asks for the time",
        BREAKER,
        "        if let Some(answer) = "
        "state::enter_at_any_time(self.load(), !self.slow.is_off()) {\n"
        "            return answer;\n"
        "        }\n"
        "        let now = now();",
        "        let now = now();\n"
        "        if let Some(answer) = "
        "state::enter_at_any_time(self.load(), !self.slow.is_off()) {\n"
        "            return answer;\n"
        "        }",
        "breaker::the_clock_is_read_once_and_only_where_time_matters",
    ),
    # Operators and what is told.
    Mutant(
        "a second hold is not counted",
        COMMAND,
        "                holds: holds.saturating_add(1),",
        "                holds,",
        "breaker_loom::operators_against_each_other",
    ),
    Mutant(
        "breaks grow beyond the last re-opening that is counted",
        STATE,
        "parts.reopenings.saturating_add(1).min(MAX_REOPENINGS)",
        "parts.reopenings.saturating_add(1).min(MAX_REOPENINGS + 1)",
        "breaker::the_sixteenth_break_in_a_row_is_the_longest",
    ),
    Mutant(
        "closing remembers how often the circuit opened again",
        STATE,
        "    Word::clean(parts.generation.next())",
        "    let phase = Phase::Closed { failures: 0 };\n"
        "    Parts { generation: parts.generation.next(), phase, ..parts }.pack()",
        "breaker::reopenings_count_to_fifteen_and_closing_forgets_them",
    ),
    Mutant(
        "a failure is published as nothing to do",
        LOOK,
        "                quiet: word == Word::clean(word.stamp()) && ",
        "                quiet: ",
        "breaker_loom::a_success_forgets_no_later_failure",
    ),
    # Windows.
    Mutant(
        "a store pushes into a word of outcomes",
        COUNT,
        "            match self.word.compare_exchange_weak(\n"
        "                word,\n"
        "                tag(stamp) | after,\n"
        "                Ordering::AcqRel,\n"
        "                Ordering::Acquire,\n"
        "            ) {",
        "            self.word.swap(tag(stamp) | after, Ordering::AcqRel);\n"
        "            match Ok::<u64, u64>(word) {",
        "window_loom::a_word_is_told_of_each_failure_once",
    ),
    Mutant(
        "a failure is told what a word held before it",
        COUNT,
        "                Ok(_) => return Some(after),",
        "                Ok(_) => return Some(before),",
        "window_props::a_word_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a late outcome takes a word over",
        COUNT,
        "            } else if current() {",
        "            } else if current() || failed == 1 {",
        "window_loom::a_late_outcome_is_none_of_a_words",
    ),
    Mutant(
        "a word keeps the outcomes of another generation",
        COUNT,
        "            } else if current() {\n                0\n",
        "            } else if current() {\n                word & BODY\n",
        "window_props::a_word_of_outcomes_is_a_queue",
    ),
    Mutant(
        "the oldest outcome does not fall out of a full word",
        COUNT,
        "            longer & (self.full().wrapping_sub(1)) | self.full()",
        "            longer & BODY",
        "window_props::a_word_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a word that is not full yet counts as clean",
        COUNT,
        "self.word.load(Ordering::Relaxed) == tag(stamp) | self.full()",
        "self.counts(stamp).failed == 0",
        "window_props::a_word_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a success in a full clean word writes",
        COUNT,
        "        self.is_clean(stamp) || self.push(stamp, 0, current).is_some()",
        "        self.push(stamp, 0, current).is_some()",
        "window_loom::a_success_in_a_clean_word_writes_nothing",
    ),
    Mutant(
        "a store takes a place in a ring",
        RING,
        "            match swap(&self.head, head, tag(stamp) | next) {",
        "            self.head.swap(tag(stamp) | next, Ordering::SeqCst);\n"
        "            match Ok::<(), u64>(()) {",
        "window_loom::a_ring_is_told_of_all_failures_in_all_its_words",
    ),
    Mutant(
        "a store writes the bit of a ring",
        RING,
        "            match swap(bits, word, tag(stamp) | after) {",
        "            bits.swap(tag(stamp) | after, Ordering::SeqCst);\n"
        "            match Ok::<(), u64>(()) {",
        "window_loom::a_ring_is_told_of_all_failures_in_all_its_words",
    ),
    Mutant(
        "a failure counts a ring before it is in it",
        RING,
        "        let place = self.take(stamp, &current)?;\n"
        "        self.mark(place, stamp, true, &current)\n"
        "            .then(|| self.counts(stamp))",
        "        let place = self.take(stamp, &current)?;\n"
        "        let counts = self.counts(stamp);\n"
        "        let failed = counts.failed.saturating_add(1);\n"
        "        self.mark(place, stamp, true, &current)\n"
        "            .then_some(Counts { failed, ..counts })",
        "window_loom::a_ring_is_told_of_all_failures_in_all_its_words",
    ),
    Mutant(
        "a late outcome takes the head of a ring over",
        RING,
        "            } else if current() {",
        "            } else if current() || head != 0 {",
        "window_loom::a_late_outcome_is_none_of_a_rings",
    ),
    Mutant(
        "a ring counts the bits of another generation",
        RING,
        "    if word & !BODY == tag(stamp) {\n        word & BODY\n    } else {\n"
        "        0",
        "    if word & !BODY == tag(stamp) {\n        word & BODY\n    } else {\n"
        "        word & BODY",
        "window_props::a_ring_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a success does not clear the failure it replaces in a ring",
        RING,
        "before & !bit };",
        "before };",
        "window_props::a_ring_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a ring forgets that it is full when it has gone round twice",
        RING,
        "if next == lap { self.size } else { next };",
        "if next == lap { 0 } else { next };",
        "window_props::a_ring_of_outcomes_is_a_queue",
    ),
    Mutant(
        "a success in a full clean ring writes",
        RING,
        "        self.is_clean(stamp)\n            || self",
        "        (self.is_clean(stamp) && self.size > OUTCOMES.saturating_add(2))\n"
        "            || self",
        "window_loom::a_success_in_a_clean_ring_writes_nothing",
    ),
    Mutant(
        "a store pushes into a bucket",
        TIME,
        "            match swap(bucket, word, own | pack(with(counts, failed))) {",
        "            let pushed = own | pack(with(counts, failed));\n"
        "            match Ok::<u64, u64>(bucket.swap(pushed, Ordering::SeqCst)) {",
        "window_loom::buckets_are_told_of_all_failures",
    ),
    Mutant(
        "an outcome of the lap before takes a bucket back",
        TIME,
        "age(own, name).is_some())",
        "age(own, name).is_some_and(|age| age > 1))",
        "window_props::an_outcome_of_a_lap_before_is_no_outcome_of_this_one",
    ),
    Mutant(
        "a bucket that was never used is taken for a newer one",
        TIME,
        "        0 => None,\n        _ => Some(word",
        "        COUNTS => None,\n        _ => Some(word",
        "window_props::a_bucket_takes_outcomes_however_long_it_slept_"
        "while_another_was_used",
    ),
    Mutant(
        "a late outcome takes a bucket over",
        TIME,
        "            } else if current() {",
        "            } else if current() || failed {",
        "window_loom::a_late_outcome_is_none_of_a_buckets",
    ),
    Mutant(
        "a bucket is counted though its lap is over",
        TIME,
        "(word & !COUNTS == own && word & COUNTS != 0)",
        "(word & !BODY == own & !BODY && word & COUNTS != 0)",
        "window_props::ten_buckets_are_a_queue_of_ten_ticks",
    ),
    Mutant(
        "a window of time is eleven buckets long",
        TIME,
        "(end.saturating_sub(BUCKETS.saturating_sub(1))..=end)",
        "(end.saturating_sub(BUCKETS)..=end)",
        "window_props::ten_buckets_are_a_queue_of_ten_ticks",
    ),
    Mutant(
        "a failure is not told of the bucket after its own",
        TIME,
        "held(ahead).map_or(last, |_| ahead);",
        "held(ahead).map_or(last, |_| last);",
        "window_loom::one_of_two_failures_beside_a_border_is_told_of_both",
    ),
    Mutant(
        "a full bucket wraps",
        TIME,
        "if full { count.div_euclid(2) } else { count };",
        "if full { 0 } else { count };",
        "window_props::a_bucket_too_full_to_count_keeps_its_ratio",
    ),
    Mutant(
        "nobody sweeps",
        TIME,
        "                self.sweep(name);",
        "                let _ = Self::sweep;",
        "window_props::what_sleeps_in_a_bucket_while_another_is_used_never_counts_again",
    ),
    Mutant(
        "a sweeper stores",
        TIME,
        "                match swap(bucket, word, 0) {",
        "                match Ok::<u64, u64>(bucket.swap(0, Ordering::SeqCst)) {",
        "window_loom::a_failure_in_a_bucket_that_is_swept_is_not_lost",
    ),
    Mutant(
        "a sweeper clears what is newer than its lap",
        TIME,
        "        .and_then(|name| age(name, newest))\n"
        "        .is_some_and(|age| age > 1)",
        "        .is_some_and(|name| name != newest && age(name, newest) != Some(1))",
        "window_loom::a_sweeper_that_slept_for_a_lap_clears_nothing_of_the_next",
    ),
    Mutant(
        "a sweeper clears the lap before",
        TIME,
        "        .is_some_and(|age| age > 1)",
        "        .is_some_and(|age| age > 0)",
        "window_props::ten_buckets_are_a_queue_of_ten_ticks",
    ),
    Mutant(
        "a lap is named by its number",
        LAPS,
        "        let name = self.0.wrapping_add(step) & NAME;",
        "        let name = step.max(lap) & NAME;",
        "window_loom::after_a_long_idleness_nothing_is_lost_and_nothing_counts_again",
    ),
    Mutant(
        "a lap after a pause takes the next name",
        LAPS,
        "            Some(_) => 2,",
        "            Some(_) => 1,",
        "window_props::ten_buckets_are_a_queue_of_ten_ticks",
    ),
    Mutant(
        "a lap is named though the race for it was lost",
        LAPS,
        "                Err(newer) => seen = Newest(newer),",
        "                Err(newer) if newer == 0 => seen = Newest(newer),\n"
        "                Err(_) => return Claim::New(next.0 & NAME),",
        "window_loom::two_that_begin_laps_at_once_begin_two",
    ),
    Mutant(
        "the lap before the newest has no name",
        LAPS,
        "Some(behind @ 0..=1)",
        "Some(behind @ 0..=0)",
        "window_props::ten_buckets_are_a_queue_of_ten_ticks",
    ),
    Mutant(
        "who slept for laps sets the clock back",
        LAPS,
        "            None if self.lap().saturating_sub(lap) > late => 2,",
        "            None if late > 0 => 2,",
        "window_props::an_outcome_that_slept_for_laps_clears_nothing",
    ),
    Mutant(
        "a window waits until a clock that was set back catches up",
        LAPS,
        "            None if self.lap().saturating_sub(lap) > late => 2,",
        "            None if late == 0 => 2,",
        "window_props::a_clock_that_was_set_back_for_an_hour_is_followed",
    ),
    Mutant(
        "exactly the ratio is not enough",
        "window/mod.rs",
        "failed >= needed",
        "failed > needed",
        "window_props::a_tenth_of_a_hundred_is_ten",
    ),
    Mutant(
        "too few calls are enough",
        "window/mod.rs",
        "self.total >= min_calls.max(1) &&",
        "self.total >= 1.min(min_calls) &&",
        "window_props::enough_failures_are_enough",
    ),
    # A breaker with a window.
    Mutant(
        "a ratio that is reached opens without a swap",
        BREAKER,
        "                self.advance("
        "|word| state::trip(word, &self.config(), stamp, pause))",
        "                let word = self.load();\n"
        "                let next = state::trip(word, &self.config(), stamp, pause);\n"
        "                let Next::Break(new, _) = next else { return Change::Late };\n"
        "                self.word.swap(new.bits(), Ordering::AcqRel);\n"
        "                Change::Moved(new.transition_from(Word::clean(stamp), None))",
        "breaker_loom::a_ratio_trips_exactly_once",
    ),
    Mutant(
        "a ratio that is reached opens another generation",
        STATE,
        "    if word.stamp() == stamp {\n",
        "    if word.stamp() == stamp || word.is_closed() {\n",
        "breaker_loom::a_ratio_forgets_a_generation_that_is_reset",
    ),
    Mutant(
        "a ratio is asked before the failure is in the window",
        BREAKER,
        "        match self.memory.failure(stamp, || *now, is_current) {",
        "        let before = self.memory.counts(stamp, || *now);\n"
        "        let pushed = self.memory.failure(stamp, || *now, is_current);\n"
        "        match pushed.map(|_| before) {",
        "breaker::a_ratio_opens_at_the_failure_that_reaches_it",
    ),
    Mutant(
        "a success is not pushed into the window",
        BREAKER,
        "        if self.memory.is_none() || "
        "self.memory.success(stamp, now, is_current) {",
        "        if self.memory.is_none() || now().is_none() || is_current() {",
        "breaker::ninety_nine_failures_of_two_hundred_stay_below_a_half",
    ),
    Mutant(
        "a window that is not full is published as nothing to do",
        LOOK,
        " && self.memory.is_quiet(word.stamp()),",
        ",",
        "breaker_loom::a_ratio_is_published_when_it_is_clean",
    ),
    Mutant(
        "a snapshot puts two generations together",
        LOOK,
        "            if after == word {",
        "            if after == word || after.is_closed() {",
        "breaker_loom::a_snapshot_is_of_one_generation",
    ),
    # Calls in flight.
    Mutant(
        "a store enters a bucket",
        FLIGHT,
        "            match swap(bucket, word, new) {\n"
        "                Ok(()) => {\n"
        "                    self.move_to_older",
        "            bucket.swap(new, Ordering::AcqRel);\n"
        "            match Ok::<(), u64>(()) {\n"
        "                Ok(()) => {\n"
        "                    self.move_to_older",
        "flight_loom::a_sum_never_counts_a_moved_call_twice",
    ),
    Mutant(
        "a store changes the count of older calls",
        FLIGHT,
        "            match swap(&self.older, word, tag(stamp) | after) {",
        "            self.older.swap(tag(stamp) | after, Ordering::AcqRel);\n"
        "            match Ok::<(), u64>(()) {",
        "flight_loom::all_calls_of_a_bucket_leave_while_it_is_moved",
    ),
    Mutant(
        "a store leaves a bucket",
        FLIGHT,
        "            match swap(bucket, word, word.saturating_sub(1)) {",
        "            bucket.swap(word.saturating_sub(1), Ordering::AcqRel);\n"
        "            match Ok::<(), u64>(()) {",
        "flight_loom::a_call_leaves_though_its_bucket_is_being_moved",
    ),
    Mutant(
        "calls are added to the older ones before they left their bucket",
        FLIGHT,
        "            match swap(bucket, word, new) {\n"
        "                Ok(()) => {\n"
        "                    self.move_to_older(stamp, moved, current);\n"
        "                    return true;\n",
        "            self.move_to_older(stamp, moved, &current);\n"
        "            match swap(bucket, word, new) {\n"
        "                Ok(()) => {\n"
        "                    return true;\n",
        "flight_loom::a_sum_never_counts_a_moved_call_twice",
    ),
    Mutant(
        "a sum reads the buckets before the older calls",
        FLIGHT,
        "        let older = if is_own(older, stamp) { older } else { 0 };\n",
        "        let _ = older;\n"
        "        let older = self.older.load(Ordering::Acquire);\n"
        "        let older = if is_own(older, stamp) { older } else { 0 };\n",
        "flight_loom::a_sum_never_counts_a_moved_call_twice",
    ),
    Mutant(
        "what a bucket held is lost when its turn comes again",
        FLIGHT,
        "                Found::Earlier(calls) => (0, calls),",
        "                Found::Earlier(_) => (0, 0),",
        "flight_props::a_call_too_old_is_counted_within_a_quarter",
    ),
    Mutant(
        "a call that was moved leaves the bucket of another",
        FLIGHT,
        "        while word & !CALLS == head(stamp, tick) && word & CALLS != 0 {",
        "        while is_own(word, stamp) && word & CALLS != 0 {",
        "flight_props::a_call_too_old_is_counted_within_a_quarter",
    ),
    Mutant(
        "a call leaves an empty bucket",
        FLIGHT,
        "head(stamp, tick) && word & CALLS != 0 {",
        "head(stamp, tick) {",
        "flight_props::a_call_that_was_moved_leaves_no_place_that_is_empty",
    ),
    Mutant(
        "a call too late for its bucket is older at once",
        FLIGHT,
        "            HALF.. if calls != 0 => Self::Later,",
        "            HALF.. if calls == CALLS => Self::Later,",
        "flight_props::a_young_call_is_never_counted_however_long_anybody_slept",
    ),
    Mutant(
        "an empty bucket that slept is taken for a later one",
        FLIGHT,
        "            HALF.. if calls != 0 => Self::Later,",
        "            HALF.. => Self::Later,",
        "flight_props::a_bucket_that_is_empty_is_free_after_any_time",
    ),
    Mutant(
        "a call leaves a young one's place after half the circle",
        FLIGHT,
        "        if lost || !self.leave_bucket",
        "        if (lost && entered == TICKS) || !self.leave_bucket",
        "flight_props::a_call_of_the_same_tick_one_circle_ago_leaves_no_young_ones_place",
    ),
    Mutant(
        "more have left the older calls than came, and it is not told of",
        FLIGHT,
        "        let sum = signed(older).saturating_add_unsigned(in_buckets);",
        "        let sum = signed(older).max(0).saturating_add_unsigned(in_buckets);",
        "flight_props::when_all_have_landed_nothing_hangs_at_any_later_time",
    ),
    Mutant(
        "a full bucket overflows",
        FLIGHT,
        "            0 if calls == CALLS => Self::Full,\n",
        "",
        "flight_props::a_full_bucket_takes_no_more_and_gives_all_back",
    ),
    Mutant(
        "a call is old a tick too early",
        FLIGHT,
        "const OLD: u64 = QUARTERS + 1;",
        "const OLD: u64 = QUARTERS;",
        "flight_props::older_is_older_whatever_slow_after_is",
    ),
    Mutant(
        "a tick is a quarter rounded down",
        FLIGHT,
        "div_ceil(QUARTERS)",
        "div_euclid(QUARTERS)",
        "flight_props::a_slow_after_of_no_whole_quarters_makes_no_call_older_than_it_is",
    ),
    Mutant(
        "a late leave touches the next generation",
        FLIGHT,
        "        if !current() {\n            return;\n        }\n",
        "        let stamp = if current() { stamp } else { stamp.next() };\n",
        "flight_props::a_leave_of_an_old_generation_touches_nothing",
    ),
    Mutant(
        "a late enter takes a bucket over",
        FLIGHT,
        "                Found::Foreign if current() => (0, 0),",
        "                Found::Foreign if current() || tick < HALF => (0, 0),",
        "flight_loom::a_generation_that_ends_leaves_nothing_to_the_next",
    ),
    Mutant(
        "a late move takes the older calls over",
        FLIGHT,
        "            } else if current() {",
        "            } else if current() || change == 1 {",
        "flight_loom::a_dead_count_of_older_calls_is_taken_over_once",
    ),
    Mutant(
        "a sum counts another generation's older calls",
        FLIGHT,
        "        let older = if is_own(older, stamp) { older } else { 0 };",
        "        let older = if is_own(older, stamp) { older } else { older & BODY };",
        "flight_props::the_last_generation_has_nothing_of_the_first",
    ),
    Mutant(
        "a sum counts another generation's buckets",
        FLIGHT,
        "    if is_own(word, stamp) && is_old {",
        "    if is_old {",
        "slow::what_hangs_since_an_earlier_generation_is_forgotten",
    ),
    Mutant(
        "a call that took exactly as long is slow",
        SLOW,
        "saturating_sub(flight.admitted) > self.slow.after",
        "saturating_sub(flight.admitted) >= self.slow.after",
        "slow::a_call_is_slow_if_it_takes_longer_and_not_if_it_takes_as_long",
    ),
    Mutant(
        "a call never leaves the counters",
        SLOW,
        "        self.slow.left(flight, now, current);\n",
        "        let _ = current;\n",
        "slow::a_call_that_has_landed_does_not_hang",
    ),
    Mutant(
        "what hangs is summed before the window is read",
        SLOW,
        "        if self.slow.hanging(stamp, now) == 0 {\n"
        "            return false; // nearly always: the window is left alone\n"
        "        }\n"
        "        let counts = self.memory.counts(stamp, || now);\n"
        "        let hanging = self.slow.hanging(stamp, now); // rule 1: after it\n",
        "        let hanging = self.slow.hanging(stamp, now);\n"
        "        let counts = self.memory.counts(stamp, || now);\n",
        "breaker_loom::a_call_that_lands_is_counted_once",
    ),
    Mutant(
        "what hangs counts as failed and not as a call",
        SLOW,
        "            total: hanging,\n",
        "            total: hanging.min(1),\n",
        "slow::a_thousand_hanging_calls_open_the_circuit_though_nothing_returns",
    ),
    Mutant(
        "what hangs counts as a call and not as failed",
        SLOW,
        "            failed: hanging,\n",
        "            failed: hanging.min(1),\n",
        "slow::every_kind_of_window_counts_what_hangs",
    ),
    Mutant(
        "what hangs opens a generation that is over",
        SLOW,
        "            return self.commit(word, next).map(opened);\n",
        "            let _ = self.advance(|_| next);\n"
        "            return self.commit(word, next).map(opened);\n",
        "breaker_loom::hanging_calls_open_exactly_once",
    ),
    Mutant(
        "a sum of a generation that ended meanwhile is believed",
        SLOW,
        "        if seen.stamp() != stamp {\n",
        "        if seen.stamp() != stamp && !seen.is_closed() {\n",
        "breaker_loom::what_hangs_ends_with_its_generation",
    ),
    Mutant(
        "a timed call is counted though nobody looks",
        SLOW,
        "(!memory.is_none()).then(|| Box::new(InFlight::new(after)));",
        "Some(Box::new(InFlight::new(if memory.is_none() { after } else { after })));",
        "slow::calls_in_flight_are_counted_only_if_a_ratio_opens",
    ),
    Mutant(
        "a break of hanging calls has no jitter",
        SLOW,
        "Pause::new(now, draw(), None)",
        "Pause::new(now, draw() & 0, None)",
        "slow::the_break_of_hanging_calls_is_drawn_once_and_only_if_it_begins",
    ),
    Mutant(
        "a timed circuit is published as one that admits",
        LOOK,
        "                admits: self.slow.is_off().then_some(word.stamp()),",
        "                admits: Some(word.stamp()),",
        "slow::nobody_is_admitted_from_outside_while_calls_are_timed",
    ),
    Mutant(
        "slow_after is lost when something else is configured",
        "config/live.rs",
        "            slow_after: self.slow_after,\n",
        "            slow_after: None,\n",
        "breaker_props::what_was_configured_is_read_back",
    ),
    Mutant(
        "another slow_after is taken",
        "config/live.rs",
        "        if self.slow_after == new.slow_after {",
        "        if self.slow_after == new.slow_after || self.slow_after.is_some() {",
        "slow::another_slow_after_needs_another_breaker",
    ),
    # Breaks.
    Mutant(
        "breaks do not grow",
        STATE,
        "config.break_after(reopenings, pause.draw, pause.hint);",
        "config.break_after(reopenings.min(0), pause.draw, pause.hint);",
        "breaker::breaks_grow_with_every_reopening_and_closing_starts_anew",
    ),
    Mutant(
        "the draw is dropped",
        STATE,
        "config.break_after(reopenings, pause.draw, pause.hint);",
        "config.break_after(reopenings, pause.draw & 0, pause.hint);",
        "breaker::the_draw_spreads_a_break",
    ),
    Mutant(
        "a hint shortens a break",
        "config.rs",
        "        computed.max(hint.unwrap_or_default()).min(MAX_BREAK)",
        "        hint.unwrap_or(computed).min(MAX_BREAK)",
        "breaker::a_hint_lengthens_a_break_and_never_shortens_it",
    ),
    Mutant(
        "a hint is longer than a year",
        "config.rs",
        "        computed.max(hint.unwrap_or_default()).min(MAX_BREAK)",
        "        computed.min(MAX_BREAK).max(hint.unwrap_or_default())",
        "breaker::a_hint_lengthens_a_break_and_never_shortens_it",
    ),
    Mutant(
        "a transition does not tell the break",
        BREAKER,
        "            Next::Break(new, duration) => (new, Some(duration)),",
        "            Next::Break(new, _) => (new, None),",
        "breaker::failures_in_a_row_open_and_a_success_between_them_forgets",
    ),
    Mutant(
        "a transition tells the break without growth, jitter and hint",
        STATE,
        "    Next::Break(opened.pack(), duration)",
        "    let _ = duration;\n"
        "    Next::Break(opened.pack(), config.break_duration())",
        "breaker::a_transition_tells_the_break_that_was_computed_for_it",
    ),
    # A configuration that changes.
    Mutant(
        "a reader does not look whether it was overtaken",
        LIVE,
        "            if after & !WRITING == version & !WRITING {",
        "            if after >= version {",
        "breaker_loom::nobody_sees_half_of_two_configurations",
    ),
    Mutant(
        "a writer fills what others read",
        LIVE,
        "        for (word, value) in self.slot(next)",
        "        for (word, value) in self.slot(next.wrapping_add(NEXT))",
        "breaker_loom::nobody_sees_half_of_two_configurations",
    ),
    Mutant(
        "a word of a configuration is stored relaxed",
        LIVE,
        "            word.store(value, Ordering::Release);",
        "            word.store(value, Ordering::Relaxed);",
        "breaker_loom::nobody_sees_half_of_two_configurations",
    ),
    Mutant(
        "a word of a configuration is loaded relaxed",
        LIVE,
        "word.load(Ordering::Acquire)",
        "word.load(Ordering::Relaxed)",
        "breaker_loom::nobody_sees_half_of_two_configurations",
    ),
    Mutant(
        "a version is published before its words",
        LIVE,
        "        self.version.fetch_add(NEXT - WRITING, Ordering::Release);",
        "        self.version.fetch_add(NEXT - WRITING, Ordering::Relaxed);",
        "breaker_loom::nobody_sees_half_of_two_configurations",
    ),
    Mutant(
        "two writers write at once",
        LIVE,
        "            if version & WRITING == 0 {",
        "            if version & WRITING == 0 || version > 0 {",
        "breaker_loom::writers_of_the_configuration_take_turns",
    ),
    Mutant(
        "a writer has not seen what the one before it wrote",
        LIVE,
        "fetch_or(WRITING, Ordering::Acquire)",
        "fetch_or(WRITING, Ordering::Relaxed)",
        "breaker_loom::writers_of_the_same_words_come_one_after_the_other",
    ),
    Mutant(
        "a failure is judged by a configuration older than the word",
        BREAKER,
        "        while let Some(next) = "
        "state::count_failure(word, &self.config(), stamp) {",
        "        let config = self.config();\n"
        "        while let Some(next) = state::count_failure(word, &config, stamp) {",
        "breaker_loom::a_lower_threshold_against_failures",
    ),
    Mutant(
        "a closed circuit reads its configuration",
        BREAKER,
        "        if word.is_closed() && self.slow.is_off() {\n",
        "        if word.is_closed() && self.config().slow_after().is_none() {\n",
        "breaker_loom::a_clean_closed_circuit_writes_nothing",
    ),
    Mutant(
        "another window is taken",
        LIVE,
        "        self.trip.check_change(new.trip)?;\n",
        "",
        "breaker::another_window_needs_another_breaker",
    ),
    Mutant(
        "two options share a bit",
        LIVE,
        "const PROBES_SHIFT: u32 = SUCCESSES_SHIFT + 5;",
        "const PROBES_SHIFT: u32 = SUCCESSES_SHIFT + 1;",
        "breaker_props::what_was_configured_is_read_back",
    ),
    Mutant(
        "jitter and growth share a bit",
        "backoff/packed.rs",
        "const JITTER_SHIFT: u32 = 2;",
        "const JITTER_SHIFT: u32 = 1;",
        "breaker_props::what_was_configured_is_read_back",
    ),
    # Budget, randomness, backoff.
    Mutant(
        "the budget is stored though the race is lost",
        "budget.rs",
        "            match swap {\n",
        "            let store = || self.level.swap(new, Ordering::Relaxed);\n"
        "            match swap.or_else(|_| Ok::<_, u64>(store())) {\n",
        "budget_loom::two_tokens_pay_for_two_of_four_retries",
    ),
    Mutant(
        "a deposit overflows the bucket",
        "budget.rs",
        "level.saturating_add(self.ratio).min(self.capacity);",
        "level.saturating_add(self.ratio);",
        "budget_props::a_budget_is_a_bounded_integer",
    ),
    Mutant(
        "a deposit into a full bucket writes",
        "budget.rs",
        "            (filled != level).then_some(filled)",
        "            Some(filled)",
        "budget_loom::a_deposit_into_a_full_bucket_writes_nothing",
    ),
    Mutant(
        "a budget that lacks a part of a token is quiet",
        "budget.rs",
        "self.level.load(Ordering::Relaxed) == self.capacity",
        "self.level.load(Ordering::Relaxed) > self.capacity.saturating_sub(TOKEN)",
        "budget_props::a_budget_is_a_bounded_integer",
    ),
    Mutant(
        "a retry is paid with less than a token",
        "budget.rs",
        "self.change(|level| level.checked_sub(TOKEN))",
        "self.change(|level| (level > 0).then(|| level.saturating_sub(TOKEN)))",
        "budget_props::retries_never_exceed_capacity_and_share",
    ),
    Mutant(
        "two threads draw the same number",
        "rng.rs",
        "                .fetch_add(GOLDEN, Ordering::Relaxed)\n"
        "                .wrapping_add(GOLDEN),",
        "                .swap(\n"
        "                    self.state.load(Ordering::Relaxed).wrapping_add(GOLDEN),\n"
        "                    Ordering::Relaxed,\n"
        "                )\n"
        "                .wrapping_add(GOLDEN),",
        "rng_loom::concurrent_draws_are_the_sequence_each_once",
    ),
    Mutant(
        "a spread exceeds max_delay",
        "backoff.rs",
        "e.saturating_add(spread).min(cap)",
        "e.saturating_add(spread)",
        "backoff_props::no_delay_exceeds_its_cap",
    ),
    Mutant(
        "decorrelated jitter exceeds max_delay",
        "backoff.rs",
        "before.saturating_mul(3).min(cap)",
        "before.saturating_mul(3)",
        "backoff_props::no_delay_exceeds_its_cap",
    ),
    Mutant(
        "jitter is added first and cut off at max_delay",
        "backoff.rs",
        "        let e = self.growth.at(retry).min(cap);",
        "        let e = self.growth.at(retry);\n"
        "        if self.jitter == Jitter::Full {\n"
        "            return Nanos::new(below(e, draw).min(cap));\n"
        "        }\n"
        "        let e = e.min(cap);",
        "backoff_props::at_the_cap_the_spread_stays",
    ),
    Mutant(
        "a large retry number wraps the growth",
        "backoff.rs",
        "step.as_u64().saturating_mul(steps)",
        "step.as_u64().wrapping_mul(steps)",
        "backoff_props::linear_growth_is_exact",
    ),
    Mutant(
        "a seed's sequence starts one draw later",
        "backoff.rs",
        "rng::mix(seed, retry)",
        "rng::mix(seed, retry.wrapping_add(1))",
        "vectors::the_published_delays_still_hold",
    ),
]


def prepare() -> None:
    """Copy the crate and what its tests read, as a workspace of its own."""
    shutil.rmtree(TREE, ignore_errors=True)
    for part in ("rust/core", "tests/vectors"):
        # Without the old time stamps, by which cargo would take the last mutant of
        # the run before for up to date.
        shutil.copytree(ROOT / part, TREE / part, copy_function=shutil.copyfile)
    shutil.copyfile(ROOT / "Cargo.lock", TREE / "Cargo.lock")
    manifest = (ROOT / "Cargo.toml").read_text()
    alone = re.sub(
        r"^members = .*$", 'members = ["rust/core"]', manifest, flags=re.MULTILINE
    )
    (TREE / "Cargo.toml").write_text(alone)


def cargo(binary: str, function: str) -> tuple[int, str]:
    """Run one test; the status is NO_END if it did not end."""
    loom = binary.endswith("_loom")
    command = ["cargo", "test", "-p", "seawall-core", "--test", binary]
    environment = {
        **os.environ,
        # Random tests must find a break every time, not nearly every time.
        "PROPTEST_CASES": "2000",
        "RUSTFLAGS": "--cfg loom" if loom else "",
        "CARGO_TARGET_DIR": str(SCRATCH / ("loom" if loom else "plain")),
        "CARGO_BUILD_JOBS": "2",
        "CARGO_INCREMENTAL": "1",
        "CARGO_PROFILE_DEV_DEBUG": "0",
        "CARGO_PROFILE_DEV_OPT_LEVEL": "1",
    }
    # The build first, and for as long as it takes: a busy machine is no mutant.
    status, built = run([*command, "--no-run"], environment, timeout=None)
    if status != 0:
        return status, built
    tested = [*command, "--", "--exact", function]
    status, output = run(tested, environment, timeout=TIMEOUT)
    return status, built + output


def run(
    command: list[str], environment: dict[str, str], *, timeout: float | None
) -> tuple[int, str]:
    """Run *command*; the status is NO_END if it was stopped."""
    try:
        ended = subprocess.run(
            command,
            cwd=TREE,
            env=environment,
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
        )
    except subprocess.TimeoutExpired:
        return NO_END, ""
    return ended.returncode, ended.stdout


@contextmanager
def applied(mutant: Mutant) -> Iterator[None]:
    """Patch the file, and put it back."""
    path = TREE / "rust" / "core" / "src" / mutant.file
    source = path.read_text()
    places = source.count(mutant.old)
    if places != 1:
        raise LookupError(f"the patch fits in {places} places of {mutant.file}")
    path.write_text(source.replace(mutant.old, mutant.new))
    try:
        yield
    finally:
        path.write_text(source)


def sound(mutants: list[Mutant]) -> str | None:
    """Every named test exists and passes while nothing is broken."""
    for test in sorted({mutant.test for mutant in mutants}):
        binary, function = test.split("::")
        status, output = cargo(binary, function)
        if status != 0 or "1 passed" not in output:
            return f"{test} does not pass without a mutant\n{output[-2000:]}"
    return None


def verdict(mutant: Mutant) -> tuple[bool, str]:
    """Whether the mutant was caught, and what there is to say about it."""
    binary, function = mutant.test.split("::")
    try:
        with applied(mutant):
            status, output = cargo(binary, function)
    except LookupError as error:
        return False, f"does not apply: {error}"
    return judged(mutant.test, status, output)


def judged(test: str, status: int, output: str) -> tuple[bool, str]:
    """What the output of a mutant's test means."""
    if status == NO_END:
        return True, f"{test} (does not end)"
    if "could not compile" in output:
        return False, f"does not compile\n{output[-3000:]}"
    if "Compiling seawall-core" not in output:
        return False, "was not built: the verdict would be that of another mutant"
    if status == 0:
        return False, f"SURVIVED {test}"
    aborts = "test result: FAILED" not in output  # a panic while another one unwinds
    return True, f"{test} (aborts)" if aborts else test


def main() -> int:
    """Try every mutant and print a line for each."""
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    mutants = [mutant for mutant in MUTANTS if wanted in mutant.name]
    begun = time.monotonic()
    prepare()
    if problem := sound(mutants):
        print(problem)
        return 1
    survivors = 0
    for mutant in mutants:
        start = time.monotonic()
        caught, how = verdict(mutant)
        survivors += not caught
        took = time.monotonic() - start
        mark = "killed " if caught else "ALIVE  "
        print(f"{mark} {mutant.name:<56} {took:5.1f} s  {how}", flush=True)
    total = time.monotonic() - begun
    print(f"{len(mutants) - survivors} of {len(mutants)} killed in {total:.0f} s")
    return 1 if survivors or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
