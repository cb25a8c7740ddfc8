"""How the scripts beside this one take a time."""
import time


def best(work, times=8):
    """The least of some runs, seconds on the clock."""
    spent = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        spent.append(time.perf_counter() - start)
    return min(spent)
