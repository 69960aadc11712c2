//! The example of btcd's and NavCoin's `peer` package (`NewOutboundPeer`), ported step by step.
//!
//! ```sh
//! cargo run -p peer-tokio --example ported
//! ```
//!
//! It prints what that one prints: `outbound: received version`.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use peer_core::message::{UserAgent, VersionMessage};
use peer_core::network::Network;
use peer_core::wire::ServiceFlags;
use peer_core::{Config, Link, MessageListener};
use peer_tokio::{Listener, dial};
use tokio::sync::oneshot;
use tokio::time::timeout;

/// There: `peerCfg`. A simnet node that offers no services.
fn config() -> Result<Arc<Config>, Box<dyn Error>> {
    let mut config = peer_tokio::config(Network::SIMNET)?;
    config.user_agent = UserAgent::new("peer", "1.0.0", &[])?;
    config.services = ServiceFlags::NONE;
    Ok(Arc::new(config))
}

/// There: `mockRemotePeer`. Listens on a port that is free, and accepts one connection.
async fn mock_remote_peer() -> Result<SocketAddr, Box<dyn Error>> {
    let listener = Listener::bind("127.0.0.1:0", config()?).await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        // There: Accept, NewInboundPeer, AssociateConnection.
        match listener.accept().await {
            Ok((_peer, events, driver)) => {
                events.detach();
                driver.await;
            }
            Err(error) => println!("accept: {error}"),
        }
    });
    Ok(address)
}

/// There: the closures in `MessageListeners`. What they would capture is a field.
struct Callbacks {
    verack: Option<oneshot::Sender<()>>,
}

impl MessageListener for Callbacks {
    fn on_version(&mut self, _: &VersionMessage) {
        println!("outbound: received version");
    }

    fn on_verack(&mut self) {
        if let Some(verack) = self.verack.take() {
            // Nobody waits any more after the timeout.
            let _ = verack.send(());
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = mock_remote_peer().await?;

    // There: NewOutboundPeer, net.Dial. Nothing is said before the driver runs.
    let (peer, events, driver) = dial(address, config()?, Link::outbound()).await?;
    let (verack, received) = oneshot::channel();
    peer.add_listener(Callbacks {
        verack: Some(verack),
    });
    // There is an event stream as well, and nobody takes from it here.
    events.detach();
    // There: AssociateConnection, which starts the goroutines.
    tokio::spawn(driver);

    if timeout(Duration::from_secs(1), received).await.is_err() {
        println!("verack timeout");
    }

    // There: Disconnect, WaitForDisconnect.
    peer.disconnect();
    peer.closed().await;
    Ok(())
}
