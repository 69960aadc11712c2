#!/bin/sh
# run.sh [DRIVER ARGUMENTS...]   e.g.  tests/interop/run.sh --only knots
#
# Fetches the real nodes (once; see get-node.sh), builds the driver and runs it against them. The driver starts, asks
# and stops the nodes itself, on loopback and free ports. Whatever happens, nothing is left running and no data stays.
#
# The last line is `interop: PASSED`, `FAILED` or `SKIPPED`, with exit code 0, 1 or 77. A node that cannot be had makes
# the run SKIPPED even if all that could run was good; one that is broken makes it FAILED.
#
# INTEROP_NODES: where the nodes are kept, absolute (target/interop below the workspace by default).
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
nodes=${INTEROP_NODES:-$root/target/interop}
scratch=$(mktemp -d)
driver=

# Kills one of our nodes that outlived the driver: the process id is the node's own, and is only trusted if that process
# still works on our scratch folder.
end_node() {
    pid=$(cat "$1" 2>/dev/null) || return 0
    if tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep -qF -- "-datadir=$scratch/"; then
        kill -KILL "$pid" 2>/dev/null || :
    fi
}
clean_up() {
    [ -z "$driver" ] || kill "$driver" 2>/dev/null || :
    for pidfile in "$scratch"/*/regtest/*.pid; do
        end_node "$pidfile"
    done
    rm -rf "$scratch"
}
trap clean_up EXIT
trap 'echo "interop: FAILED (interrupted)"; exit 1' HUP INT TERM

finish() {
    echo "interop: $1"
    exit "$2"
}

# offer FLAG SUITE PACKAGE: fetches a node; sets `have` to the driver's argument for it, or to nothing.
offer() {
    code=0
    have=
    "$root/tests/interop/get-node.sh" "$nodes/$3" "$2" "$3" || code=$?
    case $code in
        0) have="--$1=$nodes/$3/run" ;;
        77) ;;
        *) finish "FAILED ($3 cannot be used)" 1 ;;
    esac
}
mkdir -p "$nodes"
offer knots forky bitcoin-knots
knots=$have
offer litecoin bookworm litecoind
litecoin=$have

cd "$root"
cargo build --quiet --package peer-tests --bin interop || finish "FAILED (the driver does not build)" 1

# In the background, so that a signal to this script is answered at once; `cargo run` becomes the driver (exec).
TMPDIR=$scratch cargo run --quiet --package peer-tests --bin interop -- \
    ${knots:+"$knots"} ${litecoin:+"$litecoin"} "$@" &
driver=$!
code=0
wait "$driver" || code=$?
driver=
case $code in
    0 | 1 | 77) exit "$code" ;;
    *) finish "FAILED (the driver ended with $code)" 1 ;;
esac
