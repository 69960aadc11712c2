//! [`Driver`]: the future that moves bytes and time between a socket and a machine.
//!
//! One poll function, no tasks of its own, no state but the operating system's readiness: it can
//! be dropped at any point. It knows no message and no rule of the protocol.

mod clock;
mod parting;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use peer_core::{HangUp, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::clock::Alarm;
pub(crate) use self::clock::Clock;
use self::parting::Parting;
use crate::error::Disconnected;
use crate::shared::Session;

/// Bytes read and written in one poll, before others on the same thread have their turn.
const BUDGET: usize = 256 * 1_024;

/// What a turn costs at least, so that turns without bytes are bounded too.
const TURN: usize = 1_024;

/// Slices of one vectored write.
const MAX_SLICES: usize = 64;

/// Drives one connection: spawn it, or poll it by other means. Nothing happens while it is not
/// polled.
///
/// It ends after the connection has: the write half is shut down, and after an end in order the
/// remote is listened to for [`Timeouts::flush`](peer_core::Timeouts) at most, since closing a
/// socket with unread data destroys what the remote has not received yet. It needs a tokio runtime
/// with time enabled.
///
/// Dropping it closes the socket at once; whoever waits hears
/// [`Goodbye::Requested`](peer_core::Goodbye), unless the connection had ended before.
#[derive(Debug)]
#[must_use = "a connection does nothing unless its driver is spawned or polled"]
pub struct Driver<S> {
    // First, so that the socket is closed when those who wait for that hear of it.
    stream: S,
    session: Session,
    clock: Clock,
    alarm: Alarm,
    /// The socket takes no more; what had arrived is read before the machine hears of it.
    broken: Option<HangUp>,
    /// Bytes may sit in a buffer of the stream (TLS, for instance).
    unflushed: bool,
    /// The connection has ended, the socket has not.
    parting: Option<Parting>,
}

impl<S> Driver<S> {
    pub(crate) fn new(stream: S, clock: Clock, session: Session) -> Self {
        Self {
            stream,
            session,
            clock,
            alarm: Alarm::default(),
            broken: None,
            unflushed: false,
            parting: None,
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = Arc<Disconnected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Arc<Disconnected>> {
        let this = self.get_mut();
        let mut budget = BUDGET;
        while budget > 0 && this.session.ended().is_none() {
            budget = budget.saturating_sub(TURN);
            if !this.turn(cx, &mut budget) {
                return Poll::Pending;
            }
        }
        match this.session.ended().cloned() {
            Some(ended) => this.poll_part(cx, &ended).map(|()| ended),
            None => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Events, read, write, timer. False if nothing is left to do but wait.
    fn turn(&mut self, cx: &mut Context<'_>, budget: &mut usize) -> bool {
        let now = self.clock.now();
        let mut busy = self.session.exchange(cx.waker(), now);
        busy |= self.read(cx, now, budget);
        busy |= self.write(cx, now, budget);
        busy |= self.flush(cx);
        let due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if due(self.session.deadline()) {
            self.session.tick(now);
            return true;
        }
        busy || {
            let at = self.session.deadline().map(|at| self.clock.instant(at));
            self.alarm.poll(at, cx).is_ready()
        }
    }

    /// Reads into the machine's window until the socket or the machine has enough.
    fn read(&mut self, cx: &mut Context<'_>, now: Timestamp, budget: &mut usize) -> bool {
        let mut busy = false;
        while *budget > 0
            && let Some(window) = self.session.machine.inbound()
        {
            let len = window.len().min(*budget);
            let mut buf = ReadBuf::new(window.get_mut(..len).unwrap_or_default());
            let read = match Pin::new(&mut self.stream).poll_read(cx, &mut buf) {
                Poll::Pending => break,
                Poll::Ready(read) => read.map(|()| buf.filled().len()),
            };
            busy = true;
            match read {
                // The window is never empty, so this is the end of the stream.
                Ok(0) => self.session.hung_up(HangUp::EndOfStream, now),
                Ok(n) => {
                    *budget = budget.saturating_sub(n);
                    self.session.machine.received(n, now);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    *budget = budget.saturating_sub(TURN);
                }
                Err(error) => self.session.hung_up(hang_up(&error), now),
            }
        }
        if *budget > 0
            && let Some(how) = self.broken.take()
        {
            self.session.hung_up(how, now);
            busy = true;
        }
        busy
    }

    /// Writes what the machine lends until the socket takes no more.
    fn write(&mut self, cx: &mut Context<'_>, now: Timestamp, budget: &mut usize) -> bool {
        let mut busy = false;
        while *budget > 0 && self.broken.is_none() && self.session.machine.wants_write() {
            let Poll::Ready(written) = self.poll_write(cx) else {
                break;
            };
            match written {
                Ok(None) => break,
                Ok(Some(0)) => self.broken = Some(HangUp::LocalError),
                Ok(Some(n)) => {
                    *budget = budget.saturating_sub(n);
                    self.unflushed = true;
                    self.session.machine.sent(n, now);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                    *budget = budget.saturating_sub(TURN);
                }
                Err(error) => self.broken = Some(hang_up(&error)),
            }
            busy = true;
        }
        busy
    }

    /// One write; `None` if the machine has nothing to lend now.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<usize>>> {
        let stream = Pin::new(&mut self.stream);
        let outbound = self.session.machine.outbound();
        if outbound.is_empty() {
            return Poll::Ready(Ok(None));
        }
        if !stream.is_write_vectored() {
            return stream.poll_write(cx, outbound.first()).map_ok(Some);
        }
        let mut slices = [IoSlice::new(&[]); MAX_SLICES];
        let filled = outbound.io_slices(&mut slices);
        let slices = slices.get(..filled).unwrap_or_default();
        stream.poll_write_vectored(cx, slices).map_ok(Some)
    }

    /// Lets a buffering stream write what it holds, once the machine has nothing to add.
    fn flush(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.unflushed || self.broken.is_some() || self.session.machine.wants_write() {
            return false;
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Pending => false,
            Poll::Ready(flushed) => {
                self.unflushed = false;
                self.broken = flushed.err().map(|error| hang_up(&error));
                self.broken.is_some()
            }
        }
    }

    /// The connection has ended; the socket follows.
    fn poll_part(&mut self, cx: &mut Context<'_>, ended: &Disconnected) -> Poll<()> {
        if self.session.is_aborted() || Parting::is_abrupt(&ended.reason) {
            return Poll::Ready(());
        }
        let parting = self.parting.get_or_insert_with(|| {
            let patience = self.session.machine.config().timeouts.flush;
            Parting::new(self.clock.now().saturating_add(patience))
        });
        let until = self.clock.instant(parting.until());
        if self.alarm.poll(Some(until), cx).is_ready() {
            return Poll::Ready(());
        }
        parting.poll(Pin::new(&mut self.stream), cx)
    }
}

/// What an error of the socket means to the machine.
fn hang_up(error: &io::Error) -> HangUp {
    match error.kind() {
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => HangUp::Reset,
        _ => HangUp::LocalError,
    }
}
