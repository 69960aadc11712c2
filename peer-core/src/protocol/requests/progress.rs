//! Signs that the remote is working on what we asked: answers, and bytes of one that is landing. Knows requests by
//! number only.

use alloc::vec::Vec;
use core::time::Duration;

use crate::time::Timestamp;

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// The last answer to any request up to a number. Numbers and times both rise: an answer that came later to an
    /// earlier request says all that those after it said.
    answers: Vec<(u64, Timestamp)>,
    landing: Option<Landing>,
}

/// The frame that is on its way in.
#[derive(Clone, Copy, Debug)]
struct Landing {
    /// How many frames came before it.
    frame: u64,
    began: Timestamp,
    last: Timestamp,
    /// The earliest request it can answer, as far as is known.
    answers: Option<u64>,
    /// More of it tells no more about that.
    is_final: bool,
    /// It does not even say what it is (v2).
    is_sealed: bool,
}

/// Spans for which a frame that does not say what it is counts as an answer: 4 MB in ten minutes, with the default of
/// 30 s for blocks. Anything could trickle in for as long as it likes otherwise.
const SEALED_SPANS: u32 = 20;

impl Landing {
    const fn new(frame: u64, now: Timestamp) -> Self {
        Self {
            frame,
            began: now,
            last: now,
            answers: None,
            is_final: false,
            is_sealed: false,
        }
    }
}

impl Progress {
    /// A request was answered, wholly or in part. `oldest` is the first that is still owed something.
    pub(super) fn answered(&mut self, number: u64, now: Timestamp, oldest: u64) {
        let before = self.answers.partition_point(|(known, _)| *known < number);
        self.answers.truncate(before);
        self.answers.push((number, now));
        // What only those said that nobody is owed any more, the next one says as well.
        let useless = self.answers.partition_point(|(known, _)| *known <= oldest);
        self.answers.drain(..useless.saturating_sub(1));
    }

    /// Bytes of a frame arrived; whether it is still to be found out what it answers.
    pub(super) fn is_undecided(&mut self, frame: u64, now: Timestamp) -> bool {
        let landing = self.landing.get_or_insert_with(|| Landing::new(frame, now));
        if landing.frame != frame {
            *landing = Landing::new(frame, now);
        }
        landing.last = now;
        !landing.is_final
    }

    /// What the frame that is landing answers, or may answer.
    pub(super) fn decide(&mut self, answers: Option<u64>, is_final: bool, is_sealed: bool) {
        if let Some(landing) = &mut self.landing {
            landing.is_sealed = is_sealed;
            landing.answers = answers;
            landing.is_final = is_final;
        }
    }

    /// When a request is due that left at `since`. `frame` is the number of frames received so far.
    ///
    /// A landing answer counts only if it began before the request would have been due without it, so that frames
    /// which turn out to answer nothing cannot put off a deadline again and again.
    pub(super) fn due(
        &self,
        number: u64,
        since: Timestamp,
        span: Duration,
        frame: u64,
    ) -> Timestamp {
        let before = self.answers.partition_point(|(known, _)| *known <= number);
        let answered = before
            .checked_sub(1)
            .and_then(|last| self.answers.get(last));
        let since = answered.map_or(since, |(_, at)| since.max(*at));
        let due = since.saturating_add(span);
        match self.landing {
            Some(Landing {
                frame: landing,
                began,
                last,
                answers: Some(first),
                is_sealed,
                ..
            }) if landing == frame && first <= number && began <= due => {
                let most = if is_sealed {
                    began.saturating_add(span.saturating_mul(SEALED_SPANS))
                } else {
                    Timestamp::MAX
                };
                due.max(last.saturating_add(span).min(most))
            }
            _ => due,
        }
    }

    /// Bytes on the heap.
    pub(super) fn held(&self) -> usize {
        self.answers
            .capacity()
            .saturating_mul(size_of::<(u64, Timestamp)>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPAN: Duration = Duration::from_secs(30);

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn an_answer_restarts_the_clock_of_later_requests_and_not_of_earlier_ones() {
        let mut progress = Progress::default();
        progress.answered(2, at(10), 1);
        assert_eq!(progress.due(1, at(0), SPAN, 0), at(30));
        assert_eq!(progress.due(2, at(0), SPAN, 0), at(40));
        assert_eq!(progress.due(3, at(0), SPAN, 0), at(40));
        assert_eq!(progress.due(3, at(20), SPAN, 0), at(50));
        progress.answered(1, at(15), 1);
        assert_eq!(progress.due(3, at(0), SPAN, 0), at(45));
    }

    #[test]
    fn answers_in_order_do_not_pile_up() {
        let mut progress = Progress::default();
        for number in 1..=10_000 {
            progress.answered(number, at(number), number.saturating_add(1));
        }
        assert_eq!(progress.answers.len(), 1);
        assert_eq!(progress.due(10_001, at(0), SPAN, 0), at(10_030));
        for number in (1..=10_000).rev() {
            progress.answered(number, at(20_000), 1);
        }
        assert_eq!(progress.answers.len(), 1);
    }

    #[test]
    fn a_landing_answer_extends_only_what_was_not_due_when_it_began() {
        let mut progress = Progress::default();
        assert!(progress.is_undecided(7, at(29)));
        progress.decide(Some(1), true, false);
        assert!(!progress.is_undecided(7, at(50)));
        assert_eq!(progress.due(1, at(0), SPAN, 7), at(80));
        // The frame is complete, and was not the answer after all.
        assert_eq!(progress.due(1, at(0), SPAN, 8), at(30));
        // The next one began too late.
        assert!(progress.is_undecided(8, at(51)));
        progress.decide(Some(1), true, false);
        assert_eq!(progress.due(1, at(0), SPAN, 8), at(30));
        assert_eq!(progress.due(1, at(40), SPAN, 8), at(81));
    }

    #[test]
    fn what_does_not_say_what_it_is_counts_for_so_long_and_no_longer() {
        for (is_sealed, due) in [(false, at(1_029)), (true, at(29 + 20 * 30))] {
            let mut progress = Progress::default();
            for secs in (29..1_000).step_by(29) {
                if progress.is_undecided(7, at(secs)) {
                    progress.decide(Some(1), true, is_sealed);
                }
            }
            progress.is_undecided(7, at(999));
            assert_eq!(progress.due(1, at(0), SPAN, 7), due);
        }
    }
}
