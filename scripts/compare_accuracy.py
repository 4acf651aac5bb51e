#!/usr/bin/env python3
"""Measures `tidemark compare` on simulated engines of known speed: false "slower", slowdowns found, error of the effect, coverage.

  python3 scripts/compare_accuracy.py [--tidemark PATH] [--runs N] [--seconds S] [--case WORD]

Continuous batching step by step (T = slowness (a + b prompt tokens + c sequences + g cached tokens), 3 % jitter, slow noise of 1 %,
Poisson arrivals that swing by a quarter, lognormal lengths, prefix hits), two replicas a side, scraped every 15 seconds; written
as `promtool tsdb dump` prints it. Standard library only, everything seeded. The true effect is that of long runs at the
baseline's load.
"""
import argparse
import heapq
import json
import math
import os
import random
import statistics
import subprocess
import tempfile

ENGINES = {
    "70b": dict(a=.0225, b=80e-6, c=70e-6, g=30e-9, rate=.93, prompt=(800, .8), answer=(170, .6), hits=0, blocks=22000),
    "8b-chat": dict(a=.0073, b=30e-6, c=60e-6, g=12e-9, rate=5.4, prompt=(700, .9), answer=(220, .6), hits=.5, blocks=27000),
    "small": dict(a=.036, b=250e-6, c=500e-6, g=250e-9, rate=.45, prompt=(800, .8), answer=(180, .6), hits=0, blocks=3400),
    "code": dict(a=.0225, b=80e-6, c=70e-6, g=30e-9, rate=.6, prompt=(1400, .8), answer=(20, .8), hits=0, blocks=22000),
}
CASES = {
    "same load": {}, "load +40 %": dict(rate=1.4), "load -30 %": dict(rate=.7),
    "5 % slower": dict(slow=1.05), "5 % slower, load +40 %": dict(rate=1.4, slow=1.05),
    "10 % slower, load -30 %": dict(rate=.7, slow=1.1),
    "longer prompts, shorter answers": dict(prompt=1.4, answer=.7),
}


def simulate(engine, seed, slow=1.0, rate=1.0, prompt=1.0, answer=1.0, seconds=1800, wander=.01, start=0, gap=15):
    """Scrapes: (time, counters) every `gap` seconds after a warm-up."""
    draw = random.Random(seed)
    load = engine["rate"] * rate
    time, arrival, drift, drift_at, step = 0., draw.expovariate(load), 0., 0., 0
    waiting, ends, decoding, cached, scrapes = [], [], 0, 0, []
    c = dict(gaps=0., tokens=0, generated=0, prompt=0, computed=0, hits=0, steps=0, ttft=0, finished=0)
    border = 100.
    while time < 100 + seconds:
        while arrival <= time:
            p = min(max(engine["prompt"][0] * prompt * math.exp(engine["prompt"][1] * draw.gauss(0, 1)), 4), 16000)
            o = min(max(engine["answer"][0] * answer * math.exp(engine["answer"][1] * draw.gauss(0, 1)), 2), 2000)
            waiting.append([int(p * (1 - engine["hits"])) + 1, int(o), int(p)])
            arrival += draw.expovariate(load * (1 + .25 * math.sin(arrival / 600 * 2 * math.pi)))
        if not waiting and not decoding:
            time = arrival
        else:
            if time - drift_at > 5:
                drift = .95 * drift + wander * math.sqrt(1 - .95 ** 2) * draw.gauss(0, 1)
                drift_at = time
            sequences, context, budget, computed, done = decoding, cached, 8192 - decoding, 0, 0
            for one in waiting:
                chunk = min(one[0], max(0, budget))
                one[0] -= chunk
                budget -= chunk
                computed += chunk
                if one[0]:
                    break
                done += 1
                heapq.heappush(ends, (step + one[1] - 1, one[2] + one[1]))
                decoding += 1
                cached += one[2] + 1
                c["ttft"] += 1
                c["generated"] += 1
                c["prompt"] += one[2]
                c["hits"] += max(0, one[2] - int(one[2] * (1 - engine["hits"])) - 1)
            del waiting[:done]
            length = slow * math.exp(.03 * draw.gauss(0, 1) + drift) * (
                engine["a"] + engine["b"] * computed + engine["c"] * sequences + engine["g"] * context)
            time += length
            c["gaps"] += sequences * length
            c["tokens"] += sequences
            c["generated"] += sequences
            c["computed"] += computed
            c["steps"] += 1
            cached += sequences
            while ends and ends[0][0] <= step:
                decoding -= 1
                cached -= heapq.heappop(ends)[1]
                c["finished"] += 1
            step += 1
        while time >= border:
            scrapes.append((start + int(border * 1000), dict(c), decoding + len(waiting), cached / (16. * engine["blocks"])))
            border += gap
    return scrapes


def dump(folder, replicas):
    lines = []
    for number, scrapes in enumerate(replicas):
        labels = f'engine="0", instance="10.0.0.{number + 1}:8000", job="vllm", model_name="m"'

        def series(name, value, extra=""):
            for time, c, running, usage in scrapes:
                lines.append(f'{{__name__="vllm:{name}", {extra}{labels}}} {value(c, running, usage):.17g} {time}')
        series("inter_token_latency_seconds_sum", lambda c, r, u: c["gaps"])
        series("inter_token_latency_seconds_count", lambda c, r, u: c["tokens"])
        series("generation_tokens_total", lambda c, r, u: c["generated"])
        series("prompt_tokens_total", lambda c, r, u: c["prompt"])
        series("prompt_tokens_by_source_total", lambda c, r, u: c["computed"], 'source="local_compute", ')
        series("prefix_cache_hits_total", lambda c, r, u: c["hits"])
        series("prefix_cache_queries_total", lambda c, r, u: c["prompt"])
        series("iteration_tokens_total_count", lambda c, r, u: c["steps"])
        series("time_to_first_token_seconds_count", lambda c, r, u: c["ttft"])
        series("request_success_total", lambda c, r, u: c["finished"], 'finished_reason="stop", ')
        series("num_requests_running", lambda c, r, u: r)
        series("kv_cache_usage_perc", lambda c, r, u: u)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "tsdb-dump.txt"), "w") as file:
        file.write("\n".join(lines) + "\n")


def latency(engine, seed, **change):
    scrapes = simulate(engine, seed, seconds=10000, wander=0, **change)
    (_, first, *_), (_, last, *_) = scrapes[0], scrapes[-1]
    return (last["gaps"] - first["gaps"]) / (last["tokens"] - first["tokens"])


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--tidemark", default=".build/release/tidemark")
    options.add_argument("--runs", type=int, default=10)
    options.add_argument("--seconds", type=int, default=1800)
    options.add_argument("--case", default="")
    options = options.parse_args()
    truths = {}
    for name, engine in ENGINES.items():
        normal = statistics.mean(latency(engine, s) for s in range(3))
        for slow in sorted({change["slow"] for case, change in CASES.items() if options.case in case and "slow" in change}):
            slower = statistics.mean(latency(engine, s, slow=slow) for s in range(3))
            truths[name, slow] = 100 * (slower / normal - 1)
    day = 86_400_000
    total = {}
    for case, change in CASES.items():
        if options.case not in case:
            continue
        for name, engine in ENGINES.items():
            truth = truths.get((name, change.get("slow", 1)), 0)
            rows = []
            for run in range(options.runs):
                with tempfile.TemporaryDirectory() as folder:
                    for side, own, start in (("old", {}, 0), ("new", change, day)):
                        dump(os.path.join(folder, side), [
                            simulate(engine, f"{side} {run} {replica}", seconds=options.seconds,
                                     start=1_790_000_000_000 + start, **own) for replica in range(2)])
                    answer = subprocess.run(
                        [options.tidemark, "compare", os.path.join(folder, "old"), os.path.join(folder, "new"),
                         "--format", "json"], capture_output=True, text=True, check=True)
                    rows.append(json.loads(answer.stdout)["comparison"])
            known = [r for r in rows if r["verdict"] != "not_comparable"]
            slower = sum(r["verdict"] == "slower" for r in rows)
            errors = [abs(r["slowdown_pct"] - truth) for r in known]
            covered = sum(r["low"] <= truth <= r["high"] for r in known)
            close = sum(e <= 1.5 for e in errors)
            print(f"{case:32s} {name:8s} true {truth:5.1f} %  slower {slower}/{len(rows)}  "
                  f"error median {statistics.median(errors or [math.nan]):.2f}, within 1.5: {close}/{len(known)}  "
                  f"interval covers {covered}/{len(known)}", flush=True)
            kind = total.setdefault("truly slower" if truth else "truly the same", [0, 0, 0, 0])
            for place, value in enumerate((len(rows), slower, covered, close)):
                kind[place] += value
    for kind, (count, slower, covered, close) in total.items():
        print(f"{kind}: {count} pairs, slower {100 * slower / count:.0f} %, within 1.5 points {100 * close / count:.0f} %, "
              f"interval covers {100 * covered / count:.0f} %")


if __name__ == "__main__":
    main()
