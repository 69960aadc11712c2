//! Trials of `scale`: that it measures and prints. What it measures is for people to judge, but for one figure that does
//! not depend on how busy the machine is.

use super::process::Examples;

/// KiB of heap that an idle peer may take: 4 where nothing but ours is in it; runtimes have tasks and timers beside that,
/// and v2 has keys.
#[cfg(unix)]
fn most_heap(examples: &Examples, transport: &str) -> f64 {
    let alone = if examples.adapter() == "peer-mio" {
        4.0
    } else {
        8.0
    };
    if transport == "v2" {
        alone + 1.0
    } else {
        alone
    }
}

/// In v1, which is the default.
#[cfg(unix)]
pub fn scale_prints_a_table(examples: &Examples) {
    measure(examples, "v1", &[]);
}

/// `--transport v2`.
#[cfg(unix)]
pub fn scale_measures_v2_too(examples: &Examples) {
    measure(examples, "v2", &["--transport", "v2"]);
}

/// With few peers, and for a short time.
#[cfg(unix)]
fn measure(examples: &Examples, transport: &str, more: &[&str]) {
    let few = ["--peers", "300", "--idle", "0.5"];
    let ended = examples.run("scale", &[&few, more].concat());
    assert_eq!(ended.code, 0, "{}", ended.errors);
    let of = |what: &str| {
        let line = ended.lines.iter().find(|line| line.starts_with(what));
        let line = line.unwrap_or_else(|| panic!("no {what:?} in {:?}", ended.lines));
        let rest = line[what.len()..].trim_start();
        rest.split(' ').next().unwrap().parse::<f64>().unwrap()
    };
    let first = ended.lines[0].to_lowercase();
    assert!(first.contains("300 peers"), "{first}");
    assert!(first.contains(&format!(" {transport},")), "{first}");
    let heap = of("heap per idle peer");
    assert!(
        heap > 1.0 && heap <= most_heap(examples, transport),
        "{heap} KiB of heap"
    );
    assert!(of("all negotiated in") > 0.0);
    assert!(of("CPU at idle") < 100.0);
    let (median, last) = (of("  heard by the median"), of("  heard by the last"));
    assert!(median > 0.0 && last >= median, "{median} ms, {last} ms");
}
