//! [`Serving`]: what one peer is given when it asks for what was announced.
//!
//! ```text
//!   Event ──► question ──► Question ──► answers ──► Answers ──► Answer ──► message to send
//!                                                                  │
//!                                        Output  ◄──  served  ◄────┘ and whether it left
//! ```
//!
//! Answers are made one at a time, when the one before has left: a `getdata` may name fifty thousand blocks. How many
//! questions wait is up to the conversation; one that finds no room is [passed over](Serving::passed_over), and a line says
//! so.

use core::fmt::Display;
use std::collections::HashMap;
use std::sync::Arc;

use peer_core::message::{Headers, InvKind, InvVect, Inventory, Locator, Message};
use peer_core::network::Network;
use peer_core::wire::{BlockHash, BlockHeader, TxEncoding};
use peer_core::{Event, Outgoing, Timestamp};

use super::describe;
use super::line::Fields;
use super::offer::Offer;
use super::output::Output;
use super::plan::Plan;
use super::request::kind_name;

/// What every peer is told of, and what there is to give.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    offers: Vec<Offer>,
    /// Each `tx` and `block` under the names by which it can be asked for: hashed once, whatever peers ask.
    objects: HashMap<InvVect, Message>,
    /// Headers of the blocks, by the block that they follow.
    headers: HashMap<BlockHash, BlockHeader>,
}

impl Shelf {
    pub(super) fn new(offers: Vec<Offer>, network: &Network) -> Self {
        let mut shelf = Self::default();
        for object in offers.iter().filter_map(Offer::object) {
            let mut put = |name| shelf.objects.insert(name, object.clone());
            match object {
                Message::Tx(tx) => {
                    put(InvVect::new(InvKind::Tx, tx.txid()));
                    put(InvVect::new(InvKind::Wtx, tx.wtxid()));
                }
                Message::Block(block) => {
                    let header = block.header();
                    // Without a hash nobody can ask for it.
                    if let Some(hash) = network.block_hash(&header) {
                        put(InvVect::new(InvKind::Block, hash));
                    }
                    shelf.headers.insert(header.prev_blockhash, header);
                }
                // Nothing else is offered with its bytes.
                _ => {}
            }
        }
        shelf.offers = offers;
        shelf
    }

    pub(super) fn offers(&self) -> &[Offer] {
        &self.offers
    }

    /// What `item` asks for, in the encoding that its kind stands for.
    fn object(&self, item: InvVect) -> Option<Outgoing> {
        let (kind, encoding) = match item.kind {
            InvKind::Tx | InvKind::Block => (item.kind, TxEncoding::Base),
            InvKind::Wtx => (item.kind, TxEncoding::Witness),
            InvKind::WitnessTx => (InvKind::Tx, TxEncoding::Witness),
            InvKind::MwebTx => (InvKind::Tx, TxEncoding::Full),
            // Core serves a compact block that is too old whole; ours always are.
            InvKind::WitnessBlock | InvKind::CompactBlock => (InvKind::Block, TxEncoding::Witness),
            InvKind::MwebBlock => (InvKind::Block, TxEncoding::Full),
            _ => return None,
        };
        let object = self.objects.get(&InvVect::new(kind, item.hash))?;
        Some(Outgoing::Message(object.clone(), encoding))
    }

    /// What follows the first hash of the locator that anything follows, up to the stop hash.
    fn headers_after(&self, locator: &Locator, network: &Network) -> Vec<BlockHeader> {
        let known = |hash: &BlockHash| self.headers.contains_key(hash);
        let mut parent = locator.hashes.iter().find(known);
        let next = || {
            let header = *self.headers.get(&parent?)?;
            let hash = network.block_hash(&header);
            parent = hash.filter(|hash| *hash != locator.stop);
            Some(header)
        };
        core::iter::from_fn(next).take(MAX_HEADERS).collect()
    }
}

/// What one peer asks for, and the lines about it. Apart from its [`Session`](super::Session): a peer that does not read
/// must not keep us from hearing what it says.
#[derive(Clone, Debug)]
pub(crate) struct Serving {
    plan: Arc<Plan>,
    peer: String,
}

/// Something that a peer asks for.
#[derive(Debug)]
pub(crate) struct Question(Asked);

#[derive(Debug)]
enum Asked {
    Objects(Inventory),
    Headers(Box<Locator>),
}

/// The answers to one question.
#[derive(Debug)]
pub(crate) struct Answers {
    plan: Arc<Plan>,
    /// `None` once it is answered in full.
    asked: Option<Asked>,
    /// Position in the list of objects.
    next: usize,
    missing: Vec<InvVect>,
}

/// One message of an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    message: Outgoing,
    fields: Fields,
}

impl Serving {
    pub(super) const fn new(plan: Arc<Plan>, peer: String) -> Self {
        Self { plan, peer }
    }

    /// What `event` asks for. Where nothing was announced nothing is answered: `--send` may do that.
    #[must_use]
    pub(crate) fn question(&self, event: &Event) -> Option<Question> {
        let Event::Message { message, .. } = event else {
            return None;
        };
        let shelf = &self.plan.shelf;
        match message {
            Message::GetData(wanted) if !shelf.offers.is_empty() => {
                Some(Question(Asked::Objects(wanted.clone())))
            }
            Message::GetHeaders(locator) if !shelf.headers.is_empty() => {
                Some(Question(Asked::Headers(locator.clone())))
            }
            _ => None,
        }
    }

    /// The answers to `question`, to be sent one after the other.
    #[must_use]
    pub(crate) fn answers(&self, question: Question) -> Answers {
        Answers {
            plan: self.plan.clone(),
            asked: Some(question.0),
            next: 0,
            missing: Vec::new(),
        }
    }

    /// The line about one answer: its last byte has left, or it could not be sent.
    pub(crate) fn served<E: Display>(
        &self,
        answer: &Answer,
        result: &Result<(), E>,
        now: Timestamp,
    ) -> Output {
        let line = self.line(now).and(answer.fields.clone());
        let line = match result {
            Ok(()) => line,
            Err(error) => line.with_text("error", error),
        };
        Output::Line(line.into_line())
    }

    /// The line about a question that is not answered, because too many wait already.
    #[must_use]
    pub(crate) fn passed_over(&self, question: &Question, now: Timestamp) -> Output {
        let command = match question.0 {
            Asked::Objects(_) => "getdata",
            Asked::Headers(_) => "getheaders",
        };
        let line = self.line(now).with("command", command);
        let line = line.with("error", "too many questions wait for their answers");
        Output::Line(line.into_line())
    }

    fn line(&self, now: Timestamp) -> Fields {
        Fields::event("served", Some(&self.peer), now)
    }
}

impl Answer {
    fn new(message: impl Into<Outgoing>, fields: Fields) -> Self {
        let message = message.into();
        let command = Fields::default().with_text("command", message.message().command());
        Self {
            fields: command.and(fields),
            message,
        }
    }

    /// What to send.
    #[must_use]
    pub(crate) fn message(&self) -> Outgoing {
        self.message.clone()
    }
}

/// Objects, then one `notfound` for the transactions that are not there; blocks that are not are passed over in
/// silence, as Core does. Or `headers`.
impl Iterator for Answers {
    type Item = Answer;

    fn next(&mut self) -> Option<Answer> {
        let plan = &*self.plan;
        let (shelf, network) = (&plan.shelf, &plan.config.network);
        match &self.asked {
            None => return None,
            Some(Asked::Objects(wanted)) => {
                while let Some(item) = wanted.get(self.next) {
                    self.next += 1;
                    match shelf.object(item) {
                        Some(message) => return Some(Answer::new(message, named(item, network))),
                        None if item.kind.is_transaction() => self.missing.push(item),
                        None => {}
                    }
                }
            }
            Some(Asked::Headers(locator)) => {
                let headers = Headers::new(network, shelf.headers_after(locator, network));
                self.asked = None;
                return Some(described(Message::Headers(headers), network));
            }
        }
        self.asked = None;
        let missing = core::mem::take(&mut self.missing);
        let missing = Some(missing).filter(|missing| !missing.is_empty())?;
        // The question named them, so an answer can.
        let list = Inventory::new(network, missing).ok()?;
        Some(described(Message::NotFound(list), network))
    }
}

fn described(message: Message, network: &Network) -> Answer {
    let fields = describe::message(&message, network);
    Answer::new(message, fields)
}

fn named(item: InvVect, network: &Network) -> Fields {
    Fields::default()
        .with("type", kind_name(item.kind, network))
        .with_text("hash", item.hash)
}

/// Headers in one answer (Core's `MAX_HEADERS_RESULTS`).
const MAX_HEADERS: usize = 2_000;

#[cfg(test)]
mod tests;
