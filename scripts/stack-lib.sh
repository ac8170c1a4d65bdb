# What a stack's directory says, and its processes: sourced by scripts/stack, never run.
# shellcheck shell=bash
# shellcheck disable=SC2034 # the settings are for who sources it

READY_SECONDS=60
STOP_SECONDS=20
KILL_SECONDS=5

# ---- what DIR says ----

open_dir() {
	[ -n "${1-}" ] || bad_usage
	[ -f "$1/stack.json" ] || die "no stack in $1"
	DIR=$(realpath "$1")
	BUILD=$(setting .build)
	RUN=$(setting .run)
	BASE_PORT=$(setting .basePort)
	GATEWAYS=$(setting .gateways)
}

setting() { jq -er "$1" "$DIR/stack.json"; }

gateway_names() { seq -f 'gateway-%.0f' "$GATEWAYS"; }
names() { echo broker && gateway_names; }

need_name() {
	[ $# = 1 ] || bad_usage
	local all
	all=" $(names | xargs) "
	[[ $all == *" $1 "* ]] || die "no process '$1' here, but:$all"
}

port_of() {
	case $1 in
	broker) echo $((BASE_PORT + GATEWAYS)) ;;
	broker-tcp) echo $((BASE_PORT + GATEWAYS + 1)) ;;
	*) echo $((BASE_PORT + ${1#gateway-} - 1)) ;;
	esac
}

has_tls() {
	jq -e 'any(.opts.gateway[]; startswith("tls-certificate-file="))' "$DIR/stack.json" >/dev/null
}

url_of() {
	local scheme=http
	[[ $1 != gateway-* ]] || ! has_tls || scheme=https
	echo "$scheme://127.0.0.1:$(port_of "$1")"
}

# ---- processes ----

# The living process of that name: its id is only believed while its command line has our file.
pid_of() {
	local pid
	pid=$(cat "$DIR/pid/$1" 2>/dev/null) || return 1
	grep -qzxF -- "$DIR/conf/$1.conf" "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
}

# The environment can set options too; what the caller's says is not meant for these programs.
launch() {
	local kind=${1%-[0-9]*} option options=() scrub=()
	while IFS= read -r option; do
		options+=("--${option%%=*}" "${option#*=}")
	done < <(jq -r --arg kind "$kind" '.opts[$kind][]' "$DIR/stack.json")
	mapfile -t scrub < <(compgen -e ROOMCAST_ | sed '/^ROOMCAST_\(FAILPOINT\|MUTATION\)$/d; s/^/--unset=/')
	setsid env "${scrub[@]}" "$BUILD/roomcast-$kind" --config "$DIR/conf/$1.conf" "${options[@]}" \
		</dev/null >>"$DIR/log/$1.log" 2>&1 &
	echo $! >"$DIR/pid/$1"
}

# Waits until process $1, just launched, answers page $2 with 200.
await() {
	local deadline=$((SECONDS + READY_SECONDS)) pid why=''
	pid=$(cat "$DIR/pid/$1")
	until curl -sfk --noproxy '*' -o /dev/null --max-time 5 "$(url_of "$1")/$2"; do
		kill -0 "$pid" 2>/dev/null || why="$1 ended before it was ready"
		[ $SECONDS -lt $deadline ] || why="$1 was not ready in $READY_SECONDS s"
		if [ -n "$why" ]; then
			tail -n 20 "$DIR/log/$1.log" >&2
			die "$why; its log is $DIR/log/$1.log"
		fi
		sleep 0.05
	done
}

is_gone_by() {
	while pid_of "$1" >/dev/null; do
		[ $SECONDS -lt "$2" ] || return 1
		sleep 0.02
	done
}

signal() {
	local pid
	if pid=$(pid_of "$2"); then kill -s "$1" "$pid" 2>/dev/null || true; fi
}

# Ends the named processes with a signal, and with KILL those that have not gone at the deadline.
end() {
	local how=$1 name deadline=$((SECONDS + STOP_SECONDS))
	shift
	for name; do signal "$how" "$name"; done
	for name; do
		if ! is_gone_by "$name" "$deadline"; then
			say "$name did not end in $STOP_SECONDS s and is killed"
			signal KILL "$name"
			is_gone_by "$name" $((SECONDS + KILL_SECONDS)) || die "$name cannot be killed"
		fi
		rm -f "$DIR/pid/$name"
	done
}
