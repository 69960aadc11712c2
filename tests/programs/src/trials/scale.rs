//! Trials of `scale`: that it measures and prints. What it measures is for people to judge, but for one figure that does
//! not depend on how busy the machine is.

use super::process::Examples;

/// KiB of heap that an idle peer may take: 4 where nothing but ours is in it; runtimes have tasks and timers beside that.
#[cfg(unix)]
fn most_heap(examples: &Examples) -> f64 {
    if examples.adapter() == "peer-mio" {
        4.0
    } else {
        8.0
    }
}

/// With few peers, and for a short time.
#[cfg(unix)]
pub fn scale_prints_a_table(examples: &Examples) {
    let ended = examples.run("scale", &["--peers", "300", "--idle", "0.5"]);
    assert_eq!(ended.code, 0, "{}", ended.errors);
    let of = |what: &str| {
        let line = ended.lines.iter().find(|line| line.starts_with(what));
        let line = line.unwrap_or_else(|| panic!("no {what:?} in {:?}", ended.lines));
        let rest = line[what.len()..].trim_start();
        rest.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    assert!(ended.lines[0].contains("300 peers"), "{:?}", ended.lines);
    let heap = of("heap per idle peer");
    assert!(
        heap > 1.0 && heap <= most_heap(examples),
        "{heap} KiB of heap"
    );
    assert!(of("all negotiated in") > 0.0);
    assert!(of("CPU at idle") < 100.0);
    let (median, last) = (of("  heard by the median"), of("  heard by the last"));
    assert!(median > 0.0 && last >= median, "{median} ms, {last} ms");
}
