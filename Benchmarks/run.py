#!/usr/bin/env python3
"""Measures whole processes by CPU time (user + system) and peak memory: medians over runs after a warm-up.

  run.py TIDEMARK [--quick] [--reports]      --quick divides the sizes by ten; --reports measures the reports alone
Peers run in the same call on the same files. Only Python's standard library is needed.
"""
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TIDEMARK = os.path.abspath(sys.argv[1])
SCALE = 0.1 if "--quick" in sys.argv else 1.0


def once(command, clean=None):
    if clean:
        for suffix in ("", ".lock", "-journal"):
            if os.path.exists(clean + suffix):
                os.remove(clean + suffix)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if status != 0:
        sys.exit(f"failed with status {status}: {' '.join(command)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def measure(command, clean=None, runs=5):
    first = once(command, clean)
    if first[0] > 10:
        runs = 3
    results = [once(command, clean) for _ in range(runs)]
    cpu = [r[0] for r in results]
    return statistics.median(cpu), min(cpu), max(cpu), max(r[1] for r in results)


def row(name, amount, unit, command, clean=None, note=""):
    median, low, high, peak = measure(command, clean)
    print(f"| {name} | {amount / median:,.3g} {unit}/s | {median:.2f} s ({low:.2f}–{high:.2f}) | {peak:.0f} MiB | {note} |",
          flush=True)


def report(name, days, folder, db, generate):
    """A report of ten replicas from an analysed database: time, memory, size; twice the same bytes."""
    answer, pages = os.path.join(folder, "fleet.json"), os.path.join(folder, "pages")
    generate("fleet", days, answer)
    once([TIDEMARK, "ingest", answer, "--db", db, "--quiet"], db)
    os.remove(answer)
    command = [TIDEMARK, "report", "--db", db, "--out", pages, "--quiet"]
    analysis = once(command)
    print(f"| {name}, analysis included | – | {analysis[0]:.2f} s | {analysis[1]:.0f} MiB | once |", flush=True)
    seen = set()
    for _ in range(2):
        once(command)
        with open(os.path.join(pages, "index.html"), "rb") as page:
            seen.add(page.read())
    if len(seen) != 1:
        sys.exit(f"{name}: two renders differ")
    size = len(seen.pop())
    if size > 2_000_000:
        sys.exit(f"{name}: index.html has {size:,} bytes, more than 2 MB")
    row(name, size / 1e6, "MB", command, note=f"index.html {size:,} bytes, twice the same; aim: ≤ 2 MB, ≤ 1 s")
    shutil.rmtree(pages)


def reports(folder, db, generate):
    for name, days in [("day", max(0.25, SCALE)), ("week", max(1, 7 * SCALE))]:
        report(f"report of a {name} of ten replicas", days, folder, db, generate)


def cores(name, command, clean):
    """Wall time on one core against all: what the second thread is good for."""
    os.sync()  # Input that is still on its way to the disk holds up commits.
    walls = {"taskset -c 0": [], "": []}
    for _ in range(5):
        for prefix, times in walls.items():
            started = time.monotonic()
            once(prefix.split() + command, clean)
            times.append(time.monotonic() - started)
    walls = [statistics.median(times) for times in walls.values()]
    print(f"| {name}, wall time | {walls[0] / walls[1]:.2f} × one core | {walls[1]:.2f} s against {walls[0]:.2f} s | – | |",
          flush=True)


def main():
    folder = tempfile.mkdtemp(prefix="tidemark-bench-")
    make = lambda *a: subprocess.check_call([sys.executable, os.path.join(HERE, "generate.py"), *map(str, a)])
    peer = lambda name, *a: [sys.executable, os.path.join(HERE, "peers", name), *map(str, a)]
    db = os.path.join(folder, "bench.sqlite")
    ingest = lambda path: [TIDEMARK, "ingest", path, "--db", db, "--quiet"]
    try:
        print(f"Machine: {os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; "
              f"CPU time, median of 5 (3 above 10 s).\n")
        print("| what | per CPU second | CPU time, median (min–max) | peak memory | note |\n|---|---|---|---|---|")
        if "--reports" in sys.argv:
            return reports(folder, db, make)
        log = os.path.join(folder, "server.log")
        make("log", 1000 * SCALE, log)
        size = os.path.getsize(log) / 1e6
        row("vLLM log → SQLite", size, "MB", ingest(log), db)
        cores("vLLM log → SQLite", ingest(log), db)
        row("peer: `wc -l`", size, "MB", ["wc", "-l", log])
        part = os.path.join(folder, "part.log")
        # In pieces: a child's peak counts the pages that it shares with this process when it starts.
        with open(log, "rb") as source, open(part, "wb") as out:
            for _ in range(int(100 * SCALE)):
                out.write(source.read(1_000_000))
            out.write(source.readline())
        tenth = os.path.getsize(part) / 1e6
        row("peer: Python, re + sqlite3", tenth, "MB", peer("log.py", part, db), db, "on a tenth of the file")
        row("vLLM log → SQLite with --keep-access-rows", size, "MB", ingest(log) + ["--keep-access-rows"], db)
        rows_in_c = os.path.join(folder, "rows")
        if subprocess.call(["cc", "-O2", os.path.join(HERE, "peers", "rows.c"), "-o", rows_in_c, "-lsqlite3"]) == 0:
            row("peer: C, a row each by one prepared statement", tenth, "MB", [rows_in_c, part, db], db,
                "on a tenth; reads access and request lines only")
        packed = os.path.join(folder, "packed.log.gz")
        with open(log, "rb") as source, open(packed, "wb") as out:
            subprocess.check_call(["gzip", "-c"], stdin=source, stdout=out)
        row("vLLM log, gzipped → SQLite", size, "MB", ingest(packed), db, "MB inflated")
        row("peer: `gzip -dc`", size, "MB", ["gzip", "-dc", packed])
        os.remove(packed)
        wrapped = os.path.join(folder, "wrapped-json.log")
        make("docker", part, wrapped)
        size = os.path.getsize(wrapped) / 1e6
        row("vLLM log in Docker's json-file → SQLite", size, "MB", ingest(wrapped), db)
        row("peer: Python, unwrapping only", size, "MB", peer("docker.py", wrapped), None, "orjson where installed; stores nothing")
        os.remove(wrapped)
        os.remove(log)
        traces = os.path.join(folder, "traces.jsonl")
        spans = int(4e5 * SCALE)
        make("otlp", spans, traces)
        row("OTLP traces → SQLite", os.path.getsize(traces) / 1e6, "MB", ingest(traces), db, f"{spans:,} spans")
        os.remove(traces)
        gpu = os.path.join(folder, "nvidia-smi.csv")
        make("gpu", 24 * SCALE, gpu)
        rows = int(24 * SCALE * 3600) * 8
        row("nvidia-smi CSV → SQLite", rows, "rows", ingest(gpu), db)
        row("peer: Python, csv + sqlite3", rows, "rows", peer("gpu.py", gpu, db), db)
        scrapes = os.path.join(folder, "scrapes")
        count = int(2000 * SCALE)
        make("scrapes", count, scrapes)
        samples = count * (7 * 25 + 400)
        row("scrapes → SQLite", samples, "samples", ingest(scrapes), db)
        row("peer: Python, split only", samples, "samples", peer("scrapes.py", scrapes), None, "stores nothing")
        dump = os.path.join(folder, "dump.txt")
        make("dump", int(3e6 * SCALE), dump)
        samples = int(3e6 * SCALE) // 240 * 240
        row("promtool dump → SQLite", samples, "samples", ingest(dump), db)
        answer = os.path.join(folder, "answer.json")
        make("answer", int(3e6 * SCALE), answer)
        samples = int(3e6 * SCALE) // 1440 * 1440
        row("API JSON → SQLite", samples, "samples", ingest(answer), db, "values of 12 random digits")
        os.remove(answer)
        reports(folder, db, make)
    finally:
        shutil.rmtree(folder)


main()
