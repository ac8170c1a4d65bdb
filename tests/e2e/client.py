"""A python-socketio client for clients.test.js: commands on standard input, what comes on the output."""

import json
import sys

import socketio

NAMESPACE = "/chat"


def plain(value):
    """Bytes as {"bytes": hex}, at any depth."""
    if isinstance(value, (bytes, bytearray)):
        return {"bytes": value.hex()}
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


def with_bytes(value):
    """The way back."""
    if isinstance(value, dict):
        if set(value) == {"bytes"}:
            return bytes.fromhex(value["bytes"])
        return {key: with_bytes(one) for key, one in value.items()}
    return value


def say(kind, data=None):
    # In one piece: the handlers run in threads of their own.
    sys.stdout.write(json.dumps({"kind": kind, "data": plain(data)}) + "\n")
    sys.stdout.flush()


def main(url, token):
    client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2)
    for name in ("connect", "disconnect"):
        client.on(name, lambda name=name: say(name), namespace=NAMESPACE)
    client.on("connect_error", lambda data: say("connect_error", data), namespace=NAMESPACE)
    client.on("message", lambda data: say("message", data), namespace=NAMESPACE)
    client.connect(url, auth={"token": token}, transports=["websocket"], namespaces=[NAMESPACE], wait_timeout=10)
    for line in sys.stdin:
        command = json.loads(line)
        say("ack", client.call(command["event"], with_bytes(command["data"]), namespace=NAMESPACE, timeout=10))
    client.disconnect()


main(sys.argv[1], sys.argv[2])
