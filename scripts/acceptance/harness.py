"""What every section of the acceptance run needs: the table of checks, the running service, an HTTP client and psql."""

import gzip
import http.client
import json
import math
import os
import pathlib
import signal
import subprocess
import threading
import time


class Checks:
    """The table. A check compares our value with a reference; nothing here is loosened by the caller after the fact."""

    def __init__(self):
        self.rows = []
        self.figures = []
        self.section = ""

    def begin(self, section):
        self.section = section
        print(f"-- {section}", flush=True)

    def _add(self, name, ours, reference, difference, allowed, passed):
        self.rows.append((self.section, name, ours, reference, difference, allowed, passed))
        if not passed:
            print(f"   FAIL {name}: ours {ours}, reference {reference}, difference {difference}, allowed {allowed}", flush=True)
        return passed

    def near(self, name, ours, reference, allowed, relative=False):
        """|ours − reference| ≤ allowed, or with `relative` ≤ allowed · |reference|. Undefined only equals undefined."""
        ours, reference = number(ours), number(reference)
        if math.isnan(ours) or math.isnan(reference):
            passed, difference = math.isnan(ours) and math.isnan(reference), "-"
        elif ours == reference:  # infinities too
            passed, difference = True, 0.0
        else:
            difference = abs(ours - reference) / (abs(reference) if relative and reference else 1)
            passed = difference <= allowed
        unit = "rel " if relative else ""
        return self._add(name, show(ours), show(reference), show(difference), f"{unit}{allowed:g}", passed)

    def inside(self, name, x, lower, upper, slack=1e-12):
        """lower ≤ x ≤ upper; the width is shown as the difference. `slack` is for the rounding of the reference's own floats."""
        lower, upper = number(lower), number(upper)
        passed = lower - slack <= x <= upper + slack
        return self._add(name, f"[{show(lower)}, {show(upper)}]", show(x), f"width {upper - lower:.3g}", "inside", passed)

    def equal(self, name, ours, reference):
        return self._add(name, brief(ours), brief(reference), "-" if ours == reference else "differs", "equal", ours == reference)

    def true(self, name, passed, ours="", wanted="true"):
        return self._add(name, brief(ours if ours != "" else bool(passed)), brief(wanted), "-", "holds", bool(passed))

    def worst(self, name, pairs, allowed, relative=False):
        """One row for many pairs (what, ours, reference): the one that differs most."""
        def gap(pair):
            _, a, b = pair
            a, b = number(a), number(b)
            if math.isnan(a) or math.isnan(b):
                return 0.0 if math.isnan(a) and math.isnan(b) else math.inf
            if a == b:
                return 0.0
            return abs(a - b) / (abs(b) if relative and b else 1)

        if not pairs:
            return self._add(name, "nothing to compare", "at least one", "-", "holds", False)
        what, ours, reference = max(pairs, key=gap)
        return self.near(f"{name}, the farthest of {len(pairs)}: {what}", ours, reference, allowed, relative)

    def figure(self, name, value):
        self.figures.append((name, value))
        print(f"   {name}: {value}", flush=True)

    def report(self):
        header = ("check", "ours", "reference", "difference", "allowed", "")
        table, section = [header], None
        for row in self.rows:
            if row[0] != section:
                section = row[0]
                table.append((f"[{section}]", "", "", "", "", ""))
            table.append(tuple(str(cell) for cell in row[1:6]) + ("pass" if row[6] else "FAIL",))
        widths = [max(len(row[i]) for row in table) for i in range(6)]
        for row in table:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        print("\nfigures")
        for name, value in self.figures:
            print(f"  {name}: {value}")
        failed = sum(not row[6] for row in self.rows)
        if failed:
            print("\nfailed")
            for row in self.rows:
                if not row[6]:
                    print(f"  [{row[0]}] {row[1]}: ours {row[2]}, reference {row[3]}, difference {row[4]}, allowed {row[5]}")
        return len(self.rows) - failed, failed


def number(x):
    """A JSON number of ours: null is undefined, infinities are strings."""
    if x is None:
        return math.nan
    return float({"Infinity": "inf", "-Infinity": "-inf"}.get(x, x) if isinstance(x, str) else x)


def show(x):
    if isinstance(x, str):
        return x
    if math.isnan(x):
        return "undefined"
    return repr(int(x)) if x == int(x if math.isfinite(x) else 0) and abs(x) < 1e15 else f"{x:.15g}" if abs(x) > 1e-9 else f"{x:.3g}"


def brief(x):
    text = " ".join((x if isinstance(x, str) else json.dumps(x, default=str, ensure_ascii=False)).split())
    return text if len(text) <= 72 else text[:69] + "..."


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One keep-alive connection."""

    def __init__(self, port, timeout=60):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)

    def ask(self, method, path, body=None, headers=None, chunked=False):
        self.connection.request(method, path, body=body, headers=headers or {}, encode_chunked=chunked)
        response = self.connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def get(self, path, **headers):
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def close(self):
        self.connection.close()


class Batch:
    """One request of a replay."""

    def __init__(self, path, records, lines, key):
        self.path, self.count, self.key = path, len(records), key
        self.headers = {"Content-Type": "application/x-ndjson" if lines else "application/json"}
        if key:
            self.headers["Idempotency-Key"] = key
        if lines:
            text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        else:
            text = json.dumps(records[0] if len(records) == 1 else records, ensure_ascii=False)
        self.body = text.encode()

    def post(self, client):
        return client.ask("POST", self.path, self.body, self.headers)


class Service:
    """`evenkeel serve` over an embedded database in `folder`."""

    def __init__(self, binary, folder, config=None):
        self.binary, self.folder, self.config = str(binary), pathlib.Path(folder), config
        self.process = self.port = self.ready_seconds = None
        self.log = []

    @property
    def state(self):
        return "runs" if self.is_alive else f"ended with {self.process.returncode}"

    def start(self, timeout=120):
        arguments = ["serve", "--embedded", "--data", str(self.folder), "--port", "0"]
        if self.config:
            arguments += ["--config", str(self.config)]
        started = time.monotonic()
        self.port = None
        ready = threading.Event()
        self.process = subprocess.Popen(
            [self.binary, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            start_new_session=True)

        def read(stream):
            for line in stream:
                self.log.append(line.rstrip("\n"))
                if "ready on" in line and self.port is None:
                    self.ready_seconds = time.monotonic() - started
                    self.port = int(line.rsplit(":", 1)[1])
                    ready.set()
            ready.set()  # it ended

        threading.Thread(target=read, args=(self.process.stderr,), daemon=True).start()
        if not ready.wait(timeout) or self.port is None:
            raise RuntimeError(f"the service did not become ready in {timeout} s: {self.log[-5:]}")
        return self

    def client(self, timeout=60):
        return Client(self.port, timeout)

    def kill(self):
        """kill -9 of the service alone; its database keeps running."""
        self.process.kill()
        self.process.wait()

    def terminate(self, timeout=60):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout)

    @property
    def is_alive(self):
        return self.process is not None and self.process.poll() is None

    @property
    def postmaster(self):
        """The pid of the database server of this very folder, or None."""
        try:
            pid = int((self.folder / "data/postmaster.pid").read_text().split("\n")[0])
            return pid if os.readlink(f"/proc/{pid}/cwd") == str(self.folder / "data") else None
        except (OSError, ValueError):
            return None

    def processes(self):
        """Processes that work inside the folder."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    if os.readlink(f"/proc/{entry}/cwd").startswith(str(self.folder)):
                        found.append(int(entry))
                except OSError:
                    pass
        return found

    def clean_up(self):
        """Ends whatever is left of it, each by its own pid."""
        if self.is_alive:
            try:
                self.terminate(30)
            except subprocess.TimeoutExpired:
                self.kill()
        for sign in (signal.SIGINT, signal.SIGKILL):
            left = [self.postmaster] if sign == signal.SIGINT and self.postmaster else self.processes()
            for pid in left:
                try:
                    os.kill(pid, sign)
                except ProcessLookupError:
                    pass
            limit = time.monotonic() + 20
            while self.processes() and time.monotonic() < limit:
                time.sleep(0.05)
            if not self.processes():
                return

    def command(self, *arguments, check=True, timeout=300):
        """Another command of the binary, beside the running service."""
        done = subprocess.run(
            [self.binary, *arguments, "--embedded", "--data", str(self.folder)], capture_output=True, text=True, timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"evenkeel {' '.join(arguments[:2])} ended with {done.returncode}: {done.stderr[-500:]}")
        return done

    def evaluate(self, model, version, start, end):
        """The custom evaluation, as `evenkeel evaluate` prints it."""
        done = self.command(
            "evaluate", "--model", model, "--version", version, "--from", start, "--to", end, "--format", "json")
        return json.loads(done.stdout)["evaluations"][0]

    def sql(self, text):
        """Rows of a query, as lists of strings."""
        done = subprocess.run(
            ["psql", "-h", str(self.folder / "sock"), "-U", "evenkeel", "-d", "evenkeel", "-X", "-q", "-A", "-t", "-F", "\t",
             "-v", "ON_ERROR_STOP=1", "-c", text], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()[:500]}")
        return [line.split("\t") for line in done.stdout.splitlines()]


def post_all(client, batches, retry_seconds=30):
    """Sends every batch in order; 503 is answered by sending again. Returns the answers."""
    answers = []
    for batch in batches:
        limit = time.monotonic() + retry_seconds
        while True:
            answer = batch.post(client)
            if answer.status != 503 or time.monotonic() > limit:
                break
            time.sleep(0.2)
        if answer.status != 202:
            raise RuntimeError(f"POST {batch.path} ({batch.count} records): {answer.status} {answer.text[:300]}")
        answers.append(answer)
    return answers


def compressed(body):
    return gzip.compress(body)
