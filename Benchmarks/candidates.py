"""A candidate in shadow beside the collectors' full rate: 500 trees of depth 6 over 25 features, scored by a process of its own.

The load of ingest.py comes to a service that collects; a second process with the role shadow follows its log. What it needs of one core for a row is
held against the time that the collectors take for one on the wall, at their fastest: with that or less it keeps up on one core. The model is made up: the time for
a row is that of its shape.
"""
import json
import random
import re
import signal
import subprocess
import time

from claims import Cost
from ingest import BATCH, CONNECTIONS, FEATURES, RECORDS, bodies, cpu, send, serving

TREES, DEPTH = 500, 6


def model(path):
    """XGBoost's JSON of full trees with thresholds where the features are."""
    rng = random.Random(3)
    inner, nodes = 2 ** DEPTH - 1, 2 ** (DEPTH + 1) - 1
    trees = []
    for number in range(TREES):
        features = [rng.randrange(FEATURES) for _ in range(inner)]
        trees.append({
            "id": number, "categories": [], "categories_nodes": [], "categories_segments": [], "categories_sizes": [],
            "base_weights": [0] * nodes, "default_left": [rng.randrange(2) for _ in range(inner)] + [0] * (nodes - inner),
            "left_children": [2 * i + 1 for i in range(inner)] + [-1] * (nodes - inner),
            "right_children": [2 * i + 2 for i in range(inner)] + [-1] * (nodes - inner),
            "loss_changes": [1] * nodes, "parents": [2147483647] + [(i - 1) // 2 for i in range(1, nodes)],
            "split_conditions": [rng.gauss(f, 1 + f) for f in features] + [rng.gauss(0, 0.02) for _ in range(nodes - inner)],
            "split_indices": features + [0] * (nodes - inner), "split_type": [0] * nodes, "sum_hessian": [1] * nodes,
            "tree_param": {"num_deleted": "0", "num_feature": str(FEATURES), "num_nodes": str(nodes), "size_leaf_vector": "1"}})
    path.write_text(json.dumps({"version": [3, 2, 0], "learner": {
        "attributes": {}, "feature_names": [f"x{k}" for k in range(FEATURES)], "feature_types": ["float"] * FEATURES,
        "gradient_booster": {"name": "gbtree", "model": {
            "gbtree_model_param": {"num_parallel_tree": "1", "num_trees": str(TREES)}, "iteration_indptr": list(range(TREES + 1)),
            "tree_info": [0] * TREES, "trees": trees}},
        "learner_model_param": {"base_score": "5E-1", "boost_from_average": "1", "num_class": "0", "num_feature": str(FEATURES), "num_target": "1"},
        "objective": {"name": "binary:logistic", "reg_loss_param": {"scale_pos_weight": "1"}}}}))


def psql(folder, statement):
    return subprocess.run(["psql", "-X", "-q", "-A", "-t", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", "-c", statement],
                          capture_output=True, text=True, check=True).stdout.strip()


def run(claims, options, folder):
    folder.chmod(0o755)
    binary = str((options.build / "evenkeel").resolve())
    service, port = serving(binary, folder, roles="collect,evaluate,web")
    runner = None
    try:
        data = ["--embedded", "--data", str(folder / "data")]
        model(folder / "model.json")
        subprocess.run([binary, "model", "register", "--name", "load", "--version", "2", "--reference", "reference.csv", "--label", "label",
                        "--score", "score", "--sensitive", "sex,age_band,area", *data], cwd=folder, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([binary, "model", "candidate", "--name", "load", "--version", "2", "--file", "model.json", *data], cwd=folder, check=True,
                       stdout=subprocess.DEVNULL)
        # The collectors' full rate, with nobody beside them.
        alone = send(port, bodies(RECORDS, 20_000_000), CONNECTIONS, [])
        def backends():
            return set(map(int, psql(folder, "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()").split()))

        others = backends()
        log = folder / "runner.log"
        runner = subprocess.Popen([binary, "serve", "--database", f"host={folder}/data/sock user=evenkeel dbname=evenkeel", "--roles", "shadow",
                                   "--port", "0", "--data", str(folder / "runner")], cwd=folder, stdout=open(log, "w"), stderr=subprocess.STDOUT)
        while not re.search(r"ready on ", log.read_text()):
            time.sleep(0.1)
            assert runner.poll() is None, log.read_text()

        def taken(wanted):
            end = time.monotonic() + 300
            while True:
                found = psql(folder, "select taken || ' ' || skipped || ' ' || coalesce(breaker, '') from evenkeel.shadow_run")
                if found and int(found.split()[0]) >= wanted:
                    return found
                assert time.monotonic() < end and runner.poll() is None, f"{found} of {wanted}: {log.read_text()[-500:]}"
                time.sleep(0.1)

        taken(RECORDS)
        # Its connections to the database are work for it too.
        own = [runner.pid, *(backends() - others)]
        before, started = sum(map(cpu, own)), time.perf_counter()
        wall = send(port, bodies(RECORDS, 0), CONNECTIONS, [])
        sent = time.perf_counter()
        found = taken(2 * RECORDS)
        print(f"candidate: {found.split()[0]} rows, {found.split()[1]} skipped; the collectors took {wall:.1f} s beside it and {alone:.1f} s alone; "
              f"{time.perf_counter() - sent:.1f} s after the last record it had all ({time.perf_counter() - started:.1f} s in all)")
        spent = sum(map(cpu, own)) - before
        claims.add("candidate_cpu", f"a candidate of {TREES} trees of depth {DEPTH} in shadow, {FEATURES} features: CPU of it and its connections a row",
                   Cost(spent), "the collectors' time on the wall at their fastest", Cost(alone), 1, "ns/value", RECORDS)
    finally:
        for process in [runner, service]:
            if process:
                process.send_signal(signal.SIGTERM)
                process.wait()
