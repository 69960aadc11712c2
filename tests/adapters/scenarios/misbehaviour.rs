//! Remotes that break rules: why it ended is told precisely, and what is forgiven goes on.

use std::sync::Arc;

use peer_core::{Config, DisconnectReason, FrameError, Malformed};
use peer_tests::script::{Frame, REGTEST, VersionPayload};

use crate::adapter::{Adapter, End};
use crate::plain::Plain;
use crate::scene::{Scene, in_v1, listeners};
use crate::told::{assert_numbered, numbered_frame, to_the_end};

/// Fails unless the connection ends for `reason`, which is told as misbehaviour before.
fn assert_ends(end: &Arc<impl End>, plain: Plain, reason: DisconnectReason) {
    plain.hear_all();
    let rest = to_the_end(&**end);
    assert_eq!(rest.reason, reason);
    let told = rest.misbehavior.last().expect("it is told before the end");
    assert!(reason.to_string().ends_with(told), "{told}: {reason}");
    assert_eq!(rest.messages, []);
}

/// The magic of mainnet, before and after the handshake.
pub(crate) fn another_network<A: Adapter>() {
    const MAINNET: [u8; 4] = [0xf9, 0xbe, 0xb4, 0xd9];
    let reason = || {
        DisconnectReason::Frame(FrameError::WrongMagic {
            got: MAINNET,
            expected: REGTEST,
        })
    };
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.meet();
    plain.tell(&VersionPayload::default().frame().with_magic(MAINNET));
    assert_ends(&end, plain, reason());

    let (end, mut plain) = scene.met();
    plain.tell(&Frame::ping(1).with_magic(MAINNET));
    assert_ends(&end, plain, reason());
}

/// Where v2 is accepted as well it could be a key.
pub(crate) fn not_this_protocol<A: Adapter>() {
    let scene = Scene::<A>::new(in_v1(listeners()));
    let (end, mut plain) = scene.meet();
    plain.say(b"GET / HTTP/1.1\r\n\r\n");
    let reason = DisconnectReason::Frame(FrameError::WrongMagic {
        got: *b"GET ",
        expected: REGTEST,
    });
    assert_ends(&end, plain, reason);
}

fn checksum() -> Malformed {
    let command = "numbered".parse().unwrap();
    Malformed::Checksum { command }
}

pub(crate) fn wrong_checksums<A: Adapter>() {
    let bad = numbered_frame(1, 10).with_bad_checksum();
    // btcd ends for one, the default for as many as a limit says, Core for none.
    let scene = Scene::<A>::new(listeners().like_btcd());
    let (end, mut plain) = scene.met();
    plain.tell(&bad);
    assert_ends(&end, plain, DisconnectReason::Malformed(checksum()));

    let mut config: Config = listeners();
    config.limits.bad_checksums_per_minute = 4;
    let scene = Scene::<A>::new(config);
    let (end, mut plain) = scene.met();
    (0..3).for_each(|_| plain.tell(&bad));
    assert!(plain.is_answered(10));
    assert_eq!(end.stats().bad_checksums, 3);
    plain.tell(&bad);
    let last = Box::new(checksum());
    let too_many = DisconnectReason::Malformed(Malformed::TooMany { limit: 4, last });
    assert_ends(&end, plain, too_many);

    let scene = Scene::<A>::new(listeners().like_core());
    let (end, mut plain) = scene.met();
    (0..40).for_each(|_| plain.tell(&bad));
    plain.tell(&numbered_frame(2, 10));
    assert!(plain.is_answered(11));
    plain.stop_talking();
    let rest = to_the_end(&*end);
    assert_numbered(&rest.messages, 2, 1, 10);
    assert_eq!(end.stats().bad_checksums, 40);
}

fn too_large(command: &[u8; 12], length: u32, limit: u32) -> DisconnectReason {
    DisconnectReason::Frame(FrameError::PayloadTooLarge {
        command: *command,
        length,
        limit,
    })
}

/// The header is enough: nothing of the payload is waited for.
pub(crate) fn too_long_before_the_handshake<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.meet();
    plain.tell(&Frame::empty("version").claiming(1_025));
    assert_ends(&end, plain, too_large(b"version\0\0\0\0\0", 1_025, 1_024));

    let (end, mut plain) = scene.meet();
    let agent = b"/".repeat(2_000);
    let version = VersionPayload {
        agent,
        ..VersionPayload::default()
    };
    let frame = version.frame();
    plain.tell(&frame);
    assert_ends(
        &end,
        plain,
        too_large(b"version\0\0\0\0\0", frame.length, 1_024),
    );
}

pub(crate) fn too_long_for_a_frame<A: Adapter>() {
    let scene = Scene::<A>::new(listeners());
    let (end, mut plain) = scene.met();
    plain.tell(&Frame::empty("block").claiming(4_000_001));
    let reason = too_large(b"block\0\0\0\0\0\0\0", 4_000_001, 4_000_000);
    assert_ends(&end, plain, reason);
}
