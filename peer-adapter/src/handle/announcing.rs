//! Announcements, and what is known of the remote's inventory and chain.

use peer_core::message::InvVect;
use peer_core::wire::BlockHash;
use peer_core::{Announced, Announcement, Command, Outcome};

use super::Peer;
use crate::error::SendError;

impl Peer {
    /// Announces an object, unless the remote knows it or asked not to hear of such; waits until
    /// the machine has it, not until it has left: that may be seconds later
    /// ([`PeerMachine::announce`](peer_core::PeerMachine::announce) tells when).
    ///
    /// To announce to many peers without waiting for any, [`queue`](Self::queue) the
    /// [`Announcement`].
    ///
    /// # Errors
    /// As [`send`](Self::send); [`SendError::Refused`] before the handshake is complete, and where
    /// the purpose of the connection forbids it.
    pub async fn announce(
        &self,
        announcement: impl Into<Announcement>,
    ) -> Result<Announced, SendError> {
        match self.command(announcement.into()).await? {
            Outcome::Announced(announced) => Ok(announced),
            // An announcement leads to nothing else.
            _ => Ok(Announced::Queued),
        }
    }

    /// Takes note that the remote knows an object: it will not be announced to it (btcd:
    /// `AddKnownInventory`).
    ///
    /// # Errors
    /// [`SendError::Disconnected`].
    pub async fn add_known_inventory(&self, item: InvVect) -> Result<(), SendError> {
        let known = Command::AddKnownInventory(item);
        self.command(known).await.map(drop)
    }

    /// Raises [`Stats::last_block`](peer_core::Stats) to `height`; a lower one changes nothing
    /// (btcd: `UpdateLastBlockHeight`).
    ///
    /// # Errors
    /// [`SendError::Disconnected`].
    pub async fn update_last_block_height(&self, height: i32) -> Result<(), SendError> {
        let update = Command::UpdateLastBlockHeight(height);
        self.command(update).await.map(drop)
    }

    /// Sets [`Stats::last_announced_block`](peer_core::Stats) (btcd: `UpdateLastAnnouncedBlock`).
    ///
    /// # Errors
    /// [`SendError::Disconnected`].
    pub async fn update_last_announced_block(&self, block: BlockHash) -> Result<(), SendError> {
        let update = Command::UpdateLastAnnouncedBlock(block);
        self.command(update).await.map(drop)
    }
}
