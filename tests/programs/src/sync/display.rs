//! Progress on stderr while the job runs: a bar on a terminal, a line now and then otherwise.

use core::time::Duration;
use std::io::{self, IsTerminal, Write};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use peer_core::Timestamp;

use super::{Phase, Progress, Tally};

/// Shows the progress of one job.
#[derive(Debug)]
pub struct Display {
    bar: Option<ProgressBar>,
    phase: Option<Phase>,
    next: Timestamp,
}

impl Display {
    /// On stderr, as a bar if that is a terminal.
    #[must_use]
    pub fn stderr() -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::hidden();
            bar.set_style(style(Phase::Handshake));
            bar.set_draw_target(ProgressDrawTarget::stderr());
            bar
        });
        Self {
            bar,
            phase: None,
            next: Timestamp::ZERO,
        }
    }

    /// Shows how far the job is. Cheap enough for every event.
    pub fn show(&mut self, progress: &Progress, now: Timestamp) {
        let phase_begins = self.phase.replace(progress.phase) != Some(progress.phase);
        if !phase_begins && now < self.next {
            return;
        }
        let pause = match &self.bar {
            Some(bar) => {
                show_bar(bar, progress, phase_begins);
                REDRAW
            }
            None => {
                // A closed stderr is no reason to stop.
                let _ = write_line(&mut io::stderr(), progress);
                NEXT_LINE
            }
        };
        self.next = now.saturating_add(pause);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn show_bar(bar: &ProgressBar, progress: &Progress, phase_begins: bool) {
    let (position, length) = measure(progress);
    if phase_begins {
        bar.reset_eta();
        bar.set_style(style(progress.phase));
    }
    if matches!(progress.phase, Phase::Blocks | Phase::Done) {
        let Tally {
            transactions,
            bytes,
            ..
        } = progress.tally;
        let megabytes = bytes / 1_000_000;
        bar.set_message(format!("{transactions} transactions, {megabytes} MB"));
    }
    bar.update(|state| {
        state.set_len(length.into());
        state.set_pos(position.into());
    });
}

fn style(phase: Phase) -> ProgressStyle {
    // All templates are valid; a test says so.
    let style = ProgressStyle::with_template(template(phase));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.progress_chars("=> ")
}

const fn template(phase: Phase) -> &'static str {
    match phase {
        Phase::Handshake => "handshake {elapsed}",
        Phase::Headers => "headers [{bar:30}] {pos}/{len} eta {eta}",
        Phase::Blocks | Phase::Done => "blocks  [{bar:30}] {pos}/{len} eta {eta} {msg}",
    }
}

fn measure(progress: &Progress) -> (u32, u32) {
    match progress.phase {
        Phase::Handshake => (0, 0),
        Phase::Headers => (progress.headers, progress.headers_expected),
        Phase::Blocks | Phase::Done => (progress.tally.blocks, progress.headers),
    }
}

fn write_line(out: &mut impl Write, progress: &Progress) -> io::Result<()> {
    let (position, length) = measure(progress);
    match progress.phase {
        Phase::Handshake => writeln!(out, "handshake"),
        Phase::Headers => writeln!(out, "headers {position}/{length}"),
        Phase::Blocks => writeln!(out, "blocks {position}/{length}"),
        Phase::Done => Ok(()),
    }
}

/// Between lines of a phase.
const NEXT_LINE: Duration = Duration::from_secs(5);

/// Between pictures of the bar.
const REDRAW: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_and_how_far() {
        let mut progress = Progress {
            phase: Phase::Headers,
            headers: 2_000,
            headers_expected: 5_000,
            tally: Tally::default(),
        };
        let line = |progress: &Progress| {
            let mut out = Vec::new();
            write_line(&mut out, progress).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(line(&progress), "headers 2000/5000\n");
        progress.phase = Phase::Blocks;
        progress.tally.blocks = 7;
        assert_eq!(line(&progress), "blocks 7/2000\n");
    }

    #[test]
    fn templates_of_bars_are_valid() {
        for phase in [Phase::Handshake, Phase::Headers, Phase::Blocks, Phase::Done] {
            assert!(ProgressStyle::with_template(template(phase)).is_ok());
        }
    }
}
