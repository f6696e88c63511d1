# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The Debian packages that building and running take, by purpose, and a way to have them. Sourced by tools/quickstart
# and tests/run.

# to build: tools, then libraries
PACKAGES_BUILD=(
  autoconf automake gcc libc6-dev libtool make npm pkg-config
  libdeflate-dev libhttp-parser-dev libinih-dev libjansson-dev libjpeg62-turbo-dev libpixman-1-dev libpng-dev
  libsqlite3-dev libssl-dev libuv1-dev libvncserver-dev libwebp-dev libwslay-dev libxkbcommon-dev uthash-dev zlib1g-dev
  libxcb1-dev libxcb-ewmh-dev libxcb-icccm4-dev libxcb-res0-dev libxcb-shape0-dev libxcb-xfixes0-dev
)

# a desktop to look at: an X server that speaks RFB, a window manager, a background, applications, fonts
PACKAGES_DESKTOP=(feh fonts-dejavu-core nodejs openbox openssl tigervnc-standalone-server x11-apps x11-utils xterm)

# to test: compilers with sanitizers, unit tests, the other VNC servers, a browser, the stock viewer, dist archives
PACKAGES_TEST=(
  bsdutils clang dbus-daemon fluxbox groff-base haproxy libclang-rt-14-dev libcmocka-dev llvm
  foot grim gtk-3-examples gtk-4-examples libpam-wrapper qemu-system-x86 sway swaybg tightvncserver tigervnc-scraping-server wayvnc x11-xserver-utils x11vnc xvfb
  picom xcompmgr
  chromium novnc socat sqlite3 systemd tigervnc-tools websockify xclip xfonts-base xfwm4 xz-utils
)

# to compare with: make bench-client, make bench-proxy
PACKAGES_BENCH=(bsdextrautils gvncviewer haproxy iproute2 picom procps scrot testssl.sh websockify x11vnc xcompmgr xvfb)

# Those of the named packages that are missing. Node.js and npm may also come from elsewhere: the command counts.
packages_missing() {
  local package
  for package; do
    case $package in
      nodejs) command -v node >/dev/null && continue ;;
      npm) command -v npm >/dev/null && continue ;;
    esac
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || echo "$package"
  done
}

# Installs what is missing of the named packages; who may not do that is told what to ask for. Output goes to a log,
# which is shown when it goes wrong.
packages_need() {
  local missing log
  mapfile -t missing < <(packages_missing "$@")
  [ "${#missing[@]}" -gt 0 ] || return 0
  if [ "$(id -u)" -ne 0 ]; then
    printf '%s: these Debian packages are missing:\n  %s\nInstall them with\n  sudo apt-get install --no-install-recommends %s\nor run this as root.\n' \
      "$(basename "$0")" "${missing[*]}" "${missing[*]}" >&2
    return 1
  fi
  printf 'Installing %d Debian packages: %s\n' "${#missing[@]}" "${missing[*]}"
  log=$(mktemp)
  if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1 </dev/null; then
    rm -f "$log"
    return 0
  fi
  tail -n 30 "$log" >&2
  printf '%s: apt-get failed, see above and %s\n' "$(basename "$0")" "$log" >&2
  return 1
}
