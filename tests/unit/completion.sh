#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion in a real bash: the script that the program prints, asked as bash asks it. Speaks TAP.
[ -n "${BASH_VERSION-}" ] || exec bash "$0"
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
touch shot.png 'with space.png'
mkdir shots

PATH=$top_builddir:$PATH
# shellcheck source=tools/completion/porthole
. "$top_srcdir/tools/completion/porthole"
compopt() { :; } # knows no completion in progress here

count=0
failed=0
# case_ TITLE EXPECTED WORD...: the last word is under the cursor.
case_() {
  local title=$1 expected=$2 got
  shift 2
  COMP_WORDS=(porthole "$@")
  COMP_CWORD=$#
  _porthole
  got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | paste -sd' ')
  count=$((count + 1))
  if [ "$got" = "$expected" ]; then
    echo "ok $count - $title"
  else
    failed=1
    printf 'not ok %d - %s\n# expected: %s\n# got:      %s\n' "$count" "$title" "$expected" "$got"
  fi
}

if [ "$(complete -p porthole)" != 'complete -F _porthole porthole' ]; then
  echo 'Bail out! bash knows no completion for porthole'
  exit 1
fi
case_ 'a command' 'screenshot scroll' sc
case_ 'a command behind a global option with a value' 'screenshot scroll' -t vnc://host sc
case_ 'a global option' '--timeout' --ti
case_ 'an option of a command' '--format' screenshot --f
case_ 'a global option behind a command' '--json' screenshot --js
case_ 'the choices of an option' 'left middle right' click --button ''
case_ 'a choice in part' 'middle' click --button m
case_ 'a choice behind =, which bash makes a word' 'left' click --button = l
case_ 'all choices behind =' 'left middle right' click --button =
case_ 'the value of a global option behind a command' 'shot.png shots' screenshot --password-file shot
case_ 'nothing where anything can stand' '' click --count ''
case_ 'a file' 'shot.png shots' screenshot sho
case_ 'a file with a space stays one word' 'with space.png' screenshot w
case_ 'a file behind an option and its value' 'shot.png shots' screenshot --format png sho
case_ 'the first argument' 'bash' completion ''
case_ 'no second' '' completion bash ''
case_ 'nothing for an unknown command' '' dance ''
case_ 'only global options for an unknown command' '--json' dance --j
echo "1..$count"
exit "$failed"
