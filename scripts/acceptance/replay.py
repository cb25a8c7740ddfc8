#!/usr/bin/env python3
"""Acceptance of the main job on real input: runs the service, sends real data over HTTP, compares with independent tools.

    python3 -m venv /tmp/accept-venv && /tmp/accept-venv/bin/pip install -r scripts/acceptance/requirements.txt
    /tmp/accept-venv/bin/python scripts/acceptance/replay.py --binary .build/debug/evenkeel --shared ../shared

Needs what the service needs (a PostgreSQL server), `psql`, and Debian's `prometheus` package (prometheus, promtool). As root or as an
ordinary user; it takes a few minutes. Sections, each in data folders of its own under a temporary folder that is removed in the end:

    main      car loans, COMPAS and a model with unseen levels, replayed over HTTP and compared with NumPy, SciPy, scikit-learn and
              Fairlearn; windows that the service evaluates on its own; Prometheus and promtool; restart; bad input
    crash     kill -9 of the service in the middle of the replay, everything sent again: once with the same Idempotency-Keys, once
              without keys in other batches; rows and sums must be those of the uninterrupted run
    database  kill -9 of the embedded PostgreSQL in the middle: 503 with Retry-After, then all goes on

    --only main,database    only these          --keep    leave the temporary folder          --minutes 15    give up after that

Prints a table of every check (ours, the reference, the difference, what is allowed), the measured figures, and as the last line
`acceptance: P passed, F failed`. Exit code 0 only if nothing failed.

Tolerances: PSI, Jensen-Shannon, shares and fairness 1e-12 (chi-squared 1e-12 relative); AUC, Brier, log loss, accuracy and ECE 1e-9;
p-values 1e-9 relative; SciPy's KS distance must lie inside [lower, upper] and equal the value where these are equal.
Fairlearn takes a rate of 0/0 for 0, we leave such a group out; `expected.Fairness` says how the two are compared. promtool reads only
the text format, so the OpenMetrics text is judged by prometheus_client's strict parser and by Prometheus itself (scrape.py).

The files: harness.py (checks, service, HTTP, psql), models.py (what is sent and what must be found), expected.py (the reference values),
faults.py (kill -9), scrape.py (Prometheus), bad_input.py.
"""

import argparse
import datetime
import pathlib
import shutil
import signal
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True  # no __pycache__ in the repository

import faults
import models
import scrape
from bad_input import BadInput
from harness import Checks, Service, post_all
from models import EARLY_LABELS, by_key

# Evaluates at once what a replay brings, instead of after a minute; a round each second.
CONFIG = "evaluate_every_seconds: 1\nmonitors:\n  delay_seconds: 0\n  quiet_seconds: 3\n"
# The fault runs look at custom windows only.
QUIET_CONFIG = "evaluate_every_seconds: 5\nmonitors:\n  delay_seconds: 0\n  quiet_seconds: 3\n"
WINDOWS_WAIT_SECONDS = 300


class Run:
    def __init__(self, options, folder):
        self.checks, self.folder, self.binary, self.shared = Checks(), folder, options.binary, options.shared
        self.services = []
        self.car_loan = models.car_loan(self.shared)
        self.uninterrupted = None
        self.fresh_starts = []

    def service(self, name, config=CONFIG):
        file = self.folder / f"{name}.yaml"
        file.write_text(config)
        service = Service(self.binary, self.folder / name, file)
        self.services.append(service)
        service.start()
        self.fresh_starts.append(service.ready_seconds)
        return service

    def replay(self, service, model, batches):
        """Sends a part of a replay. Returns the answers; the speed is a figure."""
        started = time.monotonic()
        answers = post_all(service.client(), batches)
        seconds = time.monotonic() - started
        records = sum(batch.count for batch in batches)
        kind = batches[0].path.rsplit("/", 1)[1]
        self.checks.figure(
            f"{model.name}: {records} {kind} in {len(batches)} requests on one connection",
            f"{seconds:.2f} s, {records / seconds:.0f} a second")
        return answers

    # main

    def main(self):
        checks = self.checks
        service = self.service("main")
        self.replay_car_loan(service)
        self.windows(service)
        compas = models.compas(self.shared, self.folder, datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"))
        self.replay_compas(service, compas)
        unseen = models.unseen(self.shared, self.folder)
        self.replay_unseen(service, unseen)
        checks.begin("prometheus")
        self.wait_for_windows(service, "the windows of COMPAS and of unseen levels")
        scrape.check_scrape(checks, service, self.folder, {(m.name, m.version): len(m.current) for m in (self.car_loan, compas, unseen)})
        self.restart(service)
        checks.begin("bad input")
        BadInput(checks, service).run()
        checks.begin("shutdown")
        self.stop(service)

    def replay_car_loan(self, service):
        checks, model = self.checks, self.car_loan
        checks.begin("car loan: ingest")
        model.register(service)
        early = self.replay(service, model, model.labels(0, EARLY_LABELS))
        checks.equal("labels before their predictions: all wait", sum(a.json["waiting"] for a in early), EARLY_LABELS)
        sent = self.replay(service, model, model.predictions())
        checks.equal("predictions accepted, rejected, duplicates", [
            sum(a.json["accepted"] for a in sent), sum(len(a.json["rejected"]) for a in sent), sum(a.json["duplicates"] for a in sent)],
            [len(model.current), 0, 0])
        late = self.replay(service, model, model.labels(EARLY_LABELS, len(model.events)))
        answers = early + late
        checks.equal("labels accepted, rejected", [sum(a.json["accepted"] for a in answers), sum(len(a.json["rejected"]) for a in answers)],
                     [len(model.events), 0])
        known = set(model.current["request_id"])
        joinable = model.events[model.events["request_id"].isin(known)]
        found = faults.census(service, model)
        self.uninterrupted = found
        checks.equal("rows in the table, distinct ids", [found["prediction rows"], found["distinct ids"]], ["10000", "10000"])
        checks.equal("label events joined: every one whose prediction exists", found["label rows"], str(len(joinable)))
        checks.equal("orphans wait", found["waiting labels"], str(len(model.events) - len(joinable)))
        checks.equal("profile rows, labelled", [found["profile rows"], found["profile labelled"]],
                     [str(len(model.current)), str(joinable["request_id"].nunique())])
        self.stored_rows(service, model)

        checks.begin("car loan: evaluation against NumPy, SciPy and scikit-learn")
        evaluation = service.evaluate(model.name, model.version, model.start, model.end)
        findings = by_key(evaluation)
        checks.equal("rows", evaluation["rows"], len(model.current))
        checks.near("label coverage", evaluation["labelled"] / evaluation["rows"], joinable["request_id"].nunique() / len(model.current), 0)
        model.check_drift(checks, findings, model.current)
        model.check_adjusted(checks, findings)
        model.check_outcomes(checks, findings)
        answer = service.client().get(
            f"/v1/models/{model.name}/results?window=custom&limit=10000&from={model.start}&to={model.end}").json["results"]
        newest = max(f["evaluated_at"] for f in answer)
        stored = by_key({"findings": [f for f in answer if f["evaluated_at"] == newest]})
        fields = ["value", "lower", "upper", "p_value", "p_adjusted", "reference_n", "n", "verdict", "why"]
        different = [key for key in set(stored) | set(findings)
                     if key not in stored or key not in findings or any(stored[key][f] != findings[key][f] for f in fields)]
        checks.equal(f"GET results?window=custom: of {len(findings)} findings differ from the command's", different, [])

    def stored_rows(self, service, model):
        """The table is lossless: the analyst's view gives back the file, bit for bit."""
        columns = ", ".join(f'"{name}"' for name in model.features)
        time_text = "to_char(ts at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        text = service.sql(f"select record_id, {time_text}, score, prediction, {columns} "
                           f'from evenkeel."{model.name} {model.version}" order by record_id')
        wanted = model.current.sort_values("request_id")[["request_id", "timestamp", "score", "prediction", *model.features]]
        numeric = {"score", "prediction", *model.numeric}
        different = 0
        for row, truth in zip(text, wanted.to_dict("records")):
            for cell, (name, value) in zip(row, truth.items()):
                if value == "" or cell == "":
                    different += cell != value
                else:
                    different += float(cell) != float(value) if name in numeric else cell != value
        checks_of = f"{len(wanted)} rows × {len(wanted.columns)} columns read back through the view: cells that differ"
        self.checks.equal(checks_of, different if len(text) == len(wanted) else f"{len(text)} rows", 0)

    def wait_for_windows(self, service, what):
        """Until nothing that has ended is marked as changed. Returns the seconds it took."""
        started = time.monotonic()
        while time.monotonic() - started < WINDOWS_WAIT_SECONDS:
            left = int(service.sql("select count(*) from evenkeel.dirty_window where window_end <= now()")[0][0])
            if left == 0:
                self.checks.figure(f"waited for {what}", f"{time.monotonic() - started:.1f} s")
                return True
            time.sleep(0.5)
        self.checks.true(f"{what} are evaluated within {WINDOWS_WAIT_SECONDS} s", False, f"{left} still marked", "0 marked")
        return False

    def windows(self, service):
        checks, model = self.checks, self.car_loan
        checks.begin("car loan: hour and day windows, evaluated by the service")
        self.wait_for_windows(service, "the windows of car loans")
        made, first, last = service.sql(
            "select count(*), extract(epoch from min(evaluated_at)), extract(epoch from max(evaluated_at)) from evenkeel.evaluation"
            " where window_kind <> 'custom'")[0]
        checks.figure("windows evaluated by the service", f"{made} in {float(last) - float(first):.1f} s")
        for kind, seconds in [("hour", 3600), ("day", 86_400)]:
            rows = service.sql(
                "select distinct on (window_start) extract(epoch from window_start)::bigint, rows, labelled from evenkeel.evaluation"
                f" where window_kind = '{kind}' order by window_start, evaluated_at desc")
            found, wanted = {int(s): (int(r), int(n)) for s, r, n in rows}, model.windows(seconds)
            different = [s for s in set(found) | set(wanted) if found.get(s) != wanted.get(s)]
            checks.equal(f"{kind} windows whose rows or labels differ from the file, of {len(wanted)}", len(different), 0)
        # Until the end of March 2019 SciPy's monthly KS tests do not tell the rows from the reference: drift called there is a false alarm.
        for kind, size in [("hour", "1 or 2"), ("day", "about 33")]:
            called = service.sql(
                "select monitor, statistic, count(*) filter (where verdict in ('drifted', 'unfair')), count(*) from evenkeel.result"
                f" where window_kind = '{kind}' and window_end < '2019-03-30' and verdict is not null group by 1, 2 order by 1, 2")
            said = ", ".join(f"{monitor} {statistic} {bad} of {n}" for monitor, statistic, bad, n in called if bad != "0")
            checks.figure(f"called drifted before anything drifts, {kind} windows ({size} rows)", said or "none")
        day = max(model.windows(86_400).items(), key=lambda item: item[1])[0]
        start = datetime.datetime.fromtimestamp(day, datetime.timezone.utc)
        text, end = start.strftime("%Y-%m-%d"), start + datetime.timedelta(days=1)
        answer = service.client().get(
            f"/v1/models/{model.name}/results?window=day&limit=10000&from={text}T00:00:00Z&to={end:%Y-%m-%dT%H:%M:%SZ}").json["results"]
        newest = max(f["evaluated_at"] for f in answer)
        findings = by_key({"findings": [f for f in answer if f["evaluated_at"] == newest]})
        current = model.current[model.current["timestamp"].str.startswith(text)]
        model.check_drift(checks, findings, current, label=f"day {text}: ")
        model.check_adjusted(checks, findings, label=f"day {text}: ")

    def replay_compas(self, service, model):
        checks = self.checks
        checks.begin("COMPAS: evaluation against Fairlearn and the others")
        model.register(service)
        self.replay(service, model, model.predictions())
        answers = self.replay(service, model, model.labels(0, len(model.events)))
        checks.equal("labels joined", sum(a.json["joined"] for a in answers), len(model.events))
        evaluation = service.evaluate(model.name, model.version, model.start, model.end)
        findings = by_key(evaluation)
        checks.equal("rows, labelled", [evaluation["rows"], evaluation["labelled"]], [len(model.current)] * 2)
        model.check_drift(checks, findings, model.current, label="all features: ")
        model.check_outcomes(checks, findings)
        model.check_adjusted(checks, findings)
        rows = model.labelled()
        model.check_fairness(checks, findings, rows)
        self.stored_rows(service, model)

        # In a month some groups have no positive or no negative label: there a rate is undefined.
        checks.begin("COMPAS: March 2014 alone, groups with undefined rates")
        evaluation = service.evaluate(model.name, model.version, "2014-03-01T00:00:00Z", "2014-04-01T00:00:00Z")
        rows = rows[rows["timestamp"].str.startswith("2014-03")]
        checks.equal("rows, labelled", [evaluation["rows"], evaluation["labelled"]], [len(rows)] * 2)
        model.check_fairness(checks, by_key(evaluation), rows)

    def replay_unseen(self, service, model):
        checks = self.checks
        checks.begin("unseen levels and missing values")
        model.register(service)
        self.replay(service, model, model.predictions())
        post_all(service.client(), model.labels(0, len(model.events)))
        findings = by_key(service.evaluate(model.name, model.version, model.start, model.end))
        model.check_drift(checks, findings, model.current)
        model.check_outcomes(checks, findings)
        missing = sum((model.current[name] == "").sum() for name in model.features)
        checks.true("the rows hold missing cells and unseen levels", missing > 0 and bool(
            set(model.current["salary_range"]) - set(model.reference["salary_range"]) - {""}), f"{missing} missing cells")

    def restart(self, service):
        checks = self.checks
        checks.begin("restart")
        starts = []
        for _ in range(3):
            self.stop(service)
            service.start()
            starts.append(service.ready_seconds)
        checks.figure("start to ready, existing folder after a clean stop", ", ".join(f"{s:.2f} s" for s in starts))
        again = faults.census(service, self.car_loan)
        faults.compare(checks, "after three restarts", again, self.uninterrupted)

    def stop(self, service):
        postmaster = service.postmaster
        code = service.terminate()
        left = service.processes()
        self.checks.equal("SIGTERM: exit code, processes left in the folder, database was running", [code, left, postmaster is not None],
                          [0, [], True])

    # The uninterrupted run, when `main` was not asked for.
    def need_uninterrupted(self):
        if self.uninterrupted is None:
            service = self.service("uninterrupted")
            self.car_loan.register(service)
            post_all(service.client(), self.car_loan.everything())
            self.uninterrupted = faults.census(service, self.car_loan)
            service.clean_up()

    def crash(self):
        self.need_uninterrupted()
        for keyed in (True, False):
            self.checks.begin("kill -9 of the service, " + ("same keys" if keyed else "no keys, other batches"))
            service = self.service("keyed" if keyed else "unkeyed", QUIET_CONFIG)
            self.car_loan.register(service)
            faults.crash_service(self.checks, service, self.car_loan, self.uninterrupted, keyed, seed=1)
            self.stop(service)

    def database(self):
        self.need_uninterrupted()
        self.checks.begin("kill -9 of the database")
        service = self.service("database", QUIET_CONFIG)
        self.car_loan.register(service)
        faults.crash_database(self.checks, service, self.car_loan, self.uninterrupted)
        self.stop(service)


SECTIONS = ["main", "crash", "database"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", required=True, type=pathlib.Path, help="the evenkeel to test")
    parser.add_argument("--shared", required=True, type=pathlib.Path, help="the folder with data/")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections: " + ", ".join(SECTIONS))
    parser.add_argument("--keep", action="store_true", help="leave the temporary folder")
    parser.add_argument("--minutes", type=float, default=15, help="give up after this long")
    options = parser.parse_args()
    options.binary, options.shared = options.binary.resolve(), options.shared.resolve()
    wanted = options.only.split(",")
    for problem in ([f"--only {word}, expected {', '.join(SECTIONS)}" for word in wanted if word not in SECTIONS]
                    + [f"{tool} is not installed" for tool in ("psql", "prometheus", "promtool") if not shutil.which(tool)]):
        parser.error(problem)

    def give_up(number, _):
        raise TimeoutError(f"given up after {options.minutes:g} minutes" if number == signal.SIGALRM else "told to stop")

    signal.signal(signal.SIGALRM, give_up)
    signal.signal(signal.SIGTERM, give_up)
    signal.alarm(int(options.minutes * 60))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="evenkeel-accept-"))
    folder.chmod(0o711)  # as root the database runs as another user, who must be able to enter
    run = Run(options, folder)
    started = time.monotonic()
    try:
        for section in SECTIONS:
            if section not in wanted:
                continue
            try:
                getattr(run, section)()
            except (Exception, KeyboardInterrupt) as error:
                traceback.print_exc()
                time.sleep(1)  # for what a dying service still writes
                for service in run.services:
                    print(f"   {service.folder.name} {service.state}; its log ends with", *service.log[-20:], sep="\n      ",
                          file=sys.stderr)
                run.checks.true(f"section {section} runs to its end", False, f"{type(error).__name__}: {error}", "no exception")
                if isinstance(error, (TimeoutError, KeyboardInterrupt)):
                    break
    finally:
        signal.alarm(0)
        for service in run.services:
            service.clean_up()
    run.checks.begin("cleaning up")
    run.checks.equal("processes left", [pid for service in run.services for pid in service.processes()], [])
    if not options.keep:
        shutil.rmtree(folder)
    run.checks.true("the temporary folder is removed", options.keep or not folder.exists())
    run.checks.figure("start to ready, fresh folders (initdb, schema)", ", ".join(f"{s:.2f} s" for s in run.fresh_starts))
    run.checks.figure("the whole run", f"{time.monotonic() - started:.0f} s")
    print()
    passed, failed = run.checks.report()
    print(f"acceptance: {passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
