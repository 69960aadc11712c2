//! What thousands of connections cost, on one thread.
//!
//! ```sh
//! cargo run --release -p peer-mio --example scale
//! ```
//!
//! What is measured and printed is `peer_programs::scale`. Here is the crowd: one reactor, turned by hand.

use std::alloc::System;
use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cap::Cap;
use peer_core::{Config, EncodedMessage, Event, Link};
use peer_mio::{Handler, Limits, Peer, PeerId, Peers, Reactor};
use peer_programs::scale::{Crowd, Tally, run};

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

fn main() -> ExitCode {
    run::<Mio>(|| HEAP.allocated())
}

struct Mio {
    reactor: Reactor<Dialler>,
    config: Arc<Config>,
}

/// Counts how far the dialled connections have come.
#[derive(Default)]
struct Dialler {
    negotiated: usize,
    lost: Option<String>,
}

impl Handler for Dialler {
    fn on_event(&mut self, _: Peer<'_>, event: Event) {
        match event {
            Event::Negotiated => self.negotiated += 1,
            Event::Disconnected { reason, .. } => self.lost = Some(reason.to_string()),
            _ => {}
        }
    }

    fn on_dial_failed(&mut self, _: &mut Peers, _: PeerId, _: &Link, error: io::Error) {
        self.lost = Some(error.to_string());
    }
}

impl Mio {
    fn turn(&mut self, at_most: Option<Duration>) -> Result<(), Box<dyn Error>> {
        self.reactor.turn(at_most)?;
        match self.reactor.handler().lost.take() {
            Some(why) => Err(format!("a connection is lost: {why}").into()),
            None => Ok(()),
        }
    }
}

impl Crowd for Mio {
    const NAME: &'static str = "peer-mio";

    fn new(config: Arc<Config>) -> io::Result<Self> {
        let reactor = Reactor::new(limits(), Dialler::default())?;
        Ok(Self { reactor, config })
    }

    fn gather(
        &mut self,
        address: SocketAddr,
        peers: usize,
        at_once: usize,
    ) -> Result<(), Box<dyn Error>> {
        let mut dialled = 0;
        while self.reactor.handler().negotiated < peers {
            let negotiated = self.reactor.handler().negotiated;
            while dialled < peers && dialled - negotiated < at_once {
                let config = self.config.clone();
                self.reactor
                    .peers()
                    .dial(address, config, Link::outbound())?;
                dialled += 1;
            }
            self.turn(None)?;
        }
        Ok(())
    }

    fn rest(&mut self, span: Duration) -> Result<(), Box<dyn Error>> {
        let until = Instant::now() + span;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(Some(left))?;
        }
    }

    fn broadcast(&mut self, message: &EncodedMessage) -> usize {
        self.reactor.peers().broadcast(message).queued
    }

    fn serve(config: Arc<Config>, tally: Tally) -> io::Result<()> {
        let mut reactor = Reactor::new(limits(), Hearer(tally.clone()))?;
        let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let peers = reactor.peers();
        let port = peers.listen(anywhere, config).map_err(io::Error::other)?;
        if let Some(address) = peers.local_addr(port) {
            tally.listening(address);
        }
        reactor.run().map(drop)
    }
}

/// As many as this program can ask for.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.peers = 25_000;
    limits.inbound = 25_000;
    limits
}

/// The other end.
struct Hearer(Tally);

impl Handler for Hearer {
    fn on_event(&mut self, _: Peer<'_>, event: Event) {
        self.0.hear(&event);
    }
}
