#!/bin/sh
# get-node.sh DIR SUITE PACKAGE
#   get-node.sh "$PWD/knots"    forky    bitcoin-knots
#   get-node.sh "$PWD/litecoin" bookworm litecoind
#
# Fetches PACKAGE of the Debian suite SUITE, with everything it depends on, into DIR, and leaves DIR/run:
# `DIR/run PROGRAM ARGS...` starts a program of the unpacked tree with the tree's own loader and libraries.
#
# Nothing is installed on the machine: no root, no maintainer script, no change to apt's own lists. Packages come from
# the Debian repository that the machine's apt already uses and are verified with the archive keyring.
# A DIR that is complete is left alone, so a second run is instant; delete DIR to fetch again.
#
# Exit codes: 0 ready, 77 the package cannot be had here (callers report "skipped"), 1 it was had but does not start,
# 2 wrong usage. DIR must be absolute.
set -eu

SKIP=77
ATTEMPTS=3

say() { echo "get-node: $*" >&2; }
skip() {
    say "============================================================"
    say "CANNOT HAVE $package of $suite: $*"
    say "nothing was tested with it: this is a skip, not a success"
    say "============================================================"
    exit $SKIP
}

if [ $# -ne 3 ]; then
    say "usage: get-node.sh DIR SUITE PACKAGE"
    exit 2
fi
dir=${1%/} suite=$2 package=$3
case $dir in
    /*) ;;
    *) say "DIR must be absolute: $dir"; exit 2 ;;
esac

# print_versions TREE: the first line of `--version` of each node program; fails if there is none or one does not start.
print_versions() {
    found=
    for program in bitcoind litecoind; do
        [ -e "$1/root/usr/bin/$program" ] || continue
        line=$("$1/run" "$program" --version | head -n 1)
        [ -n "$line" ] || return 1
        say "$line"
        found=yes
    done
    [ -n "$found" ]
}

wanted="$suite $package $(dpkg --print-architecture 2>/dev/null || echo unknown)"
if [ -f "$dir/complete" ] && [ "$(cat "$dir/complete")" = "$wanted" ]; then
    if print_versions "$dir"; then
        exit 0
    fi
    say "the tree kept in $dir does not start; fetching it again"
fi

for tool in apt-get dpkg dpkg-deb; do
    command -v $tool >/dev/null || skip "this machine has no $tool"
done

# The repository the machine already uses. A derivative of Debian has none: skip.
repository=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null | grep -m1 '/debian/*$') ||
    skip "this machine's apt has no Debian repository"

# Everything is made beside DIR and moved into place at the end: a run cut short leaves no half-made DIR.
part=$dir.part.$$
trap 'rm -rf "$part"' EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$part/apt/lists/partial" "$part/apt/cache/archives/partial" "$part/root" "$part/home"
: > "$part/apt/status"

signed=
for keyring in /usr/share/keyrings/debian-archive-keyring.gpg /usr/share/keyrings/debian-archive-keyring.pgp; do
    if [ -e "$keyring" ]; then
        signed="[signed-by=$keyring] "
        break
    fi
done
echo "deb $signed$repository $suite main" > "$part/apt/sources.list"

# apt-get with a world of its own: its own source, lists, cache, an empty list of installed packages, no pins.
private_apt() {
    apt-get -qq \
        -o Dir::Etc::sourcelist="$part/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o Dir::State::lists="$part/apt/lists" -o Dir::State::status="$part/apt/status" \
        -o Dir::Cache="$part/apt/cache" \
        -o APT::Install-Recommends=0 -o APT::Sandbox::User=root -o Debug::NoLocking=1 \
        -o Acquire::Languages=none -o Acquire::Retries=3 -o Acquire::http::Timeout=30 -o Acquire::https::Timeout=30 \
        "$@"
}
fetch() {
    private_apt update && private_apt -y --download-only install "$package"
}
attempt=1
until fetch >"$part/apt/log" 2>&1; do
    sed 's/^/get-node: apt: /' "$part/apt/log" | tail -n 5 >&2
    [ $attempt -lt $ATTEMPTS ] || skip "apt-get failed $ATTEMPTS times (see above)"
    say "attempt $attempt of $ATTEMPTS failed, trying again"
    sleep $((attempt * 5))
    attempt=$((attempt + 1))
done
for archive in "$part"/apt/cache/archives/*.deb; do
    dpkg-deb -x "$archive" "$part/root"
done
rm -rf "$part/apt"

# The wrapper finds its tree from its own place, so the tree may be moved. HOME is a scratch folder of the tree because
# even `bitcoind --version` makes ~/.bitcoin. Debian's /usr/bin/litecoind is a script; the program is in usr/lib.
cat > "$part/run" <<'RUN'
#!/bin/sh
# run PROGRAM ARGS...: a program of the unpacked tree, with the tree's own loader and libraries.
here=$(cd "$(dirname "$0")" && pwd)
name=$1
shift
program=$here/root/usr/bin/$name
[ -e "$here/root/usr/lib/litecoin/$name" ] && program=$here/root/usr/lib/litecoin/$name
for loader in "$here"/root/usr/lib/*/ld-linux*.so.* "$here"/root/lib/*/ld-linux*.so.*; do
    [ -e "$loader" ] && break
done
triplet=$(basename "$(dirname "$loader")")
HOME=$here/home
export HOME
exec "$loader" --library-path "$here/root/usr/lib/$triplet:$here/root/lib/$triplet" "$program" "$@"
RUN
chmod +x "$part/run"

if ! print_versions "$part"; then
    say "$package of $suite was unpacked, but its program does not start"
    exit 1
fi
echo "$wanted" > "$part/complete"
rm -rf "$dir"
mv "$part" "$dir"
