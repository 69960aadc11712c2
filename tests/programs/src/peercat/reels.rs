//! `--record`: a file for the tape of each connection.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use peer_adapter::TapeSink;

/// The first connection is recorded to the file that was named, the next ones to files beside it, with a number: `FILE.2`,
/// `FILE.3`. What is there is written over. Only the user may read them: they hold secrets.
#[derive(Debug)]
pub struct Reels {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Made at the start, so that a wrong name is known then.
    first: Option<File>,
    /// Connections so far.
    count: u64,
}

impl Reels {
    /// Makes the first file.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let first = Some(create(path)?);
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(State { first, count: 0 }),
        })
    }

    /// Where the tape of the next connection goes. What cannot be written is told on stderr, once for each.
    pub(super) fn next(&self) -> Option<TapeSink> {
        let (first, number) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.count += 1;
            (state.first.take(), state.count)
        };
        let mut path = self.path.clone().into_os_string();
        if number > 1 {
            path.push(format!(".{number}"));
        }
        let path = PathBuf::from(path);
        let mut file = first
            .map_or_else(|| create(&path), Ok)
            .map_err(|error| tell(&path, &error))
            .ok();
        file.as_ref()?;
        Some(Box::new(move |piece| {
            if let Some(reel) = &mut file
                && let Err(error) = reel.write_all(piece)
            {
                tell(&path, &error);
                file = None;
            }
        }))
    }
}

fn tell(path: &Path, error: &io::Error) {
    eprintln!("error: --record {}: {error}", path.display());
}

fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
