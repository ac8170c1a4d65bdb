#!/usr/bin/python3
"""An application worker: tells every client its auth and sends back what it hears.

usage: echo.py ENDPOINT NAME NAMESPACE...

On a TCP endpoint the environment has ROOMCAST_CURVE_KEY and ROOMCAST_BROKER_KEY, the files of the
worker's own secret key and of the broker's public key. Messages: docs/workers.md.
"""
import os
import random
import sys
import time

import msgpack
import zmq

VERSION = 4
HELLO, WELCOME, REFUSED, HEARTBEAT, CREDIT, GOODBYE, BATCH = 1, 2, 3, 4, 5, 6, 8
SERVE, CONNECT, EVENT, ACK, DISCONNECT = 50, 51, 52, 53, 54
ACCEPT, REFUSE, ANSWER, DONE, EMIT, JOIN, LEAVE, END = 60, 61, 62, 63, 64, 65, 66, 67
WINDOW, WINDOW_BYTES = 1000, 16 << 20
SILENCE = 3  # heartbeats


class Link:
    """The conversation with the broker; on_task is called with every message for the worker."""

    def __init__(self, endpoint, name, namespaces, on_task):
        self.endpoint, self.name, self.namespaces = endpoint, name, namespaces
        self.on_task = on_task
        self.socket = None

    def connect(self):
        if self.socket:
            self.socket.close(linger=0)
        self.socket = zmq.Context.instance().socket(zmq.DEALER)
        if self.endpoint.startswith("tcp:"):
            secret = read_key("ROOMCAST_CURVE_KEY")
            self.socket.curve_secretkey = secret
            self.socket.curve_publickey = zmq.curve_public(secret)
            self.socket.curve_serverkey = read_key("ROOMCAST_BROKER_KEY")
        self.socket.connect(self.endpoint)
        self.sent = self.taken = self.taken_bytes = 0
        self.heartbeat = 2.0
        self.heard = self.spoken = time.monotonic()
        hello = [HELLO, VERSION, self.name, random.getrandbits(63), 0, 0, WINDOW, WINDOW_BYTES]
        self.send([hello])

    def send(self, messages):
        """One ZeroMQ message: all of it arrives, or nothing."""
        self.sent += 1
        packed = [msgpack.packb(m, use_bin_type=True) for m in [[BATCH, self.sent], *messages]]
        self.socket.send(b"".join(packed))
        self.spoken = time.monotonic()

    def receive(self, batch):
        """False: the conversation has to begin anew."""
        self.heard = time.monotonic()
        unpacker = msgpack.Unpacker(raw=False, strict_map_key=False, max_buffer_size=0)
        unpacker.feed(batch)
        messages = list(unpacker)
        if messages[-1][0] == REFUSED:
            print("refused:", messages[-1][2], file=sys.stderr)
            return False
        self.taken += 1
        self.taken_bytes += len(batch)
        if messages[0][1] != self.taken:
            return False
        answers = []
        for number, *fields in messages[1:]:
            if number == WELCOME:
                self.heartbeat = fields[4] / 1000
                answers.append([SERVE, self.namespaces])
            elif number == GOODBYE:
                return False
            elif number >= SERVE:
                answers += self.on_task(number, fields)
        if answers or self.taken % 100 == 0:
            self.send([[CREDIT, self.taken, self.taken_bytes], *answers])
        return True

    def run(self):
        while True:
            self.connect()
            self.talk()
            time.sleep(0.2)

    def talk(self):
        while True:
            if self.socket.poll(int(self.heartbeat * 500)) and not self.receive(self.socket.recv()):
                return
            now = time.monotonic()
            if now - self.heard > SILENCE * self.heartbeat:
                return
            if now - self.spoken > self.heartbeat / 2:
                self.send([[CREDIT, self.taken, self.taken_bytes], [HEARTBEAT]])


def read_key(variable):
    with open(os.environ[variable], "rb") as file:
        return file.read().strip()


def emit(nsp, event, args, socket="", room="", but=(), ack=None):
    return [EMIT, nsp, socket, room, list(but), event, args, ack is not None, ack or 0, False]


def echo(number, fields):
    if number == CONNECT:
        task, socket, nsp, auth = fields[0], fields[1], fields[2], fields[-1]
        namespace_of[socket] = nsp
        if task == 0:  # another worker let it in
            return []
        if isinstance(auth, dict) and auth.get("refuse"):
            return [[REFUSE, task, "Not you", {"code": "not_you"}]]
        return [[ACCEPT, task], emit(nsp, "auth", [auth or {}], socket)]
    if number == ACK:
        return [emit(namespace_of[fields[0]], "acked", fields[2], fields[0])]
    if number == DISCONNECT:
        namespace_of.pop(fields[0], None)
    if number != EVENT:
        return []
    task, socket, nsp, event, args, _ = fields
    if event == "message":
        return [emit(nsp, "message-back", args, socket), [DONE, task]]
    if event == "message-with-ack":
        return [[ANSWER, task, args]]
    if event == "join":
        return [[JOIN, socket, args[0]], [ANSWER, task, [os.getpid()]]]
    if event == "leave":
        return [[LEAVE, socket, args[0]], [ANSWER, task, []]]
    if event == "say":  # room, text; not to the sender
        return [emit(nsp, "said", [args[1]], room=args[0], but=[socket]), [DONE, task]]
    if event == "ask":
        return [emit(nsp, "question", args, socket, ack=task), [DONE, task]]
    if event == "end":
        return [[END, socket, False], [DONE, task]]
    if event == "slow":  # seconds, anything: who has done it, and that
        time.sleep(args[0])
        return [[ANSWER, task, [os.getpid(), *args[1:]]]]
    return [[DONE, task]]


namespace_of = {}  # of the sockets that this worker serves
if __name__ == "__main__":
    try:
        Link(sys.argv[1], sys.argv[2], sys.argv[3:], echo).run()
    except KeyboardInterrupt:
        pass
