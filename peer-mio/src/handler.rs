//! [`Handler`]: the application.

use std::io;
use std::net::SocketAddr;

use peer_core::{Event, Link, Timestamp};

use crate::error::RefusedCommand;
use crate::peers::{Peer, PeerId, Peers, PortId};

/// What happens, told to the application on the reactor's thread. Every method may use all
/// connections; none may block, since all of them stand still meanwhile.
///
/// A connection is told of in this order: [`on_connected`](Self::on_connected), its events, the last
/// of which is [`Event::Disconnected`], and [`on_closed`](Self::on_closed) once its socket is
/// closed. A dial that fails is told of by [`on_dial_failed`](Self::on_dial_failed) alone.
///
/// A panic in a method goes up through [`Reactor::run`](crate::Reactor::run).
pub trait Handler {
    /// Something happened on a connection. [`Event::Sent`] and [`Event::Writable`] are among the
    /// events here: who [sends](Peer::send) gets a ticket, and hears when it has left.
    fn on_event(&mut self, peer: Peer<'_>, event: Event);

    /// A connection was made, by a dial of ours or by a remote. The handshake begins (of a dial that
    /// tries v2 only the part that is encrypted); whoever is not welcome may be
    /// [sent away](Peer::abort) now.
    fn on_connected(&mut self, peer: Peer<'_>) {
        let _ = peer;
    }

    /// The socket of a connection is closed; its id stands for nothing any more.
    fn on_closed(&mut self, peers: &mut Peers, id: PeerId) {
        let _ = (peers, id);
    }

    /// A connection could not be made; its id stands for nothing any more. The kind
    /// [`TimedOut`](io::ErrorKind::TimedOut) also stands for
    /// [`Limits::dial_timeout`](crate::Limits).
    fn on_dial_failed(&mut self, peers: &mut Peers, id: PeerId, link: &Link, error: io::Error) {
        let _ = (peers, id, link, error);
    }

    /// A remote was closed at once, since there are as many connections as
    /// [`Limits`](crate::Limits) allows.
    fn on_turned_away(&mut self, peers: &mut Peers, remote: SocketAddr) {
        let _ = (peers, remote);
    }

    /// A port is of no use any more, and was closed. (What passes by waiting is waited for: a
    /// system out of file descriptors closes no port.)
    fn on_port_failed(&mut self, peers: &mut Peers, port: PortId, error: io::Error) {
        let _ = (peers, port, error);
    }

    /// A command that another thread queued for a connection was not carried out.
    fn on_refused(&mut self, peers: &mut Peers, id: PeerId, refused: RefusedCommand) {
        let _ = (peers, id, refused);
    }

    /// When [`on_deadline`](Self::on_deadline) wants to be called, if ever. Asked before every wait.
    fn deadline(&self) -> Option<Timestamp> {
        None
    }

    /// The deadline has come. It must be another one after this, or the reactor never rests.
    fn on_deadline(&mut self, peers: &mut Peers, now: Timestamp) {
        let _ = (peers, now);
    }
}
