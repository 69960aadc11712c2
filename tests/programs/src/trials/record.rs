//! Trials of `peercat --record`.

use core::time::Duration;
use std::fs;
use std::path::PathBuf;
use std::thread::sleep;
use std::time::Instant;

use peer_core::Stats;
use peer_core::tape::{Replayer, TapeError};

use super::peercat::{connect, listen};
use super::process::{Examples, PATIENCE};

/// A folder for the tapes of one trial.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let number: u64 = rand::random();
        let path = std::env::temp_dir().join(format!("peercat-{number:016x}"));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays is found in the system's own place for it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Replays what a file holds to its end; how many machines that were, and the numbers of the last.
fn replay(file: &str) -> (usize, Stats) {
    replay_bytes(&fs::read(file).unwrap()).unwrap()
}

/// The same of a file that is still written: a connection has ended when its socket is closed, which is after it is told.
fn replay_soon(file: &str) -> (usize, Stats) {
    let begun = Instant::now();
    loop {
        match replay_bytes(&fs::read(file).unwrap()) {
            Err(TapeError::Truncated { .. }) if begun.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(10));
            }
            result => return result.unwrap(),
        }
    }
}

fn replay_bytes(tape: &[u8]) -> Result<(usize, Stats), TapeError> {
    let mut replayer = Replayer::new();
    replayer.feed(tape);
    let mut machines = 0;
    while let Some(step) = replayer.step()? {
        machines += usize::from(step.number == 1);
    }
    replayer.finish()?;
    Ok((machines, replayer.machine().unwrap().stats()))
}

/// Both ends of two connections, in both transports, and one that was dialled twice.
pub fn peercat_records_what_is_replayed(examples: &Examples) {
    let folder = Folder::new();
    let heard = folder.file("heard");
    let (listener, address) = listen(examples, &["--record", &heard]);
    for (count, transport) in ["v1", "v2"].into_iter().enumerate() {
        let said = folder.file(transport);
        let more = [
            "--record",
            &said,
            "--transport",
            transport,
            "--send",
            "ping:5",
            "--count",
            "1",
        ];
        let dialler = examples.run("peercat", &connect(&address, &more));
        assert_eq!(dialler.code, 0, "{}", dialler.errors);
        let (machines, stats) = replay(&said);
        let events = dialler.events();
        let end = events
            .iter()
            .find(|line| line["event"] == "disconnected")
            .unwrap();
        assert_eq!(machines, 1);
        assert_eq!(end["bytes_received"], stats.bytes_received);
        assert_eq!(end["bytes_sent"], stats.bytes_sent);
        let end = listener.event("disconnected");
        let file = [heard.clone(), format!("{heard}.2")];
        let (machines, stats) = replay_soon(&file[count]);
        assert_eq!(machines, 1);
        assert_eq!(end["bytes_received"], stats.bytes_received);
        assert_eq!(stats.transport.unwrap().to_string(), transport);
    }
}

/// Of a connection that was dialled again the tapes of both machines stand in one file.
pub fn peercat_records_both_dials(examples: &Examples) {
    let folder = Folder::new();
    let (_listener, address) = listen(examples, &["--transport", "v1"]);
    let said = folder.file("twice");
    let more = ["--record", &said, "--send", "ping:5", "--count", "1"];
    let dialler = examples.run("peercat", &connect(&address, &more));
    assert_eq!(dialler.code, 0, "{}", dialler.errors);
    let (machines, stats) = replay(&said);
    assert_eq!(machines, 2);
    assert_eq!(stats.transport.unwrap().to_string(), "v1");
}
