# The keys and the configuration of a stack: sourced by scripts/stack, never run.
# shellcheck shell=bash
# shellcheck disable=SC2154 # DIR, BUILD, RUN, WORKER_NAMESPACES, NAMESPACE_OPTS and AUTH are set by scripts/stack

# Even gateways come over tcp, so that every stack of two uses both ways in.
is_remote() { [ $((${1#gateway-} % 2)) = 0 ]; }

keygen() {
	"$BUILD/roomcastctl" keygen "$1" --out "$DIR/keys/$2" >/dev/null || die "could not make key $2"
}

make_keys() {
	local name
	mkdir "$DIR/keys/authorized"
	keygen hs256 token.secret
	keygen curve broker
	for name in $(gateway_names); do
		is_remote "$name" || continue
		keygen curve "$name"
		cp "$DIR/keys/$name.pub" "$DIR/keys/authorized/"
	done
	[ ${#WORKER_NAMESPACES[@]} = 0 ] || {
		keygen curve worker
		cp "$DIR/keys/worker.pub" "$DIR/keys/authorized/"
	}
}

make_conf() {
	local name
	broker_conf >"$DIR/conf/broker.conf"
	for name in $(gateway_names); do
		gateway_conf "$name" >"$DIR/conf/$name.conf"
	done
}

# A stack is for trying things out: it has no limits on clients but those it is given as options.
broker_conf() {
	cat <<-END
		[link]
		ipc-endpoint = ipc://$RUN/link.sock
		tcp-endpoint = tcp://127.0.0.1:$(port_of broker-tcp)
		curve-secret-file = $DIR/keys/broker.key
		authorized-gateways = $DIR/keys/authorized

		[control]
		control-endpoint = ipc://$RUN/control.sock

		[store]
		database = $DIR/data/roomcast.db

		[limits]
		messages-per-window = 0
		connects-per-window = 0

		[http]
		http-listen = 127.0.0.1:$(port_of broker)
	END
	common_conf
}

gateway_conf() {
	cat <<-END
		[listen]
		listen-address = 127.0.0.1
		port = $(port_of "$1")

		[limits]
		client-packets-per-second = 0
		client-bytes-per-second = 0
		ip-handshakes-per-second = 0

		[token]
		token-hs256-secret-file = $DIR/keys/token.secret

		[link]
		gateway-id = $1
	END
	if is_remote "$1"; then
		cat <<-END
			broker-endpoint = tcp://127.0.0.1:$(port_of broker-tcp)
			curve-secret-file = $DIR/keys/$1.key
			broker-public-key-file = $DIR/keys/broker.pub
		END
	else
		echo "broker-endpoint = ipc://$RUN/link.sock"
	fi
	common_conf
}

common_conf() {
	local name option
	printf '\n[log]\nlog-format = json\nlog-level = info\n'
	for name in "${WORKER_NAMESPACES[@]}"; do
		printf '\n[namespace %s]\nhandler = worker\nauth = anonymous\n' "$name"
	done
	for name in "${!AUTH[@]}"; do
		[[ " ${WORKER_NAMESPACES[*]} " != *" $name "* ]] || continue
		printf '\n[namespace %s]\n' "$name"
		# What is given counts instead of what a stack has by itself.
		for option in handler=rooms "auth=${AUTH[$name]}" create-rooms=yes moderation=yes; do
			[[ " ${NAMESPACE_OPTS[*]}" == *" $name:${option%%=*}="* ]] || echo "$option"
		done
		for option in "${NAMESPACE_OPTS[@]}"; do
			[[ $option != "$name":* ]] || echo "${option#*:}"
		done
	done
}
