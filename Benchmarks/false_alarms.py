#!/usr/bin/env python3
"""How often a threshold alarms where nothing drifted: files of normal columns against others of the same law, through `evenkeel drift`.

    python3 Benchmarks/false_alarms.py --binary .build/release/evenkeel [--seed 1] [--files 200]

Needs numpy. Prints a table in Markdown: shares of columns, and of files with at least one alarm among 10 or 100 columns.
"""
import argparse, json, subprocess, sys, tempfile
from pathlib import Path

import numpy

COLUMNS, BLOCK = 100, 10
NAMES = [f"c{i}" for i in range(COLUMNS)]
RULES = {
    "PSI > 0.1": lambda t: t["psi"]["statistic"] > 0.1,
    "PSI > 0.2": lambda t: t["psi"]["statistic"] > 0.2,
    "KS p < 0.05, uncorrected": lambda t: t["ks"]["p_value"] < 0.05,
    "Jensen-Shannon distance > 0.1": lambda t: t["jensen_shannon"]["statistic"] > 0.1,
    "Wasserstein / sd > 0.1": lambda t: t["wasserstein"]["normalized"] > 0.1,
}
OURS = "evenkeel's verdict `drifted`"


def write(path, random, rows):
    values = (random.standard_normal((rows, COLUMNS)) * 1e5).round().astype(int).tolist()
    path.write_text(",".join(NAMES) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in values))


def drift(binary, reference, current, columns):
    command = [binary, "drift", str(reference), str(current), "--format", "json", "--columns", ",".join(columns)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return json.loads(done.stdout)["columns"]


def measure(binary, rows, files, seed):
    random = numpy.random.default_rng([seed, rows])
    alarms = {rule: [] for rule in RULES} | {OURS: []}
    blocks = []
    with tempfile.TemporaryDirectory() as folder:
        reference, current = Path(folder, "reference.csv"), Path(folder, "current.csv")
        for _ in range(files):
            write(reference, random, rows)
            write(current, random, rows)
            found = drift(binary, reference, current, NAMES)
            assert len(found) == COLUMNS, "a column was left out"
            for rule, alarm in RULES.items():
                alarms[rule].append([alarm(column["tests"]) for column in found])
            alarms[OURS].append([column["verdict"] == "drifted" for column in found])
            # The correction is over the columns of a run, so ten columns are a run of their own.
            ten = drift(binary, reference, current, NAMES[:BLOCK])
            blocks.append(any(column["verdict"] == "drifted" for column in ten))
    out = {}
    for rule, flags in alarms.items():
        flags = numpy.array(flags)
        of_ten = numpy.mean(blocks) if rule == OURS else flags.reshape(files, -1, BLOCK).any(axis=2).mean()
        out[rule] = (flags.mean(), of_ten, flags.any(axis=1).mean())
    return out


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--binary", default=".build/release/evenkeel")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--files", type=int, default=200, help="pairs of files at 100 and 1,000 rows; a fifth of it at 10,000")
    options = options.parse_args()
    sizes = {100: options.files, 1000: options.files, 10_000: max(1, options.files // 5)}
    results = {rows: measure(options.binary, rows, files, options.seed) for rows, files in sizes.items()}
    print("| rule | " + " | ".join(f"n = {rows:,}: a column" + " | of 10 | of 100" for rows in sizes) + " |")
    print("|---" * (1 + 3 * len(sizes)) + "|")
    for rule in [*RULES, OURS]:
        cells = [f"{share * 100:.1f} %" for rows in sizes for share in results[rows][rule]]
        print(f"| {rule} | " + " | ".join(cells) + " |")
    print(f"\nseed {options.seed}; " + ", ".join(f"{files} pairs at n = {rows:,}" for rows, files in sizes.items()))


if __name__ == "__main__":
    main()
