//! Which message somebody waits for: tickets of the machine on one side, futures on the other.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use peer_core::{Outcome, Ticket};

use crate::error::{Disconnected, SendError};

/// What became of one wish, for the one who waits for it. Kept exactly once.
#[derive(Debug, Default)]
pub(crate) struct Promise(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Pending,
    Awaited(Waker),
    Kept(Result<Outcome, SendError>),
    Taken,
}

impl Promise {
    fn swap(&self, state: State) -> State {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut slot, state)
    }

    fn keep(&self, result: Result<Outcome, SendError>) {
        if let State::Awaited(waker) = self.swap(State::Kept(result)) {
            waker.wake();
        }
    }

    /// Ready once.
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Result<Outcome, SendError>> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Kept(_) = &*slot
            && let State::Kept(result) = std::mem::replace(&mut *slot, State::Taken)
        {
            return Poll::Ready(result);
        }
        if !matches!(&*slot, State::Taken) {
            *slot = State::Awaited(cx.waker().clone());
        }
        Poll::Pending
    }
}

/// A message on its way, and who waits for it.
#[derive(Debug)]
struct Waiting {
    ticket: Ticket,
    /// What to tell once it has left.
    outcome: Outcome,
    promise: Arc<Promise>,
}

/// The promises of one connection, in the order of sending.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    waiting: VecDeque<Waiting>,
    /// What was done at once and is not told yet.
    done: Vec<(Arc<Promise>, Outcome)>,
    /// Of messages that came too late: nothing is left but to tell why.
    late: Vec<Arc<Promise>>,
}

impl Ledger {
    /// The machine did what was wished. Whoever waits is told by [`sent`](Self::sent), and if a
    /// message was queued for that, once it has left.
    pub(super) fn accepted(&mut self, outcome: Outcome, promise: Arc<Promise>) {
        match outcome.ticket() {
            Some(ticket) => self.waiting.push_back(Waiting {
                ticket,
                outcome,
                promise,
            }),
            None => self.done.push((promise, outcome)),
        }
    }

    /// The machine takes no messages any more; the reason is not known yet.
    pub(super) fn too_late(&mut self, promise: Arc<Promise>) {
        self.late.push(promise);
    }

    /// The machine refused the message.
    pub(super) fn refused(promise: &Promise, error: peer_core::SendError) {
        promise.keep(Err(SendError::Refused(error)));
    }

    /// Everything up to this ticket has left. Keeps promises, so the numbers are published before.
    pub(super) fn sent(&mut self, through: Option<Ticket>) {
        for (promise, outcome) in self.done.drain(..) {
            promise.keep(Ok(outcome));
        }
        let Some(through) = through else { return };
        while self
            .waiting
            .front()
            .is_some_and(|first| first.ticket <= through)
        {
            if let Some(first) = self.waiting.pop_front() {
                first.promise.keep(Ok(first.outcome));
            }
        }
    }

    /// A message turned out to be impossible; gives the error back if nobody waits for it.
    pub(super) fn unsent(
        &mut self,
        ticket: Ticket,
        error: peer_core::SendError,
    ) -> Result<(), peer_core::SendError> {
        let place = self
            .waiting
            .binary_search_by_key(&ticket, |waiting| waiting.ticket);
        match place.ok().and_then(|index| self.waiting.remove(index)) {
            Some(waiting) => {
                Self::refused(&waiting.promise, error);
                Ok(())
            }
            None => Err(error),
        }
    }

    /// The connection ended: what was not sent never will be.
    pub(super) fn ended(
        &mut self,
        ended: &Arc<Disconnected>,
        unsent: impl IntoIterator<Item = Arc<Promise>>,
    ) {
        self.sent(ended.sent_through);
        let waiting = self.waiting.drain(..).map(|waiting| waiting.promise);
        for promise in waiting.chain(self.late.drain(..)).chain(unsent) {
            promise.keep(Err(SendError::Disconnected(ended.clone())));
        }
    }
}
