//! A netcat for the protocol: prints what peers do, one JSON object a line.
//!
//! ```sh
//! cargo run --release -p peer-mio --example peercat -- --connect 127.0.0.1:8333 --send getaddr --duration 10
//! cargo run --release -p peer-mio --example peercat -- --listen 127.0.0.1:0 --network regtest
//! ```
//!
//! What is said and printed is `peer_programs::peercat`, which knows no socket. Here is the reactor: it brings events to
//! the conversations, and carries out their commands.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process;

use peer_core::{Command, Event, Link, Outcome, SendError, Ticket, Timestamp};
use peer_mio::{Handler, Limits, Peer, PeerId, Peers, PortId, Reactor, Shutdown};
use peer_programs::cli::CONNECT_TIMEOUT;
use peer_programs::peercat::{Args, Conversation, Exit, Mode, Output, Snapshot, Stage, name_of};

fn main() {
    let (mode, plan) = Args::read("peer-mio");
    let (stage, writer) = match Stage::start(plan) {
        Ok(started) => started,
        Err(error) => {
            eprintln!("error: {error}");
            process::exit(Exit::Connect.code().into());
        }
    };
    let exit = run(stage.clone(), mode).unwrap_or_else(|(address, error)| {
        for output in stage.failure(&address, error) {
            stage.print_blocking(output);
        }
        Exit::Connect
    });
    drop(stage);
    writer.finish(exit)
}

/// Why nothing can be done, and where.
type Failure = (String, Box<dyn Error>);

fn run(stage: Stage, mode: Mode) -> Result<Exit, Failure> {
    let failure = |address: String| move |error: io::Error| (address, error.into());
    let (host, port, mut limits, is_listener) = match mode {
        Mode::Connect { host, port } => (host, port, Limits::default(), false),
        Mode::Listen {
            host,
            port,
            max_peers,
        } => {
            let mut limits = Limits::default();
            limits.inbound = max_peers;
            limits.peers = limits.peers.max(max_peers);
            (host, port, limits, true)
        }
    };
    limits.dial_timeout = CONNECT_TIMEOUT;
    let name = format!("{host}:{port}");
    let addresses = (host, port).to_socket_addrs();
    let mut addresses: Vec<SocketAddr> = addresses.map_err(failure(name.clone()))?.collect();
    let (ending, config) = (stage.ending().clone(), stage.plan().config());
    let program = Program {
        stage: stage.clone(),
        name: name.clone(),
        talks: BTreeMap::new(),
        exit: Exit::Clean,
        failed: None,
        is_listener,
        max_peers: limits.inbound,
        others: Vec::new(),
    };
    let mut reactor = Reactor::new(limits, program).map_err(failure(name.clone()))?;
    let handle = reactor.handle();
    ending.when_it_comes(move || {
        // Fails only if the reactor is gone, which is what is wanted.
        let _ = handle.wait_and_queue(peer_mio::Command::Call(Box::new(Program::end)));
    });
    let (program, peers) = reactor.parts();
    let plan = stage.plan().clone();
    peers.record(move |_| plan.tape());
    if is_listener {
        let bound = std::net::TcpListener::bind(&*addresses).map_err(failure(name.clone()))?;
        let port = peers.listen_on(bound, config.clone());
        let port = port.map_err(|error| (name, error.into()))?;
        if let Some(address) = peers.local_addr(port) {
            let first = Output::listening(address, &config.network, stage.now());
            stage.print_blocking(first);
            program.name = address.to_string();
        }
    } else {
        addresses.reverse();
        program.others = addresses;
        program.dial_next(peers, None);
    }
    let program = reactor.run().map_err(failure("reactor".to_owned()))?;
    match program.failed {
        Some(error) => Err((program.name, error)),
        None => Ok(program.exit),
    }
}

/// One peer: what is said to it, and the command that is being carried out.
struct Talk {
    conversation: Conversation,
    sending: Sending,
    /// Why commands cannot be carried out any more.
    ended: Option<String>,
}

enum Sending {
    Nothing,
    /// There was no room for it.
    Waiting(Command),
    /// Its message is on its way.
    OnItsWay(Ticket, Outcome),
}

/// All of them.
struct Program {
    stage: Stage,
    /// Where it connects, or listens.
    name: String,
    talks: BTreeMap<PeerId, Talk>,
    exit: Exit,
    failed: Option<Box<dyn Error>>,
    is_listener: bool,
    max_peers: usize,
    /// Where else to dial if this fails; the next is the last.
    others: Vec<SocketAddr>,
}

impl Program {
    /// It is time to end.
    fn end(&mut self, peers: &mut Peers) {
        if self.talks.is_empty() {
            return peers.shut_down(Shutdown::Graceful);
        }
        peers.close_ports();
        let now = self.stage.now();
        for talk in self.talks.values_mut() {
            talk.conversation.end(now);
        }
        let ids: Vec<PeerId> = self.talks.keys().copied().collect();
        for id in ids {
            self.go_on(peers, id);
        }
    }

    fn dial_next(&mut self, peers: &mut Peers, last: Option<io::Error>) {
        let Some(address) = self.others.pop() else {
            let none = io::Error::new(io::ErrorKind::InvalidInput, "the name has no address");
            let error = last.unwrap_or(none);
            self.failed = Some(match error.kind() {
                io::ErrorKind::TimedOut => "no answer".into(),
                _ => error.into(),
            });
            return peers.shut_down(Shutdown::Graceful);
        };
        let config = self.stage.plan().config();
        if let Err(error) = peers.dial(address, config, Link::outbound()) {
            self.failed = Some(error.into());
            peers.shut_down(Shutdown::Graceful);
        }
    }

    /// Carries out what is to be done for a peer, and prints what there is to print.
    fn go_on(&mut self, peers: &mut Peers, id: PeerId) {
        let Some(talk) = self.talks.get_mut(&id) else {
            return;
        };
        let now = self.stage.now();
        loop {
            while let Some(output) = talk.conversation.next_output() {
                self.stage.print_blocking(output);
            }
            let waiting = std::mem::replace(&mut talk.sending, Sending::Nothing);
            let command = match waiting {
                Sending::Waiting(command) => command,
                other => {
                    talk.sending = other;
                    match talk.conversation.next_command(now) {
                        Some(command) => command,
                        None => return,
                    }
                }
            };
            if !talk.carry_out(peers.get(id), command, now) {
                return;
            }
        }
    }

    fn snapshot<'a>(&self, peer: &'a Peer<'_>) -> Snapshot<'a> {
        Snapshot {
            now: self.stage.now(),
            stats: peer.stats(),
            remote: peer.remote(),
        }
    }
}

impl Talk {
    /// False if it has to wait for room.
    fn carry_out(&mut self, peer: Option<Peer<'_>>, command: Command, now: Timestamp) -> bool {
        let is_farewell = matches!(command, Command::Disconnect);
        let result = match (&self.ended, peer) {
            (None, Some(mut peer)) => peer.command(command),
            _ => Err(SendError::Closed),
        };
        if is_farewell {
            return true;
        }
        match result {
            Ok(outcome) => match outcome.ticket() {
                Some(ticket) => self.sending = Sending::OnItsWay(ticket, outcome),
                None => self.told(Ok(outcome), now),
            },
            Err(SendError::Full(message)) => {
                self.sending = Sending::Waiting(message.into());
                return false;
            }
            Err(SendError::Closed) => self.told(Err(self.why()), now),
            Err(error) => self.told(Err(error.to_string()), now),
        }
        true
    }

    fn told(&mut self, result: Result<Outcome, String>, now: Timestamp) {
        self.conversation.on_outcome(&result, now);
    }

    fn why(&self) -> String {
        let reason = self.ended.as_deref().unwrap_or("disconnected");
        format!("not sent, the connection ended: {reason}")
    }

    /// What became of the message that is on its way.
    fn progress(&mut self, event: &Event, now: Timestamp) {
        let Sending::OnItsWay(ticket, outcome) = &self.sending else {
            return;
        };
        let ticket = *ticket;
        let result = match event {
            Event::Sent { through } if *through >= ticket => Ok(outcome.clone()),
            Event::Unsent {
                ticket: unsent,
                error,
            } if *unsent == ticket => Err(error.to_string()),
            Event::Disconnected { sent_through, .. } if *sent_through >= Some(ticket) => {
                Ok(outcome.clone())
            }
            Event::Disconnected { .. } => Err(self.why()),
            _ => return,
        };
        self.sending = Sending::Nothing;
        self.told(result, now);
    }
}

impl Handler for Program {
    fn on_connected(&mut self, mut peer: Peer<'_>) {
        let (id, link) = (peer.id(), *peer.link());
        let (plan, now) = (self.stage.plan().clone(), self.stage.now());
        let conversation = Conversation::open(plan, name_of(&link), link.direction, now);
        let talk = Talk {
            conversation,
            sending: Sending::Nothing,
            ended: None,
        };
        self.talks.insert(id, talk);
        self.go_on(peer.peers(), id);
    }

    fn on_event(&mut self, mut peer: Peer<'_>, event: Event) {
        let (id, now) = (peer.id(), self.stage.now());
        let at = self.snapshot(&peer);
        let Some(talk) = self.talks.get_mut(&id) else {
            return;
        };
        if let Event::Disconnected { reason, .. } = &event {
            talk.ended = Some(format!("disconnected: {reason}"));
        }
        talk.progress(&event, now);
        // One that is waited for is told by its outcome.
        if !matches!(event, Event::Unsent { .. }) {
            talk.conversation.on_event(&event, &at);
        }
        self.stage.end_if_finished();
        self.go_on(peer.peers(), id);
    }

    fn on_closed(&mut self, peers: &mut Peers, id: PeerId) {
        self.go_on(peers, id);
        if let Some(talk) = self.talks.remove(&id)
            && !self.is_listener
        {
            self.exit = talk.conversation.exit();
            peers.shut_down(Shutdown::Graceful);
        }
        if self.talks.is_empty() && self.stage.ending().has_come() {
            peers.shut_down(Shutdown::Graceful);
        }
    }

    fn on_dial_failed(&mut self, peers: &mut Peers, _: PeerId, _: &Link, error: io::Error) {
        self.dial_next(peers, Some(error));
    }

    fn on_turned_away(&mut self, _: &mut Peers, remote: SocketAddr) {
        let now = self.stage.now();
        let refused = Output::refused(&remote.to_string(), self.max_peers, now);
        self.stage.print_blocking(refused);
    }

    fn on_port_failed(&mut self, peers: &mut Peers, _: PortId, error: io::Error) {
        self.failed = Some(error.into());
        peers.shut_down(Shutdown::Graceful);
    }

    fn deadline(&self) -> Option<Timestamp> {
        let talks = self.talks.values();
        talks.filter_map(|talk| talk.conversation.deadline()).min()
    }

    fn on_deadline(&mut self, peers: &mut Peers, now: Timestamp) {
        let due = |talk: &Talk| talk.conversation.deadline().is_some_and(|at| at <= now);
        let due = self.talks.iter().filter(|(_, talk)| due(talk));
        let due: Vec<PeerId> = due.map(|(id, _)| *id).collect();
        for id in due {
            if let Some(peer) = peers.get(id) {
                let at = Snapshot {
                    now,
                    stats: peer.stats(),
                    remote: None,
                };
                if let Some(talk) = self.talks.get_mut(&id) {
                    talk.conversation.tick(&at);
                }
            }
            self.go_on(peers, id);
        }
    }
}
