#!/usr/bin/env python3
"""Writes evidence of a chosen size in the forms of vLLM 0.11 to 0.33, Prometheus and nvidia-smi. Seeded: same bytes.

  generate.py log MEGABYTES FILE        66 % access lines, 33 % request lines, 0.7 % statistics, some tracebacks
  generate.py docker LOG FILE           the log LOG as Docker's json-file driver writes it
  generate.py otlp SPANS FILE           request spans of vLLM as a collector's file exporter writes them, 50 a line
  generate.py gpu HOURS FILE            8 GPUs, one row a second each
  generate.py scrapes COUNT FOLDER      one target, 15 s apart, about 600 series
  generate.py dump SAMPLES FILE         promtool tsdb dump text, 240 samples a series
  generate.py block HOURS FOLDER        Prometheus blocks of 2 h (needs promtool): 10 replicas of 600 series, 15 s apart
  generate.py answer SAMPLES FILE       a query_range answer, 1,440 points a series
  generate.py fleet DAYS FILE           a query_range answer of ten replicas, 15 s apart: their load by the hour, three histograms,
                                        an incident of 20 minutes in the last day, one slow replica
"""
import itertools
import math
import os
import random
import subprocess
import sys
import time

START = 1767225600  # 2026-01-01T00:00:00Z


def stamp(seconds):
    return time.strftime("%m-%d %H:%M:%S", time.gmtime(seconds))


def log(megabytes, path):
    rng = random.Random(1)
    limit = int(float(megabytes) * 1e6)
    now, size, number = START, 0, 0
    params = (
        "params: SamplingParams(n=1, presence_penalty=0.0, frequency_penalty=0.0, repetition_penalty=1.0, "
        "temperature=1.0, top_p=1.0, top_k=0, min_p=0.0, seed=None, stop=[], stop_token_ids=[], bad_words=[], "
        "include_stop_str_in_output=False, ignore_eos=False, max_tokens=%d, min_tokens=0, logprobs=None, "
        "prompt_logprobs=None, skip_special_tokens=True), lora_request: None."
    )
    with open(path, "w", newline="") as out:
        def write(text):
            nonlocal size
            out.write(text)
            size += len(text)

        write(f"(APIServer pid=7) INFO {stamp(now)} [api_server.py:1977] vLLM API server version 0.11.2\n")
        write(f"(APIServer pid=7) INFO {stamp(now)} [utils.py:253] non-default args: "
              "{'model': 'acme/acme-8b', 'max_num_seqs': 256}\n")
        write("INFO:     Started server process [7]\nINFO:     Application startup complete.\n")
        while size < limit:
            now += rng.random() * 0.02
            prefix = f"(APIServer pid=7) INFO {stamp(now)} "
            draw = rng.random()
            if draw < 0.66:
                client = f"10.0.0.{rng.randrange(1, 9)}:{rng.randrange(1024, 65536)}"
                status = rng.choices(["200 OK", "400 Bad Request", "404 Not Found"], [97, 2, 1])[0]
                path_ = rng.choice(["/v1/chat/completions", "/v1/completions"])
                write(f'INFO:     {client} - "POST {path_} HTTP/1.1" {status}\n')
            elif draw < 0.825:
                number += 1
                write(prefix + f"[logger.py:47] Received request chatcmpl-{number:032x}: "
                      + params % rng.randrange(16, 2048) + "\n")
            elif draw < 0.99:
                write(prefix + f"[async_llm.py:344] Added request chatcmpl-{number:032x}.\n")
            elif draw < 0.997:
                write(prefix + f"[loggers.py:248] Engine 000: Avg prompt throughput: {rng.random() * 5000:.1f} tokens/s, "
                      f"Avg generation throughput: {rng.random() * 3000:.1f} tokens/s, Running: {rng.randrange(256)} reqs, "
                      f"Waiting: {rng.randrange(20)} reqs, GPU KV cache usage: {rng.random() * 100:.1f}%, "
                      f"Prefix cache hit rate: {rng.random() * 100:.1f}%\n")
            else:
                error = prefix.replace(" INFO ", " ERROR ") + "[serving_chat.py:661] "
                write(error + "Error in chat completion stream generator.\r\n" + error
                      + "Traceback (most recent call last):\r\n" + error
                      + '  File "/usr/lib/python3/vllm/serving_chat.py", line 650, in stream\r\n' + error
                      + "    async for res in generator:\r\n" + error + f"ValueError: request {number} is gone\n")


def docker(source, path):
    """Each line as a JSON object; the arrival a millisecond after the line before."""
    with open(source, newline="\n") as log, open(path, "w") as out:
        for number, line in enumerate(log):
            seconds, millis = divmod(number, 1000)
            text = line.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "\\r").replace("\n", "\\n")
            clock = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + seconds))
            out.write(f'{{"log":"{text}","stream":"stdout","time":"{clock}.{millis:03d}000000Z"}}\n')


def otlp(spans, path):
    rng = random.Random(7)
    with open(path, "w") as out:
        for batch in range(int(float(spans)) // 50):
            out.write('{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"vllm"}}]},'
                      '"scopeSpans":[{"scope":{"name":"vllm.llm_engine"},"spans":[')
            for index in range(50):
                number = batch * 50 + index
                start = (START * 1000 + number * 20) * 1_000_000
                e2e = rng.random() * 8 + 0.2
                attributes = ",".join(
                    [f'{{"key":"gen_ai.latency.{name}","value":{{"doubleValue":{value:.6f}}}}}' for name, value in [
                        ("time_in_queue", e2e * 0.02), ("time_to_first_token", e2e * 0.1), ("e2e", e2e),
                        ("time_in_model_prefill", e2e * 0.08), ("time_in_model_decode", e2e * 0.9)]]
                    + [f'{{"key":"gen_ai.usage.{name}","value":{{"intValue":"{value}"}}}}' for name, value in [
                        ("prompt_tokens", rng.randrange(16, 4096)), ("completion_tokens", rng.randrange(1, 1024))]]
                    + [f'{{"key":"gen_ai.request.id","value":{{"stringValue":"chatcmpl-{number:032x}"}}}}'])
                out.write(("," if index else "") + f'{{"traceId":"{rng.getrandbits(128):032x}","spanId":"{rng.getrandbits(64):016x}",'
                          f'"name":"llm_request","kind":2,"startTimeUnixNano":"{start}",'
                          f'"endTimeUnixNano":"{start + int(e2e * 1e9)}","attributes":[{attributes}],"status":{{}}}}')
            out.write("]}]}]}\n")


def gpu(hours, path):
    rng = random.Random(2)
    with open(path, "w") as out:
        out.write("timestamp, index, name, pstate, utilization.gpu [%], utilization.memory [%], memory.used [MiB], "
                  "memory.total [MiB], temperature.gpu, power.draw [W], clocks.current.sm [MHz], "
                  "clocks.current.memory [MHz], fan.speed [%], clocks_event_reasons.active\n")
        for second in range(int(float(hours) * 3600)):
            text = time.strftime("%Y/%m/%d %H:%M:%S", time.gmtime(START + second)) + f".{rng.randrange(1000):03d}"
            for index in range(8):
                out.write(f"{text}, {index}, NVIDIA H100 80GB HBM3, P0, {rng.randrange(101)} %, {rng.randrange(101)} %, "
                          f"71934 MiB, 81559 MiB, {rng.randrange(40, 80)}, {rng.random() * 600 + 90:.2f} W, "
                          f"{rng.randrange(1400, 1981)} MHz, 2619 MHz, [N/A], 0x{rng.choice([0, 4]):016X}\n")


LE = "0.001 0.005 0.01 0.02 0.04 0.06 0.08 0.1 0.25 0.5 0.75 1.0 2.5 5.0 7.5 10.0 20.0 40.0 80.0 160.0 640.0 2560.0 +Inf".split()


def scrapes(count, folder):
    rng = random.Random(3)
    os.makedirs(folder, exist_ok=True)
    families = ["time_to_first_token", "inter_token_latency", "e2e_request_latency", "request_queue_time",
                "request_prefill_time", "request_decode_time", "request_inference_time"]
    label = 'engine="0",model_name="acme-8b"'
    state = {(f, le): 0.0 for f in families for le in LE}
    counters = [0.0] * 400
    for number in range(int(count)):
        lines = []
        for family in families:
            name = f"vllm:{family}_seconds"
            lines.append(f"# HELP {name} Histogram.\n# TYPE {name} histogram")
            grown = 0
            for le in LE:
                grown += rng.randrange(3)
                state[family, le] += grown
                lines.append(f'{name}_bucket{{{label},le="{le}"}} {state[family, le]:.1f}')
            lines.append(f"{name}_count{{{label}}} {state[family, '+Inf']:.1f}")
            lines.append(f"{name}_sum{{{label}}} {state[family, '+Inf'] * 0.3:.6f}")
        for index in range(400):
            counters[index] += rng.random() * 50
            lines.append(f'acme_counter_total{{{label},shard="{index}"}} {counters[index]!r}')
        with open(f"{folder}/metrics-{(START + number * 15) * 1000}.txt", "w") as out:
            out.write("\n".join(lines) + "\n")


def dump(samples, path):
    rng = random.Random(4)
    with open(path, "w") as out:
        for series in range(int(samples) // 240):
            value = 0.0
            text = f'{{__name__="vllm:generation_tokens_total", engine="0", instance="10.0.0.1:8000", job="vllm", shard="{series:06d}"}}'
            for index in range(240):
                value += rng.randrange(500)
                out.write(f"{text} {value:g} {(START + index * 15) * 1000}\n")


HISTOGRAMS = ["time_to_first_token_seconds", "inter_token_latency_seconds", "e2e_request_latency_seconds",
              "request_queue_time_seconds", "request_prefill_time_seconds", "request_decode_time_seconds",
              "request_inference_time_seconds", "request_time_per_output_token_seconds", "request_prompt_tokens",
              "request_generation_tokens", "request_max_num_generation_tokens", "request_params_max_tokens",
              "request_params_n", "iteration_tokens_total", "request_prefill_kv_computed_tokens", "request_stream_gap_seconds"]
COUNTERS = [f"vllm:counter_{n:02d}_total" for n in range(25)]
GAUGES = [f"vllm:gauge_{n:02d}" for n in range(25)]


class Series:
    """One series of the block: a counter that grows now and then, a sum of latencies, or a gauge."""
    def __init__(self, text, kind, rate, family=None):
        self.text, self.kind, self.rate, self.value, self.family = text, kind, rate, 0.0, family

    def next(self, draw):
        if self.kind == "count":
            self.value += int(draw * self.rate)
        elif self.kind == "sum":
            self.value += draw * self.rate
        elif draw < 0.5:
            self.value = 2 * draw if self.kind == "ratio" else float(int(draw * self.rate))
        return self.value


def block_series():
    """600 series a replica: 16 histograms of 25 series, 25 counters and 25 gauges with 4 label values each."""
    series = []
    for replica in range(10):
        label = f'engine="0",instance="10.0.0.{replica + 1}:8000",job="vllm",model_name="acme/acme-8b"'
        for family in HISTOGRAMS:
            key = (replica, family)
            for index, le in enumerate(LE):
                series.append(
                    Series(f'vllm:{family}_bucket{{{label},le="{le}"}}', "count", 40 * (index + 1) / len(LE), key))
            series.append(Series(f"vllm:{family}_count{{{label}}}", "count", 40, key))
            series.append(Series(f"vllm:{family}_sum{{{label}}}", "sum", 20, key))
        for name in COUNTERS:
            series += [Series(f'{name}{{{label},reason="{n}"}}', "count", 10 ** n) for n in range(4)]
        for name in GAUGES:
            series += [Series(f'{name}{{{label},shard="{n}"}}', "ratio" if n == 0 else "whole", 8 ** n) for n in range(4)]
    return series


def block(hours, folder):
    rng = random.Random(5)
    series = block_series()
    os.makedirs(folder, exist_ok=True)
    text = os.path.join(folder, "part.openmetrics")
    start = START
    while start < START + float(hours) * 3600:
        with open(text, "w") as out:
            family, draws = None, []
            for one in series:
                # The buckets of a histogram grow together, so that they stay cumulative.
                if one.family is None or one.family != family:
                    family, draws = one.family, [rng.random() for _ in range(480)]
                out.writelines(f"{one.text} {one.next(draws[n])!r} {start + n * 15}\n" for n in range(480))
            out.write("# EOF\n")
        subprocess.check_call(["promtool", "tsdb", "create-blocks-from", "openmetrics", text, folder],
                              stdout=subprocess.DEVNULL)
        start += 7200
    os.remove(text)


def answer(samples, path):
    rng = random.Random(6)
    with open(path, "w") as out:
        out.write('{"status":"success","data":{"resultType":"matrix","result":[')
        for number in range(max(1, int(float(samples)) // 1440)):
            out.write("," if number else "")
            out.write(f'{{"metric":{{"__name__":"vllm:kv_cache_usage_perc","engine":"{number}","job":"vllm"}},"values":[')
            out.write(",".join(f'[{START + n * 60},"{rng.random():.12g}"]' for n in range(1440)))
            out.write("]}")
        out.write("]}}")


def share_below(bound, median, sigma=0.8):
    """Of a lognormal quantity."""
    return 1.0 if bound == math.inf else 0.5 * math.erfc(-math.log(bound / median) / (sigma * math.sqrt(2)))


def fleet(days, path):
    steps = int(float(days) * 5760)
    start = START + 3 * 86400
    middle = steps - min(3000, steps // 2)
    trouble = range(middle, middle + 80)
    bounds = [math.inf if le == "+Inf" else float(le) for le in LE]
    with open(path, "w") as out:
        out.write('{"status":"success","data":{"resultType":"matrix","result":[')
        first = True

        def series(name, label, values):
            nonlocal first
            out.write(f'{"" if first else ","}{{"metric":{{"__name__":"vllm:{name}",{label}}},"values":[')
            out.write(",".join(f'[{start + n * 15},"{value:.12g}"]' for n, value in enumerate(values)))
            out.write("]}")
            first = False

        for replica in range(10):
            rng = random.Random(100 + replica)
            label = f'"engine":"0","instance":"10.0.0.{replica + 1}:8000","job":"vllm","model_name":"acme/acme-8b"'
            slow = 1.6 if replica == 6 else 1.0
            # Requests and the medians of their latencies, a step each.
            finished, first_token, token = [], [], []
            running, waiting, cache = [], [], []
            for n in range(steps):
                busy = 0.55 + 0.4 * math.sin((n % 5760) / 5760 * 2 * math.pi - 1.6) * (0.6 if n // 5760 % 7 > 4 else 1)
                bad = n in trouble
                finished.append(max(0, round(rng.gauss(45 * busy, 4))))
                token.append(0.012 * (1 + busy) * slow * (1.5 if bad else 1))
                first_token.append(0.09 * (1 + busy * busy) * slow * (60 if bad else 1))
                running.append(max(0, round(rng.gauss(80 * busy * slow, 5)) if not bad else 128))
                waiting.append(rng.randrange(60, 140) if bad else 0)
                cache.append(min(1.0, (0.99 if bad else 0.7 * busy) + rng.random() * 0.05))
            series("num_requests_running", label, running)
            series("num_requests_waiting", label, waiting)
            series("kv_cache_usage_perc", label, cache)
            for name, each in [("prompt_tokens_total", 700), ("generation_tokens_total", 220), ("prefix_cache_queries_total", 700),
                               ("prefix_cache_hits_total", 210), ("iteration_tokens_total_count", 12)]:
                series(name, label, running_sum(count * each for count in finished))
            series("num_preemptions_total", label, running_sum(3 * (n in trouble) for n in range(steps)))
            for reason, part in [("stop", 0.9), ("length", 0.08), ("abort", 0.02)]:
                series("request_success_total", label + f',"finished_reason":"{reason}"',
                       running_sum(count * part for count in finished))
            end_to_end = [a + 220 * b for a, b in zip(first_token, token)]
            for family, medians, each in [("time_to_first_token", first_token, 1), ("inter_token_latency", token, 219),
                                          ("e2e_request_latency", end_to_end, 1)]:
                shares = {}
                for bound, le in zip(bounds, LE):
                    series(f"{family}_seconds_bucket", label + f',"le":"{le}"', running_sum(
                        count * each * shares.setdefault((bound, round(m, 4)), share_below(bound, m))
                        for count, m in zip(finished, medians)))
                series(f"{family}_seconds_count", label, running_sum(count * each for count in finished))
                series(f"{family}_seconds_sum", label, itertools.accumulate(
                    count * each * m * math.exp(0.32) for count, m in zip(finished, medians)))
        out.write("]}}")


def running_sum(increases):
    """Whole observations."""
    total = 0.0
    for increase in increases:
        total += increase
        yield int(total)


if __name__ == "__main__":
    {"log": log, "docker": docker, "otlp": otlp, "gpu": gpu, "scrapes": scrapes, "dump": dump, "block": block, "answer": answer,
     "fleet": fleet}[sys.argv[1]](
        sys.argv[2], sys.argv[3])
