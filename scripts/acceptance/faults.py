"""kill -9 of the service and of its database in the middle of a replay: in the end the same rows and the same sums."""

import concurrent.futures
import http.client
import os
import random
import signal
import threading
import time

from models import by_key


def census(service, model):
    """What must not depend on crashes and repetitions: rows, labels, profile counts and findings."""
    stream = f"(select stream_id from evenkeel.stream s join evenkeel.model_version v using (version_id) " \
             f"join evenkeel.model m using (model_id) where m.name = '{model.name}')"

    def one(text):
        return "\t".join(service.sql(text.replace("$stream", stream))[0])

    view = f'evenkeel."{model.name} {model.version}"'
    found = {
        "prediction rows": one("select count(*) from evenkeel.prediction where stream_id = $stream"),
        "distinct ids": one("select count(distinct record_id) from evenkeel.prediction where stream_id = $stream"),
        "content of the rows": one(f"select md5(string_agg(t::text, chr(10) order by record_id, ts)) from {view} t"),
        "label rows": one("select count(*) from evenkeel.label where stream_id = $stream"),
        "distinct label events": one(
            "select count(*) from (select distinct record_id, ts, label from evenkeel.label where stream_id = $stream) e"),
        "effective labels": one(
            "select md5(string_agg(record_id || ' ' || label, chr(10) order by record_id)) from (select distinct on (record_id) "
            "record_id, label from evenkeel.label where stream_id = $stream order by record_id, ts desc, label_seq desc) e"),
        "waiting labels": one("select count(*) from evenkeel.label_waiting where stream_id = $stream"),
        "profile rows": one("select sum(rows) from evenkeel.profile where stream_id = $stream"),
        "profile labelled": one("select sum(labelled) from evenkeel.profile where stream_id = $stream"),
        "profile counts by hour": one(
            "select md5(string_agg(h || ' ' || r || ' ' || l, chr(10) order by h)) from (select floor(extract(epoch from bucket) / 3600) h,"
            " sum(rows) r, sum(labelled) l from evenkeel.profile where stream_id = $stream group by 1) p"),
    }
    evaluation = service.evaluate(model.name, model.version, model.start, model.end)
    found["evaluation rows, labelled"] = f"{evaluation['rows']}, {evaluation['labelled']}"
    findings = by_key(evaluation)
    found["findings"] = {" ".join(key): f for key, f in findings.items()}
    return found


def compare(checks, label, ours, uninterrupted):
    for name, value in uninterrupted.items():
        if name != "findings":
            checks.equal(f"{label}: {name}", ours[name], value)
    names = set(ours["findings"]) | set(uninterrupted["findings"])
    different = sorted(name for name in names if ours["findings"].get(name) != uninterrupted["findings"].get(name))
    checks.equal(f"{label}: findings that differ, of {len(uninterrupted['findings'])}", different, [])


def send_until_killed(service, batches, place, delay):
    """Posts batches; while batch `place` is on its way, kill -9. Returns whether that request was left without an answer."""
    client = service.client()
    for i, batch in enumerate(batches):
        if i < place:
            answer = batch.post(client)
            if answer.status != 202:
                raise RuntimeError(f"POST {batch.path}: {answer.status} {answer.text[:300]}")
            continue
        killer = threading.Timer(delay, service.process.kill)
        killer.start()
        try:
            batch.post(client)
            unanswered = False
        except (OSError, http.client.HTTPException):
            unanswered = True
        killer.join()
        service.kill()
        return unanswered
    raise RuntimeError("nothing was killed")


def send_and_lose_the_answer(service, batches, place):
    """As above, but batch `place` is surely committed: its sender is gone, and kill -9 comes once its rows are in the table."""
    client = service.client()
    for batch in batches[:place]:
        answer = batch.post(client)
        if answer.status != 202:
            raise RuntimeError(f"POST {batch.path}: {answer.status} {answer.text[:300]}")
    before = batch_count(service)
    batch = batches[place]
    client.connection.request("POST", batch.path, body=batch.body, headers=batch.headers)
    limit = time.monotonic() + 30
    while batch_count(service) == before:
        if time.monotonic() > limit:
            raise RuntimeError("the batch was not stored in 30 s")
    service.kill()


def batch_count(service):
    """Grows with every stored request, with or without a key."""
    return int(service.sql("select (select count(*) from evenkeel.prediction) + (select count(*) from evenkeel.label)"
                           " + (select count(*) from evenkeel.label_waiting)")[0][0])


def send(service, batches, connections=1):
    """All batches, over several connections at once if asked for; 503 (a deadlock, a full queue) means: again."""
    def work(part):
        client = service.client()
        for batch in part:
            for _ in range(100):
                answer = batch.post(client)
                if answer.status != 503:
                    break
                time.sleep(0.2)
            if answer.status != 202:
                raise RuntimeError(f"POST {batch.path}: {answer.status} {answer.text[:300]}")

    with concurrent.futures.ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(work, batches[i::connections]) for i in range(connections)]:
            done.result()


def crash_service(checks, service, model, uninterrupted, keyed, seed):
    """Kills at four places: early labels, predictions (twice), late labels; each time everything is sent again from the start.

    Three kills come at a random moment of a request, the other between a commit and its answer.
    """
    chance = random.Random(seed)
    label = "kill -9, same Idempotency-Keys" if keyed else "kill -9, no keys, other batch boundaries"
    sizes = [500] * 5 if keyed else [500, 333, 271, 610, 419]
    unanswered, starts = 0, []
    for place, size in zip([2, 10, 18, 34], sizes):
        batches = model.everything(size, keyed)
        if place == 18:
            send_and_lose_the_answer(service, batches, place)
        else:
            unanswered += send_until_killed(service, batches, place, chance.uniform(0.001, 0.06))
        service.start()
        starts.append(service.ready_seconds)
    send(service, model.everything(sizes[4], keyed), connections=1 if keyed else 3)
    checks.figure(f"{label}: restart to ready", ", ".join(f"{s:.2f} s" for s in starts))
    checks.true(f"{label}: at least one kill at a random moment hit a request on its way", unanswered > 0, f"{unanswered} of 3", "≥ 1")
    compare(checks, label, census(service, model), uninterrupted)


def crash_database(checks, service, model, uninterrupted):
    """kill -9 of the postmaster twice: 503 with Retry-After, healthz stays 200, and all goes on once the service has restarted it."""
    batches = model.everything()
    client, watcher = service.client(), {"stop": False, "healthz": set(), "readyz": set(), "metrics": set()}

    def watch():
        other = service.client()
        while not watcher["stop"]:
            for name in ("healthz", "readyz", "metrics"):
                watcher[name].add(other.get("/" + name).status)
            time.sleep(0.02)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    statuses, without, outages, details = {}, 0, [], set()
    try:
        for i, batch in enumerate(batches):
            if i in (9, 32):
                threading.Timer(0.01 if i == 9 else 0, os.kill, [service.postmaster, signal.SIGKILL]).start()
            began, failed = time.monotonic(), False
            while True:
                answer = batch.post(client)
                statuses[answer.status] = statuses.get(answer.status, 0) + 1
                if answer.status == 202:
                    break
                if answer.status != 503 or time.monotonic() - began > 30:
                    raise RuntimeError(f"POST {batch.path} after the postmaster was killed: {answer.status} {answer.text[:300]}")
                failed = True
                without += "Retry-After" not in answer.headers
                details.add(answer.json.get("detail"))
                time.sleep(0.1)
            if failed:
                outages.append(time.monotonic() - began)
            if i in (9, 32) and not failed:
                time.sleep(0.3)  # answered before the kill came: the next one meets it
    finally:
        watcher["stop"] = True
        thread.join(10)
    checks.equal("answers to the replay", sorted(statuses), [202, 503])
    checks.equal("503 without Retry-After", without, 0)
    checks.equal("outages seen, kills", [len(outages), 2], [2, 2])
    checks.equal("/healthz during the outage", sorted(watcher["healthz"]), [200])
    checks.equal("/readyz during the outage", sorted(watcher["readyz"]), [200, 503])
    checks.equal("/metrics during the outage", sorted(watcher["metrics"] - {200, 503}), [])
    checks.true("the service is the same process", service.is_alive)
    checks.figure("the database killed: answers", ", ".join(f"{n} × {status}" for status, n in sorted(statuses.items())))
    checks.figure("the database killed: until the request went through", ", ".join(f"{s:.1f} s" for s in outages))
    checks.figure("the database killed: what the client was told", "; ".join(sorted(map(str, details))))
    compare(checks, "the database killed", census(service, model), uninterrupted)
