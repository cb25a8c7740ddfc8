"""Receivers of webhooks that fail in every way that they know."""
import collections
import http.server
import random
import socket
import struct
import threading
import time

from receiver import verify


class Receiver(http.server.ThreadingHTTPServer):
    """Three destinations in one: /well, /ill, /gone."""
    daemon_threads = True
    request_queue_size = 256

    def __init__(self, seed):
        super().__init__(("127.0.0.1", 0), Handler)
        self.rng, self.lock = random.Random(f"receiver {seed}"), threading.Lock()
        self.arrived = collections.defaultdict(list)  # destination -> [(id, body)]
        self.bodies = {}
        self.changed = []
        self.forged = []
        self.faults = collections.Counter()
        self.is_healed = False
        self.trap = None  # called once, when a message arrives
        self.stopping = threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request, address):
        pass  # a sender that was killed


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        server, name = self.server, self.path.strip("/")
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        message = self.headers["webhook-id"]
        with server.lock:
            trap, server.trap = server.trap, None
            server.arrived[name].append(message)
            if server.bodies.setdefault(message, body) != body:
                server.changed.append(message)
            if name == "well" and (problem := verify("one", self.headers, body.encode(), time.time())):
                server.forged.append(f"{message}: {problem}")
            fault = "fine" if name == "well" or server.is_healed else "410" if name == "gone" else server.rng.choice(
                ["fine", "fine", "500", "503", "429", "hang", "close", "reset", "half", "302", "garbage"])
            server.faults[f"{name} {fault}"] += 1
        if trap:
            trap()
        if fault == "hang":
            server.stopping.wait(3)
        if fault in ("close", "hang"):
            self.close_connection = True
            return
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            return
        if fault == "garbage":
            self.wfile.write(b"what?\r\n\r\n")
            self.close_connection = True
            return
        if fault == "half":
            self.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nonly a pa")
            self.close_connection = True
            return
        self.send_response(200 if fault == "fine" else int(fault))
        if fault == "429":
            self.send_header("retry-after", "1")
        if fault == "302":
            self.send_header("location", f"{server.url}/elsewhere")
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass
