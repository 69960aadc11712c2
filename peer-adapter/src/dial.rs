//! [`settle`]: one connection out of what may take two dials.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use peer_core::{Link, TransportPolicy};

use crate::driver::{Alarm, Driver};
use crate::pump::Socket;

/// A stream that was just connected, with the remote's address and ours where it has any.
pub type Dialled<S> = (S, Option<(SocketAddr, SocketAddr)>);

/// A connection over what `dial` gives; over what it gives the second time, in v1, if the first
/// remote hangs up as those do that know no v2 (BIP324). Nothing else is remembered of the first.
///
/// `connect` makes a connection of a stream and a link, in which the addresses that the caller left
/// open are those of the stream; `driver` finds the driver in it.
///
/// # Errors
/// Those of `dial` and `connect`.
pub async fn settle<D, C, F, S, T>(
    link: Link,
    mut dial: impl FnMut() -> F,
    mut connect: impl FnMut(D, Link) -> io::Result<C>,
    driver: impl Fn(&mut C) -> &mut Driver<S, T>,
) -> io::Result<C>
where
    F: Future<Output = io::Result<Dialled<D>>>,
    S: Socket + Unpin,
    T: Alarm + Unpin,
{
    let mut over = |(stream, ends): Dialled<D>, mut link: Link| {
        link.remote = link.remote.or_else(|| ends.map(|(remote, _)| remote));
        link.local = link.local.or_else(|| ends.map(|(_, local)| local));
        connect(stream, link)
    };
    let mut first = over(dial().await?, link)?;
    if driver(&mut first).settled().await {
        // Before the second dial: some remotes have room for one.
        drop(first);
        return over(dial().await?, link.with_transport(TransportPolicy::V1));
    }
    Ok(first)
}
