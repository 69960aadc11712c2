//! A netcat for the protocol: prints what peers do, one JSON object a line.
//!
//! ```sh
//! cargo run --release -p peer-tokio --example peercat -- --connect 127.0.0.1:8333 --send getaddr --duration 10
//! cargo run --release -p peer-tokio --example peercat -- --listen 127.0.0.1:0 --network regtest
//! ```
//!
//! What is said and printed is `peer_programs::peercat`, which knows no socket. Here are the sockets, one task for each
//! peer, and the one writer that they all share.

use std::error::Error;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use peer_core::{Epoch, Event, Link, Remote};
use peer_programs::cli::CONNECT_TIMEOUT;
use peer_programs::peercat::{
    Args, Exit, Mode, Output, Plan, Question, Requests, Serving, Session, Snapshot,
};
use peer_tokio::{Connection, Listener, Peer, SendError, dial};
use tokio::net::TcpStream;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval_at, sleep, timeout};

/// Pieces of output that wait for the reader of stdout; beyond it the peers wait.
const PENDING_OUTPUT: usize = 1_024;

/// Questions of one peer that wait while earlier ones are answered; beyond it they are passed over.
const PENDING_QUESTIONS: usize = 64;

/// How long the last lines may take, and peers to part, before the program ends without them.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long messages of `--send` may take to leave when it is time to end.
const LAST_WORDS: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() {
    let (mode, plan) = Args::read();
    let (program, writer) = Program::start(plan);
    tokio::spawn(end_when_told_to(
        program.ending.clone(),
        program.plan.duration(),
    ));
    let exit = tokio::select! {
        exit = program.clone().run(mode) => exit,
        () = program.overdue() => Exit::Clean,
    };
    drop(program);
    // Whoever reads our lines gets the last ones too, unless it has stopped reading.
    let _ = timeout(PATIENCE, writer).await;
    std::process::exit(exit.code().into());
}

/// What all tasks share.
#[derive(Clone)]
struct Program {
    plan: Arc<Plan>,
    clock: Epoch,
    output: mpsc::Sender<Output>,
    /// True once it is time to end.
    ending: watch::Sender<bool>,
}

impl Program {
    fn start(plan: Plan) -> (Self, JoinHandle<()>) {
        let (output, pending) = mpsc::channel(PENDING_OUTPUT);
        let ending = watch::Sender::new(false);
        let program = Self {
            plan: Arc::new(plan),
            clock: Epoch::start(),
            output,
            ending: ending.clone(),
        };
        let writer = tokio::task::spawn_blocking(move || write_all(pending, &ending));
        (program, writer)
    }

    async fn run(self, mode: Mode) -> Exit {
        match mode {
            Mode::Connect { host, port } => self.connect(&host, port).await,
            Mode::Listen {
                host,
                port,
                max_peers,
            } => self.listen(&host, port, max_peers).await,
        }
    }

    async fn connect(self, host: &str, port: u16) -> Exit {
        let name = format!("{host}:{port}");
        let dialling = dial((host, port), self.plan.config(), Link::outbound());
        let dialled = tokio::select! {
            dialled = timeout(CONNECT_TIMEOUT, dialling) => dialled,
            () = self.ended() => return Exit::Clean,
        };
        match dialled {
            Ok(Ok(connection)) => self.serve(connection).await,
            Ok(Err(error)) => self.fail(&name, error).await,
            Err(_) => self.fail(&name, "no answer").await,
        }
    }

    async fn listen(self, host: &str, port: u16, max_peers: usize) -> Exit {
        let bound = Listener::bind((host, port), self.plan.config()).await;
        let bound = bound.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = match bound {
            Ok(bound) => bound,
            Err(error) => return self.fail(&format!("{host}:{port}"), error).await,
        };
        let network = self.plan.config().network;
        let first = Output::listening(address, &network, self.clock.now());
        self.print(first).await;
        let mut peers = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok(connection) if peers.len() < max_peers => {
                        peers.spawn(self.clone().serve(connection));
                    }
                    Ok((peer, ..)) => {
                        let now = self.clock.now();
                        self.print(Output::refused(&name_of(&peer), max_peers, now)).await;
                    }
                    Err(error) => return self.fail(&address.to_string(), error).await,
                },
                Some(_) = peers.join_next() => {}
                () = self.ended() => break,
            }
        }
        drop(listener);
        peers.join_all().await;
        Exit::Clean
    }

    /// One peer, until it or we leave.
    async fn serve(self, (peer, mut events, driver): Connection<TcpStream>) -> Exit {
        let driver = tokio::spawn(driver);
        let (plan, now) = (self.plan.clone(), self.clock.now());
        let direction = peer.link().direction;
        let (mut session, first) = Session::open(plan, name_of(&peer), direction, now);
        self.print(first).await;
        // Apart: a peer that does not read must not keep us from hearing it.
        let mut sending = JoinSet::new();
        let serving = session.serving();
        let (questions, pending) = mpsc::channel(PENDING_QUESTIONS);
        let (mut questions, mut pending) = (Some(questions), Some(pending));
        let mut pulse = self.plan.stats_interval().map(every);
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = next_of(&mut pulse) => {
                    let numbers = session.numbers(&self.snapshot(&peer, None));
                    self.print_if_any(numbers).await;
                    continue;
                }
                () = self.ended(), if questions.is_some() => {
                    // What was asked before is still answered.
                    questions = None;
                    let _ = timeout(LAST_WORDS, sending.join_next()).await;
                    peer.disconnect();
                    continue;
                }
            };
            let Some(event) = event else { break };
            let remote = peer.remote();
            let at = self.snapshot(&peer, remote.as_deref());
            self.print_if_any(session.on_event(&event, &at)).await;
            if let (Some(questions), Some(question)) = (&questions, serving.question(&event))
                && let Err(TrySendError::Full(question)) = questions.try_send(question)
            {
                self.print(serving.passed_over(&question, at.now)).await;
            }
            if matches!(event, Event::Disconnected { .. }) {
                self.print_if_any(session.numbers(&at)).await;
            }
            if self.plan.is_finished() {
                self.ending.send_replace(true);
            }
            if matches!(event, Event::Negotiated)
                && let Some(pending) = pending.take()
            {
                let (peer, requests) = (peer.clone(), session.requests());
                let (program, serving) = (self.clone(), serving.clone());
                sending.spawn(async move {
                    program.send_all(&peer, requests).await;
                    program.answer_all(&peer, serving, pending).await;
                });
            }
        }
        drop(questions);
        // Fails only if the driver panicked, which the events did not survive either.
        let _ = driver.await;
        sending.join_all().await;
        session.exit()
    }

    async fn send_all(&self, peer: &Peer, requests: Requests) {
        for message in requests.messages() {
            let command = message.command();
            let result = peer.send(message).await.map_err(in_full);
            let output = requests.outcome(command, &result, self.clock.now());
            self.print(output).await;
        }
        for offer in requests.offers() {
            let result = peer.announce(offer.announcement()).await.map_err(in_full);
            let output = requests.announced(offer, &result, self.clock.now());
            self.print(output).await;
        }
    }

    /// Answers one question after the other, until no more can come.
    async fn answer_all(
        &self,
        peer: &Peer,
        serving: Serving,
        mut questions: mpsc::Receiver<Question>,
    ) {
        while let Some(question) = questions.recv().await {
            for answer in serving.answers(question) {
                let result = peer.send(answer.message()).await;
                let gone = matches!(result, Err(SendError::Disconnected(_)));
                let output = serving.served(&answer, &result.map_err(in_full), self.clock.now());
                self.print(output).await;
                if gone {
                    return;
                }
            }
        }
    }

    fn snapshot<'a>(&self, peer: &Peer, remote: Option<&'a Remote>) -> Snapshot<'a> {
        Snapshot {
            now: self.clock.now(),
            stats: peer.stats(),
            remote,
        }
    }

    /// Says why nothing can be done, on both streams.
    async fn fail(&self, address: &str, error: impl Display) -> Exit {
        for output in Output::failed(address, error, self.clock.now()) {
            self.print(output).await;
        }
        Exit::Connect
    }

    /// Waits while stdout is behind. When its reader has left, nothing is printed any more.
    async fn print(&self, output: Output) {
        let _ = self.output.send(output).await;
    }

    async fn print_if_any(&self, output: Option<Output>) {
        if let Some(output) = output {
            self.print(output).await;
        }
    }

    /// Waits until it is time to end.
    async fn ended(&self) {
        let mut ending = self.ending.subscribe();
        // Fails only without a sender, and we have one.
        let _ = ending.wait_for(|ending| *ending).await;
    }

    /// Waits until the end should have come long ago.
    async fn overdue(&self) {
        self.ended().await;
        sleep(PATIENCE).await;
    }
}

/// The first time after `span`; times that were missed are not made up for.
fn every(span: Duration) -> Interval {
    let mut pulse = interval_at(Instant::now() + span, span);
    pulse.set_missed_tick_behavior(MissedTickBehavior::Delay);
    pulse
}

/// Waits for the next time, if there is any.
async fn next_of(pulse: &mut Option<Interval>) {
    match pulse {
        Some(pulse) => {
            pulse.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// Writes what comes, until everybody has left. When the reader of stdout has left, it is time to end.
fn write_all(mut pending: mpsc::Receiver<Output>, ending: &watch::Sender<bool>) {
    while let Some(output) = pending.blocking_recv() {
        if output.write().is_err() {
            ending.send_replace(true);
            return;
        }
    }
}

/// Ends the program after `duration`, or when the user or the system says so. Who says so again does not want to wait
/// for peers to part and lines to be read.
async fn end_when_told_to(ending: watch::Sender<bool>, duration: Option<Duration>) {
    let over = async {
        match duration {
            Some(duration) => sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = over => {}
        () = told_to() => {}
    }
    ending.send_replace(true);
    told_to().await;
    std::process::exit(Exit::Clean.code().into());
}

async fn told_to() {
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        // Then the signal does what it does by default.
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// An error and what it came from.
fn in_full(error: impl Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

fn name_of(peer: &Peer) -> String {
    let remote = peer.link().remote;
    remote.map_or_else(|| "unknown".to_owned(), |remote| remote.to_string())
}
