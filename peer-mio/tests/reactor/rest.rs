//! A reactor that has nothing to do.

use std::time::{Duration, Instant};

use crate::help::{Heard, Stage};

/// Idle connections, and a port, do not wake anybody.
#[test]
fn nobody_wakes_a_reactor_without_work() {
    let mut stage = Stage::new();
    for _ in 0..20 {
        stage.negotiated();
    }
    let wait = Duration::from_millis(100);
    // What is left of the handshakes.
    for _ in 0..1_000 {
        let start = Instant::now();
        stage.reactor.turn(Some(Duration::from_millis(20))).unwrap();
        if start.elapsed() >= Duration::from_millis(20) {
            break;
        }
    }
    for _ in 0..5 {
        let start = Instant::now();
        stage.reactor.turn(Some(wait)).unwrap();
        assert!(start.elapsed() >= wait, "it was woken");
    }
}

#[test]
fn an_idle_connection_owns_no_buffer() {
    let mut stage = Stage::new();
    let (left, right) = stage.negotiated();
    stage.until(|diary, _| diary.of(left).contains(&Heard::Negotiated));
    for _ in 0..10 {
        stage.reactor.turn(Some(Duration::from_millis(1))).unwrap();
    }
    for id in [left, right] {
        assert_eq!(stage.peer(id).machine().memory_held(), 0);
    }
}
