//! Firings as text: a section for each timer, equal ones in a row on one line.

use core::fmt;
use core::time::Duration;
use std::collections::BTreeMap;

use peer_core::Timer;

/// What fired when, and why.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    sections: BTreeMap<Timer, Vec<(Duration, String)>>,
}

impl Listing {
    pub(crate) fn add(&mut self, timer: Timer, at: Duration, why: String) {
        self.sections.entry(timer).or_default().push((at, why));
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (timer, firings) in &self.sections {
            writeln!(f, "{timer:?}: {}", purpose(*timer))?;
            writeln!(f, "  fired {} times", firings.len())?;
            let mut rest = firings.as_slice();
            while let Some((at, why)) = rest.first() {
                let run = run_length(rest);
                let step = rest.get(1).filter(|_| run > 1).map(|(next, _)| *next - *at);
                match step {
                    Some(step) => writeln!(
                        f,
                        "  {} and every {} s, {run} times: {why}",
                        clock(*at),
                        seconds(step)
                    )?,
                    None => writeln!(f, "  {}: {why}", clock(*at))?,
                }
                rest = &rest[run..];
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// How many firings from the first on are for the same reason and equally far apart.
fn run_length(firings: &[(Duration, String)]) -> usize {
    let (Some((first, why)), Some((second, _))) = (firings.first(), firings.get(1)) else {
        return firings.len();
    };
    let step = *second - *first;
    let same = firings.windows(2).take_while(|pair| {
        let [(at, _), (next, other)] = pair else {
            return false;
        };
        *next - *at == step && other == why
    });
    1 + same.count()
}

fn clock(at: Duration) -> String {
    let seconds = at.as_secs();
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!(
        "{hours:02}:{minutes:02}:{seconds:02}.{:06}",
        at.subsec_micros()
    )
}

pub(crate) fn seconds(span: Duration) -> String {
    let text = format!("{}.{:06}", span.as_secs(), span.subsec_micros());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// What a timer is for.
pub(crate) fn purpose(timer: Timer) -> &'static str {
    match timer {
        Timer::Negotiation => "the handshake must be complete",
        Timer::V2Handshake => "the v2 handshake must come to its next stage",
        Timer::Ping => "the next keep-alive ping is due",
        Timer::Pong => "a pong is owed; looks at the oldest ping and sets itself anew",
        Timer::Idle => {
            "the remote must not be silent; looks when it was heard last and sets itself anew"
        }
        Timer::WriteStall => {
            "data must not wait; looks whether any does, and rests until there is some again"
        }
        Timer::Flush => "a farewell is flushed",
        Timer::AddrFetch => "addresses must have come",
        Timer::Stall => {
            "a request is owed an answer; looks for the first deadline there is and sets itself anew"
        }
        Timer::Trickle => {
            "objects wait to be announced; asks the schedule for an instant, then announces"
        }
        _ => "",
    }
}
