//! Processes that are watched: nothing waits for ever, and nothing outlives the trial.

use core::time::Duration;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{JoinHandle, sleep, spawn};
use std::time::Instant;

use serde_json::Value;

/// More than anything here takes on a busy machine.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// The examples of an adapter, where cargo puts those of the package whose test this is.
#[derive(Clone, Debug)]
pub struct Examples {
    folder: PathBuf,
    adapter: &'static str,
}

impl Examples {
    /// Those of `adapter`, built beside this test.
    ///
    /// # Panics
    ///
    /// If the test is not where cargo puts tests.
    #[must_use]
    pub fn beside_this_test(adapter: &'static str) -> Self {
        let test = std::env::current_exe().expect("the path of this test");
        let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
        let folder = profile.join("examples");
        Self { folder, adapter }
    }

    /// Whose they are.
    pub(super) fn adapter(&self) -> &'static str {
        self.adapter
    }

    /// The adapters' programs have the same names, and in the folder `name` is the one that was built last. But cargo
    /// keeps each of them as `name-HASH` too, and `--version` tells which one it is.
    fn program(&self, name: &str) -> PathBuf {
        let mut built: Vec<_> = std::fs::read_dir(&self.folder)
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| is_build_of(name, path))
            .filter_map(|path| Some((path.metadata().ok()?.modified().ok()?, path)))
            .collect();
        built.sort_unstable();
        let newest = built.into_iter().rev().map(|(_, path)| path);
        let over = format!(" over {}\n", self.adapter);
        let is_ours = |path: &PathBuf| {
            let version = Command::new(path).arg("--version").output();
            version.is_ok_and(|output| output.stdout.ends_with(over.as_bytes()))
        };
        newest
            .into_iter()
            .find(is_ours)
            .unwrap_or_else(|| self.build(name))
    }

    /// Builds a program where no other adapter's can come in its way. When several adapters' examples of one name are
    /// built at once, it happens that cargo copies one over the other, and does not know that it did.
    fn build(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(self.adapter);
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo
            .args([
                "build",
                "--quiet",
                "--package",
                self.adapter,
                "--example",
                name,
            ])
            .arg("--target-dir")
            .arg(&folder)
            .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
        let status = cargo.status().expect("cargo runs");
        assert!(status.success(), "no {name} of {}", self.adapter);
        folder.join("debug/examples").join(name)
    }

    /// Runs a program that takes no arguments and is this adapter's alone; its exit code, and what it printed.
    ///
    /// # Panics
    ///
    /// If it does not run to an end of its own.
    #[must_use]
    pub fn output(&self, name: &str) -> (i32, Vec<String>) {
        let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        let built = Some(self.folder.join(file)).filter(|program| program.exists());
        let program = built.unwrap_or_else(|| self.build(name));
        let mut running = Running::of(Command::new(program).stdin(Stdio::null()));
        let code = running.wait();
        (code, running.rest())
    }

    fn command(&self, name: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program(name));
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    pub(super) fn run(&self, name: &str, arguments: &[&str]) -> Ended {
        let mut program = self.start(name, arguments);
        let code = program.wait();
        let lines = program.rest();
        let errors = program.errors();
        Ended {
            code,
            lines,
            errors,
        }
    }

    /// Starts a program.
    pub(super) fn start(&self, name: &str, arguments: &[&str]) -> Running {
        Running::of(&mut self.command(name, arguments))
    }

    /// Starts a program that may have so many file descriptors.
    #[cfg(unix)]
    pub(super) fn start_with_descriptors(
        &self,
        most: usize,
        name: &str,
        arguments: &[&str],
    ) -> Running {
        let mut command = Command::new("sh");
        let script = format!("ulimit -n {most}; exec \"$0\" \"$@\"");
        command.args(["-c", &script]).arg(self.program(name));
        Running::of(command.args(arguments).stdin(Stdio::null()))
    }

    /// Starts a program whose first lines are read, and then no more: the pipe is closed.
    pub(super) fn start_and_leave(&self, name: &str, arguments: &[&str]) -> Running {
        let mut command = self.command(name, arguments);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = child.expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        let (to, lines) = channel();
        to.send(first).unwrap();
        let mut stderr = child.stderr.take().unwrap();
        let errors = spawn(move || {
            let mut errors = String::new();
            let _ = stderr.read_to_string(&mut errors);
            errors
        });
        Running {
            child,
            lines,
            errors: Some(errors),
        }
    }
}

/// Whether a file is an example `name`, as cargo builds it.
fn is_build_of(name: &str, path: &Path) -> bool {
    let extension = path.extension().and_then(OsStr::to_str).unwrap_or_default();
    let stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default();
    let hash = stem
        .strip_prefix(name)
        .and_then(|rest| rest.strip_prefix('-'));
    extension == std::env::consts::EXE_EXTENSION
        && hash.is_some_and(|hash| hash.bytes().all(|digit| digit.is_ascii_hexdigit()))
}

fn lines_of(stdout: ChildStdout) -> Receiver<String> {
    let (to, lines) = channel();
    spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// A program that runs. It is killed when nobody cares any more.
pub(super) struct Running {
    child: Child,
    lines: Receiver<String>,
    errors: Option<JoinHandle<String>>,
}

impl Running {
    fn of(command: &mut Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let lines = lines_of(child.stdout.take().unwrap());
        let mut stderr = child.stderr.take().unwrap();
        let errors = spawn(move || {
            let mut errors = Vec::new();
            let _ = stderr.read_to_end(&mut errors);
            String::from_utf8_lossy(&errors).into_owned()
        });
        Self {
            child,
            lines,
            errors: Some(errors),
        }
    }

    /// The next line, as JSON.
    pub(super) fn line(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }

    /// The next line about `event`.
    pub(super) fn event(&self, event: &str) -> Value {
        loop {
            let line = self.line();
            if line["event"] == event {
                return line;
            }
        }
    }

    /// Where a listener listens; its first line.
    pub(super) fn address(&self) -> String {
        let line = self.line();
        assert_eq!(line["event"], "listening");
        line["address"].as_str().unwrap().to_owned()
    }

    /// How many lines about `event` come until there is none for so long.
    #[cfg(unix)]
    pub(super) fn events_until_silence(&self, event: &str, silence: Duration) -> usize {
        let (mut count, mut patience) = (0, PATIENCE);
        let name = format!("\"event\":\"{event}\"");
        while let Ok(line) = self.lines.recv_timeout(patience) {
            count += usize::from(line.contains(&name));
            patience = silence;
        }
        count
    }

    /// Whether it has not ended.
    #[cfg(unix)]
    pub(super) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for the end, and gives the exit code.
    pub(super) fn wait(&mut self) -> i32 {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("an exit code");
            }
            assert!(start.elapsed() < PATIENCE, "the program does not end");
            sleep(Duration::from_millis(10));
        }
    }

    /// Sends it a signal: `INT` is Ctrl-C, `TERM` is what the system says.
    #[cfg(unix)]
    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        let status = Command::new("sh").args(["-c", &kill]).status();
        assert!(status.expect("a shell").success());
    }

    /// All lines that are left, once it has ended.
    pub(super) fn rest(&self) -> Vec<String> {
        self.lines.iter().collect()
    }

    /// What it said on stderr, once it has ended.
    pub(super) fn errors(&mut self) -> String {
        self.errors.take().unwrap().join().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that has ended.
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) lines: Vec<String>,
    pub(super) errors: String,
}

impl Ended {
    pub(super) fn events(&self) -> Vec<Value> {
        let parse = |line: &String| serde_json::from_str(line).unwrap();
        self.lines.iter().map(parse).collect()
    }
}
