#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Every fuzz target that was built, for a fixed number of runs from a fixed seed, on a copy
# of its corpus. TAP: one line a target; a finding's log and its input (in base64) are printed.
set -u
: "${top_srcdir:?is not set: run this by make check}" "${top_builddir:?is not set: run this by make check}"
targets='s2c:60000 c2s:120000 handshake_client:150000 handshake_server:200000 clipboard:30000 filter:100000 client:8000 zrle:5000 image:20000 websocket:60000 http:30000 viewer:10000 forwarded:100000 windows:60000 crop:40000 jwt:50000 admin:2000'
work=$(mktemp -d "$top_builddir/tests/fuzz/run.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT
trap 'exit 129' HUP INT TERM

# shellcheck disable=SC2086 # split into words
set -- $targets
echo 1..$#
number=0
status=0
for target in $targets; do
    name=${target%:*}
    number=$((number + 1))
    mkdir -p "$work/$name/corpus" && cp "$top_srcdir/tests/data/corpus/$name"/* "$work/$name/corpus/" \
        && chmod -R u+w "$work/$name" || exit 99
    if "$top_builddir/tests/fuzz/fuzz_$name" -runs="${target#*:}" -seed=1 -max_len=4096 -timeout=10 \
        -rss_limit_mb=2048 -artifact_prefix="$work/$name/" "$work/$name/corpus" >"$work/$name/log" 2>&1
    then
        echo "ok $number - fuzz_$name: ${target#*:} runs"
    else
        echo "not ok $number - fuzz_$name"
        sed 's/^/# /' "$work/$name/log" | tail -n 60
        for input in "$work/$name"/crash-* "$work/$name"/leak-* "$work/$name"/timeout-* "$work/$name"/oom-*; do
            [ -f "$input" ] && { echo "# ${input##*/}:"; base64 "$input" | sed 's/^/# /'; }
        done
        status=1
    fi
done
exit $status
