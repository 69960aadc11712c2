//! One stimulus after the other under the three presets: whether the connection goes on, what the application hears, what
//! is said in answer, and what it costs. The rows are in `hostile/`, numbered as in `CONFORMANCE.md`.

mod addresses;
mod handshake;
mod objects;
mod twice;

use peer_core::message::MessageKind;
use peer_core::{Config, DisconnectReason, FrameError, Link, Malformed};
use peer_tests::link::Cuts;
use peer_tests::script::{Frame, VersionPayload, end, stream};

use crate::Probe;
use crate::support::{Preset, Reaction, Stage, assert_over, delivered, reaction};

/// What a full cache of known inventory and the numbers of a connection come to: all that may stay.
const REMEMBERED: usize = 25_000;

/// What must happen.
#[derive(Clone, Debug)]
enum Must {
    /// Nothing is delivered; alive.
    Drop,
    /// So many messages are delivered; alive.
    Deliver(usize),
    /// The end, and precisely why.
    End(DisconnectReason),
    /// The end, because the payload does not decode as this kind, or its header says that it cannot.
    Malformed(MessageKind),
}

impl Must {
    fn is_met_by(&self, got: &Reaction) -> bool {
        match (self, got) {
            (Self::Drop, Reaction::Drop) => true,
            (Self::Deliver(count), Reaction::Deliver(delivered)) => count == delivered,
            (Self::End(reason), Reaction::End(got)) => reason == got,
            (Self::Malformed(kind), Reaction::End(got)) => match got {
                DisconnectReason::Malformed(Malformed::Payload(error)) => error.message == *kind,
                DisconnectReason::Malformed(Malformed::TrailingBytes { command, .. }) => {
                    *command == kind.command()
                }
                DisconnectReason::Frame(FrameError::PayloadTooLarge { command, .. }) => {
                    *command == kind.command().to_bytes()
                }
                _ => false,
            },
            _ => false,
        }
    }
}

/// One stimulus. Made by [`row`], refined by the methods.
struct Row {
    number: u16,
    what: &'static str,
    settings: fn(&mut Config),
    link: Link,
    stage: Stage,
    /// Said before, which is no part of the stimulus.
    before: Vec<Frame>,
    stimulus: Vec<Frame>,
    /// How far the handshake has come with it.
    leads_to: Stage,
    must: [Must; 3],
}

/// A stimulus on an inbound connection past its handshake, and what must come of it under every preset.
fn row(number: u16, what: &'static str, stimulus: impl Into<Vec<Frame>>, must: Must) -> Row {
    Row {
        number,
        what,
        settings: |_| {},
        link: Link::inbound(),
        stage: Stage::Up,
        before: Vec::new(),
        stimulus: stimulus.into(),
        leads_to: Stage::Up,
        must: [must.clone(), must.clone(), must],
    }
}

impl Row {
    fn at(mut self, stage: Stage) -> Self {
        (self.stage, self.leads_to) = (stage, stage);
        self
    }

    fn leading_to(mut self, stage: Stage) -> Self {
        self.leads_to = stage;
        self
    }

    fn over(mut self, link: Link) -> Self {
        self.link = link;
        self
    }

    fn with(mut self, settings: fn(&mut Config)) -> Self {
        self.settings = settings;
        self
    }

    fn after(mut self, before: impl Into<Vec<Frame>>) -> Self {
        self.before = before.into();
        self
    }

    fn btcd(mut self, must: Must) -> Self {
        self.must[2] = must;
        self
    }

    /// What happens under `preset` if the stream is cut like this. What a frame costs while it lands is bounded by what has
    /// arrived of it, and hardly anything of it stays.
    fn run(&self, preset: Preset, cuts: Cuts) -> Reaction {
        let mut config = preset.config();
        (self.settings)(&mut config);
        let mut probe = self.stage.probe(config, self.link);
        for frame in &self.before {
            probe.tell(frame);
        }
        probe.read();
        let (mut events, mut received) = (Vec::new(), 0);
        let held_before = probe.machine.memory_held();
        for piece in cuts.pieces(&stream(&self.stimulus)) {
            events.extend(probe.say(piece));
            received += piece.len();
            let held = probe.machine.memory_held();
            assert!(held <= held_before + 4 * received + 64 * 1_024, "{self}");
        }
        assert!(probe.machine.memory_held() <= REMEMBERED, "{self}");
        self.assert_answer(&mut probe, preset, end(&events));
        if let Some(reason) = end(&events) {
            assert_over(&mut probe, &events);
            return Reaction::End(reason.clone());
        }
        assert_eq!(reaction(&mut probe, self.leads_to, &[]), Reaction::Drop);
        match delivered(&events).len() {
            0 => Reaction::Drop,
            count => Reaction::Deliver(count),
        }
    }

    /// Nothing is said in answer but what belongs to the handshake: what to make of a message is the application's. btcd
    /// says why it hangs up.
    fn assert_answer(&self, probe: &mut Probe, preset: Preset, end: Option<&DisconnectReason>) {
        let mut said = probe.read_names();
        if self.leads_to == self.stage || end.is_some() {
            let last_words = preset == Preset::Btcd && end.is_some();
            said.retain(|name| !(last_words && name == "reject"));
            let greeting = ["version", "wtxidrelay", "sendaddrv2", "verack", "ping"];
            said.retain(|name| self.stage == Stage::Up || !greeting.contains(&name.as_str()));
            assert!(said.is_empty(), "{self} {preset:?}: {said:?}");
        }
    }
}

impl core::fmt::Display for Row {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "row {}: {} at {:?}", self.number, self.what, self.stage)
    }
}

/// Runs rows, each under the three presets, in one piece and in many.
fn check(rows: &[Row]) {
    let mut wrong = Vec::new();
    for row in rows {
        for (preset, must) in Preset::ALL.iter().zip(&row.must) {
            let length: usize = row
                .stimulus
                .iter()
                .map(|frame| frame.to_bytes().len())
                .sum();
            // A header in two writes is row 1.
            let pieces = if length < 2_000 { 12 } else { 60_000 };
            for cuts in [Cuts::Whole, Cuts::Fixed(pieces)] {
                let got = row.run(*preset, cuts);
                if !must.is_met_by(&got) {
                    wrong.push(format!(
                        "{row} under {preset:?}, {cuts:?}: {got:?}, not {must:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// A `version` of which something is different.
fn version(change: impl FnOnce(&mut VersionPayload)) -> Frame {
    let mut version = VersionPayload::default();
    change(&mut version);
    version.frame()
}
