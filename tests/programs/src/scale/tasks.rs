//! A crowd on a runtime with tasks: one task for each connection.

use core::error::Error;
use core::marker::PhantomData;
use core::time::Duration;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use async_channel::bounded;
use peer_adapter::{Events, Peer};
use peer_core::{Config, EncodedMessage, Event, Link};

use super::{Crowd, Tally};
use crate::runtime::{Runtime, drive};

/// The handles of all connections. Nobody takes their events: the streams are detached after the handshake.
pub struct Tasks<R> {
    config: Arc<Config>,
    peers: Vec<Peer>,
    runtime: PhantomData<fn() -> R>,
}

impl<R: Runtime> Crowd for Tasks<R> {
    const NAME: &'static str = R::NAME;

    fn new(config: Arc<Config>) -> io::Result<Self> {
        Ok(Self {
            config,
            peers: Vec::new(),
            runtime: PhantomData,
        })
    }

    fn gather(
        &mut self,
        address: SocketAddr,
        peers: usize,
        at_once: usize,
    ) -> Result<(), Box<dyn Error>> {
        let (came, coming) = bounded(at_once);
        let dial = || {
            let (came, config) = (came.clone(), self.config.clone());
            R::spawn(async move {
                let _ = came.send(meet::<R>(address, config).await).await;
            });
        };
        let mut dialled = at_once.min(peers);
        (0..dialled).for_each(|_| dial());
        R::block_on(async {
            while self.peers.len() < peers {
                let peer = coming.recv().await??;
                self.peers.push(peer);
                if dialled < peers {
                    dialled += 1;
                    dial();
                }
            }
            Ok(())
        })
    }

    fn rest(&mut self, span: Duration) -> Result<(), Box<dyn Error>> {
        R::block_on(R::sleep(span));
        let lost = |peer: &Peer| peer.stats().disconnect_reason;
        match self.peers.iter().find_map(lost) {
            Some(reason) => Err(format!("a connection is lost: {reason}").into()),
            None => Ok(()),
        }
    }

    fn broadcast(&mut self, message: &EncodedMessage) -> usize {
        let queued = |peer: &&Peer| peer.queue(message.clone()).is_ok();
        self.peers.iter().filter(queued).count()
    }

    fn serve(config: Arc<Config>, tally: Tally) -> io::Result<()> {
        R::block_on(async {
            let (listener, address) = R::bind("127.0.0.1".to_owned(), 0, config, 0).await?;
            tally.listening(address);
            loop {
                let (peer, events) = drive::<R>(R::accept(&listener).await?);
                R::spawn(hear(peer, events, tally.clone()));
            }
        })
    }
}

/// Dials, and shakes hands.
async fn meet<R: Runtime>(address: SocketAddr, config: Arc<Config>) -> io::Result<Peer> {
    let (host, port) = (address.ip().to_string(), address.port());
    let connection = R::dial(host, port, config, Link::outbound()).await?;
    let (peer, mut events) = drive::<R>(connection);
    while let Some(event) = events.next().await {
        match event {
            Event::Negotiated => {
                events.detach();
                return Ok(peer);
            }
            Event::Disconnected { reason, .. } => return Err(io::Error::other(reason.to_string())),
            _ => {}
        }
    }
    Err(io::ErrorKind::UnexpectedEof.into())
}

async fn hear(peer: Peer, mut events: Events, tally: Tally) {
    while let Some(event) = events.next().await {
        tally.hear(&event);
    }
    drop(peer);
}
