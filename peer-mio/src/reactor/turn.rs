//! A turn of one connection: its dial, its [run](Pump::run), its end.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::task::{Context, Waker};

use mio::net::TcpStream;
use peer_adapter::{Audience, Owner, Pump, Step, entropy};
use peer_core::tape::TapedMachine;
use peer_core::{DisconnectReason, Event, Timestamp, TransportPolicy};

use super::Reactor;
use crate::connection::{Connection, Farewell, Stage, Unsettled};
use crate::handler::Handler;
use crate::peers::Peers;
use crate::socket::Stream;

impl<H: Handler> Reactor<H> {
    /// Gives a turn to the first in the line.
    pub(super) fn serve_next(&mut self) {
        let Some(slot) = self.peers.queue.pop_front() else {
            return;
        };
        let Some(connection) = self.peers.connections.get_mut(slot) else {
            return;
        };
        connection.is_queued = false;
        match mem::replace(&mut connection.stage, Stage::Busy) {
            Stage::Connected(pump) => self.serve(slot, pump),
            Stage::Dialing {
                tcp,
                address,
                until,
            } => self.watch_dial(slot, tcp, address, until),
            Stage::Cancelled => self.peers.remove(slot),
            Stage::Busy => {}
        }
    }

    fn serve(&mut self, slot: usize, mut pump: Pump<Stream>) {
        let clock = self.peers.clock;
        let mut turn = Turn {
            slot,
            peers: &mut self.peers,
            handler: &mut self.handler,
        };
        // Nobody is woken: the poll tells what is ready.
        let step = pump.run(&mut turn, &clock, &mut Context::from_waker(Waker::noop()));
        let connection = &mut self.peers.connections[slot];
        connection.stage = Stage::Connected(pump);
        match step {
            Step::Wait(until) => self.peers.timers.set(slot, &mut connection.timer, until),
            Step::Yield => self.peers.enqueue(slot),
            Step::Done if connection.asks_for_v1() => self.redial(slot),
            Step::Done => {
                let id = self.peers.id(slot);
                self.peers.remove(slot);
                self.handler.on_closed(&mut self.peers, id);
            }
        }
    }

    /// A dial has come to something, or to nothing, or its time is over.
    fn watch_dial(&mut self, slot: usize, tcp: TcpStream, address: SocketAddr, until: Timestamp) {
        let now = self.peers.now();
        match outcome(&tcp) {
            Ok(true) => self.connected(slot, tcp, address, now),
            Ok(false) if now < until => {
                self.peers.connections[slot].stage = Stage::Dialing {
                    tcp,
                    address,
                    until,
                };
            }
            Ok(false) => self.dial_failed(slot, io::ErrorKind::TimedOut.into()),
            Err(error) => self.dial_failed(slot, error),
        }
    }

    fn connected(&mut self, slot: usize, tcp: TcpStream, address: SocketAddr, now: Timestamp) {
        let connection = &mut self.peers.connections[slot];
        let (config, mut link) = connection.origin();
        if connection.is_second {
            link.transport = Some(TransportPolicy::V1);
        }
        let local = link.local;
        link.local = local.or_else(|| tcp.local_addr().ok());
        let seed = match entropy() {
            Ok(seed) => seed,
            Err(error) => return self.dial_failed(slot, error.into()),
        };
        // Fails only on a connection that is dead already, which its first run will find out.
        let _ = tcp.set_nodelay(true);
        if !connection.is_second
            && let Some(sink) = self.peers.recorder.sink(&link)
        {
            connection.machine.record(sink);
        }
        connection.machine.begin(config, link, now, seed);
        connection.stage = Stage::Connected(Pump::new(Stream::new(tcp)));
        if connection.machine.transport().is_none() {
            connection.unsettled = Some(Unsettled { address, local });
            return self.peers.enqueue(slot);
        }
        self.peers.enqueue(slot);
        self.handler.on_connected(self.peers.at(slot));
    }

    /// The remote seems to know only v1 (BIP324).
    fn redial(&mut self, slot: usize) {
        let now = self.peers.now();
        let connection = &mut self.peers.connections[slot];
        let Some(Unsettled { address, local }) = connection.unsettled.take() else {
            return self.peers.remove(slot);
        };
        let (config, mut link) = connection.origin();
        link.local = local;
        link.transport = Some(TransportPolicy::V1);
        connection.reason = None;
        // Nobody sees it: its time begins when the connection is made.
        connection.machine.begin_unseen(config, link, now);
        if let Err(error) = self.peers.redial(slot, address, now) {
            self.dial_failed(slot, error);
        }
    }

    fn dial_failed(&mut self, slot: usize, error: io::Error) {
        let id = self.peers.id(slot);
        let (_, link) = self.peers.connections[slot].origin();
        self.peers.remove(slot);
        self.handler
            .on_dial_failed(&mut self.peers, id, &link, error);
    }
}

/// Whether a dial has succeeded; false while nobody knows.
fn outcome(tcp: &TcpStream) -> io::Result<bool> {
    if let Some(error) = tcp.take_error()? {
        return Err(error);
    }
    match tcp.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// A connection that has its turn, with everything its handler may want.
struct Turn<'a, H> {
    slot: usize,
    peers: &'a mut Peers,
    handler: &'a mut H,
}

impl<H> Turn<'_, H> {
    fn connection(&self) -> &Connection {
        &self.peers.connections[self.slot]
    }

    fn connection_mut(&mut self) -> &mut Connection {
        &mut self.peers.connections[self.slot]
    }
}

impl<H: Handler> Turn<'_, H> {
    /// Polls a dialled machine of which nobody was told yet. Whether anything happened.
    fn settle(&mut self) -> bool {
        let connection = self.connection_mut();
        let event = connection.machine.poll_event();
        if let Some(Event::Disconnected { reason, .. }) = &event
            && reason.asks_for_v1()
        {
            connection.reason = Some(reason.clone());
            return true;
        }
        // Whatever else happens, this is the connection that is kept.
        if event.is_none() && connection.machine.transport().is_none() {
            return false;
        }
        connection.unsettled = None;
        self.handler.on_connected(self.peers.at(self.slot));
        match event {
            Some(event) if self.connection().is_paused => {
                self.connection_mut().held = Some(event);
            }
            Some(event) => self.tell(event),
            None => {}
        }
        true
    }

    /// Tells the listeners, then the handler.
    fn tell(&mut self, event: Event) {
        if matches!(event, Event::V2Admission)
            && let Some(limiter) = &self.peers.limiter
        {
            let now = self.peers.now();
            let machine = &mut self.peers.connections[self.slot].machine;
            return limiter.answer(machine, now);
        }
        let connection = self.connection_mut();
        if let Event::Disconnected { reason, .. } = &event {
            connection.reason = Some(reason.clone());
        }
        if !connection.listeners.is_empty() {
            connection.call_listeners(&event);
            if connection.reason.is_some() {
                connection.dismiss_listeners();
            }
        }
        self.handler.on_event(self.peers.at(self.slot), event);
    }
}

impl<H: Handler> Owner for Turn<'_, H> {
    fn machine(&mut self) -> &mut TapedMachine {
        &mut self.connection_mut().machine
    }

    /// What is wished was done as it was wished; so there are only events.
    fn exchange(&mut self, _: &mut Context<'_>, hung_up: bool, _: Timestamp) -> bool {
        let mut busy = false;
        if self.connection().unsettled.is_some() {
            busy = self.settle();
            if self.connection().unsettled.is_some() {
                return busy;
            }
        }
        loop {
            let connection = self.connection_mut();
            let machine = &mut connection.machine;
            let is_deaf = connection.is_paused && !hung_up && !machine.is_closed();
            let event = if is_deaf {
                machine.poll_progress()
            } else {
                connection.held.take().or_else(|| machine.poll_event())
            };
            let Some(event) = event else {
                return busy;
            };
            busy = true;
            self.tell(event);
        }
    }

    fn is_starved(&self) -> bool {
        self.connection().is_paused
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.connection().machine.deadline()
    }

    fn tick(&mut self, now: Timestamp) {
        self.connection_mut().machine.tick(now);
    }

    fn wind(&mut self, is_last: bool) {
        self.connection_mut().machine.wind(is_last);
    }

    fn has_wishes(&self) -> bool {
        false
    }

    fn ended(&self) -> Option<&DisconnectReason> {
        self.connection().reason.as_ref()
    }

    fn patience(&mut self, _: &mut Context<'_>, now: Timestamp) -> Option<Timestamp> {
        let connection = self.connection();
        match connection.farewell {
            Farewell::AtOnce => None,
            Farewell::Until(until) => Some(until),
            Farewell::Stay => {
                let flush = connection.machine.config().timeouts.flush;
                Some(now.saturating_add(flush))
            }
        }
    }
}
