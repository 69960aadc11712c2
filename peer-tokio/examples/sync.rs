//! Downloads the chain of a node, headers first, and checks it.
//!
//! ```sh
//! cargo run --release -p peer-tokio --example sync
//! cargo run --release -p peer-tokio --example sync -- --connect 127.0.0.1:8333 --network mainnet
//! ```
//!
//! What is asked and checked is `peer_programs::sync`, which knows no socket. Here are the sockets: one to the node,
//! and without `--connect` a listener in this very process that serves the demo chain.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use peer_core::{Command, Epoch, Link, Timestamp};
use peer_programs::cli::CONNECT_TIMEOUT;
use peer_programs::demo;
use peer_programs::server::ChainServer;
use peer_programs::sync::{Args, ChainSync, Display, Ending, INTERRUPTED, SyncError};
use peer_tokio::{Connection, Events, Listener, Peer, QueueError, dial};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};

/// How long parting from the node may take.
const COURTESY: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::read();
    match run(&args).await {
        Ok(Ending::Complete) => ExitCode::SUCCESS,
        Ok(Ending::Interrupted) => ExitCode::from(INTERRUPTED),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: &Args) -> Result<Ending, Box<dyn std::error::Error>> {
    let (name, (peer, mut events, driver)) = reach(args).await?;
    let driver = tokio::spawn(driver);
    let clock = Epoch::start();
    let mut job = ChainSync::new(*args.network(), args.options());
    let mut display = Display::stderr();

    let ending = tokio::select! {
        result = download(&mut job, &peer, &mut events, &mut display, &clock) => {
            result.map(|()| Ending::Complete)
        }
        _ = tokio::signal::ctrl_c() => Ok(Ending::Interrupted),
    };
    display.finish();
    let ending = ending?;
    job.report(ending, name, peer.stats(), clock.now())
        .print()?;
    match ending {
        Ending::Complete => peer.disconnect(),
        Ending::Interrupted => peer.abort(),
    }
    // The rest is courtesy: a node that does not close its side is not waited for.
    let _ = timeout(COURTESY, driver).await;
    Ok(ending)
}

/// Connects to the node that was asked for, or to one of our own.
async fn reach(args: &Args) -> Result<(String, Connection<TcpStream>), String> {
    let (host, port) = match &args.connect {
        Some(endpoint) => {
            let (host, port) = endpoint.or_port(args.network().default_port);
            (host.to_owned(), port)
        }
        None => serve_demo().await.map_err(|error| error.to_string())?,
    };
    let name = format!("{host}:{port}");
    let config = Arc::new(args.config());
    let dialling = dial((host, port), config, Link::outbound());
    match timeout(CONNECT_TIMEOUT, dialling).await {
        Ok(Ok(connection)) => Ok((name, connection)),
        Ok(Err(error)) => Err(format!("cannot connect to {name}: {error}")),
        Err(_) => Err(format!("cannot connect to {name}: no answer")),
    }
}

/// The conversation with the node.
async fn download(
    job: &mut ChainSync,
    peer: &Peer,
    events: &mut Events,
    display: &mut Display,
    clock: &Epoch,
) -> Result<(), SyncError> {
    while !job.is_done() {
        tokio::select! {
            event = events.next() => match event {
                Some(event) => job.on_event(event, clock.now())?,
                // The last event is an error to the job, so this is never reached.
                None => break,
            },
            () = until(job.deadline(), clock) => job.tick(clock.now())?,
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

async fn until(deadline: Option<Timestamp>, clock: &Epoch) {
    match deadline.and_then(|deadline| clock.instant(deadline)) {
        Some(instant) => sleep_until(Instant::from_std(instant)).await,
        None => std::future::pending().await,
    }
}

/// Starts the node that serves the demo chain, and says where it listens.
async fn serve_demo() -> io::Result<(String, u16)> {
    let listener = Listener::bind(("127.0.0.1", 0), Arc::new(demo::config())).await?;
    listener.set_start_height(demo::height());
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((peer, events, driver)) = listener.accept().await {
            tokio::spawn(driver);
            tokio::spawn(serve(peer, events));
        }
    });
    Ok((address.ip().to_string(), address.port()))
}

/// Serves one peer until it leaves.
async fn serve(peer: Peer, mut events: Events) {
    let mut server = ChainServer::new(demo::chain());
    while let Some(event) = events.next().await {
        server.on_event(event);
        while let Some(reply) = server.next_reply() {
            if !send(&peer, reply).await {
                return;
            }
        }
    }
}
