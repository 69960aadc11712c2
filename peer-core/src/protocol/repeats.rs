//! Questions about the chain that are being answered already: `getblocks` and `getheaders` that begin and stop where the
//! last one of their kind did.
//!
//! Whoever syncs hears of new blocks from many sides and asks the same thing again; the second answer is wasted. The
//! last question of each kind is remembered until it is answered, and in any case not longer than an answer may take, so
//! that one that got lost can be asked again. Sends nothing and waits for nothing.

use alloc::boxed::Box;
use core::time::Duration;

use crate::config::RequestTimeouts;
use crate::message::{Locator, Message, MessageKind};
use crate::time::Timestamp;
use crate::wire::BlockHash;

/// The last question of each kind that is not answered. On the heap: few connections ever ask.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    getblocks: Option<Box<Asked>>,
    getheaders: Option<Box<Asked>>,
}

#[derive(Debug)]
struct Asked {
    first: Option<BlockHash>,
    stop: BlockHash,
    /// From then on it is given up.
    until: Timestamp,
}

impl Asked {
    fn is(&self, locator: &Locator) -> bool {
        self.first == locator.hashes.first() && self.stop == locator.stop
    }
}

impl Repeats {
    /// Whether this question was the last one of its kind, and its answer may still come.
    pub(super) fn is_repeat(&self, now: Timestamp, message: &Message) -> bool {
        let (asked, locator) = match message {
            Message::GetBlocks(locator) => (&self.getblocks, locator),
            Message::GetHeaders(locator) => (&self.getheaders, locator),
            _ => return false,
        };
        asked
            .as_ref()
            .is_some_and(|asked| now < asked.until && asked.is(locator))
    }

    /// A message of ours is queued, whichever way.
    pub(super) fn on_queued(
        &mut self,
        timeouts: &RequestTimeouts,
        now: Timestamp,
        message: &Message,
    ) {
        let (slot, locator, patience) = match message {
            Message::GetBlocks(locator) => {
                let patience = timeouts.getblocks.unwrap_or(GETBLOCKS_PATIENCE);
                (&mut self.getblocks, locator, patience)
            }
            Message::GetHeaders(locator) => {
                let patience = timeouts.getheaders.unwrap_or(GETHEADERS_PATIENCE);
                (&mut self.getheaders, locator, patience)
            }
            _ => return,
        };
        *slot = Some(Box::new(Asked {
            first: locator.hashes.first(),
            stop: locator.stop,
            until: now.saturating_add(patience),
        }));
    }

    /// A message of the remote, which may be an answer.
    pub(super) fn on_message(&mut self, message: &Message) {
        match message {
            Message::Headers(_) => self.on_answered(MessageKind::GetHeaders),
            // Only looked through while it may matter.
            Message::Inv(list)
                if self.getblocks.is_some() && list.iter().any(|item| item.kind.is_block()) =>
            {
                self.on_answered(MessageKind::GetBlocks);
            }
            _ => {}
        }
    }

    /// The last question of this kind was answered: asking it again is no repetition.
    pub(super) fn on_answered(&mut self, question: MessageKind) {
        match question {
            MessageKind::GetBlocks => self.getblocks = None,
            MessageKind::GetHeaders => self.getheaders = None,
            _ => {}
        }
    }

    /// Heap bytes.
    pub(super) fn held(&self) -> usize {
        let asked = [&self.getblocks, &self.getheaders];
        let count = asked.into_iter().flatten().count();
        count.saturating_mul(size_of::<Asked>())
    }
}

/// How long an answer to `getblocks` may take where no deadline is set.
const GETBLOCKS_PATIENCE: Duration = Duration::from_secs(30);

/// The same for `getheaders`, which takes a remote longer (btcd allows three times as much).
const GETHEADERS_PATIENCE: Duration = Duration::from_secs(90);

#[cfg(test)]
mod tests;
