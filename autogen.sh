#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Makes configure and the Makefile templates. Needs autoconf, automake, libtool and pkg-config.
set -eu
cd "$(dirname "$0")"
mkdir -p build-aux
# automake ships the TAP driver but does not install it by itself
tap=$(automake --print-libdir)/tap-driver.sh
[ -f "$tap" ] || { echo "autogen.sh: $tap is missing: install automake" >&2; exit 1; }
cp "$tap" build-aux/tap-driver.sh
exec autoreconf --install --force
