#!/usr/bin/env python3
"""Change points of Tidemark, Apache Otava and ruptures on the same seeded series.

  changepoints.py FINDER [SERIES] [--only-tidemark] [--noise KIND…] [--steps SHARE…]

FINDER is Tidemark's finder as a filter (`make bench-changepoints` builds it), SERIES how many of each kind (200). Needs
numpy==2.2.0 ruptures==1.1.10 apache-otava==0.8.0 from pip.

Series have 200 points about 100 with a standard deviation of 5. Stationary ones count as false alarms when anything is
reported; the others have one step at a uniformly drawn place in 40…160, found when a report lies within 5 points of it. F1 is
over all series of a kind; its interval is Wilson's of TP / (TP + FP + FN), of which F1 is a function.
"""
import argparse
import math
import subprocess
import time

import numpy as np

LENGTH, LEVEL, SPREAD, MARGIN = 200, 100.0, 5.0, 5


def autoregressive(phi, drive=None):
    def make(random, n=LENGTH):
        e = random.normal(0, math.sqrt(1 - phi * phi), n + 200)
        x = np.zeros(n + 200)
        for i in range(1, n + 200):
            x[i] = phi * x[i - 1] + e[i]
        return LEVEL + SPREAD * x[200:]
    return make


def spikes(random, n=LENGTH):
    x = LEVEL + SPREAD * random.normal(0, 1, n)
    return np.where(random.uniform(0, 1, n) < 0.03, x * random.uniform(1.3, 3, n), x)


def lognormal(random, n=LENGTH):
    x = random.lognormal(0, 0.8, n)
    return LEVEL + SPREAD * (x - math.exp(0.32)) / math.sqrt((math.exp(0.64) - 1) * math.exp(0.64))


def mixed(random, n=LENGTH):
    """A slow mean (AR 0.9) under as much white noise: not AR(1)."""
    slow = autoregressive(0.9)(random, n) - LEVEL
    return LEVEL + (slow + SPREAD * random.normal(0, 1, n)) / math.sqrt(2)


KINDS = {"independent": autoregressive(0), "AR(0.3)": autoregressive(0.3), "AR(0.6)": autoregressive(0.6),
         "AR(0.9)": autoregressive(0.9), "lognormal": lognormal, "3 % spikes": spikes, "AR(0.9) + white": mixed}
STEPS = (0.05, 0.1, 0.2)


def wilson(k, n, z=1.959963984540054):
    if n == 0:
        return 0.0, 1.0
    p = k / n
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (p + z * z / (2 * n) - half) / (1 + z * z / n), (p + z * z / (2 * n) + half) / (1 + z * z / n)


def tidemark(finder, *options):
    def find(series):
        lines = "".join(" ".join(repr(float(v)) for v in s) + "\n" for s in series)
        out = subprocess.run([finder, *options], input=lines, capture_output=True, text=True, check=True).stdout
        return [[int(i) for i in line.split()] for line in out.split("\n")[:-1]]
    return find


failures = 0


def otava(series):
    """Series that it fails on (an empty interval) count as without a report."""
    from otava.analysis import compute_change_points
    global failures
    found = []
    for s in series:
        try:
            points = compute_change_points(list(map(float, s)), window_len=50, max_pvalue=0.001, min_magnitude=0.0)[0]
            found.append([p.index for p in points])
        except ValueError:
            failures += 1
            found.append([])
    return found


# ruptures' PELT in C: the same answers as its Pelt("l2") and Pelt("rbf") with jump=1, two hundred times as fast.
def pelt_l2(series):
    import ruptures
    found = []
    for s in series:
        scale = 1.4826 * np.median(np.abs(np.diff(s) - np.median(np.diff(s)))) / math.sqrt(2)
        penalty = 3 * math.log(len(s)) * scale ** 2
        found.append(ruptures.KernelCPD("linear", min_size=5).fit(s).predict(pen=penalty)[:-1])
    return found


def pelt_rbf(series):
    import ruptures
    return [ruptures.KernelCPD("rbf", min_size=5).fit(s).predict(pen=2 * math.log(len(s)))[:-1] for s in series]


def score(found, places):
    hits = extra = missed = 0
    for reported, place in zip(found, places):
        near = [r for r in reported if abs(r - place) <= MARGIN]
        hits += bool(near)
        missed += not near
        extra += len(reported) - bool(near)
    low, high = wilson(hits, hits + extra + missed)
    return tuple(2 * j / (1 + j) for j in (hits / max(1, hits + extra + missed), low, high))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("finder")
    parser.add_argument("series", nargs="?", type=int, default=200)
    parser.add_argument("--only-tidemark", action="store_true")
    parser.add_argument("--noise", nargs="+", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--steps", nargs="+", type=float, default=STEPS)
    parser.add_argument("--seed", type=int, default=20261128)
    options = parser.parse_args()
    finders = {"Tidemark, ≥ 5 %": tidemark(options.finder, "0.05"), "Tidemark, any size": tidemark(options.finder, "0")}
    if not options.only_tidemark:
        finders |= {"Otava": otava, "PELT l2": pelt_l2, "PELT rbf": pelt_rbf}
    print(f"{options.series} series of a kind. False alarms: share of series with any; steps: F1; with 95 % Wilson intervals.\n")
    print("| noise | finder | false alarms | " + " | ".join(f"F1, {s:.0%} step" for s in options.steps) + " |")
    print("|---|---|---|" + "---|" * len(options.steps))
    spent = dict.fromkeys(finders, 0.0)
    for number, (kind, make) in enumerate(KINDS.items()):
        if kind not in options.noise:
            continue
        random = np.random.default_rng([options.seed, number])
        still = [make(random) for _ in range(options.series)]
        stepped = {}
        for step in sorted({*STEPS, *options.steps}):
            series, places = [], []
            for _ in range(options.series):
                place = int(random.integers(40, 161))
                s = make(random)
                s[place:] *= 1 + step
                series.append(s)
                places.append(place)
            stepped[step] = series, places
        for name, find in finders.items():
            begun = time.perf_counter()
            alarms = sum(bool(f) for f in find(still))
            low, high = wilson(alarms, len(still))
            cells = [f"{alarms / len(still):.1%} ({low:.1%}–{high:.1%})"]
            for step in options.steps:
                series, places = stepped[step]
                cells.append("%.2f (%.2f–%.2f)" % score(find(series), places))
            spent[name] += time.perf_counter() - begun
            print(f"| {kind} | {name} | " + " | ".join(cells) + " |", flush=True)
    total = len(options.noise) * (1 + len(options.steps)) * options.series
    print("\nWall time a series: " + ", ".join(f"{n} {1000 * t / total:.2f} ms" for n, t in spent.items()))
    if failures:
        print(f"Otava failed on {failures} of {total} series.")


if __name__ == "__main__":
    main()
