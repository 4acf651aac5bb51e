// swift-format-ignore-file

/// The notebooks of `notebooks-export/` without their outputs. Made by `make notebooks`; do not edit.
public enum NotebookSources {
    public static let all: [(name: String, text: String)] = [
        (
            "01-Monitoring_Setup.ipynb",
            ##"""
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "cell-01",
               "metadata": {},
               "source": [
                "# 01 · Monitoring setup\n",
                "## 監控環境建置：該收集哪些證據，如何確認已經齊全\n",
                "\n",
                "An incident can only be explained with evidence that was being collected before it began. This notebook lists what to collect, with the configuration and the commands, and then checks a database that Tidemark made from it: what was read, whether every line is accounted for, whose clock was how far off, and which questions could not be answered today.\n",
                "\n",
                "**Your own data.** Start Jupyter with `TIDEMARK_DB=/path/to/tidemark.sqlite` (and `TIDEMARK=/path/to/tidemark` where it is not on the `PATH`). In a folder that `tidemark export notebooks` wrote, your database is found by itself. Without either, a demonstration database is made from the repository's fixtures. Every cell copes with evidence that is missing: it says so."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-02",
               "metadata": {},
               "outputs": [],
               "source": [
                "import json\n",
                "\n",
                "import matplotlib.dates as mdates\n",
                "import matplotlib.pyplot as plt\n",
                "import pandas as pd\n",
                "\n",
                "import tidemark_data as td\n",
                "\n",
                "plt.rcParams.update({\"figure.figsize\": (9, 3), \"figure.dpi\": 72, \"axes.grid\": True, \"grid.alpha\": 0.3,\n",
                "                     \"axes.spines.top\": False, \"axes.spines.right\": False})\n",
                "pd.set_option(\"display.max_colwidth\", 70, \"display.width\", 160)\n",
                "print(td.run(\"--version\").stdout.strip(), \"on\", td.database().name)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-03",
               "metadata": {},
               "source": [
                "## 1. Which evidence answers which question\n",
                "\n",
                "| evidence | answers | cost |\n",
                "|---|---|---|\n",
                "| vLLM's `/metrics`, scraped | load, latencies, queue, KV cache, preemptions, cache hits: most causes | about 500 series a replica; 2–3 bytes a sample |\n",
                "| vLLM's server log | version and arguments, size of the KV cache, errors, restarts, who called | 1–10 MB an hour and replica |\n",
                "| `nvidia-smi` or DCGM | clocks, throttling, power, a GPU that differs from its neighbours | 100 bytes a GPU and sample |\n",
                "| gateway's access log | what users waited before and after the engine, disconnects, retries | a line a request |\n",
                "| a load test's result | the highest rate, measured instead of extrapolated | minutes of a replica |\n",
                "\n",
                "The first three together are what makes a verdict sure; each alone leaves causes open (section 6 prints which).\n",
                "\n",
                "## 2. Prometheus\n",
                "\n",
                "```yaml\n",
                "# prometheus.yml\n",
                "scrape_configs:\n",
                "  - job_name: vllm\n",
                "    scrape_interval: 15s          # 5 s shows bursts; above 60 s a rate over five minutes rests on few samples\n",
                "    metrics_path: /metrics        # on the port of vLLM's API\n",
                "    static_configs:\n",
                "      - targets: [\"gpu-a:8000\", \"gpu-b:8000\"]\n",
                "  - job_name: node                # CPU, memory and network of the hosts\n",
                "    static_configs:\n",
                "      - targets: [\"gpu-a:9100\", \"gpu-b:9100\"]\n",
                "```\n",
                "\n",
                "Traps: dropping `_bucket` series by relabelling loses every quantile; a load balancer as the target mixes replicas scrape by scrape (counters then seem to reset all the time); `honor_labels` can overwrite `instance`. To hand the data over, any of these will do:\n",
                "\n",
                "```sh\n",
                "curl -XPOST http://prometheus:9090/api/v1/admin/tsdb/snapshot   # with --web.enable-admin-api; copy the snapshot's folder\n",
                "promtool tsdb dump --min-time=1795453200000 --max-time=1795456800000 /prometheus > tsdb-dump.txt\n",
                "curl -s http://gpu-a:8000/metrics > \"metrics-$(date +%s%3N).txt\"  # no Prometheus at all: one file a scrape, from cron\n",
                "```\n",
                "\n",
                "## 3. vLLM\n",
                "\n",
                "Metrics and the statistics line are on unless `--disable-log-stats` is given: leave it out. Useful besides:\n",
                "\n",
                "| flag or variable | gives |\n",
                "|---|---|\n",
                "| `--enable-log-requests` | request ids, arrival and end in the log (0.10 and newer; before, the default) |\n",
                "| `--otlp-traces-endpoint URL` | a span for each request: queue, prefill and decode time |\n",
                "| `--enable-logging-iteration-details` | each engine step with its tokens |\n",
                "| `VLLM_LOG_STATS_INTERVAL=10` | seconds between statistics lines |\n",
                "\n",
                "Keep the log **from the start of the process**: the arguments and the size of the KV cache stand only there. Access lines carry no time of their own, so let the collector stamp each line:\n",
                "\n",
                "```sh\n",
                "docker logs --timestamps vllm > server.log\n",
                "kubectl logs --timestamps deploy/vllm > server.log\n",
                "journalctl -u vllm -o short-iso-precise > server.log\n",
                "```\n",
                "\n",
                "## 4. GPU\n",
                "\n",
                "```sh\n",
                "nvidia-smi --query-gpu=timestamp,index,uuid,utilization.gpu,memory.used,memory.total,temperature.gpu,power.draw,power.limit,clocks.sm,clocks_event_reasons.active --format=csv -l 5 > nvidia-smi.csv\n",
                "```\n",
                "\n",
                "`nvidia-smi` prints local time without a zone; Tidemark finds the zone by comparing power with token throughput (section 5 shows how sure it is). Older drivers call the last column `clocks_throttle_reasons.active`.\n",
                "\n",
                "All of it in one command, bounded in size and safe to leave running: `tidemark capture --metrics http://127.0.0.1:8000/metrics --every 15s --gpu --log /var/log/vllm/server.log --out evidence/`.\n",
                "\n",
                "Then read it: `tidemark ingest evidence/ --db tidemark.sqlite`. The rest of this notebook looks at the result."
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-04",
               "metadata": {},
               "source": [
                "## 5. What was read\n",
                "\n",
                "`td.source()` is the ledger: one row a file. The invariant *lines = lines in records + noise + rejects* holds for each, so nothing was dropped silently."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-05",
               "metadata": {},
               "outputs": [],
               "source": [
                "sources = td.source()\n",
                "if sources.empty:\n",
                "    print(\"No file was read: the database holds no evidence yet.\")\n",
                "account = sources.groupby([\"period\", \"format\", \"status\"], dropna=False).agg(\n",
                "    files=(\"path\", \"size\"), lines=(\"lines\", \"sum\"), in_records=(\"record_lines\", \"sum\"), noise=(\"noise_lines\", \"sum\"),\n",
                "    rejects=(\"reject_lines\", \"sum\"), first=(\"first_utc\", \"min\"), last=(\"last_utc\", \"max\"))\n",
                "unexplained = (sources[\"lines\"] - sources[\"record_lines\"] - sources[\"noise_lines\"] - sources[\"reject_lines\"]).abs().sum()\n",
                "print(f\"{len(sources)} files, {sources['lines'].sum():,} lines, of them {unexplained} without an account\")\n",
                "account"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-06",
               "metadata": {},
               "source": [
                "The same from the command, which is what a cron job would look at. A status other than `read` deserves a look: `unknown` (not recognised), `failed` (unreadable), `partial` (cut off), `duplicate` (the same stream again, counted once)."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-07",
               "metadata": {},
               "outputs": [],
               "source": [
                "status = pd.DataFrame(td.ask(\"status\") or [], columns=[\"period\", \"path\", \"format\", \"status\", \"records\", \"message\"])\n",
                "odd = status[status[\"status\"] != \"read\"]\n",
                "print(f\"{len(status) - len(odd)} of {len(status)} files were read as what they are\")\n",
                "if len(odd):\n",
                "    display(odd.head(20))"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-08",
               "metadata": {},
               "outputs": [],
               "source": [
                "rejects = td.reject()\n",
                "if rejects.empty:\n",
                "    print(\"No line was rejected.\")\n",
                "else:\n",
                "    display(rejects.groupby([\"path\", \"reason\"]).size().rename(\"lines\").reset_index().head(20))"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-09",
               "metadata": {},
               "source": [
                "**Clocks.** Logs and GPU captures often lack year or zone. Tidemark recovers them and says how sure it is. An offset that is wrong by an hour makes cause and effect trade places, so read this table before anything else; `--timezone` and `--year` of `ingest` overrule it."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-10",
               "metadata": {},
               "outputs": [],
               "source": [
                "clocks = sources.dropna(subset=[\"clock_method\"]).drop_duplicates([\"period\", \"format\"])\n",
                "clocks[[\"period\", \"format\", \"clock_offset_seconds\", \"clock_confidence\", \"clock_method\"]].set_index([\"period\", \"format\"])"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-11",
               "metadata": {},
               "source": [
                "**Coverage.** Bars show from when until when each kind of evidence exists. Causes can be told apart only where the bars overlap."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-12",
               "metadata": {},
               "outputs": [],
               "source": [
                "timed = sources.dropna(subset=[\"first_utc\", \"last_utc\"])\n",
                "if timed.empty:\n",
                "    print(\"No source has times.\")\n",
                "for period, rows in timed.groupby(\"period\"):\n",
                "    spans = rows.groupby(\"format\").agg(first=(\"first_utc\", \"min\"), last=(\"last_utc\", \"max\"))\n",
                "    figure, axes = plt.subplots(figsize=(9, 0.5 + 0.35 * len(spans)))\n",
                "    starts = mdates.date2num(spans[\"first\"])\n",
                "    axes.barh(spans.index, mdates.date2num(spans[\"last\"]) - starts, left=starts, color=\"#0072B2\", height=0.5)\n",
                "    axes.xaxis_date()\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))\n",
                "    axes.set_title(f\"{period}: evidence by format (UTC)\", loc=\"left\", fontsize=10)\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-13",
               "metadata": {},
               "source": [
                "**Scrape interval.** Gaps in the scrapes hide what happened in them: a counter's increase is still right across a gap, a gauge's peak is lost. The median distance and the longest gap of one gauge of each target, in the last hour:"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-14",
               "metadata": {},
               "outputs": [],
               "source": [
                "gauge = \"vllm:num_requests_running\"\n",
                "spacing = []\n",
                "for period in td.periods().index:\n",
                "    samples = td.query(f\"{gauge}[1h]\", period=period)  # a range selector gives the samples as they were scraped\n",
                "    if \"instance\" in samples:\n",
                "        for target, rows in samples.groupby(\"instance\"):\n",
                "            distances = rows[\"time_utc\"].sort_values().diff().dt.total_seconds()\n",
                "            spacing.append((period, target, len(rows), distances.median(), distances.max()))\n",
                "if not spacing:\n",
                "    print(f\"No samples of {gauge}: metrics were not scraped.\")\n",
                "pd.DataFrame(spacing, columns=[\"period\", \"target\", \"samples\", \"median_seconds\", \"longest_gap_seconds\"])"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-15",
               "metadata": {},
               "source": [
                "**What the servers said about themselves.** The arguments decide what the figures mean: 0.9 of a small KV cache is another thing than 0.9 of a large one."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-16",
               "metadata": {},
               "outputs": [],
               "source": [
                "runs = td.engine_run()\n",
                "wanted = [\"arg.max_num_seqs\", \"arg.max_model_len\", \"arg.max_num_batched_tokens\", \"arg.gpu_memory_utilization\",\n",
                "          \"arg.enable_prefix_caching\", \"kv_cache_tokens\", \"max_concurrency\"]\n",
                "facts = td.engine_fact({\"name\": wanted}).drop_duplicates([\"run_id\", \"name\"], keep=\"last\")\n",
                "if runs.empty:\n",
                "    print(\"No server log, so version and arguments are unknown: collect the log from the start of the process.\")\n",
                "else:\n",
                "    wide = facts.pivot(index=\"run_id\", columns=\"name\", values=\"value\")\n",
                "    display(runs.set_index(\"run_id\")[[\"period\", \"instance\", \"version\", \"start_utc\", \"ready_utc\", \"end_reason\"]].join(wide).T)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-17",
               "metadata": {},
               "source": [
                "## 6. Is it complete?\n",
                "\n",
                "First by kind of evidence and period, then by what the analysis itself missed. `td.data_quality()` holds its checks: Little's law (running requests against finished requests × their time) catches targets that were left out, `gaps` catches holes, `clocks` doubtful zones."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-18",
               "metadata": {},
               "outputs": [],
               "source": [
                "kinds = {\"metrics\": \"prometheus|promtool|victoria|grafana|openmetrics|tsdb\", \"server log\": \"vllm-log\",\n",
                "         \"GPU\": \"nvidia|dcgm|rocm|amd-smi\", \"gateway or traces\": \"access|gateway|otlp|jaeger|zipkin|tempo|span\",\n",
                "         \"load test\": \"bench|guidellm|aiperf|genai|inference-perf|llm-d|k6|locust\"}\n",
                "usable = sources[sources[\"records\"] > 0]\n",
                "present = pd.DataFrame({kind: usable.groupby(\"period\")[\"format\"].apply(lambda f: f.str.contains(pattern).any())\n",
                "                        for kind, pattern in kinds.items()})\n",
                "present.replace({True: \"yes\", False: \"–\"})"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-19",
               "metadata": {},
               "outputs": [],
               "source": [
                "quality = td.data_quality()\n",
                "doubts = quality[quality[\"state\"] != \"good\"]\n",
                "print(f\"{len(quality)} checks, {len(doubts)} in doubt\")\n",
                "quality[[\"period\", \"name\", \"state\", \"text\"]].set_index([\"period\", \"name\"]) if len(doubts) == 0 else doubts"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-20",
               "metadata": {},
               "source": [
                "What could not be checked, and what would have shown it. Each line is work for today, not for the night of the incident:"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-21",
               "metadata": {},
               "outputs": [],
               "source": [
                "missing = td.missing_evidence()\n",
                "todo = missing.groupby(\"text\").agg(periods=(\"period\", \"nunique\"), causes=(\"cause\", lambda c: \", \".join(sorted(set(c)))))\n",
                "if todo.empty:\n",
                "    print(\"Nothing was missing.\")\n",
                "todo.sort_values(\"periods\", ascending=False).head(12)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-22",
               "metadata": {},
               "source": [
                "## How to go on\n",
                "\n",
                "* `missing` is empty for the causes that you care about, clocks are sure, and no target has gaps: you are ready. Run this notebook again after each change of the deployment.\n",
                "* `td.TABLES[\"source\"].describe()` explains each column; `help(td)` lists the tables; `td.sql(\"SELECT …\")` asks the whole schema (`docs/schema.md`).\n",
                "* Next: `02-Real_Time_Metrics` looks at the metrics themselves."
               ]
              }
             ],
             "metadata": {
              "kernelspec": {
               "display_name": "Python 3",
               "language": "python",
               "name": "python3"
              },
              "language_info": {
               "name": "python"
              }
             },
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """##
        ),
        (
            "02-Real_Time_Metrics.ipynb",
            ##"""
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "cell-01",
               "metadata": {},
               "source": [
                "# 02 · Real-time metrics\n",
                "## 即時指標：從資料庫與 PromQL 認識 vLLM 的指標，並自己寫一個收集器\n",
                "\n",
                "What vLLM exports, how to read each kind of metric without falling into its trap, a collector of one's own, and snapshots that are ingested while they grow.\n",
                "\n",
                "The samples are stored as compressed chunks, 2–3 bytes each, so plain SQL does not see them one by one. PromQL does: `td.query(…)` calls `tidemark query --format json`, which answers as Prometheus would, off-line."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-02",
               "metadata": {},
               "outputs": [],
               "source": [
                "import http.server\n",
                "import json\n",
                "import math\n",
                "import re\n",
                "import tempfile\n",
                "import threading\n",
                "import urllib.request\n",
                "from collections.abc import Iterator\n",
                "from dataclasses import dataclass, field\n",
                "from pathlib import Path\n",
                "\n",
                "import matplotlib.dates as mdates\n",
                "import matplotlib.pyplot as plt\n",
                "import numpy as np\n",
                "import pandas as pd\n",
                "\n",
                "import tidemark_data as td\n",
                "\n",
                "plt.rcParams.update({\"figure.figsize\": (9, 2.6), \"figure.dpi\": 72, \"axes.grid\": True, \"grid.alpha\": 0.3,\n",
                "                     \"axes.spines.top\": False, \"axes.spines.right\": False})\n",
                "\n",
                "\n",
                "def draw(axes, frame, by=None, **style):\n",
                "    \"\"\"A line for each label value, times on the x axis.\"\"\"\n",
                "    for name, rows in frame.groupby(by) if by and by in frame else [(None, frame)]:\n",
                "        axes.plot(rows[\"time_utc\"], rows[\"value\"], label=name, linewidth=1.2, **style)\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))\n",
                "    if by and by in frame and frame[by].nunique() > 1:\n",
                "        axes.legend(fontsize=8)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-03",
               "metadata": {},
               "source": [
                "## 1. What is there\n",
                "`td.series()` lists every series; `shadowed_by` marks those that were also read in a better form and count there."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-04",
               "metadata": {},
               "outputs": [],
               "source": [
                "series = td.series()\n",
                "counted = series[series[\"shadowed_by\"].isna()]\n",
                "vllm = counted[counted[\"name\"].str.match(\"vllm[:_]\")]\n",
                "print(f\"{len(counted)} series, {len(vllm)} of them vLLM's, {counted['samples'].sum():,} samples\")\n",
                "families = vllm.assign(family=vllm[\"name\"].str.replace(\"_(bucket|sum|count|created)$\", \"\", regex=True))\n",
                "families.groupby(\"family\").agg(series=(\"series_id\", \"size\"), samples=(\"samples\", \"sum\"), periods=(\"period\", \"nunique\")).sort_values(\"samples\", ascending=False).head(15)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-05",
               "metadata": {},
               "source": [
                "The stretch that the rest looks at: the period whose users were harmed most, or else the one with the most values. Change `PERIOD` to any name of the list."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-06",
               "metadata": {},
               "outputs": [],
               "source": [
                "periods = td.periods()\n",
                "if periods.empty:\n",
                "    print(\"No period has signals: the following cells have nothing to show.\")\n",
                "# The step gives about 200 points; a rate needs a window of at least four scrapes, so it is never below a minute.\n",
                "PERIOD = next((p for p in periods.index if (vllm[\"period\"] == p).sum() > 20), None)\n",
                "window = {}\n",
                "if PERIOD:\n",
                "    start, end = periods.loc[PERIOD, [\"start_utc\", \"end_utc\"]]\n",
                "    step = max(1, round((end - start).total_seconds() / 200))\n",
                "    window = {\"start\": start, \"end\": end, \"step\": f\"{step}s\", \"period\": PERIOD}\n",
                "    RANGE = f\"{max(60, 4 * step)}s\"\n",
                "    print(f\"{PERIOD}: {start} to {end}, a point every {step} s, rates over {RANGE}\")\n",
                "periods"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-07",
               "metadata": {},
               "outputs": [],
               "source": [
                "def ask(expression):\n",
                "    \"\"\"The expression over the window; empty where there is no window.\"\"\"\n",
                "    if not window:\n",
                "        return pd.DataFrame(columns=[\"time_utc\", \"value\"])\n",
                "    return td.query(expression.replace(\"[R]\", f\"[{RANGE}]\"), **window)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-08",
               "metadata": {},
               "source": [
                "## 2. Gauges: a value at the moment of the scrape\n",
                "What happened between two scrapes is not seen. A queue that filled and emptied within 15 s never existed for a gauge; the counters and histograms below still saw its requests. So take `max_over_time` for alarms, and never average a gauge over replicas that differ."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-09",
               "metadata": {},
               "outputs": [],
               "source": [
                "panels = [(\"vllm:num_requests_running\", \"requests running\"), (\"vllm:num_requests_waiting\", \"requests waiting\"),\n",
                "          (\"vllm:kv_cache_usage_perc or vllm:gpu_cache_usage_perc\", \"KV cache in use, 0…1 (not percent)\")]\n",
                "figure, rows = plt.subplots(len(panels), 1, figsize=(9, 5), sharex=True)\n",
                "for axes, (expression, title) in zip(rows, panels):\n",
                "    found = ask(expression)\n",
                "    if found.empty:\n",
                "        axes.text(0.5, 0.5, \"no samples\", ha=\"center\", transform=axes.transAxes)\n",
                "    else:\n",
                "        draw(axes, found, by=\"instance\")\n",
                "    axes.set_title(title, loc=\"left\", fontsize=9)\n",
                "    axes.set_ylim(bottom=0)\n",
                "plt.tight_layout()\n",
                "plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-10",
               "metadata": {},
               "source": [
                "The name ends in `_perc` and the values are ratios; older versions call it `gpu_cache_usage_perc`. Tidemark's signals hide such changes: `kv_cache_usage_ratio` means the same for every version.\n",
                "\n",
                "## 3. Counters: only differences mean anything\n",
                "A counter's height says how long the process lives. Its rate is the traffic; a restart resets it to zero, which `rate` and `increase` recognise and plain subtraction does not. `rate` needs two samples in its window, so the window should span four scrapes. `increase` extrapolates to the ends of the window: fractions of requests are normal."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-11",
               "metadata": {},
               "outputs": [],
               "source": [
                "figure, (left, right) = plt.subplots(1, 2, figsize=(9, 2.6))\n",
                "raw, rate = ask(\"sum by (finished_reason) (vllm:request_success_total)\"), ask(\"sum by (finished_reason) (rate(vllm:request_success_total[R]))\")\n",
                "for axes, found, title in [(left, raw, \"the counter itself\"), (right, rate, \"its rate, requests/s\")]:\n",
                "    if found.empty:\n",
                "        axes.text(0.5, 0.5, \"no samples\", ha=\"center\", transform=axes.transAxes)\n",
                "    else:\n",
                "        draw(axes, found[found[\"value\"].groupby(found[\"finished_reason\"]).transform(\"max\") > 0], by=\"finished_reason\")\n",
                "    axes.set_title(title, loc=\"left\", fontsize=9)\n",
                "plt.tight_layout()\n",
                "plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-12",
               "metadata": {},
               "source": [
                "Ratios of counters must be ratios of rates over the same window, summed **before** dividing:"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-13",
               "metadata": {},
               "outputs": [],
               "source": [
                "ratios = {\n",
                "    \"prefix-cache hits\": \"sum(rate(vllm:prefix_cache_hits_total[R])) / sum(rate(vllm:prefix_cache_queries_total[R]))\",\n",
                "    \"share of requests cut by max_tokens\": 'sum(rate(vllm:request_success_total{finished_reason=\"length\"}[R])) / sum(rate(vllm:request_success_total[R]))',\n",
                "    \"tokens of answers per second\": \"sum(rate(vllm:generation_tokens_total[R]))\",\n",
                "}\n",
                "pd.DataFrame({name: ask(expression)[\"value\"].describe() for name, expression in ratios.items()}).round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-14",
               "metadata": {},
               "source": [
                "## 4. Histograms: counts up to a bound\n",
                "`le` buckets are cumulative counters. A quantile lies **somewhere in its bucket**; `histogram_quantile` interpolates linearly within it, so P95 = 9.75 s may be anything from 5 to 10 s. Averages of quantiles over replicas are meaningless: sum the buckets, then take the quantile."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-15",
               "metadata": {},
               "outputs": [],
               "source": [
                "buckets = ask(\"sum by (le) (rate(vllm:time_to_first_token_seconds_bucket[R]))\")\n",
                "if buckets.empty:\n",
                "    print(\"No histogram of the time to first token.\")\n",
                "else:\n",
                "    wide = buckets.assign(le=buckets[\"le\"].astype(float)).pivot(index=\"le\", columns=\"time_utc\", values=\"value\").sort_index()\n",
                "    counts = wide.diff().fillna(wide.iloc[[0]]).clip(lower=0)  # cumulative to per bucket\n",
                "    counts = counts[(counts.sum(axis=1) > 0) & np.isfinite(counts.index)]\n",
                "    quantile = ask(\"histogram_quantile(0.95, sum by (le) (rate(vllm:time_to_first_token_seconds_bucket[R])))\")\n",
                "    figure, axes = plt.subplots(figsize=(9, 3.2))\n",
                "    mesh = axes.pcolormesh(counts.columns, np.arange(len(counts)), counts.to_numpy(), cmap=\"Blues\", shading=\"nearest\")\n",
                "    axes.set_yticks(np.arange(len(counts)), [f\"≤ {bound:g} s\" for bound in counts.index], fontsize=7)\n",
                "    position = np.interp(np.log(quantile[\"value\"].clip(lower=1e-6)), np.log(counts.index.to_numpy()), np.arange(len(counts)))\n",
                "    axes.plot(quantile[\"time_utc\"], np.where(quantile[\"value\"].notna(), position, np.nan), color=\"#D55E00\", linewidth=1.2)\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))\n",
                "    axes.set_title(\"time to first token: requests/s by bucket; line: interpolated P95\", loc=\"left\", fontsize=9)\n",
                "    figure.colorbar(mesh, label=\"requests/s\")\n",
                "    axes.grid(False)\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-16",
               "metadata": {},
               "source": [
                "Tidemark keeps the bucket's bounds beside each quantile, so that nobody believes its third digit:"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-17",
               "metadata": {},
               "outputs": [],
               "source": [
                "figures = td.figure({\"instance\": [\"fleet\"]})\n",
                "figures = figures[figures[\"name\"].str.contains(\"_p(?:50|95|99)_\") & figures[\"value\"].notna()]\n",
                "figures[figures[\"period\"] == PERIOD][[\"name\", \"low\", \"value\", \"high\", \"observations\", \"worst\"]].set_index(\"name\").round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-18",
               "metadata": {},
               "source": [
                "## 5. Two witnesses\n",
                "vLLM says the same twice: in `/metrics` and in the statistics line of its log. Where both exist they should agree; if they are shifted, a clock is wrong."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-19",
               "metadata": {},
               "outputs": [],
               "source": [
                "log = td.engine_stat({\"period\": [PERIOD]}) if PERIOD else td.engine_stat().head(0)\n",
                "seen = ask(\"sum(vllm:num_requests_running)\")\n",
                "if log.empty or seen.empty:\n",
                "    print(\"Only one of log and metrics is there, so they can't be compared.\")\n",
                "else:\n",
                "    beside = pd.merge_asof(log.groupby(\"time_utc\")[\"running_requests\"].sum().astype(\"float64\").reset_index().sort_values(\"time_utc\"),\n",
                "                           seen.sort_values(\"time_utc\"), on=\"time_utc\", tolerance=pd.Timedelta(\"15s\"), direction=\"nearest\").dropna()\n",
                "    print(f\"{len(beside)} lines, correlation {beside['running_requests'].corr(beside['value']):.3f}\")\n",
                "    figure, axes = plt.subplots()\n",
                "    draw(axes, seen, color=\"#0072B2\", alpha=0.7)\n",
                "    axes.plot(beside[\"time_utc\"], beside[\"running_requests\"], \"o\", color=\"#D55E00\", markersize=4)\n",
                "    axes.set_title(\"requests running: line from metrics, dots from the log\", loc=\"left\", fontsize=9)\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-20",
               "metadata": {},
               "source": [
                "## 6. A collector of one's own\n",
                "The exposition format is text: `name{label=\"value\"} number [milliseconds]`, with `# TYPE` lines. The class below fetches and parses it in a few dozen lines; it is enough for a script, and `tidemark check metrics FILE` tells whether an exporter keeps to the specification."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-21",
               "metadata": {},
               "outputs": [],
               "source": [
                "@dataclass\n",
                "class Collector:\n",
                "    \"\"\"Scrapes one endpoint in Prometheus' text format and keeps the last and all values of each series.\"\"\"\n",
                "\n",
                "    url: str\n",
                "    timeout_seconds: float = 5.0\n",
                "    types: dict[str, str] = field(default_factory=dict)\n",
                "    history: list[tuple[pd.Timestamp, dict[str, float]]] = field(default_factory=list)\n",
                "    text: str = \"\"\n",
                "\n",
                "    SAMPLE = re.compile(r'^([A-Za-z_:][\\w:]*)(\\{(?:[^\"}]|\"(?:\\\\.|[^\"\\\\])*\")*\\})?\\s+(\\S+)(?:\\s+-?\\d+)?\\s*$')\n",
                "\n",
                "    @classmethod\n",
                "    def parse(cls, text: str) -> Iterator[tuple[str, float]]:\n",
                "        \"\"\"Series and value of each sample line; a line that is none is passed over.\"\"\"\n",
                "        for line in text.splitlines():\n",
                "            match = cls.SAMPLE.match(line)\n",
                "            if match:\n",
                "                try:\n",
                "                    yield match[1] + (match[2] or \"\"), float(match[3])\n",
                "                except ValueError:\n",
                "                    continue\n",
                "\n",
                "    def scrape(self, at: pd.Timestamp | None = None) -> dict[str, float]:\n",
                "        \"\"\"One scrape. A server that does not answer is a gap, not a zero: OSError is raised and nothing is stored.\"\"\"\n",
                "        with urllib.request.urlopen(self.url, timeout=self.timeout_seconds) as answer:\n",
                "            self.text = answer.read().decode(\"utf-8\", \"replace\")\n",
                "        self.types.update(re.findall(r\"^# TYPE (\\S+) (\\w+)\", self.text, flags=re.MULTILINE))\n",
                "        values = dict(self.parse(self.text))\n",
                "        self.history.append((at or pd.Timestamp.now(\"UTC\"), values))\n",
                "        return values\n",
                "\n",
                "    def rate(self, prefix: str) -> float | None:\n",
                "        \"\"\"Increase per second of all series with that beginning between the last two scrapes; a fall is a restart from zero.\"\"\"\n",
                "        if len(self.history) < 2:\n",
                "            return None\n",
                "        (before_at, before), (at, now) = self.history[-2:]\n",
                "        seconds = (at - before_at).total_seconds()\n",
                "        rise = sum(value - before[key] if value >= before[key] else value\n",
                "                   for key, value in now.items() if key.startswith(prefix) and key in before)\n",
                "        return rise / seconds if seconds > 0 else None\n",
                "\n",
                "\n",
                "assert dict(Collector.parse('a{x=\"}\\\\\"\",y=\"2\"} 3 1700000000000\\nb NaN\\n# HELP c\\nbroken{ 1\\n')).keys() == {'a{x=\"}\\\\\"\",y=\"2\"}', \"b\"}"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-22",
               "metadata": {},
               "source": [
                "To try it there must be a server. This one plays the database back: each request gets the state of the next moment, as `/metrics` would have shown it."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-23",
               "metadata": {},
               "outputs": [],
               "source": [
                "def exposition(moment) -> str:\n",
                "    \"\"\"vLLM's series at a moment as exposition text, families together and with their types.\"\"\"\n",
                "    found = td.query('{__name__=~\"vllm:.+\"}', time=moment, period=PERIOD)\n",
                "    if found.empty:\n",
                "        return \"\"\n",
                "    known = dict(zip(counted[\"name\"], counted[\"type\"].fillna(\"untyped\")))\n",
                "    lines, announced = [], set()\n",
                "    labels = [c for c in found.columns if c not in (\"metric\", \"time_utc\", \"value\")]\n",
                "    for _, row in found.sort_values(\"metric\", kind=\"stable\").iterrows():\n",
                "        name = row[\"metric\"]\n",
                "        if known.get(name) in (\"counter\", \"gauge\") and name not in announced:\n",
                "            announced.add(name)\n",
                "            lines.append(f\"# TYPE {name} {known[name]}\")\n",
                "        pairs = \",\".join(f\"{k}={json.dumps(row[k], ensure_ascii=False)}\" for k in labels if isinstance(row[k], str))\n",
                "        lines.append(f\"{name}{{{pairs}}} {row['value']:.17g}\")\n",
                "    return \"\\n\".join(lines) + \"\\n\"\n",
                "\n",
                "\n",
                "moments = pd.date_range(window[\"start\"], window[\"end\"], periods=9) if window else []\n",
                "PAGES = {moment: page.encode() for moment in moments if (page := exposition(moment))}\n",
                "\n",
                "\n",
                "class Playback(http.server.BaseHTTPRequestHandler):\n",
                "    \"\"\"Answers GET /metrics with the pages in turn.\"\"\"\n",
                "\n",
                "    pages = list(PAGES.values())\n",
                "    served = 0\n",
                "\n",
                "    def do_GET(self):\n",
                "        page = self.pages[min(type(self).served, len(self.pages) - 1)]\n",
                "        type(self).served += 1\n",
                "        self.send_response(200)\n",
                "        self.send_header(\"Content-Type\", \"text/plain; version=0.0.4; charset=utf-8\")\n",
                "        self.end_headers()\n",
                "        self.wfile.write(page)\n",
                "\n",
                "    def log_message(self, *arguments):\n",
                "        pass\n",
                "\n",
                "\n",
                "print(f\"{len(Playback.pages)} pages, {sum(map(len, Playback.pages)):,} bytes\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-24",
               "metadata": {},
               "source": [
                "## 7. A stream of snapshots, ingested as it grows\n",
                "Each scrape is written as `metrics-<Unix milliseconds>.txt`; after every second one, and at the end, `tidemark ingest` reads the folder. The ledger knows what it has read: only new files are read, and the same files again change nothing. So a cron job may call it as often as it likes."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-25",
               "metadata": {},
               "outputs": [],
               "source": [
                "place = Path(tempfile.mkdtemp(prefix=\"tidemark-stream-\"))\n",
                "live, folder = place / \"live.sqlite\", place / \"scrapes\"\n",
                "folder.mkdir()\n",
                "steps = []\n",
                "if not PAGES:\n",
                "    print(\"No metrics to play back, so nothing is scraped.\")\n",
                "else:\n",
                "    with http.server.ThreadingHTTPServer((\"127.0.0.1\", 0), Playback) as server:\n",
                "        threading.Thread(target=server.serve_forever, daemon=True).start()\n",
                "        collector = Collector(f\"http://127.0.0.1:{server.server_port}/metrics\")\n",
                "        for number, moment in enumerate(PAGES, 1):\n",
                "            values = collector.scrape(at=moment)  # live: leave `at` out, and sleep until the next scrape is due\n",
                "            (folder / f\"metrics-{moment.value // 1_000_000}.txt\").write_text(collector.text, encoding=\"utf-8\")\n",
                "            if number % 2 == 0 or number == len(PAGES):\n",
                "                said = td.run(\"ingest\", str(folder), \"--db\", str(live)).stderr.strip().splitlines()[0]\n",
                "                total = td.run(\"query\", \"sum(vllm:request_success_total)\", \"--db\", str(live), \"--format\", \"json\").stdout\n",
                "                result = json.loads(total)[\"data\"][\"result\"]\n",
                "                running = sum(v for k, v in values.items() if k.startswith(\"vllm:num_requests_running\"))\n",
                "                steps.append((moment, len(values), running, collector.rate(\"vllm:generation_tokens_total\"),\n",
                "                              float(result[0][\"value\"][1]) if result else math.nan, said))\n",
                "        server.shutdown()\n",
                "    print(\"once more, nothing new:\", td.run(\"ingest\", str(folder), \"--db\", str(live)).stderr.strip())\n",
                "stream = pd.DataFrame(steps, columns=[\"time_utc\", \"series_scraped\", \"running\", \"tokens_per_second\", \"finished_in_database\", \"ingest_said\"])\n",
                "if len(stream):\n",
                "    assert stream[\"finished_in_database\"].is_monotonic_increasing\n",
                "stream.round(1)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-26",
               "metadata": {},
               "source": [
                "## How to go on\n",
                "* The same loop against a real server: `Collector(\"http://gpu-a:8000/metrics\")`, a `time.sleep`, and `ingest` from cron. `tidemark capture` does it bounded and resumable.\n",
                "* `tidemark export openmetrics` and `export tsdb` give the samples to other systems; `tidemark sql \"SELECT * FROM sample LIMIT 5\"` shows them one by one.\n",
                "* Next: `03-Performance_Analysis`."
               ]
              }
             ],
             "metadata": {
              "kernelspec": {
               "display_name": "Python 3",
               "language": "python",
               "name": "python3"
              },
              "language_info": {
               "name": "python"
              }
             },
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """##
        ),
        (
            "03-Performance_Analysis.ipynb",
            ##"""
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "cell-01",
               "metadata": {},
               "source": [
                "# 03 · Performance analysis\n",
                "## 效能分析：歷史、瓶頸、壓力測試與容量規劃\n",
                "\n",
                "From history to the bottleneck, from the bottleneck to the cost of an engine step, and from there to how much the fleet can take, beside a load test that measured it.\n",
                "\n",
                "Tables come from `tidemark export notebooks` (CSV) where this notebook lies in such a folder, else from the SQLite file; `tidemark_data` gives both the same dtypes."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-02",
               "metadata": {},
               "outputs": [],
               "source": [
                "import json\n",
                "\n",
                "import matplotlib.dates as mdates\n",
                "import matplotlib.pyplot as plt\n",
                "import numpy as np\n",
                "import pandas as pd\n",
                "from sklearn.linear_model import LinearRegression\n",
                "\n",
                "import tidemark_data as td\n",
                "\n",
                "plt.rcParams.update({\"figure.figsize\": (9, 2.6), \"figure.dpi\": 72, \"axes.grid\": True, \"grid.alpha\": 0.3,\n",
                "                     \"axes.spines.top\": False, \"axes.spines.right\": False})\n",
                "pd.set_option(\"display.max_colwidth\", 90)\n",
                "BLUE, ORANGE, GREY, WARM = \"#0072B2\", \"#D55E00\", \"#888888\", \"#E69F00\"\n",
                "\n",
                "\n",
                "def time_axis(axes):\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-03",
               "metadata": {},
               "source": [
                "## 1. History\n",
                "`td.periods()` lists the stretches of evidence, those whose users lost most time first. `td.signals(…)` puts signals side by side: one row a step, unit in the name, NaN where nothing was observed. A signal means the same whether it came from metrics or from the log; `td.signal_origin()` says from which, and by which expression."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-04",
               "metadata": {},
               "outputs": [],
               "source": [
                "periods = td.periods()\n",
                "if periods.empty:\n",
                "    print(\"No period has signals: there is nothing to analyse yet.\")\n",
                "PERIOD = periods.index[0] if len(periods) else None\n",
                "periods"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-05",
               "metadata": {},
               "outputs": [],
               "source": [
                "NAMES = {\"arrival_rate_requests_per_second\": \"arrivals, requests/s\", \"running_requests\": \"running\", \"waiting_requests\": \"waiting\",\n",
                "         \"ttft_p95_seconds\": \"time to first token P95, s\", \"itl_p95_seconds\": \"between tokens P95, s\",\n",
                "         \"kv_cache_usage_ratio\": \"KV cache in use, 0…1\", \"gpu_power_watts\": \"GPU power, W\"}\n",
                "history = td.signals(*NAMES, period=PERIOD) if PERIOD else pd.DataFrame()\n",
                "findings = td.finding()\n",
                "here = findings[findings[\"period\"] == PERIOD] if PERIOD else findings.head(0)\n",
                "shown = [name for name in NAMES if name in history]\n",
                "if shown:\n",
                "    figure, rows = plt.subplots(len(shown), 1, figsize=(9, 1.15 * len(shown)), sharex=True, squeeze=False)\n",
                "    for axes, name in zip(rows[:, 0], shown):\n",
                "        axes.plot(history.index, history[name], color=BLUE, linewidth=1.1)\n",
                "        for _, finding in here.head(1).iterrows():\n",
                "            axes.axvspan(finding[\"start_utc\"], finding[\"end_utc\"], color=WARM, alpha=0.15)\n",
                "        axes.set_title(NAMES[name], loc=\"left\", fontsize=8, pad=2)\n",
                "        axes.set_ylim(0, 1.08 * history[name].max() or 1)\n",
                "    time_axis(axes)\n",
                "    plt.tight_layout()\n",
                "    plt.show()\n",
                "    absent = [name for name in NAMES if name not in history]\n",
                "    print(\"not in the evidence:\", \", \".join(absent) or \"nothing of these\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-06",
               "metadata": {},
               "source": [
                "The band is the finding of rank 1. Origins, so that nobody mixes a statistic of the log (a mean over ten seconds) with a quantile of the metrics:"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-07",
               "metadata": {},
               "outputs": [],
               "source": [
                "origin = td.signal_origin({\"period\": [PERIOD], \"name\": shown}) if PERIOD else td.signal_origin().head(0)\n",
                "origin.drop_duplicates(\"name\").set_index(\"name\")[[\"origin\", \"expression\"]]"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-08",
               "metadata": {},
               "source": [
                "**Lengths of requests** decide what a request costs. Counts by bucket, not cumulative; the last bucket's upper bound is all that is known of it."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-09",
               "metadata": {},
               "outputs": [],
               "source": [
                "lengths = td.distribution({\"name\": [\"prompt_tokens\", \"generation_tokens\"]})\n",
                "lengths = lengths[lengths[\"period\"] == PERIOD] if PERIOD else lengths.head(0)\n",
                "if lengths.empty:\n",
                "    print(\"No distribution of lengths: vllm:request_prompt_tokens was not scraped.\")\n",
                "else:\n",
                "    figure, both = plt.subplots(1, 2, figsize=(9, 2.6), sharey=True)\n",
                "    for axes, (name, rows) in zip(both, lengths.groupby(\"name\")):\n",
                "        total = rows.groupby([\"position\", \"bucket\"])[\"count\"].sum().reset_index()\n",
                "        axes.bar(total[\"bucket\"], total[\"count\"], color=BLUE)\n",
                "        axes.tick_params(axis=\"x\", rotation=60, labelsize=7)\n",
                "        axes.set_title(f\"{name}, requests by bucket\", loc=\"left\", fontsize=9)\n",
                "    plt.tight_layout()\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-10",
               "metadata": {},
               "source": [
                "## 2. The bottleneck\n",
                "`tidemark diagnose` names causes with their certainty and what speaks against the others. Certainty up to 0.5 is an abstention; an empty list is a healthy period."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-11",
               "metadata": {},
               "outputs": [],
               "source": [
                "print(td.answer(\"diagnose\") or \"\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-12",
               "metadata": {},
               "source": [
                "**Little's law** as a test of one's own: requests in the system = arrivals × time in it. It needs no model, only that all targets were scraped. A ratio far from 1 means missing replicas, a window in which the queue grows (arrivals are not yet departures), or wrong clocks."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-13",
               "metadata": {},
               "outputs": [],
               "source": [
                "law = td.signals(\"running_requests\", \"waiting_requests\", \"arrival_rate_requests_per_second\", \"e2e_mean_seconds\", period=PERIOD) if PERIOD else pd.DataFrame()\n",
                "if {\"running_requests\", \"arrival_rate_requests_per_second\", \"e2e_mean_seconds\"} <= set(law):\n",
                "    inside = law[\"running_requests\"] + (law[\"waiting_requests\"] if \"waiting_requests\" in law else 0)\n",
                "    expected = law[\"arrival_rate_requests_per_second\"] * law[\"e2e_mean_seconds\"]\n",
                "    print(f\"mean in the system {inside.mean():.2f}, arrivals × time {expected.mean():.2f}, ratio {inside.mean() / expected.mean():.2f}\")\n",
                "    print(\"A finished request brings its whole time at its end, so a period that begins or ends in a jam is off by what lies inside.\")\n",
                "else:\n",
                "    print(\"Little's law needs running requests, arrivals and mean request time: not all are in the evidence.\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-14",
               "metadata": {},
               "source": [
                "**What the servers complained of**, beside the metrics: warnings and errors by kind. A line without a time of its own has that of the line before it."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-15",
               "metadata": {},
               "outputs": [],
               "source": [
                "events = td.log_event({\"level\": [\"WARNING\", \"ERROR\", \"CRITICAL\"]})\n",
                "if events.empty:\n",
                "    print(\"No warnings or errors in the logs, or no logs.\")\n",
                "complaints = events.groupby([\"period\", \"instance\", \"level\", \"kind\"]).agg(events=(\"message\", \"size\"), first=(\"time_utc\", \"min\"), last=(\"time_utc\", \"max\"),\n",
                "                                                                         example=(\"message\", \"first\")).reset_index()\n",
                "complaints.assign(example=complaints[\"example\"].str.slice(0, 80)).sort_values(\"events\", ascending=False).head(8)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-16",
               "metadata": {},
               "source": [
                "**Was it the GPU?** A throttled GPU lowers its clock and says why: bit 0 (idle) and bit 1 (clocks set by the user) are harmless, bit 2 (power cap) and the slowdown bits 3, 5, 6 and 7 are not. `utilization_percent` only says that some kernel ran: a GPU that waits for memory shows 100 as well."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-17",
               "metadata": {},
               "outputs": [],
               "source": [
                "gpu = td.gpu_sample()\n",
                "if gpu.empty:\n",
                "    print(\"No GPU capture: clocks, power and throttling are unknown, and no cause in the GPU can be ruled out.\")\n",
                "else:\n",
                "    harmful = 0b11101100\n",
                "    gpu[\"throttled\"] = gpu[\"throttle_reasons\"].map(lambda bits: pd.NA if pd.isna(bits) else bool(int(bits) & harmful)).astype(\"boolean\")\n",
                "    busy = gpu[gpu[\"utilization_percent\"] > 50]\n",
                "    display(busy.groupby([\"period\", \"gpu\"]).agg(samples=(\"time_utc\", \"size\"), clock_mhz=(\"sm_clock_mhz\", \"median\"), clock_p5_mhz=(\"sm_clock_mhz\", lambda v: v.quantile(0.05)),\n",
                "                                                power_watts=(\"power_watts\", \"mean\"), limit_watts=(\"power_limit_watts\", \"max\"),\n",
                "                                                celsius_max=(\"temperature_celsius\", \"max\"), throttled_share=(\"throttled\", \"mean\")).round(2))"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-18",
               "metadata": {},
               "source": [
                "**What a token waits for.** With continuous batching all running requests share each step, so the time between two tokens is the length of a step. It grows with the sequences in the batch and with the prompt tokens computed beside them. Points are windows of traffic; the line is Tidemark's fit with its 80 % band."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-19",
               "metadata": {},
               "outputs": [],
               "source": [
                "capacity = td.ask(\"capacity\")\n",
                "windows, lines = td.capacity_window(), td.capacity_line()\n",
                "fitted = [period for period in windows[\"period\"].unique() if len(windows[windows[\"period\"] == period]) >= 3]\n",
                "if not fitted:\n",
                "    print(\"No fitted cost of a step: too few windows with traffic, or no metrics of running requests and tokens.\")\n",
                "else:\n",
                "    figure, rows = plt.subplots(1, len(fitted[:3]), figsize=(9, 3), sharey=True, squeeze=False)\n",
                "    for axes, period in zip(rows[0], fitted):\n",
                "        points, line = windows[windows[\"period\"] == period], lines[lines[\"period\"] == period].sort_values(\"sequences\")\n",
                "        axes.fill_between(line[\"sequences\"], 1e3 * line[\"low_seconds\"], 1e3 * line[\"high_seconds\"], color=BLUE, alpha=0.15)\n",
                "        axes.plot(line[\"sequences\"], 1e3 * line[\"step_seconds\"], color=BLUE)\n",
                "        axes.plot(points[\"sequences\"], 1e3 * points[\"gap_seconds\"], \"o\", color=ORANGE, alpha=0.6, markersize=4)\n",
                "        axes.set_title(period, loc=\"left\", fontsize=9)\n",
                "        axes.set_xlabel(\"sequences in the batch\")\n",
                "        axes.set_xlim(0, 1.3 * points[\"sequences\"].max())\n",
                "    rows[0][0].set_ylim(0, 1.1e3 * windows[\"gap_seconds\"].max())\n",
                "    rows[0][0].set_ylabel(\"between tokens, ms\")\n",
                "    plt.tight_layout()\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-20",
               "metadata": {},
               "source": [
                "The same with scikit-learn. A plain least-squares line on the sequences alone takes what belongs to the prompts for a cost of sequences: where both rise together (they do: load brings both), its slope is too steep and it must not be extrapolated. Tidemark's fit separates prompt tokens, sequences and cached tokens, none of them below zero."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-21",
               "metadata": {},
               "outputs": [],
               "source": [
                "rows = []\n",
                "for period in fitted:\n",
                "    points = windows[windows[\"period\"] == period]\n",
                "    model = LinearRegression().fit(points[[\"sequences\"]].to_numpy(), points[\"gap_seconds\"])\n",
                "    groups = [g for g in (capacity or {}).get(\"capacity\", []) if g.get(\"period\", period) == period and g.get(\"step_cost\")]\n",
                "    cost = groups[0][\"step_cost\"] if groups else {}\n",
                "    rows.append({\"period\": period, \"windows\": len(points), \"least squares: fixed, ms\": 1e3 * model.intercept_,\n",
                "                 \"per sequence, ms\": 1e3 * model.coef_[0], \"R²\": model.score(points[[\"sequences\"]].to_numpy(), points[\"gap_seconds\"]),\n",
                "                 \"Tidemark: fixed, ms\": 1e3 * cost.get(\"fixed_s\", np.nan), \"sequence, ms\": 1e3 * cost.get(\"per_sequence_s\", np.nan),\n",
                "                 \"prompt token, µs\": 1e6 * cost.get(\"per_prompt_token_s\", np.nan)})\n",
                "pd.DataFrame(rows).round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-22",
               "metadata": {},
               "source": [
                "## 3. Load test\n",
                "`td.load_point()`: one row a stage, as the client saw it. Traps: with an **open loop** (a rate is offered) the queue grows without bound beyond the knee, and latencies then say how long the test ran; with a **closed loop** (a number of clients) the rate adapts and latencies look fine at any load. `is_total` rows sum up others."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-23",
               "metadata": {},
               "outputs": [],
               "source": [
                "points = td.load_point()\n",
                "points = points[~points[\"is_total\"].fillna(False)]\n",
                "stages = points[(points[\"offered_kind\"] == \"rate\")].dropna(subset=[\"offered_value\"]).sort_values(\"offered_value\")\n",
                "saturated = points[points[\"offered_kind\"] == \"max\"]\n",
                "if points.empty:\n",
                "    print(\"No load test in the evidence: `vllm bench serve --save-result` writes one that `tidemark ingest` reads.\")\n",
                "elif stages.empty:\n",
                "    display(points[[\"path\", \"offered_kind\", \"offered_value\", \"achieved_requests_per_second\", \"ttft_p95_seconds\", \"itl_p95_seconds\"]])\n",
                "else:\n",
                "    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3))\n",
                "    left.plot([0, stages[\"offered_value\"].max()], [0, stages[\"offered_value\"].max()], color=GREY, linestyle=\"--\", linewidth=1)\n",
                "    left.plot(stages[\"offered_value\"], stages[\"achieved_requests_per_second\"], \"o-\", color=BLUE)\n",
                "    for top in saturated[\"achieved_requests_per_second\"].dropna():\n",
                "        left.axhline(top, color=ORANGE, linewidth=1)\n",
                "        left.annotate(f\"all at once: {top:.2f}\", (0, top), fontsize=8, va=\"bottom\")\n",
                "    left.set(xlabel=\"offered, requests/s\", ylabel=\"achieved, requests/s\")\n",
                "    for column, colour in [(\"ttft_p95_seconds\", ORANGE), (\"itl_p95_seconds\", BLUE)]:\n",
                "        right.plot(stages[\"offered_value\"], stages[column], \"o-\", color=colour)\n",
                "        right.annotate(column.removesuffix(\"_seconds\"), (stages[\"offered_value\"].iloc[-1], stages[column].iloc[-1]), fontsize=8, ha=\"right\", va=\"bottom\")\n",
                "    right.set(xlabel=\"offered, requests/s\", ylabel=\"s (logarithmic)\", yscale=\"log\")\n",
                "    plt.tight_layout()\n",
                "    plt.show()\n",
                "    print(\"A short stage includes ramp-up and drain, so `achieved` lies below the rate that could be held.\")\n",
                "stages[[\"offered_value\", \"achieved_requests_per_second\", \"ok_requests\", \"failed_requests\", \"duration_seconds\", \"ttft_p95_seconds\", \"itl_p95_seconds\", \"e2e_p95_seconds\"]].round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-24",
               "metadata": {},
               "source": [
                "## 4. Capacity\n",
                "The highest rate within the latency objectives, from ordinary traffic (the fitted cost, simulated at rising load) and from load tests, with 80 % intervals. The grade says how far the estimate lies from what was seen: A close, B half way, C beyond: there take the lower end. Objectives: `--slo ttft_p95=2s,itl_p95=100ms`, or `tidemark.yaml`."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-25",
               "metadata": {},
               "outputs": [],
               "source": [
                "estimates = pd.json_normalize((capacity or {}).get(\"capacity\", []))\n",
                "if estimates.empty or \"max_rps\" not in estimates or estimates[\"max_rps\"].isna().all():\n",
                "    print(\"No estimate; `tidemark capacity` says why:\")\n",
                "    print(td.answer(\"capacity\") or \"\")\n",
                "else:\n",
                "    estimates = estimates.dropna(subset=[\"max_rps\"]).reset_index(drop=True)\n",
                "    labels = [f\"{row.get('period', '')} ({'load test' if row.get('source') == 'load_test' else 'traffic'}, {row['grade']})\" for _, row in estimates.iterrows()]\n",
                "    figure, axes = plt.subplots(figsize=(9, 0.8 + 0.4 * len(estimates)))\n",
                "    middle, low, high = (estimates[name].to_numpy(dtype=float) for name in (\"max_rps\", \"low\", \"high\"))\n",
                "    axes.errorbar(middle, labels, xerr=np.clip([middle - low, high - middle], 0, None), fmt=\"o\", color=BLUE, capsize=4)\n",
                "    if \"observed_max_rps\" in estimates:\n",
                "        axes.plot(estimates[\"observed_max_rps\"].to_numpy(dtype=float), labels, \"x\", color=ORANGE)\n",
                "    axes.set(xlabel=\"requests/s: estimate with 80 % interval; x: highest observed\", xlim=(0, None))\n",
                "    plt.show()\n",
                "    display(estimates[[c for c in [\"period\", \"replica_group\", \"max_rps\", \"low\", \"high\", \"binding_limit\", \"grade\", \"observed_rps\"] if c in estimates]].round(3))"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-26",
               "metadata": {},
               "source": [
                "## 5. Demand against capacity\n",
                "`td.demand_hour()` is what was asked of the fleet by hour; `tidemark forecast` extends it by a week with a 90 % interval, from daily and weekly seasons as far as the history has them. It refuses when there are too few hours. Errors of earlier forecasts (MASE) below 1 beat \"the same as last week\"."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-27",
               "metadata": {},
               "outputs": [],
               "source": [
                "demand = td.demand_hour()\n",
                "if demand.empty and PERIOD:  # counted by the command that needs it\n",
                "    td.ask(\"forecast\", \"--period\", PERIOD)\n",
                "    demand = td.demand_hour()\n",
                "longest = demand.groupby(\"period\").size().sort_values()\n",
                "DEMAND = longest.index[-1] if len(longest) else None\n",
                "forecast = (td.ask(\"forecast\", \"--period\", DEMAND) or {}).get(\"forecast\") if DEMAND else None\n",
                "if DEMAND is None:\n",
                "    print(\"No hours of demand: a forecast needs requests counted over at least six hours.\")\n",
                "else:\n",
                "    hours = demand[demand[\"period\"] == DEMAND]\n",
                "    figure, axes = plt.subplots(figsize=(9, 3))\n",
                "    axes.plot(hours[\"time_utc\"], hours[\"requests_per_second\"], color=GREY, linewidth=1)\n",
                "    if forecast and forecast.get(\"rps\"):\n",
                "        ahead = pd.date_range(forecast[\"start\"], periods=len(forecast[\"rps\"]), freq=f\"{forecast['step_s']}s\")\n",
                "        axes.fill_between(ahead, forecast[\"low\"], forecast[\"high\"], color=BLUE, alpha=0.15)\n",
                "        axes.plot(ahead, forecast[\"rps\"], color=BLUE, linewidth=1.2)\n",
                "    time_axis(axes)\n",
                "    axes.set_ylim(bottom=0)\n",
                "    axes.set_title(f\"{DEMAND}: requests/s by hour; blue: the next week with its 90 % interval\", loc=\"left\", fontsize=9)\n",
                "    plt.show()\n",
                "    print(td.answer(\"forecast\", \"--period\", DEMAND) or \"\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-28",
               "metadata": {},
               "source": [
                "## How to go on\n",
                "* An hour's mean hides its bursts: plan for the peak within the hour, which the `running_requests` signal shows.\n",
                "* `tidemark whatif --set max_num_seqs=128` asks the fitted model for other settings; `04-Alerting_and_Optimization` sweeps them.\n",
                "* `td.sql(\"SELECT * FROM finding_evidence\")` and `docs/schema.md` lead to everything that was not exported."
               ]
              }
             ],
             "metadata": {
              "kernelspec": {
               "display_name": "Python 3",
               "language": "python",
               "name": "python3"
              },
              "language_info": {
               "name": "python"
              }
             },
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """##
        ),
        (
            "04-Alerting_and_Optimization.ipynb",
            ##"""
            {
             "cells": [
              {
               "cell_type": "markdown",
               "id": "cell-01",
               "metadata": {},
               "source": [
                "# 04 · Alerting and optimisation\n",
                "## 告警與最佳化：從歷史訂出門檻、比較異常偵測方法、以實測效果驗證調校\n",
                "\n",
                "Thresholds from history with the false alarms that they would have caused, anomaly detection beside scikit-learn's, and an optimisation loop: predict, change one setting, measure, keep or revert."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-02",
               "metadata": {},
               "outputs": [],
               "source": [
                "import itertools\n",
                "import tempfile\n",
                "from pathlib import Path\n",
                "\n",
                "import matplotlib.dates as mdates\n",
                "import matplotlib.pyplot as plt\n",
                "import numpy as np\n",
                "import pandas as pd\n",
                "from sklearn.ensemble import IsolationForest\n",
                "from sklearn.preprocessing import RobustScaler\n",
                "\n",
                "import tidemark_data as td\n",
                "\n",
                "plt.rcParams.update({\"figure.figsize\": (9, 2.6), \"figure.dpi\": 72, \"axes.grid\": True, \"grid.alpha\": 0.3,\n",
                "                     \"axes.spines.top\": False, \"axes.spines.right\": False})\n",
                "pd.set_option(\"display.max_colwidth\", 90)\n",
                "BLUE, ORANGE, WARM = \"#0072B2\", \"#D55E00\", \"#E69F00\"\n",
                "\n",
                "periods = td.periods()\n",
                "if periods.empty:\n",
                "    print(\"No period has signals: there is nothing to set thresholds from.\")\n",
                "PERIOD = periods.index[0] if len(periods) else None\n",
                "signals = td.signals(period=PERIOD) if PERIOD else pd.DataFrame()\n",
                "findings = td.finding()\n",
                "findings = findings[findings[\"period\"] == PERIOD] if PERIOD else findings.head(0)\n",
                "\n",
                "\n",
                "def inside(times, spans):\n",
                "    \"\"\"Which times lie in one of the spans (frames with start_utc and end_utc).\"\"\"\n",
                "    hit = np.zeros(len(times), dtype=bool)\n",
                "    for _, span in spans.iterrows():\n",
                "        hit |= (times >= span[\"start_utc\"]) & (times <= span[\"end_utc\"])\n",
                "    return hit\n",
                "\n",
                "\n",
                "# What users suffered from, as far as Tidemark is sure of it: the reference of this notebook.\n",
                "trouble = inside(signals.index, findings[findings[\"confidence\"] > 0.5]) if len(signals) else np.array([], dtype=bool)\n",
                "print(f\"period {PERIOD}: {len(signals)} steps, {trouble.sum()} of them inside of findings\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-03",
               "metadata": {},
               "source": [
                "## 1. Thresholds from history\n",
                "A threshold should be exceeded seldom while all is well, and surely when it is not. \"Usual\" is computed **outside** of known trouble, else yesterday's incident becomes today's normal. Median and MAD (scaled by 1.4826 to a standard deviation) are not moved by outliers; latencies are compared as logarithms, since they vary by factors. A `for:` of some steps removes single spikes at the price of that delay.\n",
                "\n",
                "With little history the tails are unknown: a week holds the daily pattern, less doesn't. The table says how many usual steps each threshold rests on."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-04",
               "metadata": {},
               "outputs": [],
               "source": [
                "WATCHED = {\"ttft_p95_seconds\": \"log\", \"itl_p95_seconds\": \"log\", \"queue_time_mean_seconds\": \"log\", \"waiting_requests\": \"plain\",\n",
                "           \"kv_cache_usage_ratio\": \"plain\", \"preemptions_per_second\": \"plain\", \"error_5xx_requests_per_second\": \"plain\"}\n",
                "FOR_STEPS = 3\n",
                "FLOOR = {\"ttft_p95_seconds\": 0.5, \"itl_p95_seconds\": 0.1, \"queue_time_mean_seconds\": 0.5, \"waiting_requests\": 5, \"kv_cache_usage_ratio\": 0.8,\n",
                "         \"preemptions_per_second\": 0.05, \"error_5xx_requests_per_second\": 0.01}  # below these nobody is harmed\n",
                "\n",
                "\n",
                "def threshold(values, kind, deviations=4):\n",
                "    \"\"\"Median + so many robust deviations of the usual values.\"\"\"\n",
                "    usual = np.log(values[values > 0]) if kind == \"log\" else values\n",
                "    if len(usual) < 20:\n",
                "        return np.nan\n",
                "    centre = usual.median()\n",
                "    limit = centre + deviations * 1.4826 * (usual - centre).abs().median()\n",
                "    return float(np.exp(limit) if kind == \"log\" else limit)\n",
                "\n",
                "\n",
                "def firing(values, limit):\n",
                "    \"\"\"Steps at which an alert with that limit and FOR_STEPS fires. A step without a value does not fire.\"\"\"\n",
                "    return (values > limit).astype(int).rolling(FOR_STEPS, min_periods=FOR_STEPS).sum().eq(FOR_STEPS)\n",
                "\n",
                "\n",
                "rows = []\n",
                "for name, kind in WATCHED.items():\n",
                "    if name not in signals:\n",
                "        continue\n",
                "    values = signals[name]\n",
                "    usual = values[~trouble].dropna()\n",
                "    limit = threshold(usual, kind)\n",
                "    if np.isnan(limit):\n",
                "        continue\n",
                "    limit = max(limit, FLOOR[name])\n",
                "    fires = firing(values, limit)\n",
                "    within = fires[trouble & values.notna().to_numpy()]\n",
                "    first = fires[fires & trouble].index.min()\n",
                "    begin = findings[\"start_utc\"].min()\n",
                "    rows.append({\"signal\": name, \"usual_steps\": len(usual), \"median\": usual.median(), \"threshold\": limit,\n",
                "                 \"false_alarm_share\": fires[~trouble].mean(), \"share_of_trouble\": within.mean() if len(within) else np.nan,\n",
                "                 \"delay_seconds\": (first - begin).total_seconds() if pd.notna(first) else np.nan})\n",
                "limits = pd.DataFrame(rows, columns=[\"signal\", \"usual_steps\", \"median\", \"threshold\", \"false_alarm_share\", \"share_of_trouble\", \"delay_seconds\"])\n",
                "if limits.empty:\n",
                "    print(\"No watched signal has the 20 usual steps that a threshold needs.\")\n",
                "limits.round(4)"
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-05",
               "metadata": {},
               "outputs": [],
               "source": [
                "if len(limits):\n",
                "    figure, panels = plt.subplots(len(limits.head(4)), 1, figsize=(9, 1.3 * len(limits.head(4))), sharex=True, squeeze=False)\n",
                "    for axes, (_, row) in zip(panels[:, 0], limits.iterrows()):\n",
                "        axes.plot(signals.index, signals[row[\"signal\"]], color=BLUE, linewidth=1.1)\n",
                "        axes.axhline(row[\"threshold\"], color=ORANGE, linewidth=1)\n",
                "        fires = firing(signals[row[\"signal\"]], row[\"threshold\"])\n",
                "        axes.plot(signals.index[fires], signals[row[\"signal\"]][fires], \".\", color=ORANGE, markersize=3)\n",
                "        for _, finding in findings[findings[\"confidence\"] > 0.5].head(1).iterrows():\n",
                "            axes.axvspan(finding[\"start_utc\"], finding[\"end_utc\"], color=WARM, alpha=0.15)\n",
                "        axes.set_title(row[\"signal\"], loc=\"left\", fontsize=8, pad=2)\n",
                "        axes.set_ylim(0, 1.08 * max(signals[row[\"signal\"]].max(), row[\"threshold\"]))\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))\n",
                "    plt.tight_layout()\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-06",
               "metadata": {},
               "source": [
                "The thresholds as Prometheus rules, checked by `tidemark check rules` (syntax, metric names, labels, templates). The expression of each is that which the signal was computed with, so the alert means what was examined above."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-07",
               "metadata": {},
               "outputs": [],
               "source": [
                "origins = td.signal_origin({\"period\": [PERIOD]}) if PERIOD else td.signal_origin().head(0)\n",
                "EXPRESSIONS = {\n",
                "    \"ttft_p95_seconds\": \"histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:time_to_first_token_seconds_bucket[5m])))\",\n",
                "    \"itl_p95_seconds\": \"histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:inter_token_latency_seconds_bucket[5m])))\",\n",
                "    \"queue_time_mean_seconds\": \"sum by (model_name) (rate(vllm:request_queue_time_seconds_sum[5m])) / sum by (model_name) (rate(vllm:request_queue_time_seconds_count[5m]))\",\n",
                "    \"waiting_requests\": \"sum by (model_name) (max_over_time(vllm:num_requests_waiting[1m]))\",\n",
                "    \"kv_cache_usage_ratio\": \"max by (model_name) (vllm:kv_cache_usage_perc)\",\n",
                "    \"preemptions_per_second\": \"sum by (model_name) (rate(vllm:num_preemptions_total[5m]))\",\n",
                "}\n",
                "lines = [\"groups:\", \"  - name: vllm-from-history\", \"    rules:\"]\n",
                "for _, row in limits[limits[\"signal\"].isin(list(EXPRESSIONS))].iterrows():\n",
                "    title = \"\".join(part.capitalize() for part in row[\"signal\"].split(\"_\")[:-1])\n",
                "    lines += [f\"      - alert: VLLM{title}High\", f\"        expr: {EXPRESSIONS[row['signal']]} > {row['threshold']:.3g}\", \"        for: 2m\",\n",
                "              \"        labels:\", \"          severity: warning\", \"        annotations:\",\n",
                "              f\"          summary: \\\"{row['signal']} above {row['threshold']:.3g}, usually {row['median']:.3g}\\\"\"]\n",
                "if len(lines) > 3:\n",
                "    rules = Path(tempfile.mkdtemp(prefix=\"tidemark-rules-\")) / \"vllm.yml\"\n",
                "    rules.write_text(\"\\n\".join(lines) + \"\\n\", encoding=\"utf-8\")\n",
                "    try:\n",
                "        checked = td.run(\"check\", \"rules\", str(rules))\n",
                "        print((checked.stdout + checked.stderr).replace(str(rules), rules.name).strip(), f\"\\nexit status {checked.returncode}\\n\")\n",
                "    except FileNotFoundError as error:\n",
                "        print(f\"Not checked: {error}.\")\n",
                "    print(\"\\n\".join(lines[:10]), \"\\n      …\")\n",
                "else:\n",
                "    print(\"No threshold that stands on metrics, so no rule.\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-08",
               "metadata": {},
               "source": [
                "## 2. Anomalies: Tidemark's and an isolation forest\n",
                "`tidemark anomalies` looks at all signals together (robust principal components, Hotelling's T² and the squared prediction error), groups steps into episodes and ranks them by the time that users lost; what nobody felt is listed only with `--all`."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-09",
               "metadata": {},
               "outputs": [],
               "source": [
                "anomalies = td.anomaly({\"period\": [PERIOD]}) if PERIOD else td.anomaly().head(0)\n",
                "if anomalies.empty:\n",
                "    print(\"Nothing unusual in this period, or too few signals to judge.\")\n",
                "else:\n",
                "    print(td.answer(\"anomalies\", \"--from\", anomalies[\"start_utc\"].min().isoformat(), \"--to\", anomalies[\"end_utc\"].max().isoformat()) or \"\")\n",
                "felt = anomalies[anomalies[\"reported\"].fillna(False)]\n",
                "anomalies[[\"start_utc\", \"end_utc\", \"reported\", \"kind\", \"score\", \"impact_user_seconds\", \"harm\"]].round(1)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-10",
               "metadata": {},
               "source": [
                "The forest gets the same signals. Three decisions are one's own there: missing values (here: steps in which most signals exist, of them the signals that are present in 90 %, carried forward), scale (robust, so that an incident does not stretch it), and `contamination`, the share that *must* be called anomalous: it finds that many in the healthiest week. Its steps have no order in time and no cost to users."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-11",
               "metadata": {},
               "outputs": [],
               "source": [
                "usable = signals[signals.notna().mean(axis=1) > 0.5] if len(signals) else signals\n",
                "usable = usable.loc[:, usable.notna().mean() > 0.9] if len(usable) else usable\n",
                "usable = usable.loc[:, usable.nunique() > 1] if len(usable) else usable\n",
                "if usable.shape[1] < 3 or len(usable) < 30:\n",
                "    print(f\"{usable.shape[1]} signals over {len(usable)} steps are too few for a forest.\")\n",
                "    forest = None\n",
                "else:\n",
                "    scaled = RobustScaler().fit_transform(usable.ffill().bfill())\n",
                "    forest = IsolationForest(n_estimators=200, contamination=0.1, random_state=0).fit(scaled)\n",
                "    scores = pd.Series(-forest.score_samples(scaled), index=usable.index)\n",
                "    called = pd.Series(forest.predict(scaled) == -1, index=usable.index)\n",
                "    print(f\"{usable.shape[1]} signals over {len(usable)} of {len(signals)} steps\")\n",
                "    figure, axes = plt.subplots(figsize=(9, 2.6))\n",
                "    axes.plot(scores.index, scores, color=BLUE, linewidth=1)\n",
                "    axes.plot(scores.index[called], scores[called], \".\", color=ORANGE, markersize=4)\n",
                "    for _, episode in felt.iterrows():\n",
                "        axes.axvspan(episode[\"start_utc\"], episode[\"end_utc\"], ymax=0.08, color=BLUE, alpha=0.6)\n",
                "    for _, finding in findings[findings[\"confidence\"] > 0.5].head(1).iterrows():\n",
                "        axes.axvspan(finding[\"start_utc\"], finding[\"end_utc\"], color=WARM, alpha=0.15)\n",
                "    axes.xaxis.set_major_formatter(mdates.ConciseDateFormatter(axes.xaxis.get_major_locator()))\n",
                "    axes.set_title(\"isolation score (dots: called anomalous); bar at the bottom: Tidemark's episodes; band: the finding\", loc=\"left\", fontsize=9)\n",
                "    plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-12",
               "metadata": {},
               "source": [
                "Against the finding as reference: *recall* is the share of the trouble that was called, *precision* the share of the calls that was trouble. The finding is Tidemark's own judgement, so this favours its relatives; with a labelled incident replace `trouble` by the label. What the comparison does show is the character: the forest's recall is bounded by `contamination`, whatever happened."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-13",
               "metadata": {},
               "outputs": [],
               "source": [
                "def scored(name, called):\n",
                "    hits = (called & trouble).sum()\n",
                "    return {\"detector\": name, \"steps_called\": int(called.sum()), \"runs\": int((np.diff(np.r_[0, called.astype(int)]) == 1).sum()),\n",
                "            \"precision\": hits / called.sum() if called.sum() else np.nan, \"recall\": hits / trouble.sum() if trouble.sum() else np.nan}\n",
                "\n",
                "\n",
                "rows = []\n",
                "if len(signals):\n",
                "    rows.append(scored(\"tidemark anomalies (felt by users)\", inside(signals.index, felt)))\n",
                "    if forest is not None:\n",
                "        for share in (0.05, 0.1, 0.3):\n",
                "            fitted = IsolationForest(n_estimators=200, contamination=share, random_state=0).fit_predict(scaled) == -1\n",
                "            rows.append(scored(f\"isolation forest, contamination {share}\", pd.Series(fitted, usable.index).reindex(signals.index, fill_value=False).to_numpy()))\n",
                "    for _, row in limits.head(1).iterrows():\n",
                "        rows.append(scored(f\"threshold on {row['signal']}\", firing(signals[row[\"signal\"]], row[\"threshold\"]).to_numpy()))\n",
                "pd.DataFrame(rows, columns=[\"detector\", \"steps_called\", \"runs\", \"precision\", \"recall\"]).round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-14",
               "metadata": {},
               "source": [
                "## 3. The optimisation loop\n",
                "**Predict.** `tidemark whatif` runs the fitted model with other settings. The sweep below asks for the highest rate within the objectives; where the fit is far from any observed load (grade C) the interval is wide, and a small difference within it is none."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-15",
               "metadata": {},
               "outputs": [],
               "source": [
                "SEQUENCES, BUDGETS = (16, 32, 48, 96), (2048, 8192)\n",
                "capacity = td.ask(\"capacity\")\n",
                "is_fitted = any(group.get(\"step_cost\") for group in (capacity or {}).get(\"capacity\", []))\n",
                "settings = list(itertools.product(SEQUENCES, BUDGETS)) if is_fitted else []\n",
                "rows = []\n",
                "for sequences, budget in settings:\n",
                "    reply = td.ask(\"whatif\", \"--set\", f\"max_num_seqs={sequences}\", \"--set\", f\"max_num_batched_tokens={budget}\")\n",
                "    for group in (reply or {}).get(\"whatif\", []):\n",
                "        then = group[\"changed\"]\n",
                "        rows.append({\"group\": f\"{group['replica_group']} at {group['rate']:.2f} requests/s\", \"max_num_seqs\": sequences, \"max_num_batched_tokens\": budget,\n",
                "                     \"max_rps\": then.get(\"max_rps\"), \"low\": then.get(\"low\"), \"high\": then.get(\"high\"), \"binding_limit\": then.get(\"binding_limit\"),\n",
                "                     \"itl_p95_s\": then.get(\"itl_p95_s\"), \"ttft_p95_s\": then.get(\"ttft_p95_s\")})\n",
                "sweep = pd.DataFrame(rows, columns=[\"group\", \"max_num_seqs\", \"max_num_batched_tokens\", \"max_rps\", \"low\", \"high\", \"binding_limit\", \"itl_p95_s\", \"ttft_p95_s\"])\n",
                "if sweep.empty:\n",
                "    print(\"No fitted model, so nothing to sweep: `tidemark capacity` says what it lacks.\")\n",
                "else:\n",
                "    groups = list(sweep.groupby(\"group\", sort=False))\n",
                "    figure, panels = plt.subplots(1, len(groups[:3]), figsize=(9, 3), squeeze=False)\n",
                "    for axes, (name, rows) in zip(panels[0], groups):\n",
                "        for (budget, line), colour in zip(rows.groupby(\"max_num_batched_tokens\"), (ORANGE, BLUE)):\n",
                "            axes.fill_between(line[\"max_num_seqs\"], line[\"low\"].astype(float), line[\"high\"].astype(float), color=colour, alpha=0.12)\n",
                "            axes.plot(line[\"max_num_seqs\"], line[\"max_rps\"].astype(float), \"o-\", color=colour, markersize=4, label=f\"{budget} batched tokens\")\n",
                "        axes.set_title(name, loc=\"left\", fontsize=8)\n",
                "        axes.set(xlabel=\"max_num_seqs\", ylim=(0, None))\n",
                "    panels[0][0].set_ylabel(\"highest requests/s\")\n",
                "    panels[0][0].legend(fontsize=7)\n",
                "    plt.tight_layout()\n",
                "    plt.show()\n",
                "sweep[sweep[\"max_num_batched_tokens\"] == max(BUDGETS)].set_index([\"group\", \"max_num_seqs\"]).sort_index()[[\"max_rps\", \"low\", \"high\", \"binding_limit\", \"ttft_p95_s\", \"itl_p95_s\"]].round(3)"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-16",
               "metadata": {},
               "source": [
                "A flat line says that this setting is not what binds (`binding_limit` names what does), and that changing it buys nothing. In the demonstration the first group is the incident: its KV cache was full, and no batch size helps.\n",
                "\n",
                "**Check a prediction against a measurement** where there is one. In the demonstration a load test ran with `max_num_seqs` 48 on the same engine whose ordinary traffic (`before`, `max_num_seqs` 64, a third of that load) the model was fitted to. `incident` is another server, with a third of the KV cache: no agreement is to be expected there."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-17",
               "metadata": {},
               "outputs": [],
               "source": [
                "measured = [g for g in (capacity or {}).get(\"capacity\", []) if g.get(\"source\") == \"load_test\"]\n",
                "predicted = sweep[(sweep[\"max_num_seqs\"] == 48) & (sweep[\"max_num_batched_tokens\"] == 8192)] if len(sweep) else sweep\n",
                "if not measured:\n",
                "    print(\"No load test in the evidence, so the prediction stays one.\")\n",
                "for test in measured:\n",
                "    print(f\"measured   {test.get('name') or 'load test'}: {test['low']:.2f} to {test['high']:.2f} requests/s\")\n",
                "    for _, row in predicted.dropna(subset=[\"max_rps\"]).iterrows():\n",
                "        overlap = row[\"low\"] <= test[\"high\"] and row[\"high\"] >= test[\"low\"]\n",
                "        print(f\"predicted  {row['group']}: {row['max_rps']:.2f} ({row['low']:.2f} to {row['high']:.2f}), intervals {'overlap' if overlap else 'do not overlap'}\")"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-18",
               "metadata": {},
               "source": [
                "**Measure the effect of a change.** `tidemark compare` asks whether the *same work* takes longer: it compares at equal load and mix, so a busier week is not a slower one. An interval that includes zero is no effect; below ± 2 % it is the same. Here: the last two periods that can be compared, the older one first."
               ]
              },
              {
               "cell_type": "code",
               "execution_count": null,
               "id": "cell-19",
               "metadata": {},
               "outputs": [],
               "source": [
                "verdict = None\n",
                "ordered = list(periods.sort_values(\"start_utc\").index) if len(periods) else []\n",
                "for baseline, candidate in reversed(list(zip(ordered, ordered[1:]))):\n",
                "    reply = td.ask(\"compare\", baseline, candidate)\n",
                "    verdict = (reply or {}).get(\"comparison\")\n",
                "    if verdict and verdict[\"verdict\"] != \"not_comparable\":\n",
                "        break\n",
                "if not verdict or verdict[\"verdict\"] == \"not_comparable\":\n",
                "    print(\"No two comparable periods. Within one history: tidemark compare --db FILE START..END START..END\")\n",
                "else:\n",
                "    print(f\"{candidate} against {baseline}: {verdict['verdict']}, {verdict['slowdown_pct']:+.1f} % ({verdict['low']:+.1f} to {verdict['high']:+.1f} %) between tokens at equal work\")\n",
                "    print(f\"not adjusted: {verdict.get('observed_pct', float('nan')):+.1f} %; the smallest change that this much data can show: {verdict.get('smallest_detectable_pct', float('nan')):.1f} %\")\n",
                "    parts = pd.DataFrame((verdict.get(\"decomposition\") or {}).get(\"parts\", []))\n",
                "    if len(parts):\n",
                "        figure, axes = plt.subplots(figsize=(9, 2.2))\n",
                "        axes.barh(parts[\"factor\"], 1e3 * parts[\"seconds\"], color=[ORANGE if x > 0 else BLUE for x in parts[\"seconds\"]])\n",
                "        axes.invert_yaxis()\n",
                "        axes.set_xlabel(\"change of the mean time between tokens, ms\")\n",
                "        plt.show()"
               ]
              },
              {
               "cell_type": "markdown",
               "id": "cell-20",
               "metadata": {},
               "source": [
                "## How to go on\n",
                "1. Sweep, pick the setting whose gain exceeds its interval, and change **one** thing.\n",
                "2. Collect as much ordinary traffic after as before (`smallest_detectable_pct` says whether it is enough).\n",
                "3. `tidemark compare … --fail-on slower` in the pipeline keeps what was won; `tidemark anomalies` and the rules above watch the rest.\n",
                "4. Thresholds age: run this notebook over the latest weeks, and compare `false_alarm_share` with what the on-call engineer bears."
               ]
              }
             ],
             "metadata": {
              "kernelspec": {
               "display_name": "Python 3",
               "language": "python",
               "name": "python3"
              },
              "language_info": {
               "name": "python"
              }
             },
             "nbformat": 4,
             "nbformat_minor": 5
            }

            """##
        ),
    ]
}
