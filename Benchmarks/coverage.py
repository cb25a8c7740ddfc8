"""What 95 % intervals cover, and how often tests reject without drift, by simulation."""
import subprocess


def run(claims, options, folder):
    out = subprocess.run([options.build / "statistics-benchmarks", "coverage", str(options.runs)], capture_output=True, text=True, check=True).stdout
    for line in out.splitlines():
        what, n, rate, least, most = line.split()
        claims.prove(what.replace("_", " "), int(n), float(rate), float(least), float(most))
