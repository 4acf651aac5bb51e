#!/usr/bin/env python3
"""Accuracy of the verdict on labelled incidents: make accuracy.

  accuracy.py TIDEMARK SHARED [--jobs N] [--keep FOLDER]

SHARED holds corpora/incidents, corpora/real and corpora/score_incidents.py. Every case is copied without its truth and
without what only the truth's authors saw (client.jsonl, sim-steps.csv), once as it is and once for each kind of evidence
left out or left alone. Prints top-1, top-2, false verdicts, window overlap and confusion by the corpora's own scorer, then
for the copies with less evidence how often the answer was right, an abstention, or wrong with certainty; rates with n and
their Wilson interval."""
import argparse, collections, concurrent.futures, datetime, glob, json, math, os, shutil, subprocess, sys, tempfile
import forecast_backtest

HIDDEN = {"truth.json", "client.jsonl", "client.jsonl.gz", "sim-steps.csv", "sim-steps.csv.gz"}
# What of a case is of which kind; the rest (capture.json) always stays.
KINDS = {
    "logs": ("server",),
    "metrics": ("prometheus", "prometheus-snapshot", "tsdb-dump", "metrics-scrapes", "query_range", "series.json",
                "targets-metadata"),
    "gpu": ("nvidia-smi",),
    "traces": ("traces",),
}
# Folders of a case that are periods of their own, with evidence of the same kinds in them.
PERIODS = {"v1", "v2"}
# Less evidence: name -> kinds that stay. Metrics hold DCGM's and the host's as well.
LESS = {
    "logs only": {"logs"}, "metrics only": {"metrics"}, "gpu only": {"gpu"}, "logs + metrics": {"logs", "metrics"},
    "logs + gpu": {"logs", "gpu"}, "metrics + gpu": {"metrics", "gpu"},
}
# A kind of source without which a cause cannot be told from others.
DECIDING = {"gpu_throttling": "gpu", "gpu_straggler": "gpu"}


def wilson(k, n):
    if not n:
        return "n = 0"
    z, p = 1.96, k / n
    centre, half = p + z * z / 2 / n, z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    low, high = (min(1, max(0, (centre + s * half) / (1 + z * z / n))) for s in (-1, 1))
    return f"{k}/{n} = {100 * p:.1f} % (95 % CI {100 * low:.0f}-{100 * high:.0f})"


def kind(name):
    return next((k for k, starts in KINDS.items() if name.startswith(starts)), None)


def copy(case, target, keep):
    os.makedirs(target)
    for name in os.listdir(case):
        if name in HIDDEN or (keep is not None and kind(name) not in keep | {None}):
            continue
        # Real runs hold notes and ground truth beside the evidence: only what is of a kind is evidence there.
        if keep is None and kind(name) is None and name not in PERIODS | {"capture.json"}:
            continue
        source = os.path.join(case, name)
        (shutil.copytree if os.path.isdir(source) else shutil.copy)(source, os.path.join(target, name))
    return any(kind(n) or n in PERIODS for n in os.listdir(target))


def diagnose(job, also=()):
    """The answer to a case; `also` names further commands whose answers are added."""
    tidemark, case, keep = job
    with tempfile.TemporaryDirectory() as folder:
        evidence = os.path.join(folder, os.path.basename(case))
        if not copy(case, evidence, keep):
            return None
        db = os.path.join(folder, "db.sqlite")
        subprocess.run([tidemark, "ingest", evidence, "--db", db, "--quiet"], capture_output=True)
        answer = subprocess.run([tidemark, "diagnose", "--db", db, "--format", "json", "--quiet"], capture_output=True)
        try:
            found = json.loads(answer.stdout)
            for command in also:
                run = subprocess.run([tidemark, command, "--db", db, "--format", "json"], capture_output=True)
                try:
                    found |= json.loads(run.stdout)
                except ValueError:
                    found["error"] = run.stderr.decode(errors="replace")[-200:]
            return found
        except ValueError:
            return {"error": answer.stderr.decode(errors="replace")[-200:], "findings": []}


def top(answer):
    first = (answer.get("findings") or [None])[0]
    if not first or first["cause"] == "unknown" or first["confidence"] <= 0.5:
        return None
    return first["cause"]


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def also(truth):
    """Commands whose answers a case can be asked for beside the verdict."""
    return {"compare": ("compare",), "forecast": ("capacity", "forecast")}.get(truth.get("type"), ("capacity",))


def capacity(cases, truth, answers):
    """Error of the highest rate over all cases of one period, by how far the estimate lies beyond the observed load."""
    print("\n== capacity: all cases of one period")
    by = collections.defaultdict(list)
    refused = 0
    for case in cases:
        known = truth[case].get("true_capacity")
        if not known or truth[case]["type"] == "compare":
            continue
        groups = [g for g in answers[case].get("capacity") or [] if g.get("source") != "load_test"]
        if not groups:
            refused += 1
            continue
        total = {key: sum(g[key] for g in groups) for key in ("max_rps", "low", "high")}
        row = (total["max_rps"] / known["max_rps"] - 1, total["low"] <= known["max_rps"] <= total["high"],
               groups[0]["binding_limit"] == known["binding_limit"])
        for name in ("all", groups[0]["grade"]):
            by[name].append(row)
    for name, rows in sorted(by.items(), key=lambda x: (x[0] != "all", x[0])):
        sizes = sorted(abs(r[0]) for r in rows)
        print(f"{name if name == 'all' else 'grade ' + name:10s} n {len(rows):3d}  error median {100 * sizes[len(sizes) // 2]:.1f} %, "
              f"p90 {100 * sizes[min(len(sizes) - 1, int(0.9 * len(sizes)))]:.1f} %, signed median "
              f"{100 * sorted(r[0] for r in rows)[len(rows) // 2]:+.1f} %; 80 % interval covers {wilson(sum(r[1] for r in rows), len(rows))}; "
              f"limit right {wilson(sum(r[2] for r in rows), len(rows))}")
    print(f"refused {refused}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tidemark"); parser.add_argument("shared")
    parser.add_argument("--jobs", type=int, default=os.cpu_count()); parser.add_argument("--keep")
    a = parser.parse_args()
    corpora = os.path.join(a.shared, "corpora")
    incidents = sorted(os.path.dirname(p) for p in glob.glob(os.path.join(corpora, "incidents", "*", "truth.json")))
    real = sorted(os.path.dirname(p) for p in glob.glob(os.path.join(corpora, "real", "*", "truth.json")))
    truth = {c: json.load(open(os.path.join(c, "truth.json"))) for c in incidents + real}
    keep = a.keep or tempfile.mkdtemp()
    os.makedirs(keep, exist_ok=True)
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as pool:
        whole = dict(zip(incidents + real, pool.map(
            lambda c: diagnose((a.tidemark, c, None), also(truth[c])), incidents + real)))
        for case in incidents:
            json.dump(whole[case], open(os.path.join(keep, os.path.basename(case) + ".json"), "w"))
        print("== incidents: all evidence", flush=True)
        subprocess.run([sys.executable, os.path.join(corpora, "score_incidents.py"), os.path.join(corpora, "incidents"),
                        "--answers", keep])

        capacity(incidents, truth, whole)
        forecast_backtest.report(a.tidemark, a.shared, pool)
        print("\n== compare: simulated engines", flush=True)
        subprocess.run([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "compare_accuracy.py"),
                        "--tidemark", a.tidemark, "--runs", "2"])

        print("\n== by hardware profile (no threshold was fitted to one)")
        by = collections.defaultdict(list)
        for c in incidents:
            t = truth[c]
            if t["type"] == "incident" and t["cause"] != "healthy":
                by[f"{t['gpu']} {t['model']}"].append(top(whole[c]) == t["cause"])
        for name, hits in sorted(by.items()):
            print(f"{name:48s} top-1 {wilson(sum(hits), len(hits))}")

        print("\n== real servers: all evidence")
        hits, quiet = [], []
        for c in real:
            t, answer = truth[c], whole[c]
            code = t["cause_code"]
            if code == "load_sweep":
                continue
            found = top(answer)
            if code == "healthy" or code.startswith("regression"):
                quiet.append(found is not None)
            else:
                hits.append(found == code)
            if (found or "healthy") != (code if not code.startswith("regression") else "healthy"):
                print(f"  {os.path.basename(c)}: {code}, answered {found}")
        print(f"top-1 {wilson(sum(hits), len(hits))}; false verdicts {wilson(sum(quiet), len(quiet))}")

        print("\n== less evidence: right / abstained / wrong with certainty (incidents), false verdicts (healthy)")
        cases = [c for c in incidents if truth[c]["type"] == "incident"]
        for name, stay in LESS.items():
            answers = list(pool.map(diagnose, [(a.tidemark, c, stay) for c in cases]))
            count, wrong = collections.Counter(), []
            for c, answer in zip(cases, answers):
                if answer is None:
                    continue
                t, found = truth[c], top(answer)
                if t["cause"] == "healthy":
                    count["healthy"] += 1; count["false"] += found is not None
                    if found:
                        wrong.append(f"{os.path.basename(c)} healthy->{found}")
                else:
                    count["n"] += 1
                    verdict = "right" if found == t["cause"] else "abstained" if found is None else \
                        "acceptable" if found in t["acceptable"] else "wrong"
                    count[verdict] += 1
                    if verdict == "wrong":
                        wrong.append(f"{os.path.basename(c)} {t['cause']}->{found}")
            print(f"{name:16s} right {wilson(count['right'] + count['acceptable'], count['n'])}; abstained {count['abstained']}; "
                  f"wrong {wilson(count['wrong'], count['n'])}; false {wilson(count['false'], count['healthy'])}")
            for line in wrong:
                print(f"    {line}")

        print("\n== abstention: the deciding kind of source removed")
        removed = [(c, DECIDING[truth[c]["cause"]]) for c in cases if truth[c]["cause"] in DECIDING
                   and any(kind(n) == DECIDING[truth[c]["cause"]] for n in os.listdir(c))]
        answers = list(pool.map(diagnose, [(a.tidemark, c, set(KINDS) - {k}) for c, k in removed]))
        good = [top(x) is None for x in answers]
        for (c, k), x in zip(removed, answers):
            print(f"    {os.path.basename(c)} {truth[c]['cause']} without {k}: "
                  f"{[(f['cause'], round(f['confidence'], 2)) for f in x['findings'][:3]]}")
        print(f"abstained {wilson(sum(good), len(good))}")


if __name__ == "__main__":
    main()
