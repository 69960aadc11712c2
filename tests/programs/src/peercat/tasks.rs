//! `peercat` on a runtime with tasks: one for each peer.

use core::future::{Future, pending};
use core::pin::Pin;
use std::process;

use async_channel::{Sender, bounded};
use futures_lite::FutureExt;
use peer_adapter::{Peer, SendError};
use peer_core::{Command, Event, Link, Outcome, Remote};

use super::args::{Args, Mode};
use super::conversation::Conversation;
use super::exit::Exit;
use super::output::Output;
use super::session::Snapshot;
use super::stage::Stage;
use crate::cli::{CONNECT_TIMEOUT, in_full};
use crate::runtime::{Connection, Runtime, drive, until, within};

/// The program; ends the process.
pub fn run<R: Runtime>() -> ! {
    let (mode, plan) = Args::read(R::NAME);
    let (stage, writer) = match Stage::start(plan) {
        Ok(started) => started,
        Err(error) => {
            eprintln!("error: {error}");
            process::exit(Exit::Connect.code().into());
        }
    };
    let exit = R::block_on(async {
        match mode {
            Mode::Connect { host, port } => connect::<R>(stage, host, port).await,
            Mode::Listen {
                host,
                port,
                max_peers,
            } => listen::<R>(stage, host, port, max_peers).await,
        }
    });
    writer.finish(exit)
}

async fn connect<R: Runtime>(stage: Stage, host: String, port: u16) -> Exit {
    let name = format!("{host}:{port}");
    let dialling = R::dial(host, port, stage.plan().config(), Link::outbound());
    let dialled = async { Some(within::<R, _>(CONNECT_TIMEOUT, dialling).await) };
    let given_up = async {
        stage.ending().come().await;
        None
    };
    match dialled.or(given_up).await {
        Some(Some(Ok(connection))) => serve::<R>(stage, connection).await,
        Some(Some(Err(error))) => fail(&stage, &name, error).await,
        Some(None) => fail(&stage, &name, "no answer").await,
        None => Exit::Clean,
    }
}

async fn listen<R: Runtime>(stage: Stage, host: String, port: u16, max_peers: usize) -> Exit {
    let name = format!("{host}:{port}");
    let config = stage.plan().config();
    let (listener, address) = match R::bind(host, port, config.clone(), 0).await {
        Ok(bound) => bound,
        Err(error) => return fail(&stage, &name, error).await,
    };
    let first = Output::listening(address, &config.network, stage.now());
    stage.print(first).await;
    // Each peer holds a sender, and sends nothing.
    let (present, gone) = bounded::<()>(1);
    loop {
        let accepting = async { Some(R::accept(&listener).await) };
        let ended = async {
            stage.ending().come().await;
            None
        };
        match ended.or(accepting).await {
            Some(Ok(connection)) if present.sender_count() <= max_peers => {
                R::spawn(attend::<R>(stage.clone(), connection, present.clone()));
            }
            Some(Ok((peer, ..))) => {
                let refused = Output::refused(&name_of(&peer), max_peers, stage.now());
                stage.print(refused).await;
            }
            Some(Err(error)) => return fail(&stage, &address.to_string(), error).await,
            None => break,
        }
    }
    drop((listener, present));
    // Fails when the last sender is gone.
    let _ = gone.recv().await;
    Exit::Clean
}

async fn attend<R: Runtime>(stage: Stage, connection: Connection<R>, present: Sender<()>) {
    serve::<R>(stage, connection).await;
    drop(present);
}

/// What there is to react to.
enum Next {
    Event(Option<Event>),
    Outcome(Result<Outcome, SendError>),
    Ending,
    Time,
}

/// A command that is being carried out.
type Sending = Pin<Box<dyn Future<Output = Result<Outcome, SendError>> + Send>>;

/// One peer, until it or we leave.
async fn serve<R: Runtime>(stage: Stage, mut connection: Connection<R>) -> Exit {
    if let Some(sink) = stage.plan().tape() {
        R::record(&mut connection.2, sink);
    }
    let (peer, mut events) = drive::<R>(connection);
    let (plan, link) = (stage.plan().clone(), peer.link());
    let mut talk = Conversation::open(plan, name_of(&peer), link.direction, stage.now());
    let (mut sending, mut ending) = (None::<Sending>, false);
    loop {
        while let Some(output) = talk.next_output() {
            stage.print(output).await;
        }
        while let Some(command) = talk.next_command(stage.now()) {
            match command {
                Command::Disconnect => peer.disconnect(),
                command => sending = Some(carry_out(&peer, command)),
            }
        }
        if talk.is_over() {
            break;
        }
        let event = async {
            if talk.is_gone() {
                pending().await
            } else {
                Next::Event(events.next().await)
            }
        };
        let outcome = async {
            match &mut sending {
                Some(sending) => Next::Outcome(sending.await),
                None => pending().await,
            }
        };
        let end = async {
            if ending {
                pending::<()>().await;
            }
            stage.ending().come().await;
            Next::Ending
        };
        let time = async {
            until::<R>(talk.deadline(), &stage.clock()).await;
            Next::Time
        };
        // The first that is ready; a peer that never stops talking must not keep us from the others.
        let next = end.or(time).or(outcome).or(event).await;
        match next {
            Next::Event(Some(event)) => {
                let remote = peer.remote();
                talk.on_event(&event, &snapshot(&stage, &peer, remote.as_deref()));
                stage.end_if_finished();
            }
            // Comes after the last event, which is never missed.
            Next::Event(None) => break,
            Next::Outcome(result) => {
                sending = None;
                talk.on_outcome(&result.map_err(in_full), stage.now());
            }
            Next::Ending => {
                ending = true;
                talk.end(stage.now());
            }
            Next::Time => talk.tick(&snapshot(&stage, &peer, None)),
        }
    }
    peer.closed().await;
    talk.exit()
}

fn carry_out(peer: &Peer, command: Command) -> Sending {
    let peer = peer.clone();
    Box::pin(async move { peer.command(command).await })
}

fn snapshot<'a>(stage: &Stage, peer: &Peer, remote: Option<&'a Remote>) -> Snapshot<'a> {
    Snapshot {
        now: stage.now(),
        stats: peer.stats(),
        remote,
    }
}

async fn fail(stage: &Stage, address: &str, error: impl core::fmt::Display) -> Exit {
    for output in stage.failure(address, error) {
        stage.print(output).await;
    }
    Exit::Connect
}

fn name_of(peer: &Peer) -> String {
    super::name_of(&peer.link())
}
