# Shared by the scripts beside it: sourced, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # used by who sources it

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROGRAM=${0##*/}

BUILD_PACKAGES=(build-essential ccache meson ninja-build pkg-config libcmocka-dev libczmq-dev libinih-dev
	libjansson-dev libmicrohttpd-dev libmsgpack-dev libpcre2-dev libsodium-dev libsqlite3-dev libssl-dev libsystemd-dev
	libuv1-dev libwebsockets-dev libwebsockets-evlib-uv libzmq3-dev uthash-dev)
RUN_PACKAGES=(curl jq)
TEST_PACKAGES=(chromium haproxy nginx-light openssl procps python3 python3-msgpack python3-socketio python3-websocket python3-zmq
	sqlite3 systemd util-linux)
NODE_MAJOR=18

say() { printf '%s: %s\n' "$PROGRAM" "$*" >&2; }

die() {
	say "$*"
	exit 1
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "needs root or sudo for: $*"
	fi
}

is_installed() {
	[ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the named Debian packages that are missing; silent when none is.
ensure_packages() {
	local package missing=()
	for package; do
		is_installed "$package" || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	command -v apt-get >/dev/null || die "please install: ${missing[*]}"
	say "installing ${missing[*]}"
	as_root apt-get -qq update </dev/null >&2
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends \
		-o DPkg::Lock::Timeout=300 install "${missing[@]}" </dev/null >&2
}

node_major() {
	local version
	version=$(node --version 2>/dev/null) || version=v0
	version=${version#v}
	echo "${version%%.*}"
}

# A node that is there stays, whoever installed it; Debian's comes when there is none or an old one.
ensure_node() {
	if [ "$(node_major)" -lt "$NODE_MAJOR" ]; then
		ensure_packages nodejs npm
		hash -r
		[ "$(node_major)" -ge "$NODE_MAJOR" ] || die "needs node $NODE_MAJOR or later"
	fi
	command -v npm >/dev/null || ensure_packages npm
}

# The node modules of a folder, exactly as its lock file names them; once per lock file.
ensure_node_modules() {
	local dir=$ROOT/$1 sum
	local stamp=$dir/node_modules/.lock-sum
	ensure_node
	sum=$(cat "$dir/package.json" "$dir/package-lock.json" | sha256sum)
	[ "$(cat "$stamp" 2>/dev/null)" != "$sum" ] || return 0
	say "fetching the node modules of ${dir#"$ROOT/"}"
	(cd "$dir" && npm ci --no-audit --no-fund --loglevel=error </dev/null >&2)
	printf '%s\n' "$sum" >"$stamp"
}

# Replaces directory $1 by what a gateway serves as the demo: the page and the client beside it.
assemble_demo() {
	ensure_node_modules tests/e2e
	rm -rf "$1"
	cp -r "$ROOT/examples/chat" "$1"
	cp "$ROOT/tests/e2e/node_modules/socket.io-client/dist/socket.io.min.js" "$1/"
}
