#!/bin/sh
# Installs what the tests need beyond npm, where the machine lacks it and apt may install it.
set -eu

missing=''
need() { # need PROBE PACKAGE REASON
  if sh -c "$1" >/dev/null 2>&1; then return; fi
  echo "missing: $2 ($3)"
  missing="$missing $2"
}
stop() {
  echo >&2
  echo "npm test: $1" >&2
  echo "'npm run test:unit' needs nothing beyond npm." >&2
  exit 1
}

[ "$(uname -s)" = Linux ] || stop 'the network tests need Linux (network namespaces).'

need 'command -v ip' iproute2 'network namespaces and bridges for the net tests'
need 'command -v ip6tables' iptables 'seeded packet loss in the net tests'
need 'command -v tcpdump' tcpdump 'what really is on the wire, in the net tests'
need 'command -v cc' gcc 'compiles the C peer of the interop tests'
need 'test -e /usr/include/librecast/net.h' liblibrecast-dev 'the C library the interop tests talk to'
need '/usr/bin/python3 -c "import nacl.bindings"' python3-nacl 'the cryptography of the peer in Python, in the interop tests'
need 'command -v tshark' tshark 'reads captures by the dissector, in the interop tests'
need 'command -v valgrind' valgrind 'watches what the native call does to memory, in the interop tests'
need 'command -v dockerd' docker.io 'an engine in a namespace of its own for the container tests'
need 'command -v nats-server' nats-server 'the server by which relays meet in the net tests'
need 'command -v docker-compose' docker-compose 'starts compose/compose.yaml in the container tests'
need 'test -x /usr/bin/chromium' chromium 'the browser of the browser tests'
need 'command -v busybox' busybox-static 'the shell of the image that the container tests make'

if [ -n "$missing" ]; then
  command -v apt-get >/dev/null 2>&1 || stop "install by hand:$missing (no apt-get here)."
  [ "$(id -u)" = 0 ] || stop "run as root once: apt-get install$missing"
  export DEBIAN_FRONTEND=noninteractive
  # Debian starts the services it installs, unless this file forbids it. No test needs them.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM HUP
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod +x "$policy"
  fi
  # shellcheck disable=SC2086 # one word a package
  { apt-get update -q && apt-get install -qy --no-install-recommends $missing; } ||
    stop "apt-get could not install$missing"
fi

unshare -n true 2>/dev/null ||
  stop 'the net tests make network namespaces: run as root (in a container: with CAP_SYS_ADMIN and CAP_NET_ADMIN).'
