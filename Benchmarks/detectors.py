"""Change detectors on one stream with three changes of its mean."""
import numpy as np
from river import drift

from claims import alternate, figures, seconds

PEERS = {"adwin": (drift.ADWIN, 200_000, 3), "page_hinkley": (drift.PageHinkley, 200_000, 50),
         "kswin": (lambda: drift.KSWIN(seed=1), 4_000, 100)}


def run(claims, options, folder):
    random = np.random.default_rng(5)
    stream = np.concatenate([random.normal(k % 2 / 2, 1, 50_000) for k in range(4)])
    stream.tofile(folder / "stream.f64")
    values = stream.tolist()
    for name, (make, count, goal) in PEERS.items():
        changes = []

        def theirs():
            detector, found = make(), []

            def feed():
                for place, value in enumerate(values[:count]):
                    detector.update(value)
                    if detector.drift_detected:
                        found.append(place)

            elapsed = seconds(feed, 1) / count
            changes[:] = found
            return elapsed

        def ours():
            found = figures([options.build / "statistics-benchmarks", "detectors", folder])
            if name != "kswin":  # which draws at random from its window
                assert not changes or found[f"{name}_changes"] == len(changes), "change points differ"
            return found[f"{name}_ns"] / 1e9

        us, them = alternate(ours, theirs, 2)
        claims.add(f"detector_{name}", f"{name} with the default parameters, a value", us, "river", them, goal, "ns/value")
