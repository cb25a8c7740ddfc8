#!/usr/bin/env python3
"""Evenkeel beside what a user would pick instead, in one run on one machine.

    make bench               builds a release, a virtual environment with the peers, and runs this
    make bench ONLY=drift    one family: kernels, drift, audit, scores, detectors, ingest, coverage, exposition, alarms

Prints a table: ours, theirs, the ratio, what the ratio should at least be, and whether it is; writes a line of JSON for each claim to
Benchmarks/results.jsonl. Nothing here is a test: a busy machine changes every figure, the ratios less so. Ours and the peer run in turn.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile

# Arrays in memory are compared on one thread each. Child processes, which the file commands are compared with, may use what they like.
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")
for name in THREADS:
    os.environ[name] = "1"

import alarms
import audit
import candidates
import claims
import coverage
import detectors
import drift
import exposition
import ingest
import kernels
import scores

for name in THREADS:
    del os.environ[name]

FAMILIES = {"kernels": kernels, "drift": drift, "audit": audit, "scores": scores, "detectors": detectors, "ingest": ingest, "candidates": candidates,
            "coverage": coverage, "exposition": exposition, "alarms": alarms}
HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path(".build/release"), help="where our programs are")
    parser.add_argument("--only", choices=FAMILIES, help="one family")
    parser.add_argument("--values", type=int, default=10_000_000, help="of the kernels")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the files")
    parser.add_argument("--peer-rows", type=int, default=200_000, help="of Evidently and Fairlearn, whose time is scaled up")
    parser.add_argument("--runs", type=int, default=1000, help="of each simulation")
    options = parser.parse_args()
    commit = subprocess.run(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    found = claims.Claims(commit)
    for name, family in FAMILIES.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                family.run(found, options, pathlib.Path(folder))
    found.show()
    found.write(HERE / "results.jsonl")


if __name__ == "__main__":
    main()
