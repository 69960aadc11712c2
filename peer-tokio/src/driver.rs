//! [`Driver`]: the future that moves bytes and time between a socket and a machine.
//!
//! One poll function, no tasks of its own, no state but the operating system's readiness: it can
//! be dropped at any point. It knows no message and no rule of the protocol.

mod broken;
mod clock;
mod parting;

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use peer_core::{HangUp, Timestamp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use self::broken::Broken;
use self::clock::Alarm;
pub(crate) use self::clock::Clock;
use self::parting::Parting;
use crate::error::Disconnected;
use crate::shared::Session;

/// Bytes read in one poll, before others on the same thread have their turn.
const BUDGET: usize = 256 * 1_024;

/// What a turn costs beside them, so that turns without bytes are bounded too.
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
    // First, so that the socket is closed when those who wait for that hear of it. None once it
    // is.
    stream: Option<S>,
    session: Session,
    clock: Clock,
    alarm: Alarm,
    /// The socket takes no more; what had arrived is read before the machine hears of it.
    broken: Option<Broken>,
    /// Bytes may sit in a buffer of the stream (TLS, for instance).
    unflushed: bool,
    /// For when the connection has ended, and the socket has not.
    parting: Parting,
}

impl<S> Driver<S> {
    pub(crate) fn new(stream: S, clock: Clock, session: Session) -> Self {
        Self {
            stream: Some(stream),
            session,
            clock,
            alarm: Alarm::default(),
            broken: None,
            unflushed: false,
            parting: Parting::default(),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Driver<S> {
    type Output = Arc<Disconnected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Arc<Disconnected>> {
        let this = self.get_mut();
        let mut budget = BUDGET;
        while this.session.ended().is_none() {
            if this.turn(cx, &mut budget) && budget > 0 {
                continue;
            }
            // Time is judged after all that has arrived, or as much of it as is fair.
            let due = this.watch_time(cx);
            if budget == 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !due {
                return Poll::Pending;
            }
        }
        let Some(ended) = this.session.ended().cloned() else {
            return Poll::Pending;
        };
        ready!(this.poll_part(cx, &ended));
        // The future may be kept after its end; the socket is not.
        this.stream = None;
        this.session.close();
        Poll::Ready(ended)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Driver<S> {
    /// Events, read, write. False if nothing is left to do but wait.
    fn turn(&mut self, cx: &mut Context<'_>, budget: &mut usize) -> bool {
        let now = self.clock.now();
        *budget = budget.saturating_sub(TURN);
        let mut busy = self.session.exchange(cx.waker(), now);
        busy |= self.read(cx, now, budget);
        busy |= self.write(cx, now);
        busy | self.flush(cx, now)
    }

    /// Tells the time if it was asked for; whether it was. The clock decides, not the timer.
    fn watch_time(&mut self, cx: &mut Context<'_>) -> bool {
        let now = self.clock.now();
        if self
            .broken
            .as_mut()
            .is_some_and(|broken| broken.is_due(now))
        {
            return true;
        }
        let last_words = self.broken.as_ref().and_then(Broken::until);
        match self.session.deadline().into_iter().chain(last_words).min() {
            None => false,
            Some(at) if at <= now => {
                self.session.tick(now);
                true
            }
            Some(at) => self.alarm.poll(self.clock.instant(at), cx).is_ready(),
        }
    }

    /// Reads once, into the window the machine lends.
    fn read(&mut self, cx: &mut Context<'_>, now: Timestamp, budget: &mut usize) -> bool {
        let read = match self.poll_read(cx, *budget) {
            Some(Poll::Ready(read)) => read,
            Some(Poll::Pending) => {
                // Gives the window back: a connection that hears nothing owns no buffer.
                self.session.machine.received(0, now);
                return self.break_off(true, now);
            }
            None => return self.break_off(false, now),
        };
        match read {
            // The window is never empty, so this is the end of the stream.
            Ok(0) => {
                let broken = self.broken.take().map(|broken| broken.how);
                self.session
                    .hung_up(broken.unwrap_or(HangUp::EndOfStream), now);
            }
            Ok(n) => {
                *budget = budget.saturating_sub(n);
                self.session.machine.received(n, now);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                self.broken = None;
                self.session.hung_up(hang_up(&error), now);
            }
        }
        true
    }

    /// One read of at most `most` bytes; `None` if the machine wants none now.
    fn poll_read(&mut self, cx: &mut Context<'_>, most: usize) -> Option<Poll<io::Result<usize>>> {
        let stream = Pin::new(self.stream.as_mut()?);
        let window = self.session.machine.inbound()?;
        let len = window.len().min(most.max(TURN));
        let mut buf = ReadBuf::new(window.get_mut(..len)?);
        let read = stream.poll_read(cx, &mut buf);
        Some(read.map_ok(|()| buf.filled().len()))
    }

    /// Nothing was read: tells the machine that the socket broke, if it did and nothing that had
    /// arrived would be lost. Whether it told.
    fn break_off(&mut self, wanted: bool, now: Timestamp) -> bool {
        let silent = if wanted {
            self.broken.as_ref().is_some_and(Broken::is_silent)
        } else {
            // What waits for the application is still to be read, once it has taken some. What
            // waits for the remote to read our replies never will be.
            !self.session.is_starved()
        };
        let Some(broken) = self.broken.take_if(|_| silent) else {
            return false;
        };
        self.session.hung_up(broken.how, now);
        true
    }

    /// Writes once, what the machine lends.
    fn write(&mut self, cx: &mut Context<'_>, now: Timestamp) -> bool {
        if self.broken.is_some() || !self.session.machine.wants_write() {
            return false;
        }
        let Some(written) = self.poll_write(cx) else {
            return false;
        };
        match written {
            Ok(0) => self.broken = Some(Broken::new(HangUp::LocalError, now)),
            Ok(n) => {
                self.unflushed = true;
                self.session.machine.sent(n, now);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => self.broken = Some(Broken::new(hang_up(&error), now)),
        }
        true
    }

    /// One write; `None` if the machine has nothing to lend now, or the socket takes nothing.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Option<io::Result<usize>> {
        let stream = Pin::new(self.stream.as_mut()?);
        let outbound = self.session.machine.outbound();
        if outbound.is_empty() {
            return None;
        }
        let written = if stream.is_write_vectored() {
            let mut slices = [IoSlice::new(&[]); MAX_SLICES];
            let filled = outbound.io_slices(&mut slices);
            stream.poll_write_vectored(cx, slices.get(..filled).unwrap_or_default())
        } else {
            stream.poll_write(cx, outbound.first())
        };
        match written {
            Poll::Pending => None,
            Poll::Ready(written) => Some(written),
        }
    }

    /// Lets a buffering stream write what it holds, once the machine has nothing to add.
    fn flush(&mut self, cx: &mut Context<'_>, now: Timestamp) -> bool {
        if !self.unflushed || self.broken.is_some() || self.session.machine.wants_write() {
            return false;
        }
        let Some(stream) = &mut self.stream else {
            return false;
        };
        match Pin::new(stream).poll_flush(cx) {
            Poll::Pending => false,
            Poll::Ready(flushed) => {
                self.unflushed = false;
                self.broken = flushed.err().map(|error| Broken::new(hang_up(&error), now));
                self.broken.is_some()
            }
        }
    }

    /// The connection has ended; the socket follows.
    fn poll_part(&mut self, cx: &mut Context<'_>, ended: &Disconnected) -> Poll<()> {
        let patience = self.session.patience(cx.waker(), self.clock.now());
        let patience = patience.filter(|_| !parting::is_abrupt(&ended.reason));
        let (Some(stream), Some(patience)) = (&mut self.stream, patience) else {
            return Poll::Ready(());
        };
        let until = self.clock.instant(self.parting.until(patience));
        if self.alarm.poll(until, cx).is_ready() {
            return Poll::Ready(());
        }
        self.parting.poll(Pin::new(stream), cx)
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

#[cfg(test)]
mod tests;
