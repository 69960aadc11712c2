//! The handshake, whoever dials, and what is known afterwards.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};

use peer_core::message::UserAgent;
use peer_core::{Direction, Event, Link};
use peer_tests::script::{Frame, VersionPayload};

use crate::adapter::{Adapter, End};
use crate::plain::Plain;
use crate::scene::{Scene, config, diallers, in_v1, listeners};
use crate::told::{take, until_negotiated};

/// Neither a number that the library would choose by itself, nor that of anybody else here.
fn described() -> VersionPayload {
    VersionPayload {
        version: 70_017,
        services: 0x40d,
        agent: b"/plain:2.5/".to_vec(),
        height: 123_456,
        ..VersionPayload::default()
    }
}

/// The machine's handshake, heard and answered in the words of [`described`]; gives its `version`.
fn answer(plain: &mut Plain) -> VersionPayload {
    let version = plain.hear().unwrap();
    assert_eq!(version.name(), "version");
    assert!(version.is_intact());
    plain.tell(&described().frame());
    finish(plain);
    VersionPayload::parse(&version.payload).unwrap()
}

/// What follows the two `version`s: what is negotiated before `verack` comes before it (BIP155, BIP339).
fn finish(plain: &mut Plain) {
    let names: Vec<_> = (0..3).map(|_| plain.hear().unwrap().name()).collect();
    assert_eq!(names.last().unwrap(), "verack");
    for name in ["wtxidrelay", "sendaddrv2"] {
        assert!(names.iter().any(|heard| heard == name), "{names:?}");
    }
    plain.tell(&Frame::new("sendaddrv2", []));
    plain.tell(&Frame::empty("verack"));
}

/// The two events come in this order, `version` first of all, and the end knows of `described` what it says.
fn assert_introduced(end: &impl End) {
    match take(end) {
        Some(Event::Version(version)) => {
            assert_eq!(version.user_agent.to_string(), "/plain:2.5/");
        }
        other => panic!("{other:?}"),
    }
    until_negotiated(end);
    let remote = end.remote().unwrap();
    assert_eq!(remote.version.user_agent.to_string(), "/plain:2.5/");
    assert_eq!(remote.services().bits(), 0x40d);
    assert_eq!(remote.version.start_height, 123_456);
    assert_eq!(remote.version.version, 70_017);
    assert_eq!(remote.protocol_version, 70_016);
    assert!(remote.addr_v2 && !remote.wtxid_relay);
    let stats = end.stats();
    assert_eq!(stats.start_height, Some(123_456));
    assert!(stats.negotiated_at.is_some());
}

fn assert_link(link: Link, direction: Direction, remote: SocketAddr, local: SocketAddr) {
    assert_eq!(link.direction, direction);
    assert_eq!((link.remote, link.local), (Some(remote), Some(local)));
}

/// The address of `version`: services, IPv6 or mapped IPv4, port in big endian.
fn on_the_wire(address: SocketAddr) -> [u8; 26] {
    let mut bytes = [0; 26];
    bytes[18..20].fill(0xff);
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    bytes[20..24].copy_from_slice(&Ipv4Addr::LOCALHOST.octets());
    bytes[24..].copy_from_slice(&address.port().to_be_bytes());
    bytes
}

pub(crate) fn a_remote_is_dialled<A: Adapter>() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let adapter = A::start();
    let mut config = in_v1(diallers());
    config.user_agent = UserAgent::new("dialler", "1.0", &[]).unwrap();
    let end = adapter.dial(address, config).unwrap();
    let (stream, came_from) = listener.accept().unwrap();
    let mut plain = Plain::new(stream);

    let version = answer(&mut plain);
    assert_eq!(version.agent, b"/dialler:1.0/");
    assert_eq!((version.version, version.height), (70_016, 0));
    assert_eq!(version.receiver, on_the_wire(address));
    assert_introduced(&*end);
    assert_link(end.link(), Direction::Outbound, address, came_from);
    assert!(plain.is_answered(1));
}

pub(crate) fn a_remote_dials<A: Adapter>() {
    let mut config = listeners();
    config.user_agent = UserAgent::new("listener", "1.0", &[]).unwrap();
    let scene = Scene::<A>::new(config);
    let (end, mut plain) = scene.meet();

    plain.tell(&described().frame());
    let version = plain.hear().unwrap();
    assert_eq!(version.name(), "version");
    let version = VersionPayload::parse(&version.payload).unwrap();
    assert_eq!(version.agent, b"/listener:1.0/");
    assert_eq!(version.receiver, on_the_wire(plain.address()));
    finish(&mut plain);
    assert_introduced(&*end);
    let local = scene.listening.address;
    assert_link(end.link(), Direction::Inbound, plain.address(), local);
    assert!(plain.is_answered(1));
}

pub(crate) fn two_of_a_kind_meet<A: Adapter>() {
    let named = |secret, name| {
        let mut config = config(secret);
        config.user_agent = UserAgent::new(name, "1.0", &[]).unwrap();
        config
    };
    let scene = Scene::<A>::new(named(8, "listener"));
    let address = scene.listening.address;
    let dialled = scene.adapter.dial(address, named(7, "dialler")).unwrap();
    let accepted = scene.accepted();
    for (end, other) in [(&dialled, "/listener:1.0/"), (&accepted, "/dialler:1.0/")] {
        assert!(matches!(take(&**end), Some(Event::Version(_))));
        until_negotiated(&**end);
        let remote = end.remote().unwrap();
        assert_eq!(remote.version.user_agent.to_string(), other);
        assert_eq!(remote.protocol_version, 70_016);
        assert!(remote.addr_v2 && remote.wtxid_relay);
    }
    let (there, here) = (dialled.link(), accepted.link());
    assert_eq!(there.remote, Some(address));
    assert_link(here, Direction::Inbound, there.local.unwrap(), address);
}
