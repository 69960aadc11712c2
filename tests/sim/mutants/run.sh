#!/usr/bin/env bash
# Plants each bug of this folder into a copy of the workspace, and demands that the simulation finds it.
#
#   tests/sim/mutants/run.sh            all of them
#   tests/sim/mutants/run.sh 05 09      those whose names begin so
#
# SEEDS is how many seeds have to find a bug (default 2,000). Fails if one survives, or fits the code no more.
set -euo pipefail
cd "$(dirname "$0")/../../.."
root=$PWD
mutants=$root/tests/sim/mutants
copy=$root/target/mutants/copy
seeds=${SEEDS:-2000}
export CARGO_TARGET_DIR=$root/target/mutants/target CARGO_TERM_COLOR=never

mkdir -p "$copy"
# Files that did not change keep their time, so that only what a bug is planted in is built again.
git ls-files --cached --others --exclude-standard | while read -r file; do
    cmp --silent "$file" "$copy/$file" || cp --parents "$file" "$copy"
done

build() { (cd "$copy" && cargo build --quiet --locked --profile mutant -p peer-tests --bin simulate); }
simulate() { "$CARGO_TARGET_DIR/mutant/simulate" --seeds "$seeds" --again 20; }

printf '%-28s' "no bug"
build
simulate >"$copy.log" 2>&1 || { cat "$copy.log"; echo "fails without a bug"; exit 1; }
echo "passes"

failed=0 tried=0
for diff in "$mutants"/*.diff; do
    name=$(basename "$diff" .diff)
    if [ $# -gt 0 ]; then
        wanted=false
        for prefix in "$@"; do [[ $name == "$prefix"* ]] && wanted=true; done
        $wanted || continue
    fi
    tried=$((tried + 1))
    printf '%-28s' "$name"
    file=$(sed -n 's/^+++ b\///p' "$diff")
    if ! patch --quiet --strip=1 --fuzz=0 --directory="$copy" <"$diff" >"$copy.log" 2>&1; then
        echo "DOES NOT APPLY"
        failed=1
    elif ! build >"$copy.log" 2>&1; then
        echo "DOES NOT BUILD"
        failed=1
    elif simulate >"$copy.log" 2>&1; then
        echo "SURVIVES"
        failed=1
    else
        sed -n 's/^seed \([0-9]*\) failed: [^:]*, wire [0-9]*: /caught by seed \1: /p' "$copy.log" | cut -c1-110
    fi
    cp "$root/$file" "$copy/$file"
    rm -f "$copy/$file.orig" "$copy/$file.rej"
done
printf '%d bugs planted\n' "$tried"
[ "$tried" -gt 0 ] && [ "$failed" -eq 0 ]
