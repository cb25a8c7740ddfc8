"""A real Prometheus scrapes the service, and promtool reads `/metrics`."""

import json
import pathlib
import re
import socket
import subprocess
import time
import urllib.parse
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"')


def samples(text):
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, labels, value = SAMPLE.match(line).groups()
            found[name, frozenset(LABEL.findall(labels or ""))] = float(value)
    return found


def promtool(body):
    """Its exit code and what it says, line by line."""
    done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True)
    return done.returncode, (done.stdout + done.stderr).decode().split("\n")[:-1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Prometheus:
    def __init__(self, folder, target):
        self.folder, self.port, self.process = pathlib.Path(folder), free_port(), None
        self.folder.mkdir()
        (self.folder / "prometheus.yml").write_text(
            "global:\n  scrape_interval: 1s\nscrape_configs:\n  - job_name: evenkeel\n    static_configs:\n"
            f"      - targets: ['127.0.0.1:{target}']\n")

    def __enter__(self):
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=self.log, stderr=self.log)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def ask(self, path, **query):
        url = f"http://127.0.0.1:{self.port}{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return {frozenset(kv for kv in r["metric"].items() if kv[0] not in ("instance", "job", "__name__")): float(r["value"][1])
                for r in self.ask("/api/v1/query", query=expression)["result"]}

    def wait_up(self, seconds=30):
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            try:
                if self.query("up").get(frozenset()) == 1:
                    return True
            except OSError:
                pass
            time.sleep(0.3)
        return False


def check_scrape(checks, service, folder, counts):
    """`counts`: how many predictions each (model, version) has taken since the service started."""
    client = service.client()
    plain, accept = client.get("/metrics"), "application/openmetrics-text; version=1.0.0"
    opened = client.get("/metrics", Accept=accept)
    checks.equal("content types", [plain.headers["Content-Type"], opened.headers["Content-Type"]], [
        "text/plain; version=0.0.4; charset=utf-8", "application/openmetrics-text; version=1.0.0; charset=utf-8"])
    code, said = promtool(plain.body)
    checks.true("promtool check metrics, text 0.0.4", code == 0 and not said, f"exit {code} {' '.join(said)}", "exit 0, nothing said")
    # promtool 2.42 reads every input as text 0.0.4. OpenMetrics wants a counter's family named without `_total`, so promtool takes the
    # samples of each counter for a family that nobody described; nothing else may it find. Whether the text is good OpenMetrics is said
    # by the parser of Prometheus' own Python client, which is strict, and below by Prometheus itself, which asks for OpenMetrics.
    code, said = promtool(opened.body)
    counters = set(re.findall(r"^# TYPE (\S+) counter$", opened.text, re.M))
    unexpected = [line for line in said if line not in {f"{name}_total no help text" for name in counters}]
    checks.equal("promtool check metrics, OpenMetrics 1.0: remarks beyond its lack of OpenMetrics counters", unexpected, [])
    try:
        families = list(text_string_to_metric_families(opened.text))
        parsed = sum(len(family.samples) for family in families)
    except ValueError as error:
        parsed = f"{type(error).__name__}: {error}"
    checks.equal("OpenMetrics 1.0 by the strict parser of prometheus_client: samples", parsed, len(samples(opened.text)))
    ages = "evenkeel_evaluation_age_seconds"  # it moves between two looks
    ours, theirs = ({k: v for k, v in samples(a.text).items() if k[0] != ages} for a in (plain, opened))
    checks.equal("samples that differ between the two formats", sorted(map(str, set(ours.items()) ^ set(theirs.items())))[:3], [])

    with Prometheus(folder / "prometheus", service.port) as prometheus:
        checks.true("up", prometheus.wait_up(), wanted="1 within 30 s")
        time.sleep(2.5)
        for (model, version), count in counts.items():
            found = prometheus.query(f'evenkeel_predictions_total{{model="{model}",version="{version}"}}')
            checks.equal(f"evenkeel_predictions_total {model}", list(found.values()), [float(count)])
        for name in ("evenkeel_feature_drift", "evenkeel_fairness_disparity", "evenkeel_performance", "evenkeel_verdict"):
            wanted = {labels: value for (sample, labels), value in samples(client.get("/metrics").text).items() if sample == name}
            found = prometheus.query(name)
            checks.true(f"{name}: Prometheus holds what /metrics says", wanted and found == wanted,
                        f"{len(found)} series", f"{len(wanted)} series, equal")
        target = prometheus.ask("/api/v1/targets")["activeTargets"][0]
        checks.equal("last scrape error", [target["health"], target["lastError"]], ["up", ""])
        checks.figure("samples a scrape", int(sum(prometheus.query("scrape_samples_scraped").values())))
        checks.figure("scrape duration", f"{sum(prometheus.query('scrape_duration_seconds').values()) * 1000:.0f} ms")
