//! [`Peer`]: one connection, for those who run on the reactor's thread.

use peer_core::message::Reject;
use peer_core::{
    Announced, Announcement, Command, Link, ListenerId, MessageListener, Outcome, Outgoing,
    PeerMachine, Remote, SendError, Stats, Ticket,
};

use super::{PeerId, Peers};
use crate::connection::{Connection, Farewell};

/// A connection in the hand of a handler. What is wanted is done to its machine at once; the socket
/// has its turn afterwards.
#[derive(Debug)]
pub struct Peer<'a> {
    peers: &'a mut Peers,
    id: PeerId,
}

impl<'a> Peer<'a> {
    /// The connection `id` is there.
    pub(crate) fn new(peers: &'a mut Peers, id: PeerId) -> Self {
        Self { peers, id }
    }

    /// Its name.
    pub fn id(&self) -> PeerId {
        self.id
    }

    /// All connections, this one included.
    pub fn peers(&mut self) -> &mut Peers {
        self.peers
    }

    /// Its machine, to look at: [`stats`](PeerMachine::stats), [`queued`](PeerMachine::queued),
    /// [`is_negotiated`](PeerMachine::is_negotiated) and more.
    pub fn machine(&self) -> &PeerMachine {
        &self.peers.connections[self.id.slot].machine
    }

    /// The link as the connection was made with: direction, purpose, address.
    pub fn link(&self) -> &Link {
        self.machine().link()
    }

    /// What is known of the remote, from its `version` on.
    pub fn remote(&self) -> Option<&Remote> {
        self.machine().remote()
    }

    /// The numbers.
    pub fn stats(&self) -> Stats {
        self.machine().stats()
    }

    /// Queues a [`Message`](peer_core::message::Message) or an
    /// [`EncodedMessage`](peer_core::EncodedMessage). Once its last byte has left, an
    /// [`Event::Sent`](peer_core::Event::Sent) tells of its ticket. Messages queued before the
    /// handshake is complete wait for that.
    ///
    /// # Errors
    /// [`SendError`]; [`Full`](SendError::Full) gives the message back, and
    /// [`Event::Writable`](peer_core::Event::Writable) tells when there is room.
    pub fn send(&mut self, message: impl Into<Outgoing>) -> Result<Ticket, SendError> {
        match self.command(message.into())? {
            Outcome::Queued(ticket) => Ok(ticket),
            // A message that is sent leads to nothing else.
            _ => Err(SendError::Closed),
        }
    }

    /// Announces an object, unless the remote knows it or asked not to hear of such.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn announce(
        &mut self,
        announcement: impl Into<Announcement>,
    ) -> Result<Announced, SendError> {
        match self.command(announcement.into())? {
            Outcome::Announced(announced) => Ok(announced),
            // An announcement leads to nothing else.
            _ => Err(SendError::Closed),
        }
    }

    /// Carries out a [`Command`]: everything a machine can be told to do is one, and what the other
    /// methods do can be said as commands too.
    ///
    /// # Errors
    /// [`SendError`].
    pub fn command(&mut self, command: impl Into<Command>) -> Result<Outcome, SendError> {
        let command = command.into();
        match command {
            Command::Disconnect => self.disconnect(),
            Command::Abort => self.abort(),
            command => return self.act(|connection| connection.machine.command(command)),
        }
        Ok(Outcome::Done)
    }

    /// Accepts the remote's `version`, with
    /// [`Config::review_version`](peer_core::Config); without effect otherwise.
    pub fn accept_version(&mut self) {
        self.act(|connection| connection.machine.accept_version());
    }

    /// Refuses the remote's `version`, with [`Config::review_version`](peer_core::Config), and
    /// disconnects; tells the remote why if there is a reject and it reads such (BIP61).
    pub fn refuse_version(&mut self, reject: Option<Reject>) {
        self.act(|connection| connection.machine.refuse_version(reject));
    }

    /// Disconnects in order: what was sent before is flushed first, within
    /// [`Timeouts::flush`](peer_core::Timeouts). Before the handshake has ended nothing is: the
    /// remote cannot be told anything yet, and what waits for that is dropped.
    pub fn disconnect(&mut self) {
        let now = self.peers.now();
        self.act(|connection| {
            if connection.farewell == Farewell::Stay {
                let flush = connection.machine.config().timeouts.flush;
                connection.farewell = Farewell::Until(now.saturating_add(flush));
            }
            connection.machine.disconnect();
        });
    }

    /// Disconnects at once; what is queued is dropped.
    pub fn abort(&mut self) {
        self.act(|connection| {
            connection.farewell = Farewell::AtOnce;
            connection.machine.abort();
        });
    }

    /// Takes nothing from this remote until [`resume`](Self::resume): its machine stops reading,
    /// which stops the remote; nothing is lost. What we send still leaves, and
    /// [`Event::Sent`](peer_core::Event::Sent) and [`Event::Writable`](peer_core::Event::Writable)
    /// still tell of it; so is its end told.
    pub fn pause(&mut self) {
        self.act(|connection| connection.is_paused = true);
    }

    /// Takes events again.
    pub fn resume(&mut self) {
        self.act(|connection| connection.is_paused = false);
    }

    /// Whether its events are not taken.
    pub fn is_paused(&self) -> bool {
        self.peers.connections[self.id.slot].is_paused
    }

    /// Adds a listener, which is called for every event from the next one on, just before
    /// [`Handler::on_event`](crate::Handler::on_event) is, in the order in which listeners were
    /// added. `on_disconnected` comes once and last; then the listeners are dropped. They run on
    /// the reactor's thread and must not block. A listener that panics is removed and dropped, and
    /// everything else goes on. (Not in a program that is built to abort on panic.)
    pub fn add_listener(&mut self, listener: impl MessageListener + Send + 'static) -> ListenerId {
        self.act(|connection| connection.listeners.add(Box::new(listener)))
    }

    /// Removes a listener and drops it; whether it was there.
    pub fn remove_listener(&mut self, id: ListenerId) -> bool {
        let removed = self.act(|connection| connection.listeners.remove(id));
        removed.is_some()
    }

    /// Whether a listener is still there: it was not removed, and did not panic.
    pub fn has_listener(&self, id: ListenerId) -> bool {
        self.peers.connections[self.id.slot].listeners.contains(id)
    }

    /// Does something to the connection, which has a turn then.
    fn act<R>(&mut self, act: impl FnOnce(&mut Connection) -> R) -> R {
        let result = act(&mut self.peers.connections[self.id.slot]);
        self.peers.enqueue(self.id.slot);
        result
    }
}
