"""A scrape of 100,000 series: ours, Python's prometheus_client and Go's client_golang, each from its own registry of the same gauges."""
import pathlib
import shutil
import subprocess

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from claims import alternate, figures, seconds

SERIES = 100_000
# Debian's golang-go and golang-github-prometheus-client-golang-dev.
GO_SOURCES = pathlib.Path("/usr/share/gocode")


def same_gauges(text):
    """A registry with the series of the text."""
    registry = CollectorRegistry()
    for family in text_string_to_metric_families(text):
        names = list(family.samples[0].labels)
        gauge = Gauge(family.name, family.documentation, names, registry=registry)
        for sample in family.samples:
            gauge.labels(**sample.labels).set(sample.value)
    return registry


def go_program(folder):
    """Its path, or None where Go or the library is not installed."""
    if not shutil.which("go") or not (GO_SOURCES / "src/github.com/prometheus/client_golang").exists():
        return None
    program = folder / "scrape"
    source = pathlib.Path(__file__).parent / "peers" / "exposition.go"
    subprocess.run(["go", "build", "-o", program, source], check=True,
                   env={"PATH": "/usr/bin:/bin", "GO111MODULE": "off", "GOPATH": str(GO_SOURCES), "GOFLAGS": "", "HOME": str(folder),
                        "GOCACHE": str(folder / "cache")})
    return program


def run(claims, options, folder):
    bench = options.build / "exposition-benchmarks"
    text = subprocess.run([bench, str(SERIES), "--text"], capture_output=True, text=True, check=True).stdout
    (folder / "metrics.txt").write_text(text)
    registry = same_gauges(text)
    series = [line for line in text.splitlines() if not line.startswith("#")]
    assert len(series) == SERIES and generate_latest(registry).count(b"credit-") == SERIES

    def ours():
        return figures([bench, SERIES])["scrape_ms"] / 1e3

    us, them = alternate(ours, lambda: seconds(lambda: generate_latest(registry), 2), 2)
    work = f"a scrape of {SERIES:,} series"
    claims.add("metrics_scrape", work, us, "prometheus_client", them, 10, "ms")
    program = go_program(folder)
    if program is None:
        print("skipped: go or its Prometheus client is not installed (golang-go golang-github-prometheus-client-golang-dev)")
        return
    us, them = alternate(ours, lambda: figures([program, folder / "metrics.txt"])["scrape_ms"] / 1e3, 3)
    claims.add("metrics_scrape_go", work, us, "Go client_golang", them, 1, "ms")
