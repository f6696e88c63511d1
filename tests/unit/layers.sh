#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which folder may include what. Dependency runs one way: rfb/ knows nobody, ws/ knows rfb/, net/ and image/ do not know client/, the
# library does not know the programs, tools know porthole.h alone, the proxy knows rfb/ and never LibVNCClient.
# Speaks TAP. Tries itself first on a tree that breaks every rule once.
set -eu
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}

# includes TREE FOLDER: "file:line:what" for each include under it; what keeps its brackets or quotes.
includes() {
  [ -d "$1/$2" ] || return 0
  find "$1/$2" -name '*.[ch]' -type f | LC_ALL=C sort | while read -r file; do
    sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"][^>"]*[>"]\).*/\1/;t found
      d;:found
      =;p' "$file" | while read -r line && read -r what; do
      printf '%s:%s:%s\n' "${file#"$1/"}" "$line" "$what"
    done
  done
}

# Each rule prints the includes that break it.
# What one of ours includes, it includes in quotes, from libsrc/ ("rfb/buf.h"), from its own folder ("cmd.h") or by the
# whole path.
rule_rfb() { includes "$1" libsrc/rfb | grep -E ':["<](\.\./|libsrc/|ws/|client/|net/|image/|windows/|proxy/|tools/|porthole\.h)' || :; }
rule_ws() { includes "$1" libsrc/ws | grep -E ':["<](\.\./|libsrc/|client/|net/|image/|windows/|proxy/|tools/|porthole\.h)' || :; }
rule_net() { includes "$1" libsrc/net | grep -E ':["<]([^">]*/)?(client|windows|proxy|tools)/' || :; }
rule_image() { includes "$1" libsrc/image | grep -E ':["<]([^">]*/)?(client|windows|proxy|tools)/' || :; }
rule_client() { includes "$1" libsrc/client | grep -E ':["<]([^">]*/)?(proxy|tools)/' || :; }
rule_tools() { includes "$1" tools/porthole | grep -E ':("[^"]*/|<([^">]*/)?(rfb|client|net|image|windows|proxy)/)' || :; }
rule_proxy() { includes "$1" proxy | grep -E ':["<](([^">]*/)?(client|net|image|windows|tools)/|[^">]*porthole\.h)' || :; }
rule_decoder() {
  { includes "$1" libsrc; includes "$1" proxy; includes "$1" tools; } |
    grep -E '<rfb/(rfbclient|rfb|rfbproto|keysym)\.h>' | grep -v '^libsrc/client/' || :
}
RULES='rfb ws net image client tools proxy decoder'

title() {
  case $1 in
    rfb) echo 'rfb/ includes nothing of ours but rfb/' ;;
    ws) echo 'ws/ includes nothing of ours but ws/ and rfb/' ;;
    net) echo 'net/ includes neither client/ nor the programs' ;;
    image) echo 'image/ includes neither client/ nor the programs' ;;
    client) echo 'client/ includes nothing of the programs' ;;
    tools) echo 'tools/porthole includes porthole.h and its own headers only' ;;
    proxy) echo 'the proxy includes rfb/, ws/ and its own headers only' ;;
    decoder) echo 'only client/ includes LibVNCClient' ;;
  esac
}

broken() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  put() { mkdir -p "$tree/${1%/*}" && printf '#include <stdio.h>\n  # include %s\n' "$2" >"$tree/$1"; }
  put libsrc/rfb/a.c '"client/screen.h"'
  put libsrc/ws/a.c '"net/stream.h"'
  put libsrc/net/a.c '"client/screen.h"'
  put libsrc/image/a.h '"client/screen.h"'
  put libsrc/client/a.c '"proxy/log.h"'
  put tools/porthole/a.c '"rfb/buf.h"'
  put proxy/a.c '"image/png.h"'
  put proxy/b.c '<rfb/rfbclient.h>'
}

count=0
failed=0
report() { # ok? title [lines]
  count=$((count + 1))
  if [ "$1" = yes ]; then
    echo "ok $count - $2"
  else
    failed=1
    echo "not ok $count - $2"
    printf '%s\n' "$3" | sed 's/^/# /'
  fi
}

echo '1..16'
broken
for rule in $RULES; do
  found=$("rule_$rule" "$tree")
  lines=$(printf '%s' "$found" | grep -c . || :)
  if [ "$lines" = 1 ]; then
    report yes "a tree that breaks it is found out: $(title "$rule")"
  else
    report no "a tree that breaks it is found out: $(title "$rule")" "one line was expected: ${found:-none}"
  fi
done
for rule in $RULES; do
  found=$("rule_$rule" "$top")
  if [ -z "$found" ]; then
    report yes "$(title "$rule")"
  else
    report no "$(title "$rule")" "$found"
  fi
done
exit "$failed"
