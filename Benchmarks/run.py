#!/usr/bin/env python3
"""Measures whole processes by CPU time (user + system) and peak memory: medians over runs after a warm-up.

  run.py TIDEMARK [--quick]      --quick divides the sizes by ten
Peers run in the same call on the same files. Only Python's standard library is needed.
"""
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile

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
        log = os.path.join(folder, "server.log")
        make("log", 1000 * SCALE, log)
        size = os.path.getsize(log) / 1e6
        row("vLLM log → SQLite", size, "MB", ingest(log), db)
        row("peer: `wc -l`", size, "MB", ["wc", "-l", log])
        part = os.path.join(folder, "part.log")
        # In pieces: a child's peak counts the pages that it shares with this process when it starts.
        with open(log, "rb") as source, open(part, "wb") as out:
            for _ in range(int(100 * SCALE)):
                out.write(source.read(1_000_000))
        row("peer: Python, re + sqlite3", os.path.getsize(part) / 1e6, "MB", peer("log.py", part, db), db,
            "on a tenth of the file")
        packed = os.path.join(folder, "packed.log.gz")
        with open(part, "rb") as source, open(packed, "wb") as out:
            subprocess.check_call(["gzip", "-c"], stdin=source, stdout=out)
        row("vLLM log, gzipped → SQLite", os.path.getsize(part) / 1e6, "MB", ingest(packed), db, "MB inflated")
        row("peer: `gzip -dc`", os.path.getsize(part) / 1e6, "MB", ["gzip", "-dc", packed])
        os.remove(log)
        gpu = os.path.join(folder, "nvidia-smi.csv")
        make("gpu", 6 * SCALE, gpu)
        rows = int(6 * SCALE * 3600) * 8
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
    finally:
        shutil.rmtree(folder)


main()
