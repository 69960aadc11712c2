//! [`V2Limiter`]: how many v2 handshakes a listener begins, so that strangers cannot make it spend
//! its time on curves.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};

use peer_core::Timestamp;
use peer_core::tape::TapedMachine;

/// How many v2 handshakes of remotes that dial us are begun. One costs about 65 us of a core: a
/// key, a shared secret and what follows from it. Those beyond are hung up on, in a way that does
/// not make them think that we know only v1; honest nodes come again later.
///
/// A source is an IPv4 network of 24 bits or an IPv6 network of 64 (as btcd's admission has it).
/// Loopback is none: proxies come from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct V2Limits {
    /// From everybody, in a second. Default 500, some 3 % of a core. (btcd: 20, which Go's curve
    /// takes ten times as long for.)
    pub per_second: u32,
    /// From everybody, at once after a rest. Default 1,000.
    pub burst: u32,
    /// From one source, in a second. Default 10 (btcd: 2).
    pub source_per_second: u32,
    /// From one source, at once after a rest. Default 40 (btcd: 4): a mobile carrier's whole
    /// network may be one source.
    pub source_burst: u32,
    /// Sources remembered. When there are more, those are forgotten that have rested to the full, else
    /// half of all. Each takes some 50 bytes. Default 2,048 (as btcd).
    pub sources: usize,
}

impl Default for V2Limits {
    fn default() -> Self {
        Self {
            per_second: 500,
            burst: 1_000,
            source_per_second: 10,
            source_burst: 40,
            sources: 2_048,
        }
    }
}

/// Counts v2 handshakes against [`V2Limits`]. One for all connections of a listener, or of several.
///
/// Answers [`Event::V2Admission`](peer_core::Event::V2Admission), which only comes with
/// [`V2Options::admission`](peer_core::V2Options).
#[derive(Debug)]
pub struct V2Limiter {
    limits: V2Limits,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    everybody: Bucket,
    sources: HashMap<Source, Bucket>,
}

/// Whom handshakes are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Source {
    /// The first 24 bits.
    V4([u8; 3]),
    /// The first 64 bits.
    V6([u8; 8]),
    /// This very machine, and whoever comes through a proxy on it, or has no address: many for all
    /// that is known, who share nothing but what everybody shares.
    Many,
}

impl V2Limiter {
    /// Everybody is rested.
    pub fn new(limits: V2Limits) -> Self {
        let state = State {
            everybody: Bucket::full(limits.burst),
            sources: HashMap::new(),
        };
        Self {
            limits,
            state: Mutex::new(state),
        }
    }

    /// Whether a remote may begin a v2 handshake now; counts it if so.
    pub fn admits(&self, remote: Option<SocketAddr>, now: Timestamp) -> bool {
        let limits = &self.limits;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { everybody, sources } = &mut *state;
        let source = Source::of(remote);
        everybody.fill(limits.per_second, limits.burst, now);
        if source == Source::Many {
            return everybody.take();
        }
        if !sources.contains_key(&source) && sources.len() >= limits.sources.max(1) {
            forget(sources, limits, now);
        }
        let bucket = sources
            .entry(source)
            .or_insert_with(|| Bucket::full(limits.source_burst));
        bucket.fill(limits.source_per_second, limits.source_burst, now);
        // Who asks too often must not use up what is everybody's.
        bucket.has_one() && everybody.take() && bucket.take()
    }

    /// Answers a machine that asks.
    pub fn answer(&self, machine: &mut TapedMachine, now: Timestamp) {
        if self.admits(machine.link().remote, now) {
            machine.admit_v2();
        } else {
            machine.refuse_v2();
        }
    }
}

impl Default for V2Limiter {
    fn default() -> Self {
        Self::new(V2Limits::default())
    }
}

/// Makes room: for those that have rested to the full nothing is lost; otherwise half of all go,
/// so that this is rare whatever comes.
fn forget(sources: &mut HashMap<Source, Bucket>, limits: &V2Limits, now: Timestamp) {
    sources.retain(|_, bucket| {
        bucket.fill(limits.source_per_second, limits.source_burst, now);
        bucket.micro < u64::from(limits.source_burst) * ONE
    });
    if sources.len() >= limits.sources.max(1) {
        let mut keep = true;
        sources.retain(|_, _| {
            keep = !keep;
            keep
        });
    }
}

impl Source {
    fn of(remote: Option<SocketAddr>) -> Self {
        match remote.map(|remote| remote.ip().to_canonical()) {
            Some(address) if address.is_loopback() => Self::Many,
            Some(IpAddr::V4(address)) => {
                let [a, b, c, _] = address.octets();
                Self::V4([a, b, c])
            }
            Some(IpAddr::V6(address)) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6([a, b, c, d, e, f, g, h])
            }
            None => Self::Many,
        }
    }
}

/// One handshake, in millionths.
const ONE: u64 = 1_000_000;

/// What may still be taken, and since when it has not been filled.
#[derive(Clone, Copy, Debug)]
struct Bucket {
    micro: u64,
    filled: Timestamp,
}

impl Bucket {
    fn full(burst: u32) -> Self {
        Self {
            micro: u64::from(burst) * ONE,
            filled: Timestamp::ZERO,
        }
    }

    /// A handshake a second is as many millionths as microseconds.
    fn fill(&mut self, per_second: u32, burst: u32, now: Timestamp) {
        let span = now.saturating_since(self.filled).as_micros();
        let span = u64::try_from(span).unwrap_or(u64::MAX);
        let more = span.saturating_mul(u64::from(per_second));
        self.micro = self.micro.saturating_add(more).min(u64::from(burst) * ONE);
        self.filled = self.filled.max(now);
    }

    fn has_one(&self) -> bool {
        self.micro >= ONE
    }

    fn take(&mut self) -> bool {
        let has_one = self.has_one();
        if has_one {
            self.micro -= ONE;
        }
        has_one
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const START: Timestamp = Timestamp::from_secs(1_000);

    fn limits() -> V2Limits {
        V2Limits {
            per_second: 10,
            burst: 20,
            source_per_second: 2,
            source_burst: 4,
            sources: 8,
        }
    }

    fn from(text: &str) -> Option<SocketAddr> {
        Some(SocketAddr::new(text.parse().unwrap(), 1))
    }

    fn admitted(limiter: &V2Limiter, remote: &str, times: usize, now: Timestamp) -> usize {
        (0..times)
            .filter(|_| limiter.admits(from(remote), now))
            .count()
    }

    #[test]
    fn a_source_has_its_burst_and_then_its_rate() {
        let limiter = V2Limiter::new(limits());
        assert_eq!(admitted(&limiter, "10.0.0.1", 10, START), 4);
        assert_eq!(admitted(&limiter, "10.0.0.200", 10, START), 0);
        assert_eq!(admitted(&limiter, "::ffff:10.0.0.7", 10, START), 0);
        assert_eq!(admitted(&limiter, "10.0.1.1", 10, START), 4);
        let later = START.saturating_add(Duration::from_millis(1_499));
        assert_eq!(admitted(&limiter, "10.0.0.1", 10, later), 2);
        // Time that goes back gives nothing.
        assert_eq!(admitted(&limiter, "10.0.0.1", 10, START), 0);
    }

    #[test]
    fn everybody_together_has_a_rate_and_who_is_refused_uses_up_none_of_it() {
        let limiter = V2Limiter::new(limits());
        assert_eq!(admitted(&limiter, "10.0.0.1", 1_000, START), 4);
        let others = (1..=9).map(|net| admitted(&limiter, &format!("10.0.{net}.1"), 2, START));
        assert_eq!(others.sum::<usize>(), 16);
        let later = START.saturating_add(Duration::from_secs(1));
        let sources = (100..200).map(|net| admitted(&limiter, &format!("10.0.{net}.1"), 1, later));
        assert_eq!(sources.sum::<usize>(), 10);
    }

    #[test]
    fn networks_of_ipv6_are_told_apart_by_64_bits() {
        let limiter = V2Limiter::new(limits());
        assert_eq!(admitted(&limiter, "2001:db8:1:2::1", 10, START), 4);
        assert_eq!(admitted(&limiter, "2001:db8:1:2:ffff::9", 10, START), 0);
        assert_eq!(admitted(&limiter, "2001:db8:1:3::1", 10, START), 4);
    }

    #[test]
    fn few_sources_are_remembered_whoever_comes() {
        let limiter = V2Limiter::new(V2Limits {
            per_second: u32::MAX,
            burst: u32::MAX,
            ..limits()
        });
        for number in 0..10_000_u32 {
            let [_, a, b, c] = number.to_be_bytes();
            limiter.admits(from(&format!("{}.{b}.{c}.1", a + 1)), START);
            assert!(limiter.state.lock().unwrap().sources.len() <= 8);
        }
    }
}
