//! What an operator's commands make of a word; otherwise as in `state`.

use super::permit::Stamp;
use super::state::{Next, close};
use super::word::{Parts, Phase, Word};

pub(super) fn isolate(word: Word) -> Word {
    let parts = word.unpack();
    match parts.phase {
        Phase::Isolated { holds } => {
            let phase = Phase::Isolated {
                holds: holds.saturating_add(1),
            };
            Parts { phase, ..parts }.pack()
        }
        Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen(_) | Phase::Disabled => {
            command(parts, Phase::Isolated { holds: 1 })
        }
    }
}

/// The stamp keeps a hold that a reset dropped from ending a newer one.
pub(super) fn unisolate(word: Word, stamp: Stamp) -> Next {
    let parts = word.unpack();
    if parts.generation != stamp {
        return Next::Late;
    }
    match parts.phase {
        Phase::Isolated { holds: 0 | 1 } => Next::To(close(parts)),
        Phase::Isolated { holds } => {
            let phase = Phase::Isolated {
                holds: holds.saturating_sub(1),
            };
            Next::To(Parts { phase, ..parts }.pack())
        }
        Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen(_) | Phase::Disabled => {
            Next::Late
        }
    }
}

pub(super) fn disable(word: Word) -> Next {
    let parts = word.unpack();
    match parts.phase {
        Phase::Disabled => Next::Same,
        Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen(_) | Phase::Isolated { .. } => {
            Next::To(command(parts, Phase::Disabled))
        }
    }
}

pub(super) fn enable(word: Word) -> Next {
    let parts = word.unpack();
    match parts.phase {
        Phase::Disabled => Next::To(close(parts)),
        Phase::Closed { .. } | Phase::Open { .. } | Phase::HalfOpen(_) | Phase::Isolated { .. } => {
            Next::Same
        }
    }
}

pub(super) fn reset(word: Word) -> Next {
    Next::To(close(word.unpack()))
}

fn command(parts: Parts, phase: Phase) -> Word {
    Parts {
        generation: parts.generation.next(),
        reopenings: 0,
        phase,
    }
    .pack()
}
