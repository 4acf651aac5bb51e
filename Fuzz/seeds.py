"""Writes the first inputs of a fuzz target: seeds.py NAME FOLDER.

They come from fixtures/ and, where TIDEMARK_SHARED names the evidence folder (default ../shared), from the specimens of
real servers there. Long files are cut into pieces: a small input is a fast one.
"""

import gzip
import json
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHARED = pathlib.Path(os.environ.get("TIDEMARK_SHARED", ROOT.parent / "shared")) / "specimens" / "prometheus"


def read(path):
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def files(*patterns):
    """Files below fixtures/ and the specimens, sorted."""
    for base in (ROOT / "fixtures", SHARED):
        for pattern in patterns:
            yield from sorted(p for p in base.glob(pattern) if p.is_file() and p.name != "README.md")


def pieces(data, size=3000, most=12):
    """Whole lines, at most `size` bytes each time, spread over the file."""
    lines = data.splitlines(keepends=True)
    blocks, block = [], b""
    for line in lines:
        if block and len(block) + len(line) > size:
            blocks.append(block)
            block = b""
        block += line[:size]
    blocks.append(block)
    step = max(1, len(blocks) // most)
    return blocks[::step]


def uvarint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        shift += 7
        if byte < 128:
            return value, at


def index():
    for path in files("*/*/index", "*/*/*/index"):
        data = read(path)
        if len(data) < 200_000:
            yield data
    for path in files("*/*/meta.json", "*/*/*/meta.json", "meta-level2-example.json"):
        yield read(path)
    for path in files("*/*/tombstones"):
        yield read(path)[5:]


def chunk():
    # What the first byte says: 0 XOR, 1 histogram, 2 float histogram, 3 chunks/, 4 chunks_head/.
    for path in files("*/*/chunks/0*", "*/*/*/chunks/0*"):
        data = read(path)
        at, number = 8, 0
        while at < len(data):
            length, start = uvarint(data, at)
            kind = data[start]
            if number % 37 == 0 or kind != 1:
                yield bytes([kind - 1]) + data[start + 1 : start + 1 + length]
            at = start + 1 + length + 4
            number += 1
            if number > 1500:
                break
        yield b"\x03" + data[:4000]
    for path in files("*/chunks_head/0*"):
        yield b"\x04" + read(path)[:6000]


def log():
    # What the first byte says: 0 a record, 1 Snappy, 2 Zstandard, 3 a segment.
    for path in files("*/wal/0*", "*/wbl/0*"):
        data = read(path)
        yield b"\x03" + data[:5000]
        at = 0
        for _ in range(40):
            left = 32768 - at % 32768
            if at + 7 > len(data):
                break
            if data[at] & 7 == 0:
                at += left
                continue
            length = data[at + 1] << 8 | data[at + 2]
            body = data[at + 7 : at + 7 + length]
            if length < 6000:
                yield (b"\x01" if data[at] & 8 else b"\x00") + body
                if data[at] & 8 and data[at] & 7 == 1:
                    plain = snappy(body)
                    if len(plain) < 6000:
                        yield b"\x00" + plain
            at += 7 + length
    # A stored, a run-length and an empty frame: 28 b5 2f fd, descriptor, size, block header.
    yield b"\x02" + bytes.fromhex("28b52ffd2003190000") + b"abc"
    yield b"\x02" + bytes.fromhex("28b52ffd20100b0000") + b"a" + bytes.fromhex("090000")
    yield b"\x02" + bytes.fromhex("28b52ffd2000010000")


def snappy(data):
    _, at = uvarint(data, 0)
    out = bytearray()
    while at < len(data):
        tag = data[at]
        at += 1
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                width = length - 59
                length = int.from_bytes(data[at : at + width], "little")
                at += width
            out += data[at : at + length + 1]
            at += length + 1
            continue
        if tag & 3 == 1:
            length, distance = 4 + (tag >> 2 & 7), (tag >> 5) << 8 | data[at]
            at += 1
        else:
            width = 2 if tag & 3 == 2 else 4
            length, distance = 1 + (tag >> 2), int.from_bytes(data[at : at + width], "little")
            at += width
        for _ in range(length):
            out.append(out[-distance])
    return bytes(out)


def exposition():
    for path in files("prometheus-text/*.txt", "openmetrics-dump/*.txt", "scrapes/*.txt", "federate.txt"):
        for number, piece in enumerate(pieces(read(path))):
            yield bytes([number % 32]) + piece
    yield b'\x08# TYPE h histogram\nh_bucket{le="1"} 1 # {trace_id="a"} 0.5 1.5\n{"a.b","c d"="e"} 1\n# EOF\n'
    yield b'\x00a{b="x\ny"} 1\nc 2 1700000000000\nd NaN\ne +Inf 1.5\n'


def dump():
    for path in files("promtool-dump/*.txt", "dump/*.gz"):
        for number, piece in enumerate(pieces(read(path))):
            yield bytes([number % 3]) + piece
    yield b'\x00{__name__="a", "my.label"="\\x41\\u00e9\\""} NaN 1\n{__name__="h"} {count:1, sum:2} 5\n'


def answers():
    for path in files("prometheus-json/*.json", "http-api/*"):
        data = read(path)
        yield data[:4000]
        yield data[-1500:]
    for name in ("answers.json.gz", "answers-ooo-native.json.gz"):
        if (SHARED / name).exists():
            for answer in json.loads(read(SHARED / name))["answers"][::6]:
                text = json.dumps(answer["response"]).encode()
                if len(text) < 4000:
                    yield text
    yield b'[{"metric":{"__name__":"a"},"values":[[1.5,"1e-07"],[2 , "+Inf"],[3,"NaN"]]}]'


def export():
    for path in files("victoriametrics/*"):
        yield from pieces(read(path))
    yield b'{"metric":{"__name__":"a","b":"c"},"values":[1,null,"Infinity"],"timestamps":[1,2,3]}\n'
    yield b'{"timestamps":[1,2],"values":[1.5,2],"metric":{"__name__":"a"}}\n{"metric":{}}\n'


def panels():
    for path in files("grafana/*"):
        yield from pieces(read(path), most=6)


def server_log():
    for number, path in enumerate(files("vllm-log/*/server.log")):
        for piece in pieces(read(path), size=1500, most=6):
            yield bytes([number % 8]) + piece
    marks = {"␛": "\x1b", "␍": "\r", "␠": " "}
    for path in files("vllm-log/field-lines/*.txt"):
        for number, block in enumerate(read(path).decode().split("\n\n")):
            for mark, text in marks.items():
                block = block.replace(mark, text)
            lines = [line for line in block.split("\n") if not line.startswith(("= ", "# "))]
            yield bytes([number % 8]) + "\n".join(lines).encode()


def gateway():
    for path in files("gateway/*.log", "gateway/*.csv"):
        yield from pieces(read(path))
        yield from read(path).splitlines(keepends=True)


def promql():
    queries = set()
    for name in ("answers.json.gz", "answers-ooo-native.json.gz"):
        if (SHARED / name).exists():
            for answer in json.loads(read(SHARED / name))["answers"]:
                queries.add(answer["params"].get("query", ""))
    queries |= {
        "sum by (instance) (rate(c_total[1m]))", "histogram_quantile(0.9, sum by (le) (rate(h_bucket[2m])))",
        "g offset -1m @ end()", "max_over_time(sum(c_total)[2m:30s])", "topk(1, g) or on (job) c_total > bool 2",
        'label_replace(g, "x", "$1", "instance", "(.*)")', "c_total * on (instance) group_left (job) g",
        "quantile_over_time(0.5, g[5m] @ 300)", 'count_values("v", g)', "-2 ^ 2 % 3", "absent(nothing)",
        'sort_by_label(g{instance=~"a|b",job!~"x.*"}, "job")', "double_exponential_smoothing(g[3m], 0.5, 0.5)",
    }
    for number, query in enumerate(sorted(queries)):
        yield bytes([number % 4]) + query.encode()


def gpu():
    # A first byte below 128: the format is told by the content.
    for path in files("nvidia-smi/*", "../nvidia-smi/*", "kernel-log/*"):
        for number, piece in enumerate(pieces(read(path), most=3)):
            yield bytes([number % 2 * (128 + number % 10)]) + piece
    yield b"\x00timestamp, index\n" + "2026/11/23 17:33:00.112, 0, [GPU is lost]\r\n".encode()
    yield b"\x00\xff\xfe" + "index, utilization.gpu [%]\r\n0, 97 %\r\n".encode("utf-16-le")
    yield b"\x002026-11-23T17:33:00.5Z stdout F index, power.draw [W]\n2026-11-23T17:33:01.5Z stdout F 0, 41.5 W\n"


def kernel():
    for path in files("kernel-log/*"):
        yield from pieces(read(path))


def traces():
    for path in files("traces/*"):
        data = read(path)
        yield b"\x00" + data[:5000]
        yield b"\x02" + data[-2500:]
    for path in files("traces-frames/*"):
        yield b"\x04" + read(path)[:6000]


def framing():
    for number, path in enumerate(files("framing/*")):
        data = read(path)[:4000]
        yield b"\x00" + data
        yield bytes([number * 2 % 128 | 1]) + data
    yield b"\x02" + b'{"streams":[{"stream":{"a":"b"},"values":[["1772615287123000000","x\\ny"]]}]}'


def load_test():
    # A first byte below 128: the format is told by the content.
    for path in files("load-test/*"):
        data = read(path)
        yield b"\x00" + data[:6000]
        if len(data) < 4000:
            yield bytes([128 + len(data) % 9]) + data


MAKERS = {
    "nvidia-smi": gpu, "kernel-log": kernel, "traces": traces,
    "tsdb-index": index, "tsdb-chunk": chunk, "tsdb-log": log, "exposition": exposition, "dump": dump,
    "answers": answers, "export": export, "panels": panels, "server-log": server_log, "gateway": gateway,
    "promql": promql, "framing": framing, "load-test": load_test,
}

if __name__ == "__main__":
    name, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    count = 0
    for count, seed in enumerate(MAKERS[name](), 1):
        (folder / f"seed-{count:04}").write_bytes(seed)
    print(f"{count} seeds for {name}", file=sys.stderr)
