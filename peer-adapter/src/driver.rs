//! [`Driver`]: the pump of one connection as a future, for runtimes with tasks.
//!
//! No tasks of its own, no state but the operating system's readiness: it can be dropped at any
//! point.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use peer_core::{Link, Timestamp};

use crate::deck::TapeSink;
use crate::dial::{Dialling, Redial};
use crate::error::Disconnected;
use crate::limiter::V2Limiter;
use crate::pump::{Clock, Pump, Socket, Step};
use crate::shared::Session;

/// A clock of a runtime, and one timer.
pub trait Alarm: Clock {
    /// Ready when `at` has come, or a little later; until then `cx` is woken at that time. Only the
    /// time asked for last counts. A time too far away for the runtime may come early: the clock
    /// is what is believed.
    fn poll_until(&mut self, at: Timestamp, cx: &mut Context<'_>) -> Poll<()>;
}

/// Drives one connection: spawn it, or poll it by other means. Nothing happens while it is not
/// polled. An adapter wraps it in a type of its own, whose documentation tells what it promises.
///
/// After its end it may be kept and polled: it says the same again, and holds no socket.
#[derive(Debug)]
#[must_use = "a connection does nothing unless its driver is spawned or polled"]
pub struct Driver<S, T> {
    // First, so that the socket is closed when those who wait for that hear of it.
    pump: Pump<S>,
    session: Session,
    alarm: T,
    redial: Redial<S>,
}

impl<S: Socket, T: Alarm> Driver<S, T> {
    pub(crate) fn new(socket: S, alarm: T, session: Session) -> Self {
        Self {
            pump: Pump::new(socket),
            session,
            alarm,
            redial: Redial::Never,
        }
    }

    /// Has `dial` called, once, if the remote hangs up on v2 as those do that know only v1
    /// ([`DisconnectReason::Downgrade`](peer_core::DisconnectReason)): the connection then begins
    /// anew over what it gives, in v1, and nobody hears of the first. What the application sends
    /// waits until it is known how frames travel. The dial may take as long as a handshake
    /// ([`Timeouts::negotiation`](peer_core::Timeouts)). `asked` is the link as the caller gave it: the
    /// addresses that it leaves open are those of the stream.
    pub fn redial(&mut self, asked: Link, dial: impl FnOnce() -> Dialling<S> + Send + 'static) {
        if self.session.expect_redial(asked) {
            self.redial = Redial::Ready(Box::new(dial));
        }
    }

    /// Has the connection recorded ([`peer_core::tape`]): `sink` takes the tape piece by piece, after every run of the
    /// driver, and must not wait. Where the remote is dialled again that is a tape of its own, right behind the first.
    /// False, and nothing is recorded, once the driver was polled.
    ///
    /// A tape holds the keys of the connection and the secret of its configuration.
    pub fn record(&mut self, sink: TapeSink) -> bool {
        self.session.record(sink)
    }

    /// Has `limiter` asked, instead of the application, whether a v2 handshake may begin. It only
    /// is with [`V2Options::admission`](peer_core::V2Options).
    pub fn limit_v2(&mut self, limiter: Arc<V2Limiter>) {
        self.session.limit_v2(limiter);
    }

    /// Ready when the second dial, which has until then, came to something or was given up.
    fn poll_redial(&mut self, until: Timestamp, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let now = self.alarm.now();
            let dialled = if until <= now || self.session.is_leaving(cx) {
                None
            } else if let Poll::Ready(dialled) = self.redial.poll(cx) {
                dialled.ok()
            } else {
                ready!(self.alarm.poll_until(until, cx));
                continue;
            };
            self.redial = Redial::Never;
            match dialled {
                Some((socket, ends)) => {
                    self.session.begin_anew(ends, now);
                    self.pump = Pump::new(socket);
                }
                None => self.session.give_up(),
            }
            return Poll::Ready(());
        }
    }
}

impl<S, T> Future for Driver<S, T>
where
    S: Socket + Unpin,
    T: Alarm + Unpin,
{
    type Output = Arc<Disconnected>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Arc<Disconnected>> {
        let this = self.get_mut();
        loop {
            if let Some(until) = this.redial.deadline() {
                ready!(this.poll_redial(until, cx));
            }
            let step = this.pump.run(&mut this.session, &this.alarm, cx);
            if !this.session.may_redial() {
                this.redial = Redial::Never;
            }
            match step {
                Step::Wait(None) => return Poll::Pending,
                Step::Wait(Some(until)) => ready!(this.alarm.poll_until(until, cx)),
                Step::Yield => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::Done => {
                    let until = this.session.negotiation_deadline(this.alarm.now());
                    if this.session.wants_redial() && this.redial.begin(until) {
                        continue;
                    }
                    this.session.close();
                    return match this.session.result() {
                        Some(ended) => Poll::Ready(ended.clone()),
                        None => Poll::Pending,
                    };
                }
            }
        }
    }
}
