//! Downloads the chain of a node, headers first, and checks it.
//!
//! ```sh
//! cargo run --release -p peer-mio --example sync
//! cargo run --release -p peer-mio --example sync -- --connect 127.0.0.1:8333 --network mainnet
//! ```
//!
//! What is asked and checked is `peer_programs::sync`, which knows no socket. Here is the reactor: it has the connection
//! to the node, and without `--connect` also a port that serves the demo chain.

use std::collections::{BTreeMap, VecDeque};
use std::error::Error;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use peer_core::{Config, Event, Link, Outgoing, SendError, Stats, Timestamp};
use peer_mio::{Handler, Limits, Peer, PeerId, Peers, Reactor};
use peer_programs::cli::CONNECT_TIMEOUT;
use peer_programs::demo::Demo;
use peer_programs::ending::Ending as Interrupt;
use peer_programs::server::{ChainServer, ServedChain};
use peer_programs::sync::{
    Args, COURTESY, ChainSync, Display, Ending, INTERRUPTED, exit_code, interrupted_early,
};

fn main() -> ExitCode {
    exit_code(run(&Args::read("peer-mio")))
}

fn run(args: &Args) -> Result<Ending, Box<dyn Error>> {
    let mut limits = Limits::default();
    limits.dial_timeout = CONNECT_TIMEOUT;
    let program = Program {
        job: ChainSync::new(*args.network(), args.options()),
        chain: None,
        display: Display::stderr(),
        node: None,
        config: Arc::new(args.config()),
        others: Vec::new(),
        questions: VecDeque::new(),
        servers: BTreeMap::new(),
        stats: None,
        is_over: false,
        failed: None,
        unreachable: None,
    };
    let mut reactor = Reactor::new(limits, program)?;
    let name = reach(args, &mut reactor)?;
    let interrupt = Interrupt::on_signals(INTERRUPTED)?;
    let handle = reactor.handle();
    // Wakes the reactor, which then looks.
    interrupt.when_it_comes(move || drop(handle.call(|_, _| ())));

    let ending = loop {
        // What cannot even be begun is known already.
        let known = reactor.handler().unreachable.is_some();
        reactor.turn(known.then_some(Duration::ZERO))?;
        let now = reactor.peers().now();
        let program = reactor.handler();
        if let Some(error) = program.unreachable.take() {
            program.display.finish();
            let why = match error.kind() {
                io::ErrorKind::TimedOut => "no answer".to_owned(),
                _ => error.to_string(),
            };
            return Err(format!("cannot connect to {name}: {why}").into());
        }
        program.display.show(&program.job.progress(), now);
        if let Some(error) = program.failed.take() {
            program.display.finish();
            return Err(error);
        }
        if program.job.is_done() {
            break Ending::Complete;
        }
        if interrupt.has_come() {
            break Ending::Interrupted;
        }
    };
    leave(&mut reactor, ending, name)
}

/// Dials the node that was asked for, or one of our own.
fn reach(args: &Args, reactor: &mut Reactor<Program>) -> Result<String, Box<dyn Error>> {
    let (host, port) = match &args.connect {
        Some(endpoint) => {
            let (host, port) = endpoint.or_port(args.network().default_port);
            (host.to_owned(), port)
        }
        None => serve_demo(args, reactor)?,
    };
    let name = format!("{host}:{port}");
    let failure = |error: &dyn Error| format!("cannot connect to {name}: {error}");
    let addresses = (host, port).to_socket_addrs();
    let addresses: Vec<_> = addresses.map_err(|error| failure(&error))?.collect();
    let (program, peers) = reactor.parts();
    program.others = addresses.into_iter().rev().collect();
    program.dial_next(peers, None);
    Ok(name)
}

/// Opens the port that serves the demo chain, and says where.
fn serve_demo(
    args: &Args,
    reactor: &mut Reactor<Program>,
) -> Result<(String, u16), Box<dyn Error>> {
    // The arguments were checked: there is a chain of this network.
    let demo = Demo::of(args.network()).ok_or("no chain to serve")?;
    let (program, peers) = reactor.parts();
    program.chain = Some(demo.chain());
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let port = peers.listen(anywhere, Arc::new(demo.config()))?;
    peers.set_start_height(port, demo.height());
    let address = peers.local_addr(port).ok_or("the port has no address")?;
    Ok((address.ip().to_string(), address.port()))
}

/// Prints the summary, and parts from the node.
fn leave(
    reactor: &mut Reactor<Program>,
    ending: Ending,
    name: String,
) -> Result<Ending, Box<dyn Error>> {
    let (program, peers) = reactor.parts();
    let now = peers.now();
    program.display.finish();
    let node = program.node.and_then(|node| peers.get(node));
    let stats = node.as_ref().map(Peer::stats);
    let stats = stats.or_else(|| program.stats.take());
    let Some(stats) = stats else {
        return Ok(interrupted_early());
    };
    program.job.report(ending, name, stats, now).print()?;
    if let Some(mut node) = node {
        match ending {
            Ending::Complete => node.disconnect(),
            Ending::Interrupted => node.abort(),
        }
    }
    // The rest is courtesy: a node that does not close its side is not waited for.
    let until = Instant::now() + COURTESY;
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left == Duration::ZERO || reactor.handler().is_over {
            return Ok(ending);
        }
        reactor.turn(Some(left))?;
    }
}

/// The download, and whom we serve.
struct Program {
    job: ChainSync,
    /// What our own node serves, if there is one.
    chain: Option<Arc<ServedChain>>,
    display: Display,
    node: Option<PeerId>,
    /// Of our side of the connection to it.
    config: Arc<Config>,
    /// Where else to dial if this fails; the next is the last.
    others: Vec<SocketAddr>,
    /// To the node; the first has no room yet.
    questions: VecDeque<Outgoing>,
    servers: BTreeMap<PeerId, Server>,
    /// Of the node, at its end.
    stats: Option<Stats>,
    /// The connection to the node is closed.
    is_over: bool,
    failed: Option<Box<dyn Error>>,
    unreachable: Option<io::Error>,
}

/// One whom we serve.
struct Server {
    server: ChainServer,
    /// There was no room for it.
    reply: Option<Outgoing>,
}

/// Queues a message; gives it back if there is no room. If it cannot be sent, an event says why.
fn send(peer: &mut Peer<'_>, message: Outgoing) -> Option<Outgoing> {
    match peer.send(message) {
        Err(SendError::Full(message)) => Some(message),
        Ok(_) | Err(_) => None,
    }
}

impl Program {
    fn dial_next(&mut self, peers: &mut Peers, last: Option<io::Error>) {
        let Some(address) = self.others.pop() else {
            let none = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
            self.unreachable = Some(last.unwrap_or(none));
            return;
        };
        match peers.dial(address, self.config.clone(), Link::outbound()) {
            Ok(node) => self.node = Some(node),
            Err(error) => self.unreachable = Some(io::Error::other(error)),
        }
    }

    fn ask(&mut self, peer: &mut Peer<'_>) {
        let news = std::iter::from_fn(|| self.job.next_message());
        self.questions.extend(news.map(Into::into));
        while let Some(question) = self.questions.pop_front() {
            if let Some(question) = send(peer, question) {
                return self.questions.push_front(question);
            }
        }
    }
}

impl Server {
    fn answer(&mut self, peer: &mut Peer<'_>) {
        while let Some(reply) = self.reply.take().or_else(|| self.server.next_reply()) {
            self.reply = send(peer, reply);
            if self.reply.is_some() {
                return;
            }
        }
    }
}

impl Handler for Program {
    fn on_connected(&mut self, peer: Peer<'_>) {
        if self.node == Some(peer.id()) {
            return;
        }
        if let Some(chain) = self.chain.clone() {
            let server = Server {
                server: ChainServer::new(chain),
                reply: None,
            };
            self.servers.insert(peer.id(), server);
        }
    }

    fn on_event(&mut self, mut peer: Peer<'_>, event: Event) {
        if let Some(server) = self.servers.get_mut(&peer.id()) {
            server.server.on_event(event);
            return server.answer(&mut peer);
        }
        if matches!(event, Event::Disconnected { .. }) {
            self.stats = Some(peer.stats());
        }
        if !self.job.is_done() {
            let now = peer.peers().now();
            if let Err(error) = self.job.on_event(event, now) {
                self.failed = Some(error.into());
            }
        }
        self.ask(&mut peer);
    }

    fn on_closed(&mut self, _: &mut Peers, id: PeerId) {
        self.servers.remove(&id);
        self.is_over |= self.node == Some(id);
    }

    fn on_dial_failed(&mut self, peers: &mut Peers, _: PeerId, _: &Link, error: io::Error) {
        self.dial_next(peers, Some(error));
    }

    fn deadline(&self) -> Option<Timestamp> {
        self.job.deadline().filter(|_| !self.job.is_done())
    }

    fn on_deadline(&mut self, peers: &mut Peers, now: Timestamp) {
        if let Err(error) = self.job.tick(now) {
            self.failed = Some(error.into());
        }
        if let Some(mut peer) = self.node.and_then(|node| peers.get(node)) {
            self.ask(&mut peer);
        }
    }
}
