//! `sync` on a runtime with tasks.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;

use futures_lite::FutureExt;
use peer_adapter::{Events, Peer, QueueError};
use peer_core::network::Network;
use peer_core::{Command, Epoch, Event, Link};

use super::{Args, COURTESY, ChainSync, Display, Ending, INTERRUPTED, SyncError};
use crate::cli::CONNECT_TIMEOUT;
use crate::demo::Demo;
use crate::ending;
use crate::runtime::{Connection, Runtime, drive, until, within};
use crate::server::{ChainServer, ServedChain};

/// The program.
pub fn run<R: Runtime>() -> ExitCode {
    let args = Args::read(R::NAME);
    exit_code(R::block_on(sync::<R>(&args)))
}

/// What the process ends with; why, if it failed, in one line.
pub fn exit_code(result: Result<Ending, Box<dyn Error>>) -> ExitCode {
    match result {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says that nothing was reached, since there was no connection when the user ended it.
pub fn interrupted_early() -> Ending {
    let _ = writeln!(io::stderr(), "interrupted before there was a connection");
    Ending::Interrupted
}

async fn sync<R: Runtime>(args: &Args) -> Result<Ending, Box<dyn Error>> {
    let interrupt = ending::Ending::on_signals(INTERRUPTED)?;
    let given_up = async {
        interrupt.come().await;
        None
    };
    let reached = async { Some(reach::<R>(args).await) };
    let Some(reached) = given_up.or(reached).await else {
        return Ok(interrupted_early());
    };
    let (name, connection) = reached?;
    let (peer, mut events) = drive::<R>(connection);
    let clock = Epoch::start();
    let mut job = ChainSync::new(*args.network(), args.options());
    let mut display = Display::stderr();

    let interrupted = async {
        interrupt.come().await;
        Ok(Ending::Interrupted)
    };
    let downloaded = async {
        download::<R>(&mut job, &peer, &mut events, &mut display, &clock).await?;
        Ok::<_, SyncError>(Ending::Complete)
    };
    let ending = interrupted.or(downloaded).await;
    display.finish();
    let ending = ending?;
    job.report(ending, name, peer.stats(), clock.now())
        .print()?;
    match ending {
        Ending::Complete => peer.disconnect(),
        Ending::Interrupted => peer.abort(),
    }
    // The rest is courtesy: a node that does not close its side is not waited for.
    let _ = within::<R, _>(COURTESY, peer.closed()).await;
    Ok(ending)
}

/// Connects to the node that was asked for, or to one of our own.
async fn reach<R: Runtime>(args: &Args) -> Result<(String, Connection<R>), String> {
    let (host, port) = match &args.connect {
        Some(endpoint) => {
            let (host, port) = endpoint.or_port(args.network().default_port);
            (host.to_owned(), port)
        }
        None => serve_demo::<R>(args.network())
            .await
            .map_err(|error| error.to_string())?,
    };
    let name = format!("{host}:{port}");
    let dialling = R::dial(host, port, Arc::new(args.config()), Link::outbound());
    match within::<R, _>(CONNECT_TIMEOUT, dialling).await {
        Some(Ok(connection)) => Ok((name, connection)),
        Some(Err(error)) => Err(format!("cannot connect to {name}: {error}")),
        None => Err(format!("cannot connect to {name}: no answer")),
    }
}

/// The conversation with the node.
async fn download<R: Runtime>(
    job: &mut ChainSync,
    peer: &Peer,
    events: &mut Events,
    display: &mut Display,
    clock: &Epoch,
) -> Result<(), SyncError> {
    while !job.is_done() {
        let event = async { Some(events.next().await) };
        let time = async {
            until::<R>(job.deadline(), clock).await;
            None
        };
        let next: Option<Option<Event>> = time.or(event).await;
        match next {
            Some(Some(event)) => job.on_event(event, clock.now())?,
            // The last event is an error to the job, so this is never reached.
            Some(None) => break,
            None => job.tick(clock.now())?,
        }
        while let Some(message) = job.next_message() {
            send(peer, message).await;
        }
        display.show(&job.progress(), clock.now());
    }
    Ok(())
}

/// Queues a message, or waits for room. If it cannot be sent, an event says so.
async fn send(peer: &Peer, message: impl Into<Command>) -> bool {
    match peer.queue(message) {
        Err(QueueError::Full(command)) => peer.command(command).await.is_ok(),
        queued => queued.is_ok(),
    }
}

/// Starts the node that serves the demo chain, and says where it listens.
async fn serve_demo<R: Runtime>(network: &Network) -> io::Result<(String, u16)> {
    // The arguments were checked: there is a chain of this network.
    let demo = Demo::of(network).ok_or(io::ErrorKind::Unsupported)?;
    let config = Arc::new(demo.config());
    let bound = R::bind("127.0.0.1".to_owned(), 0, config, demo.height());
    let (listener, address) = bound.await?;
    R::spawn(async move {
        while let Ok(connection) = R::accept(&listener).await {
            let (peer, events) = drive::<R>(connection);
            R::spawn(serve(demo.chain(), peer, events));
        }
    });
    Ok((address.ip().to_string(), address.port()))
}

/// Serves one peer until it leaves.
async fn serve(chain: Arc<ServedChain>, peer: Peer, mut events: Events) {
    let mut server = ChainServer::new(chain);
    while let Some(event) = events.next().await {
        server.on_event(event);
        while let Some(reply) = server.next_reply() {
            if !send(&peer, reply).await {
                return;
            }
        }
    }
}
