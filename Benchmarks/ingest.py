"""Collectors beside PostgreSQL's own bulk load.

`evenkeel serve --embedded` in a private folder with a model of 25 numeric features and three sensitive attributes takes NDJSON over
keep-alive connections, each request acknowledged after its commit. Then as many rows go into a natural table (text ids, float8[] features, text
groups) by psql's \\copy of a ready binary file, on the same server. CPU is that of the service and of PostgreSQL, without the client's.
"""
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import threading
import time

from claims import Cost

FEATURES = 25
RECORDS, CONNECTIONS, BATCH = 300_000, 8, 1000
# As records come that were just scored: what is hours old is stored in another way.
NOW = int(time.time() - 60) * 1000
TICK = os.sysconf("SC_CLK_TCK")


def family(pid):
    """A process and all below it."""
    out = [pid]
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            except OSError:
                continue
            if parent == pid:
                out += family(int(entry.name))
    return out


def cpu(pid):
    """CPU seconds of a process and of children that it has waited for."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / TICK


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+)", text)[1]) / 1024


def records(count, start):
    rng = random.Random(7 + start)
    for i in range(count):
        yield {
            "model": "load", "version": "1", "id": f"r{start + i:09d}", "ts": NOW + (start + i) % RECORDS // 10,
            "features": {f"x{k}": round(rng.gauss(k, 1 + k), 6) for k in range(FEATURES)},
            "score": round(rng.random(), 6), "groups": {"sex": rng.choice("FM"), "age_band": rng.choice(["18-29", "30-44", "45+"]), "area": rng.choice(["north", "south"])},
            "latency_ms": round(rng.random() * 30, 3)}


def reference(path):
    rng = random.Random(1)
    with open(path, "w") as out:
        out.write(",".join([f"x{k}" for k in range(FEATURES)] + ["score", "label", "sex", "age_band", "area"]) + "\n")
        for _ in range(5000):
            row = [f"{rng.gauss(k, 1 + k):.6f}" for k in range(FEATURES)]
            out.write(",".join(row + [f"{rng.random():.6f}", str(rng.randrange(2)), rng.choice("FM"), rng.choice(["18-29", "30-44", "45+"]), rng.choice(["north", "south"])]) + "\n")


def send(port, bodies, connections, statuses):
    queue = list(reversed(bodies))
    lock = threading.Lock()

    def work():
        connection = http.client.HTTPConnection("127.0.0.1", port)
        while True:
            with lock:
                if not queue:
                    return
                body = queue.pop()
            while True:
                connection.request("POST", "/v1/predictions", body, {"Content-Type": "application/x-ndjson"})
                answer = connection.getresponse()
                answer.read()
                if answer.status == 202:
                    break
                statuses.append(answer.status)
                time.sleep(0.05)

    threads = [threading.Thread(target=work) for _ in range(connections)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


def copied(folder, count, index):
    """Seconds on the wall and of CPU that psql's \\copy takes, client and server."""
    columns = ("id text, ts timestamptz, model text, version text, score float8, features float8[], "
               "sex text, age_band text, area text, latency float8")
    session = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", f"host={folder}/data/sock user=evenkeel dbname=evenkeel"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def ask(statements):
        """Sends statements and waits until they are done; the last line of what they print."""
        session.stdin.write(statements + "\n\\echo done\n")
        session.stdin.flush()
        last = ""
        while (line := session.stdout.readline().strip()) != "done":
            assert line or session.poll() is None, "psql has failed"
            last = line
        return last

    def used():
        return cpu(backend) + cpu(session.pid)

    backend = int(ask("select pg_backend_pid();"))
    ask(f"""drop schema if exists peer cascade; create schema peer;
        create table peer.made ({columns}); create table peer.natural ({columns}{index});
        insert into peer.made select 'r' || lpad(i::text, 9, '0'), timestamptz '2026-09-21' + i * interval '100 us', 'load', '1', random(),
            array(select random() + i * 0 from generate_series(1, {FEATURES})), 'F', '30-44', 'north', random() from generate_series(1, {count}) i;""")
    ask(f"\\copy peer.made to '{folder}/made.bin' (format binary)\ncheckpoint;")
    before, started = used(), time.perf_counter()
    ask(f"\\copy peer.natural from '{folder}/made.bin' (format binary)")
    cost = Cost(used() - before, time.perf_counter() - started)
    session.communicate()
    return cost


def serving(binary, folder, roles="collect,evaluate,notify,web,shadow", spec=""):
    """The service, ready, with the model registered; its process and port."""
    data = ["--embedded", "--data", str(folder / "data")]
    log = folder / "log"
    service = subprocess.Popen([binary, "serve", *data, "--port", "0", "--roles", roles], cwd=folder, stdout=open(log, "w"), stderr=subprocess.STDOUT)
    while not (found := re.search(r"ready on http://127\.0\.0\.1:(\d+)", log.read_text())):
        time.sleep(0.1)
        assert service.poll() is None, log.read_text()
    reference(folder / "reference.csv")
    (folder / "spec.yaml").write_text(spec or "raw: all\n")
    subprocess.run([binary, "model", "register", "--name", "load", "--version", "1", "--reference", "reference.csv", "--label", "label",
                    "--score", "score", "--sensitive", "sex,age_band,area", "--spec", "spec.yaml", *data], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return service, int(found[1])


def bodies(count, start):
    return ["\n".join(json.dumps(r, separators=(",", ":")) for r in records(BATCH, start + i)).encode() for i in range(0, count, BATCH)]


def spooled(service, port, postmaster, made, seconds=0):
    """Records a second that are acknowledged from the disk while the server is stopped in its tracks, and that are stored when it goes on.

    - seconds: how long it is stopped at least, with the records sent again and again under other ids.
    """
    stopped = family(postmaster)
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        # The first requests wait for the server, until the service gives it up.
        send(port, bodies(CONNECTIONS * BATCH, 20_000_000), CONNECTIONS, [])
        began, count, refused = time.perf_counter(), 0, []
        while count == 0 or time.perf_counter() - began < seconds:
            send(port, [body.replace(b'"id":"r', b'"id":"s%d-' % count) for body in made], CONNECTIONS, refused)
            count += 1
        wall = time.perf_counter() - began
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
    began, before = time.perf_counter(), cpu(service.pid) + sum(map(cpu, family(postmaster)))
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/metrics")
        if b"\nevenkeel_ingest_spool_bytes 0\n" in connection.getresponse().read():
            break
        connection.close()
        time.sleep(0.05)
    replay = Cost(cpu(service.pid) + sum(map(cpu, family(postmaster))) - before, time.perf_counter() - began)
    return Cost(wall / count, wall / count, resident(service.pid)), Cost(replay.cpu / count, replay.wall / count), len(refused)


def run(claims, options, folder):
    folder.chmod(0o755)  # the embedded server runs as a user of its own
    service, port = serving(str((options.build / "evenkeel").resolve()), folder)
    try:
        made = bodies(RECORDS, 0)
        send(port, bodies(4 * BATCH, 10_000_000), 2, [])
        postmaster = int((folder / "data/data/postmaster.pid").read_text().split()[0])

        def used():
            return cpu(service.pid), sum(map(cpu, family(postmaster)))

        before, refused = used(), []
        wall = send(port, made, CONNECTIONS, refused)
        ours = [after - was for was, after in zip(before, used())]
        work = f"{RECORDS} records of {sum(map(len, made)) // RECORDS} bytes, {CONNECTIONS} connections x {BATCH}"
        plain, keyed = copied(folder, RECORDS, ""), copied(folder, RECORDS, ", primary key (id, ts)")
        cost = Cost(sum(ours), wall, resident(service.pid))
        claims.add("ingest_cpu", f"{work}: CPU of service and PostgreSQL", cost, "psql \\copy, no index", plain, 1 / 1.2, "ns/value", RECORDS)
        claims.add("ingest_cpu_keyed", "the same", cost, "psql \\copy, primary key", keyed, None, "ns/value", RECORDS)
        claims.add("ingest_service_cpu", "the service alone", ours[0], "2 us a record", 2e-6 * RECORDS, 1, "ns/value", RECORDS)
        claims.add("ingest_rate", f"{work}: time on the wall", Cost(wall), "psql \\copy, primary key", Cost(keyed.wall), None, "ns/value", RECORDS)
        assert not refused, f"{len(refused)} requests were refused"
        spool, replay, _ = spooled(service, port, postmaster, made)
        claims.add("ingest_spool", f"{work} into the spool, the server stopped: time on the wall", Cost(spool.wall), "the live path", Cost(wall), 0.5, "ns/value", RECORDS)
        claims.add("ingest_replay", "their replay: time on the wall", Cost(replay.wall), "the live path", Cost(wall), 1, "ns/value", RECORDS)
        claims.add("ingest_memory", "peak memory of the service, the spool included, MB", spool.peak, "256 MB", 256, 1, "MB")
    finally:
        service.send_signal(signal.SIGTERM)
        service.wait()
