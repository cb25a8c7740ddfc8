#!/usr/bin/env python3
"""Whether the panels of dashboards/*.json have something to show: their queries against a real Prometheus that scrapes a real demo.

    scripts/acceptance/dashboards.py                       # .build/debug/evenkeel demo, a Prometheus of its own; some 90 s
    scripts/acceptance/dashboards.py --binary evenkeel --seconds 300 --keep FOLDER
    scripts/acceptance/dashboards.py --prometheus http://localhost:9090     # your own Prometheus, without the demo

A query is well when it has returned data at least once and every metric that it names has series: `or vector(0)` alone is no data. What can
stay empty in a short run is named below with its reason. It prints each panel without data and why it may lack it, then one line; it
ends with 1 if there is any. Python's standard library only; prometheus must be in the PATH.
"""

import argparse
import json
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent

# Metrics that the demo has no reason to bring: their panels show 0, or the other metrics that they name.
NOT_IN_THE_DEMO = {
    "evenkeel_ingest_spool_records_total": "the database is never away, so nothing is spooled",
    "evenkeel_cloudevents_total": "no inference service sends events",
}
# Panels that can be empty in a short run, by dashboard and title.
MAY_BE_EMPTY = {}

# What Grafana puts in by itself.
BUILT_IN = {"__rate_interval": "1m", "__interval": "15s", "__range": "1h"}


def get(url, **query):
    """The answer of an address as JSON, also when it is an error's."""
    try:
        with urllib.request.urlopen(f"{url}?{urllib.parse.urlencode(query, doseq=True)}" if query else url, timeout=20) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def panels(part):
    for panel in part.get("panels", []):
        yield panel
        yield from panels(panel)


def filled(text, values):
    """A query with its variables put in, as Grafana does: several values as alternatives of a regular expression."""
    for name, value in {**BUILT_IN, **values}.items():
        text = re.sub(r"\$\{%s(:\w+)?\}|\$%s\b|\[\[%s\]\]" % ((re.escape(name),) * 3), lambda _: value, text)
    left = re.search(r"\$\{?\w+", text)
    if left:
        raise ValueError(f"{left[0]} is no variable of the dashboard")
    return text


def choices(board, prometheus):
    """Values of the variables: of a query all that Prometheus knows. Those without one are said too."""
    values, missing = {}, []
    for variable in board["templating"]["list"]:
        name = variable["name"]
        if variable["type"] == "query":
            source = variable["query"]["query"]
            parts = re.fullmatch(r"label_values\((.+), *(\w+)\)", source)
            if not parts:
                raise ValueError(f"the variable {name} asks for {source!r}, expected label_values(series, label)")
            found = get(f"{prometheus}/api/v1/label/{parts[2]}/values", **{"match[]": filled(parts[1], values)}).get("data") or []
            if not found:
                missing.append((name, filled(parts[1], values)))
            # Of one that takes a single value the first is chosen, as when the page is opened.
            # Escaped twice: for the regular expression, and for the string that it stands in.
            values[name] = "|".join(re.escape(v).replace("\\", "\\\\") for v in (found if variable["multi"] else found[:1])) or "none"
        elif variable["type"] == "custom":
            values[name] = variable["current"]["value"]
    return values, missing


class Question:
    """One query of one panel."""

    def __init__(self, board, panel, expression):
        self.board, self.title, self.expression = board, panel["title"], expression
        self.names = sorted(set(re.findall(r"\bevenkeel_\w+", expression)))
        self.answered, self.error, self.asked = False, None, expression

    def ask(self, prometheus, values):
        try:
            self.asked = filled(self.expression, values)
        except ValueError as error:
            self.error = str(error)
            return
        if self.answered:
            return
        answer = get(f"{prometheus}/api/v1/query", query=self.asked)
        self.error = None if answer["status"] == "success" else answer["error"]
        self.answered = self.answered or bool(answer["status"] == "success" and answer["data"]["result"])

    def reasons(self, prometheus, known):
        """Why it lacks data, as far as Prometheus can say; nothing when it is well."""
        if self.error:
            return [f"Prometheus refuses it: {self.error}"]
        absent = [name for name in self.names if re.sub("_(bucket|count|sum)$", "", name) not in known]
        out = [f"there is no series of {name} at all" for name in absent if name not in NOT_IN_THE_DEMO]
        if self.answered:
            return out
        for selector in sorted(set(re.findall(r"(?:evenkeel|scrape)_\w+\{[^{}]*\}", self.asked))):
            if selector.split("{")[0] in absent:
                continue
            if not get(f"{prometheus}/api/v1/query", query=f"count(last_over_time({selector}[1h]))")["data"]["result"]:
                out.append(f"no series fits {selector}")
        return out or ["its series are there; what is computed of them is not"]


def known_metrics(prometheus):
    names = get(f"{prometheus}/api/v1/label/__name__/values").get("data") or []
    return {re.sub("_(bucket|count|sum)$", "", name) for name in names} | set(names)


def check(prometheus, seconds, step=lambda: None):
    """Asks again until every query is well or the time is over."""
    boards = {path.stem: json.loads(path.read_text()) for path in sorted((ROOT / "dashboards").glob("*.json"))}
    questions = [Question(name, panel, target["expr"])
                 for name, board in boards.items() for panel in panels(board) for target in panel.get("targets", [])]
    limit = time.monotonic() + seconds
    while True:
        step()
        missing = []
        for name, board in boards.items():
            values, without = choices(board, prometheus)
            missing += [(name, *one) for one in without]
            for question in questions:
                if question.board == name:
                    question.ask(prometheus, values)
        known = known_metrics(prometheus)
        lacking = [q for q in questions if (q.board, q.title) not in MAY_BE_EMPTY and q.reasons(prometheus, known)]
        if not (missing or lacking) or time.monotonic() > limit:
            break
        time.sleep(5)
    for board, name, source in missing:
        print(f"{board}: the variable {name} has no value: no series fits {source}")
    for question in lacking:
        print(f"{question.board}: {question.title}: no data\n    {question.asked}")
        for reason in question.reasons(prometheus, known):
            print(f"    {reason}")
    for (board, title), reason in sorted(MAY_BE_EMPTY.items()):
        if any(q.board == board and q.title == title and not q.answered for q in questions):
            print(f"{board}: {title}: empty, as it may be: {reason}")
    for name in sorted({name for q in questions for name in q.names if name not in known and name in NOT_IN_THE_DEMO}):
        print(f"{name}: no series, as it may be: {NOT_IN_THE_DEMO[name]}")
    bad = len(missing) + len(lacking)
    print(f"{'FAIL' if bad else 'ok'}: {len(boards)} dashboards, {len(questions)} queries, "
          f"{len(questions) - len(lacking)} with data, {len(missing)} variables without values")
    return bad


class Rollout:
    """Begins a rollout of the demo's candidate as soon as it is there, so that there is an advised weight to show. It is forced, since
    there is no verdict yet, and ends when the verdict names the group that loses."""

    def __init__(self, base):
        self.base, self.begun = base, False

    def __call__(self):
        if self.begun or not get(f"{self.base}/v1/models/loan/shadow").get("candidates"):
            return
        change = {"action": "promote", "version": "2", "gradual": True, "force": True, "by": "dashboards.py"}
        request = urllib.request.Request(
            f"{self.base}/v1/models/loan/rollout", json.dumps(change).encode(), {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20):
            self.begun = True


def end(process, sign=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(sign)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def with_demo(binary, seconds, folder):
    """The demo, a Prometheus that scrapes it every other second, and the check."""
    if not shutil.which("prometheus"):
        sys.exit("there is no prometheus in the PATH: scripts/setup.sh tests installs it")
    port, own = free_port(), free_port()
    base, prometheus = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{own}"
    (folder / "prometheus.yml").write_text(
        "global: {scrape_interval: 2s}\nscrape_configs:\n  - job_name: evenkeel\n    static_configs:\n"
        f"      - targets: ['127.0.0.1:{port}']\n")
    with open(folder / "demo.log", "w") as said, open(folder / "prometheus.log", "w") as log:
        demo = subprocess.Popen(
            [binary, "demo", "--port", str(port), "--exit-after", str(seconds + 60), "--data", str(folder / "demo")],
            stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        scraper = subprocess.Popen(
            ["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
             f"--web.listen-address=127.0.0.1:{own}"], stdout=log, stderr=log)
        try:
            limit = time.monotonic() + 60
            while True:
                if demo.poll() is not None or time.monotonic() > limit:
                    print((folder / "demo.log").read_text()[-2000:])
                    sys.exit("the demo did not start")
                try:
                    if get(f"{prometheus}/api/v1/query", query="evenkeel_build_info")["data"]["result"]:
                        break
                except OSError:
                    pass
                time.sleep(1)
            return check(prometheus, seconds, Rollout(base))
        finally:
            end(scraper)
            end(demo, signal.SIGINT)


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--binary", default=str(ROOT / ".build/debug/evenkeel"))
    options.add_argument("--seconds", type=int, default=240, help="how long panels may take to have data")
    options.add_argument("--keep", metavar="FOLDER", help="keep logs and data there")
    options.add_argument("--prometheus", metavar="URL", help="ask this Prometheus, once, instead of a demo's")
    given = options.parse_args()
    if given.prometheus:
        sys.exit(bool(check(given.prometheus.rstrip("/"), 0)))
    if given.keep:
        folder = pathlib.Path(given.keep)
        folder.mkdir(parents=True)
        sys.exit(bool(with_demo(given.binary, given.seconds, folder)))
    with tempfile.TemporaryDirectory(prefix="evenkeel-dashboards-") as folder:
        # For root the database runs as another user, who has to come in.
        pathlib.Path(folder).chmod(0o755)
        sys.exit(bool(with_demo(given.binary, given.seconds, pathlib.Path(folder))))


if __name__ == "__main__":
    main()
