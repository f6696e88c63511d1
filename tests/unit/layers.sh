#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Which folder may include what. Dependency runs one way: rfb/ and feed/ know nobody, ws/ knows rfb/, net/ and image/ know neither
# client/ nor each other, the library does not know the programs, tools and examples know porthole.h alone, the agent
# feed/, the proxy knows rfb/, ws/ and feed/ and never LibVNCClient.
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
rule_feed() { includes "$1" libsrc/feed | grep -E ':["<](\.\./|libsrc/|rfb/|ws/|client/|net/|image/|windows/|proxy/|tools/|porthole\.h)' || :; }
rule_ws() { includes "$1" libsrc/ws | grep -E ':["<](\.\./|libsrc/|client/|net/|image/|windows/|proxy/|tools/|porthole\.h)' || :; }
rule_net() { includes "$1" libsrc/net | grep -E ':["<]([^">]*/)?(client|image|windows|proxy|tools)/' || :; }
rule_image() { includes "$1" libsrc/image | grep -E ':["<]([^">]*/)?(client|net|ws|windows|proxy|tools)/' || :; }
rule_client() { includes "$1" libsrc/client | grep -E ':["<]([^">]*/)?(proxy|tools)/' || :; }
rule_tools() { includes "$1" tools/porthole | grep -E ':("[^"]*/|<([^">]*/)?(rfb|ws|client|net|image|windows|proxy)/)' || :; }
rule_agent() { includes "$1" tools/agent | grep -E ':("[^"]*/|<([^">]*/)?(rfb|ws|client|net|image|windows|proxy)/|<porthole\.h>)' | grep -vE ':"feed/' || :; }
rule_examples() { includes "$1" examples | grep -E ':("|<([^">]*/)?(rfb|ws|client|net|image|windows|proxy|tools)/)' || :; }
rule_proxy() { includes "$1" proxy | grep -E ':["<](([^">]*/)?(client|net|image|windows|tools)/|[^">]*porthole\.h)' || :; }
rule_decoder() {
  { includes "$1" libsrc; includes "$1" proxy; includes "$1" tools; } |
    grep -E '<rfb/(rfbclient|rfb|rfbproto|keysym)\.h>' | grep -v '^libsrc/client/' || :
}
RULES='rfb feed ws net image client tools agent examples proxy decoder'

title() {
  case $1 in
    rfb) echo 'rfb/ includes nothing of ours but rfb/' ;;
    feed) echo 'feed/ includes nothing of ours but feed/' ;;
    ws) echo 'ws/ includes nothing of ours but ws/ and rfb/' ;;
    net) echo 'net/ includes neither client/ nor image/ nor the programs' ;;
    image) echo 'image/ includes neither client/ nor net/ nor ws/ nor the programs' ;;
    client) echo 'client/ includes nothing of the programs' ;;
    tools) echo 'tools/porthole includes porthole.h and its own headers only' ;;
    agent) echo 'tools/agent includes feed/ and its own headers only' ;;
    examples) echo 'examples/ includes nothing of ours but porthole.h' ;;
    proxy) echo 'the proxy includes rfb/, ws/, feed/ and its own headers only' ;;
    decoder) echo 'only client/ includes LibVNCClient' ;;
  esac
}

broken() {
  tree=$(mktemp -d)
  trap 'rm -rf "$tree"' EXIT
  put() { # RULE FILE INCLUDE
    mkdir -p "$tree/${2%/*}" && printf '#include <stdio.h>\n  # include %s\n' "$3" >"$tree/$2"
    printf '%s:2:%s\n' "$2" "$3" >>"$tree/$1.broken"
  }
  put rfb libsrc/rfb/a.c '"client/screen.h"'
  put feed libsrc/feed/a.c '"rfb/buf.h"'
  put ws libsrc/ws/a.c '"net/stream.h"'
  put net libsrc/net/a.c '"client/screen.h"'
  put net libsrc/net/b.c '"image/image.h"'
  put image libsrc/image/a.h '"client/screen.h"'
  put image libsrc/image/b.c '"net/stream.h"'
  put client libsrc/client/a.c '"proxy/log.h"'
  put tools tools/porthole/a.c '"rfb/buf.h"'
  put tools tools/porthole/b.c '<ws/ws.h>'
  put agent tools/agent/a.c '"rfb/buf.h"'
  put agent tools/agent/b.c '<porthole.h>'
  put examples examples/a.c '"porthole.h"'
  put proxy proxy/a.c '"image/png.h"'
  put decoder proxy/b.c '<rfb/rfbclient.h>'
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

echo '1..22'
broken
for rule in $RULES; do
  found=$("rule_$rule" "$tree")
  if [ "$found" = "$(cat "$tree/$rule.broken")" ]; then
    report yes "a tree that breaks it is found out: $(title "$rule")"
  else
    report no "a tree that breaks it is found out: $(title "$rule")" "found: ${found:-none}"
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
