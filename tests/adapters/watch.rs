//! The watchdog: a scenario that hangs fails by its name instead of hanging the suite.

use std::panic::resume_unwind;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread::Builder;
use std::time::Duration;

/// What a scenario may wait for one thing to happen: more than anything takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Longer than any scenario takes on a busy machine, and than [`PATIENCE`], which knows more of what did not happen.
const LIFE: Duration = Duration::from_secs(100);

/// Runs a scenario on a thread of its own, which has the name of the test and is left behind if it hangs. `path` is that
/// name after the name of this program.
pub(crate) fn watch(path: &str, scenario: fn()) {
    let (_, name) = path.split_once("::").unwrap();
    let (sender, ended) = channel::<()>();
    let run = Builder::new().name(name.to_owned()).spawn(move || {
        // Dropped at the end, also by a panic.
        let _sender = sender;
        scenario();
    });
    let run = run.unwrap();
    match ended.recv_timeout(LIFE) {
        Err(RecvTimeoutError::Timeout) => panic!("{name} hangs"),
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {}
    }
    if let Err(panic) = run.join() {
        resume_unwind(panic);
    }
}
