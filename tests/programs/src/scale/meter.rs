//! What a process costs: bytes and time.

use core::time::Duration;
use std::io;

/// Reads what this process has cost so far.
#[derive(Debug)]
pub(super) struct Meter {
    heap: fn() -> usize,
}

/// What it showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// Bytes allocated.
    pub(super) heap: usize,
    /// Bytes in memory, code and allocator's waste included; 0 where the system does not tell.
    pub(super) resident: usize,
    /// Time on a processor, of all threads.
    pub(super) cpu: Duration,
}

impl Meter {
    pub(super) fn new(heap: fn() -> usize) -> Self {
        Self { heap }
    }

    pub(super) fn read(&self) -> Reading {
        Reading {
            heap: (self.heap)(),
            resident: resident().unwrap_or(0),
            cpu: cpu(),
        }
    }
}

/// As Linux tells it, in pages.
#[cfg(unix)]
fn resident() -> Option<usize> {
    let statm = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: usize = statm.split(' ').nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size())
}

#[cfg(unix)]
fn cpu() -> Duration {
    use rustix::time::{ClockId, clock_gettime};
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

/// Lets this process, and those that it starts, have so many descriptors.
#[cfg(unix)]
pub(super) fn raise_descriptor_limit(wanted: usize) -> io::Result<()> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = wanted as u64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    if limit.maximum.is_some_and(|maximum| maximum < wanted) {
        let maximum = limit.maximum.unwrap_or(0);
        return Err(io::Error::other(format!(
            "{wanted} file descriptors are needed and this system allows {maximum}: raise the hard limit (`ulimit -Hn \
             {wanted}` as root, `nofile` in limits.conf, LimitNOFILE= of systemd), or ask for fewer --peers"
        )));
    }
    let raised = Rlimit {
        current: Some(wanted),
        maximum: limit.maximum,
    };
    Ok(setrlimit(Resource::Nofile, raised)?)
}

#[cfg(not(unix))]
fn resident() -> Option<usize> {
    None
}

#[cfg(not(unix))]
fn cpu() -> Duration {
    Duration::ZERO
}

#[cfg(not(unix))]
pub(super) fn raise_descriptor_limit(_: usize) -> io::Result<()> {
    Ok(())
}
