//! Bloom filters (BIP37, BIP111): who may send them, and when (rows 77 and 84; 78 and 79 are with the counts).

use crate::Probe;
use peer_core::wire::ServiceFlags;
use peer_core::{Annoyance, Config, DisconnectReason, Link, MisbehaviorKind, Severity, Violation};
use peer_tests::script::{Frame, VersionPayload, end};

use super::acts;
use crate::support::{Preset, Reaction, Stage, command, config, delivered, filterload, reaction};
use Severity::{Forbidden, Hostile};

pub(super) fn without_bloom(preset: Preset) -> Config {
    let mut config = preset.config();
    config.services = ServiceFlags::NONE;
    config
}

/// Row 84 and the line of table 2.13, for each command; BIP111 draws the line at 70011.
#[test]
fn bloom_commands_need_the_service() {
    let filteradd = Frame::new("filteradd", [1, 7]);
    for frame in [
        Frame::empty("mempool"),
        filterload(),
        filteradd,
        Frame::empty("filterclear"),
    ] {
        let name = frame.name();
        let refused = DisconnectReason::Violation(Violation::NotServed {
            command: command(&name),
            service: ServiceFlags::BLOOM,
        });
        for preset in Preset::ALL {
            for version in [70_001, 70_010, 70_011, 70_016] {
                let remote = VersionPayload::of(version);
                let mut probe =
                    Probe::negotiated_with(without_bloom(preset), Link::inbound(), &remote);
                let events = probe.tell(&frame);
                assert_eq!(delivered(&events), [""; 0], "{name} {preset:?} {version}");
                let told = acts(&events);
                assert_eq!(told.len(), 1, "{name} {preset:?} {version}");
                assert_eq!(told[0].severity, Forbidden);
                if version >= 70_011 || preset == Preset::Core {
                    assert_eq!(end(&events), Some(&refused), "{name} {preset:?} {version}");
                } else {
                    let dropped = MisbehaviorKind::Annoyance(Annoyance::NotServed);
                    assert_eq!(told[0].kind, dropped);
                    assert_eq!(probe.machine.stats().annoyance(Annoyance::NotServed), 1);
                    assert!(probe.is_alive());
                }
            }
        }
    }
}

/// Row 77, section 1.7: a filter is loaded by `filterload` and gone with `filterclear`.
#[test]
fn filters_are_changed_while_there_are_some() {
    let (load, clear) = (filterload(), Frame::empty("filterclear"));
    let add = Frame::new("filteradd", [1, 7]);
    let no_filter = |name| {
        Reaction::End(DisconnectReason::Violation(Violation::NoFilter {
            command: command(name),
        }))
    };
    for preset in Preset::ALL {
        let after = |before: &[&Frame], frame: &Frame| {
            let mut probe = Stage::Up.probe(preset.config(), Link::inbound());
            for frame in before {
                let got = reaction(&mut probe, Stage::Up, &frame.to_bytes());
                assert_eq!(got, Reaction::Deliver(1), "{preset:?} {}", frame.name());
            }
            reaction(&mut probe, Stage::Up, &frame.to_bytes())
        };
        assert_eq!(after(&[], &add), no_filter("filteradd"), "{preset:?}");
        assert_eq!(after(&[&load], &add), Reaction::Deliver(1));
        assert_eq!(after(&[&load, &load, &add], &clear), Reaction::Deliver(1));
        assert_eq!(after(&[&load, &clear], &add), no_filter("filteradd"));
        assert_eq!(after(&[&load, &clear, &load], &add), Reaction::Deliver(1));
        let cleared = match preset {
            Preset::Btcd => no_filter("filterclear"),
            _ => Reaction::Deliver(1),
        };
        assert_eq!(after(&[], &clear), cleared, "{preset:?}");
        assert_eq!(after(&[&load, &clear], &clear), cleared, "{preset:?}");
    }
    // Dropped where the application says so.
    let mut config = config();
    config.strictness.filter_add_without_filter = peer_core::Reaction::Drop;
    let mut probe = Probe::negotiated(config, Link::inbound());
    let events = probe.tell(&add);
    assert_eq!(delivered(&events), [""; 0]);
    let [act] = acts(&events)[..] else {
        panic!("{events:?}");
    };
    assert_eq!(act.kind, MisbehaviorKind::Annoyance(Annoyance::NoFilter));
    assert_eq!(act.severity, Hostile);
    assert!(probe.is_alive());
}
