#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The library exports exactly what porthole.h declares, all of it ph_ and of version PORTHOLE_0. Speaks TAP.
set -eu
top=${top_srcdir:-$(cd "$(dirname "$0")/../.." && pwd)}
build=${top_builddir:-.}
header=$top/libsrc/include/porthole.h
library=$build/libsrc/.libs/libporthole.so

# declared HEADER: the functions it declares. Comments and preprocessor lines go first, then a declaration is whatever
# stands before a parenthesis and ends with a semicolon; types that point to functions do not begin with ph_ there.
declared() {
  sed -e 's|//.*||' -e '/^[[:space:]]*#/d' "$1" | tr '\n' ' ' |
    sed -e 's|/\*[^*]*\*\+\([^/*][^*]*\*\+\)*/| |g' | sed 's/[;{}]/\n/g' | grep -v 'typedef' |
    sed -n 's/^[^(]*[^[:alnum:]_]\(ph_[[:alnum:]_]*\)[[:space:]]*(.*/\1/p' | LC_ALL=C sort -u
}

# exported LIBRARY: "name version" of each symbol it defines for others, the version's own name left out.
exported() {
  nm -D --defined-only "$1" | awk '$2 != "A" { name = $3; version = ""
    at = index(name, "@"); if (at) { version = substr(name, at); name = substr(name, 1, at - 1) }
    gsub(/@/, "", version); print name, version }' | LC_ALL=C sort -u
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count=0
failed=0
check() { # title file-that-must-be-empty
  count=$((count + 1))
  if [ ! -s "$2" ]; then
    echo "ok $count - $1"
  else
    failed=1
    echo "not ok $count - $1"
    sed 's/^/# /' "$2"
  fi
}

echo '1..5'
printf '/* ph_in_comment(void); */\nint ph_one(int a,\n  int b);\nPH_API struct x *ph_two(void); // ph_no();\ntypedef void (*ph_callback)(int);\n' >"$folder/try.h"
declared "$folder/try.h" >"$folder/try"
printf 'ph_one\nph_two\n' | diff - "$folder/try" >"$folder/result" || :
check 'the reader of the header reads an example' "$folder/result"

: >"$folder/result"
if [ -f "$library" ]; then
  declared "$header" >"$folder/declared"
  exported "$library" >"$folder/exported"
else
  echo "$library is missing" >"$folder/result"
  : >"$folder/declared"
  : >"$folder/exported"
fi
[ -s "$folder/declared" ] || echo 'no function is declared' >>"$folder/result"
check 'there is a library and a header' "$folder/result"

cut -d' ' -f1 "$folder/exported" | LC_ALL=C sort -u >"$folder/names"
comm -23 "$folder/declared" "$folder/names" >"$folder/result"
check 'what porthole.h declares is exported' "$folder/result"
comm -13 "$folder/declared" "$folder/names" >"$folder/result"
check 'nothing else is exported' "$folder/result"
grep -v '^ph_[a-z0-9_]* PORTHOLE_0$' "$folder/exported" >"$folder/result" || :
check 'every symbol is ph_ and of version PORTHOLE_0' "$folder/result"
exit "$failed"
