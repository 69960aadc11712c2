//! The application's announcements, and what it knows of the remote's inventory and chain.

use super::PeerMachine;
use crate::announcement::{Announced, Announcement};
use crate::error::SendError;
use crate::message::InvVect;
use crate::wire::BlockHash;

impl PeerMachine {
    /// Announces an object, unless the remote knows it or asked not to hear of such.
    ///
    /// Blocks leave at once, by `headers` or `inv`; everything else waits for its time under
    /// [`Config::trickle`](crate::Config) and leaves in order, many to an `inv`. At most
    /// [`Limits::inventory_queue`](crate::Limits) objects wait, and 8 blocks for a remote that does not read; beyond that
    /// the oldest are dropped and counted in [`Stats`](crate::Stats). What waits when the connection ends is not sent.
    ///
    /// To announce a block by `cmpctblock` (see [`Stats::wants_compact_blocks`](crate::Stats)), or only transactions that
    /// match the remote's bloom filter, is up to the application.
    ///
    /// # Errors
    /// [`SendError::Closed`] after the end, [`SendError::NotNegotiated`] before the handshake is complete,
    /// [`SendError::Purpose`] where the purpose of the connection forbids it, [`SendError::Encode`] for an item that an
    /// `inv` of this network cannot name.
    pub fn announce(
        &mut self,
        announcement: impl Into<Announcement>,
    ) -> Result<Announced, SendError> {
        if !self.accepts_messages() {
            return Err(SendError::Closed);
        }
        let (protocol, mut cx) = self.rooms();
        let announced = protocol.announce(&mut cx, announcement.into());
        protocol.on_outbox_touched(&mut cx);
        announced
    }

    /// Takes note that the remote knows an object: it will not be announced (btcd: `AddKnownInventory`). What the remote
    /// says, and what is sent to it, is noted without this. Without effect after the end.
    pub fn add_known_inventory(&mut self, item: InvVect) {
        if self.accepts_messages() {
            let (protocol, mut cx) = self.rooms();
            protocol.add_known_inventory(&mut cx, item);
        }
    }

    /// Raises [`Stats::last_block`](crate::Stats) to `height`; a lower one changes nothing (btcd:
    /// `UpdateLastBlockHeight`).
    pub fn update_last_block_height(&mut self, height: i32) {
        self.stats.last_block = self.stats.last_block.max(Some(height));
    }

    /// Sets [`Stats::last_announced_block`](crate::Stats) (btcd: `UpdateLastAnnouncedBlock`).
    pub fn update_last_announced_block(&mut self, block: BlockHash) {
        self.stats.last_announced_block = Some(block);
    }
}
