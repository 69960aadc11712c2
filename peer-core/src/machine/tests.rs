use super::*;
use crate::network::Network;
use std::println;
use std::vec::Vec;

#[test]
fn handshake() {
    let config = Arc::new(Config::with_secret(Network::REGTEST, [7; 32]));
    let now = Timestamp::from_secs(1_700_000_000);
    let mut a = PeerMachine::from_seed(config.clone(), Link::outbound(), now, [1; 32]);
    let config = Arc::new(Config::with_secret(Network::REGTEST, [8; 32]));
    let mut b = PeerMachine::from_seed(config, Link::inbound(), now, [2; 32]);
    for _ in 0..4 {
        for k in 0..2 {
            let (from, to) = if k == 0 {
                (&mut a, &mut b)
            } else {
                (&mut b, &mut a)
            };
            let bytes: Vec<u8> = from.outbound().slices().flatten().copied().collect();
            let taken = to.receive(&bytes, now);
            from.sent(taken, now);
            println!("{} -> {} taken", bytes.len(), taken);
            while let Some(e) = to.poll_event() {
                println!("{k}: {e:?}");
            }
        }
    }
    assert!(a.is_negotiated() && b.is_negotiated());
}
