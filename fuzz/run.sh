#!/usr/bin/env bash
# Runs fuzz targets one after the other: fuzz/run.sh [SECONDS [TARGET...]]
#
# Each for so many seconds (60), all of them unless some are named. With libFuzzer where cargo-fuzz and a nightly toolchain
# are there, else with the driver on stable, which is blind. Ends with 1 if a rule was broken; the input is in artifacts/.
set -euo pipefail
cd "$(dirname "$0")"

# Of one execution, in seconds and in megabytes: more is a defect, whatever comes out.
TIMEOUT=10
MEMORY=1024

seconds=${1:-60}
shift $(($# > 0 ? 1 : 0))
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(ls seeds)
fi

if ! cargo +nightly fuzz --version >/dev/null 2>&1; then
    echo "no cargo-fuzz, or no nightly toolchain: on stable, without coverage"
    driver=(--quiet --release --locked --manifest-path ../Cargo.toml -p peer-tests --bin fuzz)
    cargo build "${driver[@]}"
    ulimit -v $((4 * MEMORY * 1024))
    timeout $((seconds * ${#targets[@]} + 60)) cargo run "${driver[@]}" -- --seconds "$seconds" "${targets[@]}"
    exit
fi

# No code here is unsafe, so there is nothing for a sanitizer to find, and without one it is three times as fast.
cargo +nightly fuzz build --sanitizer none --debug-assertions
log=$(mktemp)
trap 'rm -f "$log"' EXIT
status=0
for target in "${targets[@]}"; do
    mkdir -p "corpus/$target"
    if ! cargo +nightly fuzz run --sanitizer none --debug-assertions "$target" "corpus/$target" "seeds/$target" -- \
        -max_total_time="$seconds" -timeout="$TIMEOUT" -rss_limit_mb="$MEMORY" -print_final_stats=1 >"$log" 2>&1; then
        status=1
        grep -A5 -E 'panicked|SUMMARY|Test unit written' "$log" || tail -20 "$log"
    fi
    executions=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    coverage=$(sed -n 's/^#[0-9]*\t.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p' "$log" | tail -n 1)
    printf '%s: %s executions in %s s, %s\n' "$target" "${executions:-?}" "$seconds" "${coverage:-coverage unknown}"
done
exit "$status"
