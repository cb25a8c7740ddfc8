"""How often alarms are false, how late they are, and what the evaluation of windows costs, beside the rules of others, by simulation."""
import subprocess
import sys


def run(claims, options, folder):
    argv = [options.build / "alarm-benchmarks", "all", *(["--quick"] if options.runs < 1000 else [])]
    out = subprocess.run(argv, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in out.splitlines():
        if not line.startswith("claim "):
            print(line)
            continue
        what, n, rate, least, most = line.split()[1:]
        claims.prove(what.replace("_", " "), int(n), float(rate), float(least), float(most))
    sys.stdout.flush()
