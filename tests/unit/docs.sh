#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# What is written agrees with what is there: the README with the example, the man pages with the command table, the
# actions, the header and what the proxy's sources name; and the man pages are clean. Speaks TAP.
[ -n "${BASH_VERSION-}" ] || exec bash "$0"
set -eu
porthole=${top_builddir:?}/porthole
docs=${top_srcdir:?}/docs
count=0
failed=0

# report TITLE LINES: no line is well.
report() {
  count=$((count + 1))
  if [ -z "$2" ]; then
    echo "ok $count - $1"
  else
    failed=1
    printf 'not ok %d - %s\n' "$count" "$1"
    printf '%s\n' "$2" | sed 's/^/# /'
  fi
}

# section PAGE TITLE: the page from this .SH to the next.
section() {
  awk -v title="$2" '/^\.SH / { inside = substr($0, 5) == title; next } inside' "$1"
}

# entry COMMAND: what porthole(1) says of it: from its tag in COMMANDS to the next command's.
entry() {
  section "$docs/porthole.1" COMMANDS | awk -v command="$1" '
    /^\.RS/ { depth++ } /^\.RE/ { depth-- }
    tagged && depth == 0 { inside = $1 == ".B" && $2 == command }
    { tagged = /^\.TP/ }
    inside'
}

# missing TEXT WORD...: those that are not in the text of a page.
missing() {
  local text word
  text=$(sed -e 's/\\f[A-Z]//g' -e 's/\\-/-/g' <<<"$1")
  shift
  for word; do
    grep -qE -- "(^|[^a-z_-])$word([^a-z_-]|\$)" <<<"$text" || echo "$word"
  done
}

code=$(awk '/^```c$/ { inside = 1; next } /^```$/ { inside = 0 } inside' "$top_srcdir/README.md")
report 'the README shows examples/first.c as it is' "$(diff <(echo "$code") "$top_srcdir/examples/first.c" || :)"
code=$(sed -n '/^\.EX/,/^\.EE/p' "$docs/libporthole.3" | sed -e '1d;$d' -e 's/\\-/-/g' -e 's/\\e/\\/g')
report 'so does libporthole(3)' "$(diff <(echo "$code") <(sed -n '/^#include/,$p' "$top_srcdir/examples/first.c") || :)"
report 'that has about thirty lines' "$(awk 'END { if (NR > 40) print NR }' "$top_srcdir/examples/first.c")"

eval "$("$porthole" completion bash)"
_porthole_command ''
# shellcheck disable=SC2154,SC2086 # they are set by the script: lists of words
report 'porthole(1) has every global option' "$(missing "$(section "$docs/porthole.1" OPTIONS)" ${global:?})"
# shellcheck disable=SC2154
for command in ${commands:?}; do
  _porthole_command "$command"
  # shellcheck disable=SC2154,SC2086
  report "porthole(1) has $command and each of its options" "$(missing "$(entry "$command")" "$command" $options)"
done
actions=$("$porthole" "do" --help | sed -n '/^Actions/,/^$/p' | sed -nE 's/^ +([a-z_]+) .*/\1/p')
# shellcheck disable=SC2086
report 'porthole(1) has every action and parameter' "$(missing "$(section "$docs/porthole.1" ACTIONS)" ${actions:?})"
functions=$(grep -oE '^PH_API .*\bph_[a-z_]+\(' "$top_srcdir/libsrc/include/porthole.h" | grep -oE 'ph_[a-z_]+\($' | tr -d '(' | sort -u)
# shellcheck disable=SC2086
report 'libporthole(3) has every function' "$(missing "$(cat "$docs/libporthole.3")" ${functions:?})"

proxy=${top_srcdir:?}/proxy
# called FUNCTION: the first word in quotes of each call in the proxy but at the debug level.
called() {
  cat "$proxy"/*.c | tr '\n' ' ' | grep -oE "\\b$1\\([^;\"]*\"[a-z_]+\"" | grep -v LOG_LEVEL_DEBUG | grep -oE '[a-z_]+"$' | tr -d '"' | sort -u
}
# words PATTERN FILE...: what stands in the first quotes wherever the pattern is.
words() { grep -ohE "$1" "${@:2}" | cut -d '"' -f 2 | sort -u; }

keys=$(words '\{"[a-z_0-9]+", (true|false), set_' "$proxy"/config_*.c)
# shellcheck disable=SC2086
report 'portholed.conf(5) has every key' "$(missing "$(cat "$docs/portholed.conf.5")" ${keys:?})"
# shellcheck disable=SC2086
report 'so has the example' "$(missing "$(cat "$proxy/portholed.conf.example")" $keys)"
events=$(called log_event)
# shellcheck disable=SC2086
report 'portholed(8) has every event of the log' "$(missing "$(section "$docs/portholed.8" LOG)" ${events:?})"
events=$(called audit_event)
reasons=$(words '\[REFUSAL_[A-Z_]+\] = \{"[a-z_]+", "[^"]*", true' "$proxy/reason.c"; words '\[ENDING_[A-Z_]+\] = "[a-z_]+"' "$proxy/reason.c" | grep -vx none)
# shellcheck disable=SC2086
report 'every event of the audit trail, and every reason' "$(missing "$(section "$docs/portholed.8" 'AUDIT TRAIL')" ${events:?} ${reasons:?})"
metrics=$(words '"(portholed|process)_[a-z_]+"' "$proxy/metrics_text.c")
reasons=$(words '\[REFUSAL_[A-Z_]+\] = \{"[a-z_]+", "[^"]+", false' "$proxy/reason.c"; words '\[TROUBLE_[A-Z_]+\] = "[a-z_]+"' "$proxy/reason.c")
# shellcheck disable=SC2086
report 'and every metric, and its words' "$(missing "$(section "$docs/portholed.8" METRICS)" ${metrics:?} ${reasons:?})"
for program in portholed:8 porthole-agent:1; do
  options=$("$top_builddir/${program%:*}" --help | grep -oE -- '--[a-z-]+' | sort -u)
  # shellcheck disable=SC2086
  report "${program%:*}(${program#*:}) has every option" "$(missing "$(section "$docs/${program%:*}.${program#*:}" OPTIONS)" ${options:?})"
done

# glued PAGE: words that are several: sentences behind .BR, whose arguments are set without spaces.
glued() { groff -t -man -rHY=0 -Tascii -P-cbou "$1" 2>/dev/null | grep -oE '[A-Za-z.,;:]{35,}' || :; }

report 'the pages are printable ASCII' "$(LC_ALL=C grep -nH $'[^ -~\t]' "$docs"/*.[1-9] | cat -A)"
for page in "$docs"/*.[1-9]; do
  title="${page##*/} is clean"
  if ! command -v groff >/dev/null; then
    count=$((count + 1))
    echo "ok $count - $title # SKIP no groff"
    continue
  fi
  report "$title" "$(groff -ww -z -t -man -Tutf8 "$page" 2>&1 || :; glued "$page")"
done
echo "1..$count"
exit "$failed"
