//! Recorded conversations of real nodes: `tests/data/captures`, whose README says where they come from.
//!
//! Nothing of the library takes part in reading them: what a capture says is what an independent decoder wrote into
//! its manifest.

#![expect(clippy::unwrap_used, reason = "in a test a panic is a failure")]

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use serde_json::Value;

/// Which way a message went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Way {
    /// From the side that dialled (`c2s`).
    FromDialler,
    /// To it (`s2c`).
    ToDialler,
}

impl Way {
    /// Both, the dialler's first.
    pub const BOTH: [Self; 2] = [Self::FromDialler, Self::ToDialler];

    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::FromDialler => Self::ToDialler,
            Self::ToDialler => Self::FromDialler,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::FromDialler => "c2s",
            Self::ToDialler => "s2c",
        }
    }
}

/// One message as the manifest describes it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where its frame begins in the stream of its direction.
    pub offset: usize,
    /// Its command.
    pub command: String,
    /// Length of its payload in bytes.
    pub length: usize,
    /// Double SHA-256 of the payload, in hex.
    pub sha256d: String,
    /// What an independent decoder read; `Null` for most commands.
    pub info: Value,
}

/// One TCP connection.
#[derive(Clone, Debug)]
pub struct Capture {
    /// Folder and number, as in `knots-knots-v1/conn-00`.
    pub name: String,
    streams: [Vec<u8>; 2],
    entries: [Vec<Entry>; 2],
}

impl Capture {
    /// All of them, by name.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut names = Vec::new();
        for folder in fs::read_dir(root()).unwrap() {
            let folder = folder.unwrap().path();
            if !folder.is_dir() {
                continue;
            }
            for file in fs::read_dir(&folder).unwrap() {
                let file = file.unwrap().file_name().into_string().unwrap();
                if let Some(connection) = file.strip_suffix(".manifest.jsonl") {
                    let folder = folder.file_name().unwrap().to_str().unwrap();
                    names.push(format!("{folder}/{connection}"));
                }
            }
        }
        names.sort();
        names.iter().map(|name| Self::load(name)).collect()
    }

    /// The one called `name`.
    #[must_use]
    pub fn load(name: &str) -> Self {
        let stem = root().join(name);
        let manifest = fs::read_to_string(with_ending(&stem, "manifest.jsonl")).unwrap();
        let rows: Vec<Value> = manifest
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let entries = Way::BOTH.map(|way| {
            let ours = rows.iter().filter(|row| row["dir"] == way.name());
            ours.map(entry).collect()
        });
        Self {
            name: name.into(),
            streams: Way::BOTH.map(|way| stream(&stem, way)),
            entries,
        }
    }

    /// The bytes that went that way.
    #[must_use]
    pub fn stream(&self, way: Way) -> &[u8] {
        &self.streams[way as usize]
    }

    /// The messages that went that way.
    #[must_use]
    pub fn entries(&self, way: Way) -> &[Entry] {
        &self.entries[way as usize]
    }

    /// What stands in the `version` that went that way, if one did.
    #[must_use]
    pub fn version(&self, way: Way) -> Option<&Value> {
        let first = self.entries(way).first()?;
        (first.command == "version").then_some(&first.info)
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/captures")
}

fn with_ending(stem: &Path, ending: &str) -> PathBuf {
    let mut path = stem.as_os_str().to_owned();
    path.push(".");
    path.push(ending);
    path.into()
}

fn stream(stem: &Path, way: Way) -> Vec<u8> {
    let plain = with_ending(stem, &format!("{}.bin", way.name()));
    if plain.exists() {
        return fs::read(plain).unwrap();
    }
    let packed = fs::read(with_ending(stem, &format!("{}.bin.gz", way.name()))).unwrap();
    let mut stream = Vec::new();
    GzDecoder::new(packed.as_slice())
        .read_to_end(&mut stream)
        .unwrap();
    stream
}

fn entry(row: &Value) -> Entry {
    let number = |field: &str| usize::try_from(row[field].as_u64().unwrap()).unwrap();
    let text = |field: &str| row[field].as_str().unwrap().to_owned();
    Entry {
        offset: number("offset"),
        command: text("command"),
        length: number("length"),
        sha256d: text("sha256d"),
        info: row["info"].clone(),
    }
}
