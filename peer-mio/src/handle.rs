//! [`Handle`]: a reactor from other threads.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use mio::Waker;
use peer_core::{Config, EncodedMessage, Link};

use crate::error::QueueError;
use crate::peers::{PeerId, Peers};

/// What another thread wants of a reactor.
#[non_exhaustive]
pub enum Command<H> {
    /// Of one connection. What it led to is told by its events; if it was not carried out,
    /// [`Handler::on_refused`](crate::Handler::on_refused) tells.
    Peer(PeerId, peer_core::Command),
    /// To send this to every peer that has shaken hands, as [`Peers::broadcast`] does.
    Broadcast(EncodedMessage),
    /// To dial, as [`Peers::dial`] does. A dial that cannot even be begun is told by
    /// [`Handler::on_dial_failed`](crate::Handler::on_dial_failed) with an id that never stood for
    /// anything.
    Dial(SocketAddr, Arc<Config>, Link),
    /// Anything else: what is called on the reactor's thread. It must not block.
    Call(Call<H>),
}

/// What is called on the reactor's thread, with the handler and all connections at hand.
pub type Call<H> = Box<dyn FnOnce(&mut H, &mut Peers) + Send>;

impl<H> fmt::Debug for Command<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Peer(id, command) => f.debug_tuple("Peer").field(id).field(command).finish(),
            Self::Broadcast(message) => f.debug_tuple("Broadcast").field(message).finish(),
            Self::Dial(address, ..) => f.debug_tuple("Dial").field(address).finish(),
            Self::Call(_) => f.write_str("Call(..)"),
        }
    }
}

/// How a reactor comes to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shutdown {
    /// Ports are closed and dials given up; every connection is
    /// [disconnected](crate::Peer::disconnect) in order.
    Graceful,
    /// The same, but every connection is [aborted](crate::Peer::abort).
    Immediate,
}

/// A reactor, from any thread. Cloning it costs two reference counts; dropping it does nothing.
pub struct Handle<H> {
    commands: SyncSender<Command<H>>,
    bell: Arc<Bell>,
}

impl<H> Handle<H> {
    /// Queues a command; the reactor's thread carries it out soon.
    ///
    /// # Errors
    /// [`QueueError`] with the command, if [`Limits::commands`](crate::Limits) wait already or the
    /// reactor is gone.
    pub fn queue(&self, command: Command<H>) -> Result<(), QueueError<Command<H>>> {
        let queued = self.commands.try_send(command);
        queued.map_err(|error| match error {
            TrySendError::Full(command) => QueueError::Full(Box::new(command)),
            TrySendError::Disconnected(command) => QueueError::Closed(Box::new(command)),
        })?;
        self.bell.ring();
        Ok(())
    }

    /// The same, but waits for room, as long as there is a reactor. Never on the reactor's thread,
    /// which would wait for itself.
    ///
    /// # Errors
    /// [`QueueError::Closed`] with the command, if the reactor is gone.
    pub fn wait_and_queue(&self, command: Command<H>) -> Result<(), QueueError<Command<H>>> {
        // If it is full, the bell was rung for what it is full of.
        let queued = self.commands.send(command);
        queued.map_err(|refused| QueueError::Closed(Box::new(refused.0)))?;
        self.bell.ring();
        Ok(())
    }

    /// Queues a call ([`Command::Call`]), with the handler and all connections at hand.
    ///
    /// # Errors
    /// As [`queue`](Self::queue).
    pub fn call(
        &self,
        call: impl FnOnce(&mut H, &mut Peers) + Send + 'static,
    ) -> Result<(), QueueError<Command<H>>> {
        self.queue(Command::Call(Box::new(call)))
    }

    /// Shuts the reactor down. It is never refused: it does not wait in the queue, but a graceful
    /// shutdown lets what was queued before be carried out. Asked again for less, nothing changes.
    pub fn shut_down(&self, how: Shutdown) {
        self.bell.shutdown.fetch_max(code(how), Ordering::AcqRel);
        self.bell.ring();
    }
}

impl<H> Clone for Handle<H> {
    fn clone(&self) -> Self {
        Self {
            commands: self.commands.clone(),
            bell: self.bell.clone(),
        }
    }
}

impl<H> fmt::Debug for Handle<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").finish_non_exhaustive()
    }
}

/// Wakes the reactor, once for however many commands.
struct Bell {
    waker: Waker,
    /// The reactor has been woken, and has not looked yet.
    rung: AtomicBool,
    /// 0, or the code of a [`Shutdown`].
    shutdown: AtomicU8,
}

impl Bell {
    fn ring(&self) {
        // It fails only if the system is out of memory; then the next command rings again.
        if !self.rung.swap(true, Ordering::AcqRel) && self.waker.wake().is_err() {
            self.rung.store(false, Ordering::Release);
        }
    }
}

/// The reactor's end of the queue.
pub(crate) struct Inbox<H> {
    commands: Receiver<Command<H>>,
    bell: Arc<Bell>,
}

impl<H> Inbox<H> {
    pub(crate) fn new(waker: Waker, capacity: usize) -> (Self, Handle<H>) {
        let (sender, commands) = sync_channel(capacity);
        let bell = Arc::new(Bell {
            waker,
            rung: AtomicBool::new(false),
            shutdown: AtomicU8::new(0),
        });
        let handle = Handle {
            commands: sender,
            bell: bell.clone(),
        };
        (Self { commands, bell }, handle)
    }

    /// The bell was heard: whoever queues from now on rings again.
    pub(crate) fn answer(&self) {
        self.bell.rung.swap(false, Ordering::AcqRel);
    }

    pub(crate) fn next(&self) -> Option<Command<H>> {
        // The reactor holds a sender itself, so the only error is that nothing waits.
        self.commands.try_recv().ok()
    }

    pub(crate) fn shutdown(&self) -> Option<Shutdown> {
        match self.bell.shutdown.load(Ordering::Acquire) {
            0 => None,
            1 => Some(Shutdown::Graceful),
            _ => Some(Shutdown::Immediate),
        }
    }
}

const fn code(how: Shutdown) -> u8 {
    match how {
        Shutdown::Graceful => 1,
        Shutdown::Immediate => 2,
    }
}
