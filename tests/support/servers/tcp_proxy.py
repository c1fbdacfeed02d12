#!/usr/bin/env python3
"""A TCP proxy on 127.0.0.1 that fails on command.

  tcp_proxy.py TARGET_PORT [--listen PORT]

prints "PORT CONTROL_PORT" and passes bytes on. A command is a line on standard input or on the control port; each is
answered by a line on the same way. The proxy ends with its standard input.

  pass              nothing in the way; connections that wait get what they wait for
  stall             no byte passes; connections stay open and new ones are taken
  cut | reset       ends all connections, properly (FIN) or not (RST); new ones are taken
  refuse            takes no new connection (RST at once), until pass
  stall-after N [up|down], cut-after N [up|down], reset-after N [up|down]
                    the same as soon as N more bytes have passed up (to the target, the default) or down
  bytes             answers "UP DOWN": the bytes passed so far
"""
import argparse
import selectors
import socket
import struct
import sys

CHUNK = 1 << 16


class Pair:
    """Two sockets and what has been read from one and not yet been written to the other."""

    def __init__(self, client, target):
        self.other = {client: target, target: client}
        self.direction = {client: "up", target: "down"}
        self.waiting = {client: b"", target: b""}  # to be written to that socket
        self.closing = set()  # write ends to be shut once nothing waits for them


class Proxy:
    def __init__(self, target, listen):
        self.target = target
        self.selector = selectors.DefaultSelector()
        self.pairs = {}
        self.stalled = self.refusing = False
        self.passed = {"up": 0, "down": 0}
        self.after = None  # (command, direction, total at which it comes)
        self.listener, self.control = self.listen_on(listen, self.accept), self.listen_on(0, self.accept_control)
        self.selector.register(sys.stdin.buffer.raw, selectors.EVENT_READ, self.read_commands)

    def listen_on(self, port, handler):
        one = socket.create_server(("127.0.0.1", port))
        self.selector.register(one, selectors.EVENT_READ, handler)
        return one

    def accept(self, listener, _):
        client, _ = listener.accept()
        try:
            if self.refusing:
                raise ConnectionRefusedError
            target = socket.create_connection(("127.0.0.1", self.target), 5)
        except OSError:
            self.close(client, True)
            return
        pair = Pair(client, target)
        for one in (client, target):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            one.setblocking(False)
            self.pairs[one] = pair
        self.arm(pair)

    def arm(self, pair):
        """Sets what to wait for on both sockets: reading only where what was read before is gone."""
        for one, other in pair.other.items():
            events = 0
            if not self.stalled:
                events |= selectors.EVENT_READ if not pair.waiting[other] and other not in pair.closing else 0
                events |= selectors.EVENT_WRITE if pair.waiting[one] else 0
            if one in self.selector.get_map():
                self.selector.unregister(one)
            if events:
                self.selector.register(one, events, self.serve)

    def serve(self, one, events):
        pair = self.pairs.get(one)
        if pair is None:
            return
        try:
            if events & selectors.EVENT_READ:
                data = one.recv(CHUNK)
                other = pair.other[one]
                if data:
                    pair.waiting[other] += data
                    self.push(pair, other)
                else:
                    pair.closing.add(other)
                    other.shutdown(socket.SHUT_WR)
            if events & selectors.EVENT_WRITE:
                self.push(pair, one)
        except BlockingIOError:
            pass
        except OSError:
            self.drop(pair, True)
            return
        if one in self.pairs:
            if len(pair.closing) == 2:
                self.drop(pair, False)
            else:
                self.arm(pair)

    def push(self, pair, one):
        """Writes what waits for a socket, up to the byte at which something is to happen."""
        direction = pair.direction[pair.other[one]]
        data, limit = pair.waiting[one], None
        if self.after and self.after[1] == direction:
            limit = self.after[2] - self.passed[direction]
            data = data[:limit]
        sent = one.send(data) if data else 0
        pair.waiting[one] = pair.waiting[one][sent:]
        self.passed[direction] += sent
        if limit is not None and sent == limit:
            command, self.after = self.after[0], None
            self.act([command])

    def close(self, one, hard):
        if hard:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        one.close()

    def drop(self, pair, hard):
        for one in pair.other:
            if one in self.selector.get_map():
                self.selector.unregister(one)
            self.pairs.pop(one, None)
            self.close(one, hard)

    def act(self, words):
        """Does a command; returns the answer."""
        name = words[0] if words else ""
        if name in ("pass", "stall"):
            self.stalled = name == "stall"
            self.refusing, self.after = self.refusing and self.stalled, None
        elif name in ("cut", "reset"):
            for pair in set(self.pairs.values()):
                self.drop(pair, name == "reset")
        elif name == "refuse":
            self.refusing = True
        elif name in ("stall-after", "cut-after", "reset-after") and len(words) > 1:
            direction = words[2] if len(words) > 2 else "up"
            self.after = (name[:-6], direction, self.passed[direction] + int(words[1]))
        elif name == "bytes":
            return f"{self.passed['up']} {self.passed['down']}"
        else:
            return f"unknown command {' '.join(words)!r}"
        for pair in set(self.pairs.values()):
            self.arm(pair)
        return "ok"

    def accept_control(self, listener, _):
        one, _ = listener.accept()
        self.selector.register(one, selectors.EVENT_READ, self.read_commands)

    def read_commands(self, one, _):
        network = isinstance(one, socket.socket)
        text = one.recv(4096) if network else one.read(4096)
        if not text:
            self.selector.unregister(one)
            if not network:
                sys.exit(0)
            one.close()
            return
        for line in text.decode().splitlines():
            answer = self.act(line.split()) + "\n"
            if network:
                one.sendall(answer.encode())
            else:
                print(answer, end="", flush=True)

    def run(self):
        print(self.listener.getsockname()[1], self.control.getsockname()[1], flush=True)
        while True:
            for key, events in self.selector.select():
                if key.fileobj in self.selector.get_map():
                    key.data(key.fileobj, events)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("target", type=int)
    parser.add_argument("--listen", type=int, default=0)
    options = parser.parse_args()
    Proxy(options.target, options.listen).run()


if __name__ == "__main__":
    main()
