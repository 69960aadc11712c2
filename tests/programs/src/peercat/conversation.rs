//! [`Conversation`]: everything about one peer, from the connection to its end.
//!
//! ```text
//!   events, outcomes, time, "it is time to end"  ──►  Conversation  ──►  commands, one at a time; lines
//! ```
//!
//! It knows no socket and no task, so the example of every adapter says and prints the same: it brings events in and
//! carries commands out, and tells what became of them.

use core::fmt::Display;
use core::time::Duration;
use std::collections::VecDeque;
use std::sync::Arc;

use peer_core::message::CommandName;
use peer_core::{Announced, Command, Direction, Event, Outcome, Timestamp};

use super::exit::Exit;
use super::output::Output;
use super::plan::Plan;
use super::serving::{Answer, Answers, Question, Serving};
use super::session::{Requests, Session, Snapshot};

/// What is said to one peer, and the lines about it.
#[derive(Debug)]
pub struct Conversation {
    plan: Arc<Plan>,
    session: Session,
    requests: Requests,
    serving: Serving,
    output: VecDeque<Output>,
    /// Messages of `--send`, then announcements, that were begun.
    begun: usize,
    /// What the outcome is awaited of.
    awaited: Option<Awaited>,
    /// Questions that wait while earlier ones are answered.
    questions: VecDeque<Question>,
    answers: Option<Answers>,
    negotiated: bool,
    /// It is time to end; what was begun has until then.
    ending: Option<Timestamp>,
    leaving: Leaving,
    /// When the numbers are told next.
    pulse: Option<Timestamp>,
}

/// How far our own leaving has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaving {
    No,
    /// The command was given.
    Told,
    /// The connection is over.
    Gone,
}

/// Of which there is at most one at a time.
#[derive(Debug)]
enum Awaited {
    Request(CommandName),
    /// By its place among the offers.
    Offer(usize),
    Answer(Box<Answer>),
}

impl Conversation {
    /// A connection was made. `peer` is the remote's address.
    #[must_use]
    pub fn open(plan: Arc<Plan>, peer: String, direction: Direction, now: Timestamp) -> Self {
        let (session, first) = Session::open(plan.clone(), peer, direction, now);
        Self {
            requests: session.requests(),
            serving: session.serving(),
            pulse: plan.stats_interval.map(|span| now.saturating_add(span)),
            plan,
            session,
            output: VecDeque::from([first]),
            begun: 0,
            awaited: None,
            questions: VecDeque::new(),
            answers: None,
            negotiated: false,
            ending: None,
            leaving: Leaving::No,
        }
    }

    /// Something happened.
    pub fn on_event(&mut self, event: &Event, at: &Snapshot<'_>) {
        self.output.extend(self.session.on_event(event, at));
        match event {
            Event::Negotiated => self.negotiated = true,
            Event::Disconnected { .. } => {
                self.output.extend(self.session.numbers(at));
                self.leaving = Leaving::Gone;
                self.pulse = None;
                self.questions.clear();
                self.answers = None;
            }
            event => self.ask(event, at.now),
        }
    }

    /// What became of the command that [`next_command`](Self::next_command) gave: done, and what it led to has left;
    /// or it was not.
    pub fn on_outcome<E: Display>(&mut self, result: &Result<Outcome, E>, now: Timestamp) {
        let done = result.as_ref().map(drop);
        let line = match self.awaited.take() {
            Some(Awaited::Request(command)) => self.requests.outcome(command, &done, now),
            Some(Awaited::Answer(answer)) => self.serving.served(&answer, &done, now),
            Some(Awaited::Offer(place)) => {
                let Some(offer) = self.requests.offers().get(place) else {
                    return;
                };
                let announced = result.as_ref().map(|outcome| match outcome {
                    Outcome::Announced(announced) => *announced,
                    // An announcement leads to nothing else.
                    _ => Announced::Queued,
                });
                self.requests.announced(offer, &announced, now)
            }
            None => return,
        };
        self.output.push_back(line);
    }

    /// What is to be done now. While the outcome of an earlier one is awaited there is at most
    /// [`Command::Disconnect`], whose outcome nobody awaits.
    pub fn next_command(&mut self, now: Timestamp) -> Option<Command> {
        let next = self.next_wish();
        if next.is_none() {
            self.leave_if_due(now)
        } else {
            next
        }
    }

    /// It is time to end: what was asked of us before is still done, if that does not take long.
    pub fn end(&mut self, now: Timestamp) {
        let until = || now.saturating_add(LAST_WORDS);
        self.ending.get_or_insert_with(until);
    }

    /// When [`tick`](Self::tick) wants to be called.
    #[must_use]
    pub fn deadline(&self) -> Option<Timestamp> {
        let ending = self.ending.filter(|_| self.leaving == Leaving::No);
        self.pulse.into_iter().chain(ending).min()
    }

    /// Time has come to that of the snapshot. Commands may be due as well.
    pub fn tick(&mut self, at: &Snapshot<'_>) {
        if self.pulse.is_some_and(|pulse| pulse <= at.now) {
            self.output.extend(self.session.numbers(at));
            // Times that were missed are not made up for.
            let span = self.plan.stats_interval;
            self.pulse = span.map(|span| at.now.saturating_add(span));
        }
    }

    /// The next piece of output, in the order in which they are to be printed.
    pub fn next_output(&mut self) -> Option<Output> {
        self.output.pop_front()
    }

    /// Whether the last event was told.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.leaving == Leaving::Gone
    }

    /// Whether the connection has ended and nothing is left to be told of it.
    #[must_use]
    pub fn is_over(&self) -> bool {
        let all = self.requests.messages().len() + self.requests.offers().len();
        let told = !self.negotiated || self.begun >= all;
        self.is_gone() && self.awaited.is_none() && told && self.output.is_empty()
    }

    /// How the connection ended; before it did, that it could not be used.
    #[must_use]
    pub fn exit(&self) -> Exit {
        self.session.exit()
    }

    /// Takes a question up, if the event is one and there is time and room for it.
    fn ask(&mut self, event: &Event, now: Timestamp) {
        if self.ending.is_some() {
            return;
        }
        let Some(question) = self.serving.question(event) else {
            return;
        };
        if self.questions.len() < PENDING_QUESTIONS {
            self.questions.push_back(question);
        } else {
            let passed_over = self.serving.passed_over(&question, now);
            self.output.push_back(passed_over);
        }
    }

    /// The next of what was asked for: by `--send`, by announcing, by the remote.
    fn next_wish(&mut self) -> Option<Command> {
        if !self.negotiated || self.awaited.is_some() {
            return None;
        }
        let (begun, first_offer) = (self.begun, self.requests.messages().len());
        if let Some(message) = self.requests.messages().get(begun) {
            self.begun += 1;
            self.awaited = Some(Awaited::Request(message.command()));
            return Some(message.clone().into());
        }
        let place = begun - first_offer;
        if let Some(offer) = self.requests.offers().get(place) {
            self.begun += 1;
            self.awaited = Some(Awaited::Offer(place));
            return Some(offer.announcement().into());
        }
        let answer = self.next_answer()?;
        let message = answer.message();
        self.awaited = Some(Awaited::Answer(Box::new(answer)));
        Some(message.into())
    }

    fn next_answer(&mut self) -> Option<Answer> {
        loop {
            if let Some(answer) = self.answers.as_mut().and_then(Iterator::next) {
                return Some(answer);
            }
            let question = self.questions.pop_front()?;
            self.answers = Some(self.serving.answers(question));
        }
    }

    fn leave_if_due(&mut self, now: Timestamp) -> Option<Command> {
        let until = self.ending.filter(|_| self.leaving == Leaving::No)?;
        if self.negotiated && self.awaited.is_some() && now < until {
            return None;
        }
        self.leaving = Leaving::Told;
        Some(Command::Disconnect)
    }
}

/// Questions of one peer that wait while earlier ones are answered; beyond it they are passed over.
const PENDING_QUESTIONS: usize = 64;

/// How long what was begun may take to leave when it is time to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests;
