#!/usr/bin/env python3
"""How long the service takes for its pages, and what they weigh, with many models.

    evenkeel serve --port 28090 --data /tmp/pages &      # a new folder
    scripts/acceptance/page.py http://127.0.0.1:28090 [models] [features] [--measure] [--access AXE.js] [--pictures FOLDER]

Registers the models (with --measure they are there already), sends each some hours of predictions, waits until all of them are evaluated, and asks for every page. The fleet is read anew
every other second, so it is asked after a pause (read anew) and at once again (kept). Exit code 1 when a page is slower than 50 ms or heavier
than 200 kB. With --access it opens every page in Chromium too (access.py): axe-core's rules, keyboard, forms, no other host.
"""
import json, random, sys, time, urllib.request



def option(name):
    """The word behind an option, taken out of the arguments."""
    if name not in sys.argv:
        return None
    place = sys.argv.index(name)
    word = sys.argv[place + 1]
    del sys.argv[place : place + 2]
    return word


axe_file, pictures = option("--access"), option("--pictures")
given = [word for word in sys.argv[1:] if word != "--measure"]
base = given[0]
models = int(given[1]) if len(given) > 1 else 100
features = int(given[2]) if len(given) > 2 else 20
HOURS, ROWS, REFERENCE = 26, 60, 500
LIMIT_SECONDS, LIMIT_BYTES = 0.050, 200_000
dice = random.Random(7)


def send(path, body, kind):
    request = urllib.request.Request(base + path, body.encode(), {"content-type": kind})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return answer.read()


def get(path):
    began = time.perf_counter()
    with urllib.request.urlopen(urllib.request.Request(base + path, headers={"accept": "text/html,*/*;q=0.8"}), timeout=60) as answer:
        body = answer.read()
    return time.perf_counter() - began, len(body), body


names = [f"feature_{i}" for i in range(features)]
reference = ",".join(["id"] + names + ["sex", "score", "label"]) + "\n"
for row in range(REFERENCE):
    values = [f"{dice.gauss(0, 1):.4f}" for _ in names]
    reference += ",".join([f"r{row}"] + values + [dice.choice("FM"), f"{dice.random():.3f}", str(dice.randint(0, 1))]) + "\n"
if "--measure" not in sys.argv:
    for m in range(models):
        send(f"/v1/models/model-{m:03}/versions/1?id=id&score=score&label=label&sensitive=sex", reference, "text/csv")
    for m in range(models):
        lines = []
        for hour in range(HOURS):
            for row in range(ROWS):
                ts = f"2026-03-0{2 + hour // 24}T{hour % 24:02}:30:00Z"
                shift = 1.5 if m % 5 == 0 and hour > 12 else 0
                lines.append(json.dumps({
                    "model": f"model-{m:03}", "version": "1", "id": f"h{hour}-{row}", "ts": ts, "score": round(dice.random(), 3),
                    "features": {name: round(dice.gauss(shift if i < 3 else 0, 1), 4) for i, name in enumerate(names)},
                    "groups": {"sex": dice.choice("FM")}, "latency_ms": round(dice.expovariate(0.1), 2)}))
        send("/v1/predictions", "\n".join(lines), "application/x-ndjson")
print(f"{models} models of {features} features, {HOURS} hours each: sent; waiting for the evaluations", flush=True)
deadline = time.time() + 1800
waiting = list(range(models))
while waiting and time.time() < deadline:
    m = waiting[0]
    found = json.loads(get(f"/v1/models/model-{m:03}/results?metric=psi&feature=feature_0&window=day&limit=5")[2])["results"]
    if found:
        waiting.pop(0)
    else:
        time.sleep(1)
time.sleep(10)

failed = bool(waiting)
pages = [("fleet, read anew", "/"), ("fleet, kept", "/"), ("model", "/models/model-000"), ("feature", "/models/model-000/features/feature_0"),
         ("fairness", "/models/model-000/fairness"), ("alerts", "/alerts"), ("health", "/health"), ("report", "/models/model-000/report")]
for name, path in pages:
    times = []
    for _ in range(9):
        if name == "fleet, read anew":
            time.sleep(2.2)
        seconds, size, _ = get(path)
        times.append(seconds)
    middle = sorted(times)[len(times) // 2]
    # A report is a document: its stretch is judged anew.
    wrong = name != "report" and middle > LIMIT_SECONDS or size > LIMIT_BYTES
    failed |= wrong
    print(f"{name:18} {middle * 1000:7.1f} ms (largest {max(times) * 1000:.1f})  {size / 1000:7.1f} kB{'  OVER' if wrong else ''}", flush=True)
if axe_file:
    import access

    shown = [(name, path) for name, path in pages if name != "fleet, kept"] + [
        ("fleet", "/"), ("card", "/models/model-000/report?kind=card"),
        ("audit", "/models/model-000/report?kind=audit"), ("not there", "/models/nobody")]
    wrong = access.look(base, shown[1:], axe_file, pictures)
    print(f"{wrong} things are wrong" if wrong else "nothing is wrong")
    failed |= wrong > 0
sys.exit(1 if failed else 0)
