#!/usr/bin/env python3
"""Measures Tidemark on Prometheus blocks against a real Prometheus on the same blocks, by CPU time.

  prometheus.py TIDEMARK BLOCKS [--with-dump]

BLOCKS is what `make bench-block` makes. The server (Debian's `prometheus`) runs on loopback over a copy of the blocks,
compaction off; its share is the CPU time of its process during a query. Tidemark's is that of a whole process.
"""
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

TIDEMARK, BLOCKS = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
TICKS = os.sysconf("SC_CLK_TCK")
START, END, STEP = 1767225900, 1767312000, 60
P99 = "histogram_quantile(0.99, sum by (le, instance) (rate(vllm:e2e_request_latency_seconds_bucket[5m])))"


def run(command):
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    error = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    if status != 0:
        sys.exit(f"failed with status {status}: {' '.join(command[:6])}: {error.decode()[:300]}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def row(name, results, target=""):
    cpu = [r[0] for r in results]
    peak = max(r[1] for r in results)
    memory = f"{peak:.0f} MiB" if peak else ""
    print(f"| {name} | {statistics.median(cpu):.3f} s ({min(cpu):.3f}–{max(cpu):.3f}) | {memory} | {target} |", flush=True)


def size(path):
    if os.path.isfile(path):
        return os.path.getsize(path)
    return sum(os.path.getsize(os.path.join(f, n)) for f, _, names in os.walk(path) for n in names)


class Server:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/api/v1/query_range?"
        self.process = subprocess.Popen(
            ["prometheus", "--config.file=/dev/null", f"--storage.tsdb.path={folder}", "--storage.tsdb.retention.time=100y",
             "--storage.tsdb.min-block-duration=2h", "--storage.tsdb.max-block-duration=2h",
             f"--web.listen-address=127.0.0.1:{port}", "--query.timeout=10m"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(300):
            try:
                if urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready").status == 200:
                    time.sleep(2)
                    return
            except OSError:
                time.sleep(0.1)
        sys.exit("prometheus did not start")

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def ask(self, queries):
        before = self.cpu()
        answers = []
        for query in queries:
            text = urllib.parse.urlencode({"query": query, "start": START, "end": END, "step": STEP})
            answers.append(json.load(urllib.request.urlopen(self.url + text))["data"]["result"])
        return (self.cpu() - before, 0), answers


def agree(mine, theirs):
    """Whether two matrices have the same series, times and (to 1e-9) values."""
    key = lambda series: json.dumps(series["metric"], sort_keys=True)
    if sorted(map(key, mine)) != sorted(map(key, theirs)):
        return False
    for a, b in zip(sorted(mine, key=key), sorted(theirs, key=key)):
        if [p[0] for p in a["values"]] != [p[0] for p in b["values"]]:
            return False
        for (_, x), (_, y) in zip(a["values"], b["values"]):
            x, y = float(x), float(y)
            if x != y and not (x != x and y != y) and abs(x - y) > 1e-9 * max(abs(x), abs(y)):
                return False
    return True


def main():
    folder = tempfile.mkdtemp(prefix="tidemark-bench-")
    db = os.path.join(folder, "bench.sqlite")
    server = None
    try:
        print(f"Blocks: {size(BLOCKS) / 1e6:.1f} MB. CPU time, median of 5 (min–max).\n")
        print("| what | CPU time | peak memory | aim |\n|---|---|---|---|")
        results = []
        for _ in range(5):
            for suffix in ("", ".lock", "-journal"):
                if os.path.exists(db + suffix):
                    os.remove(db + suffix)
            results.append(run([TIDEMARK, "ingest", BLOCKS, "--db", db, "--quiet"]))
        row("block → store", results, "≤ 1.5 s, ≤ 128 MB")
        print(f"| store on disk | {size(db) / size(BLOCKS):.2f} × the block | | ≤ 1.3 × |")
        copy = os.path.join(folder, "data")
        shutil.copytree(BLOCKS, copy)
        os.makedirs(os.path.join(copy, "wal"), exist_ok=True)
        if "--with-dump" in sys.argv:
            row("peer: `promtool tsdb dump`, one run", [run(["promtool", "tsdb", "dump", copy])])
        server = Server(copy)
        names = subprocess.run(
            [TIDEMARK, "sql", "SELECT DISTINCT name FROM series ORDER BY 1", "--db", db, "--format", "csv"],
            capture_output=True, text=True, check=True).stdout.split()[1:]
        questions = [
            ("p99 latency by instance", [P99], "≤ 0.3 s"),
            ("sum of all series", ['sum({__name__=~".+"})'], "≤ 1 s"),
            (f"`sum(rate())` of {len(names)} names, one by one", [f"sum(rate({n}[5m]))" for n in names], "≤ 1.2 s"),
        ]
        for title, queries, aim in questions:
            for label, where in (("store", ["--db", db]), ("blocks", ["--tsdb", BLOCKS])):
                command = [TIDEMARK, "query", *queries, *where, "--start", str(START), "--end", str(END), "--step",
                           str(STEP), "--promql-compat", "2", "--format", "json", "--quiet"]
                row(f"{title}, from the {label}", [run(command) for _ in range(5)], aim)
            mine = [json.loads(line)["data"]["result"] for line in subprocess.run(
                command, capture_output=True, text=True, check=True).stdout.splitlines()]
            theirs = [server.ask(queries) for _ in range(5)]
            row(f"peer: Prometheus, {title}", [t[0] for t in theirs])
            if not all(agree(a, b) for a, b in zip(mine, theirs[0][1])):
                sys.exit(f"the answers differ: {title}")
        print("\nAll answers agree with the server's to 1e-9.")
    finally:
        if server:
            server.process.terminate()
            server.process.wait()
        shutil.rmtree(folder)


main()
