"""Clients that send numbered records and labels, each request again until it is answered 202, and remember what was acknowledged."""
import collections
import gzip
import http.client
import json
import random
import socket
import struct
import threading
import time

MODELS = ("whole", "narrow")
FEATURES = 8
DAY = 86_400


class Item:
    """One request: the same bytes every time that it is sent."""

    def __init__(self, path, objects, rng):
        self.path, self.objects = path, objects
        lines = rng.random() < 0.7
        text = "\n".join(map(json.dumps, objects)) if lines else json.dumps(objects)
        self.body = text.encode()
        self.headers = {"Content-Type": "application/x-ndjson" if lines else "application/json"}
        if rng.random() < 0.2:
            self.body = gzip.compress(self.body, 1)
            self.headers["Content-Encoding"] = "gzip"
        if rng.random() < 0.5:
            self.headers["Idempotency-Key"] = f"key-{rng.getrandbits(64):x}"
        # Half of it; at the end of a line it would be a good shorter body.
        half = len(self.body) // 2
        self.half = self.body.rfind(b"\n", 0, half) + 1 or half if rng.random() < 0.5 else half


class Clients:
    def __init__(self, port, seed, threads=6):
        self.port = port  # a function: the port of now, None while there is none
        self.lock = threading.Lock()
        self.stopping = threading.Event()
        self.next_number = 0
        self.records = set()  # ids that were acknowledged
        self.labels = {}  # acknowledged events: id -> {milliseconds: label}
        self.never = set()  # ids of requests that were cut and not sent again
        self.answers = collections.Counter()
        self.unexpected = []
        self.cuts = 0  # how many requests are to be cut, or left before their answer
        self.leaves = 0
        self.outage = 0.0
        self.last_acknowledged = time.monotonic()
        self.threads = [threading.Thread(target=self._work, args=(random.Random(f"{seed} {i}"),), daemon=True) for i in range(threads)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self, limit):
        """Lets every client finish what it has begun; says whether all did."""
        self.stopping.set()
        end = time.monotonic() + limit
        for thread in self.threads:
            thread.join(max(0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self.threads)

    def _number(self):
        with self.lock:
            self.next_number += 1
            return self.next_number

    def _predictions(self, rng, now, prefix):
        """A request of one time, mostly the present: records of many minutes make a profile row each, which is slow and tests nothing more."""
        age = rng.random() * rng.choice([60, 60, 60, 7200, 26 * 3600, 25 * DAY])
        size = rng.choice([1, 7, 20, 40, 150, 300])
        return Item("/v1/predictions", [self._record(rng, now - age, prefix) for _ in range(size)], rng)

    def _record(self, rng, when, prefix):
        model = rng.choice(MODELS)
        record = {
            "model": model, "version": "1", "id": f"{prefix}{model[0]}{self._number():08d}",
            "features": {f"x{k}": round(rng.gauss(k, 1 + k), 4) for k in range(FEATURES) if rng.random() < 0.97},
            "score": round(rng.random(), 6), "groups": {"sex": rng.choice("FM")}, "latency_ms": round(rng.random() * 30, 3)}
        record["features"]["purpose"] = rng.choice(["car", "house", "school"]) if rng.random() < 0.98 else f"boat {rng.randrange(50)}"
        if rng.random() < 0.9:
            record["ts"] = int((when - rng.random() * 60) * 1000)
        if rng.random() < 0.02:
            record["error"] = "no answer"
        return record

    def _label(self, rng, record, now):
        return {"model": record["model"], "id": record["id"], "label": rng.randrange(2), "ts": int((now - rng.random() * 3600) * 1000)}

    def _work(self, rng):
        connection, old, awaited = Connection(self.port), [], []
        while not self.stopping.is_set():
            now = time.time()
            request = self._predictions(rng, now, "r")
            if self._take("cuts"):
                connection.cut(request)
                if rng.random() < 0.4:  # its sender is gone for good
                    with self.lock:
                        self.never.update(record["id"] for record in request.objects)
                    continue
            labelled = [r for r in request.objects if rng.random() < 0.4]
            early = [self._label(rng, r, now) for r in labelled if rng.random() < 0.1]
            late = [self._label(rng, r, now) for r in labelled]  # also of some early ones: a correction, or an older event
            if early:
                self._deliver(connection, Item("/v1/labels", early, rng), rng)
            self._deliver(connection, request, rng)
            awaited += late
            if awaited and rng.random() < 0.6:
                item = Item("/v1/labels", awaited, rng)
                self._deliver(connection, item, rng)
                awaited = []
                old.append(item)
            old.append(request)
            # Somebody sends again what was acknowledged long ago.
            if rng.random() < 0.05:
                self._deliver(connection, rng.choice(old[-200:]), rng)
            time.sleep(rng.random() * 0.4)
        if awaited:
            self._deliver(connection, Item("/v1/labels", awaited, rng), rng)

    def _take(self, name):
        with self.lock:
            left = getattr(self, name)
            setattr(self, name, max(0, left - 1))
            return left > 0

    def _deliver(self, connection, item, rng):
        """Sends the item until it is acknowledged."""
        failed_since = None
        if self._take("leaves"):
            connection.leave(item)
        while True:
            try:
                status, wait, body = connection.post(item)
            except (OSError, http.client.HTTPException, ValueError):
                connection.close()
                status, wait, body = "broken", 0.05 + rng.random() * 0.25, b""
            with self.lock:
                self.answers[status] += 1
            if status == 202:
                break
            failed_since = failed_since or time.monotonic()
            if status not in (429, 503, "broken"):
                with self.lock:
                    self.unexpected.append(f"{item.path}: {status} {body[:300].decode('utf-8', 'replace')}")
                wait = 0.5
            time.sleep(wait)
        answer = json.loads(body)
        rejected = {entry["index"] for entry in answer["rejected"]}
        with self.lock:
            self.last_acknowledged = time.monotonic()
            if failed_since:
                self.outage = max(self.outage, self.last_acknowledged - failed_since)
            if rejected or answer["accepted"] < len(item.objects):
                self.unexpected.append(f"{item.path}: {len(item.objects)} sent: {json.dumps(answer)[:300]}")
            for i, sent in enumerate(item.objects):
                if i in rejected:
                    continue
                if item.path == "/v1/predictions":
                    self.records.add(sent["id"])
                else:
                    self.labels.setdefault(sent["id"], {})[sent["ts"]] = sent["label"]


class Connection:
    """One keep-alive connection, made anew when it broke or the service has another port."""

    def __init__(self, port):
        self.port, self.made, self.http = port, None, None

    def _open(self):
        port = self.port()
        if port is None:
            raise OSError("the service is not there")
        if self.http is None or self.made != port:
            self.close()
            self.made, self.http = port, http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        if self.http.sock is None:
            self.http.connect()
        return self.http

    def close(self):
        if self.http:
            self.http.close()
        self.http = None

    def post(self, item):
        """Status, seconds to wait before the next attempt, body."""
        connection = self._open()
        connection.request("POST", item.path, item.body, item.headers)
        answer = connection.getresponse()
        return answer.status, float(answer.getheader("Retry-After") or 0.5), answer.read()

    def _raw(self, item, body):
        """Announces the whole body, sends this, and resets the connection, or just closes it."""
        try:
            connection = self._open()
            head = "".join(f"{name}: {value}\r\n" for name, value in {**item.headers, "Content-Length": len(item.body)}.items())
            connection.sock.sendall(f"POST {item.path} HTTP/1.1\r\nHost: fault\r\n{head}\r\n".encode() + body)
            time.sleep(random.random() * 0.03)
            if random.random() < 0.7:
                connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        self.close()

    def cut(self, item):
        self._raw(item, item.body[:item.half])

    def leave(self, item):
        self._raw(item, item.body)
