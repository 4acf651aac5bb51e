"""A Tidemark database as typed pandas frames, and Tidemark's own answers.

Made by `tidemark export notebooks`; do not edit, the next export writes it anew.

    import tidemark_data as td
    td.source()                              # a function for each table; help(td.source) has the columns
    td.signals("ttft_p95_seconds")           # one column a signal, by time
    td.query("vllm:num_requests_running")    # PromQL
    td.ask("capacity")                       # a command's JSON

Tables come from the CSV files beside this module. Without them, or when the environment variable TIDEMARK_DB names
a database, they are read from the database. TIDEMARK may name the program. Every instant is UTC. Missing is missing:
<NA>, NaN or NaT, never zero.
"""
from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Optional

import pandas as pd

Kind = Literal["text", "integer", "number", "time", "flag"]
#: Rows to take: column -> the texts that it may hold.
Where = Optional[Mapping[str, Collection[str]]]

#: The pandas dtype of each kind of column.
DTYPES: dict[str, str] = {
    "text": "string", "integer": "Int64", "number": "float64", "time": "datetime64[ms, UTC]", "flag": "boolean",
}
HERE = Path(__file__).resolve().parent
#: Commands that may write results: they wait for another run, such as that of a notebook beside this one.
LOCKING = {"anomalies", "capacity", "compare", "diagnose", "forecast", "whatif"}


@dataclass(frozen=True)
class Column:
    """A column: its name with the unit, its kind, and what it holds."""

    name: str
    kind: Kind
    about: str


@dataclass(frozen=True)
class Table:
    """A table: its name, what a row is, the query that makes it, and its columns."""

    name: str
    about: str
    sql: str
    columns: tuple[Column, ...]

    def describe(self) -> pd.DataFrame:
        """The columns with their kinds and meanings."""
        return pd.DataFrame([(c.name, c.kind, c.about) for c in self.columns], columns=["column", "kind", "about"])

TABLES: dict[str, Table] = {
    "source": Table(
        "source",
        "The ledger: a row for each file that was met. lines = record_lines + noise_lines + reject_lines.",
        "SELECT period.name AS \"period\", source.path AS \"path\", format AS \"format\", framing AS \"framing\", status AS \"status\", message AS \"message\", instance.name AS \"instance\", lines AS \"lines\", record_lines AS \"record_lines\", noise_lines AS \"noise_lines\", reject_lines AS \"reject_lines\", records AS \"records\", first_ms AS \"first_utc\", last_ms AS \"last_utc\", clock_offset_ms / 1000.0 AS \"clock_offset_seconds\", clock_method AS \"clock_method\", clock_confidence AS \"clock_confidence\" FROM source JOIN period USING (period_id) LEFT JOIN instance USING (instance_id) ORDER BY source_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("path", "text", "where it was last seen"),
            Column("format", "text", "vllm-log, prometheus-text, promtool-dump, nvidia-smi-query, vllm-bench, …"),
            Column("framing", "text", "what wraps each line"),
            Column("status", "text", "read, partial, unknown, announced, duplicate, failed"),
            Column("message", "text", "why, where the status needs a word"),
            Column("instance", "text", "whose evidence it is, for logs"),
            Column("lines", "integer", "all lines"),
            Column("record_lines", "integer", "lines that belong to records"),
            Column("noise_lines", "integer", "lines known to mean nothing"),
            Column("reject_lines", "integer", "lines not understood"),
            Column("records", "integer", "records"),
            Column("first_utc", "time", "time of the first record"),
            Column("last_utc", "time", "time of the last record"),
            Column("clock_offset_seconds", "number", "taken off the source's own clock"),
            Column("clock_method", "text", "how the offset was found"),
            Column("clock_confidence", "number", "how sure the offset is, 0…1"),
        ),
    ),
    "reject": Table(
        "reject",
        "Lines that could not be read.",
        "SELECT period.name AS \"period\", source.path AS \"path\", line AS \"line\", reason AS \"reason\", text AS \"text\" FROM reject JOIN source USING (source_id) JOIN period USING (period_id) ORDER BY source_id, line, offset_bytes",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("path", "text", "the file"),
            Column("line", "integer", "from 1"),
            Column("reason", "text", "what was expected"),
            Column("text", "text", "the line, at most 500 bytes"),
        ),
    ),
    "engine_run": Table(
        "engine_run",
        "One process life of a server, from its log.",
        "SELECT period.name AS \"period\", run_id AS \"run_id\", instance.name AS \"instance\", start_ms AS \"start_utc\", ready_ms AS \"ready_utc\", end_ms AS \"end_utc\", end_reason AS \"end_reason\", version AS \"version\", model AS \"model\" FROM engine_run JOIN instance USING (instance_id) JOIN period USING (period_id) ORDER BY run_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("run_id", "integer", "joins engine_fact"),
            Column("instance", "text", "the replica"),
            Column("start_utc", "time", "the process began"),
            Column("ready_utc", "time", "start-up complete"),
            Column("end_utc", "time", "the process ended"),
            Column("end_reason", "text", "crash, shutdown; missing while it lives or when unknown"),
            Column("version", "text", "of vLLM"),
            Column("model", "text", "as it was loaded"),
        ),
    ),
    "engine_fact": Table(
        "engine_fact",
        "What a run printed about itself, as text: arguments (arg.NAME), size of the KV cache, times.",
        "SELECT run_id AS \"run_id\", name AS \"name\", value AS \"value\" FROM engine_fact ORDER BY run_id, line, rowid",
        (
            Column("run_id", "integer", "joins engine_run"),
            Column("name", "text", "such as arg.max_num_seqs, kv_cache_tokens"),
            Column("value", "text", "as printed"),
        ),
    ),
    "engine_stat": Table(
        "engine_stat",
        "vLLM's statistics line, every ten seconds by default. Rates are means over the time since the line before.",
        "SELECT period.name AS \"period\", instance.name AS \"instance\", time_ms AS \"time_utc\", engine AS \"engine\", prompt_tokens_per_second AS \"prompt_tokens_per_second\", generation_tokens_per_second AS \"generation_tokens_per_second\", running AS \"running_requests\", waiting AS \"waiting_requests\", preemptions AS \"preemptions\", kv_cache_usage_ratio AS \"kv_cache_usage_ratio\", prefix_cache_hit_ratio AS \"prefix_cache_hit_ratio\" FROM engine_stat JOIN instance USING (instance_id) JOIN period USING (period_id) ORDER BY engine_stat.source_id, engine_stat.line",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("instance", "text", "the replica"),
            Column("time_utc", "time", "of the line"),
            Column("engine", "integer", "index in the replica; missing where the line has none"),
            Column("prompt_tokens_per_second", "number", "tokens of prompts"),
            Column("generation_tokens_per_second", "number", "tokens of answers"),
            Column("running_requests", "integer", "in the batch"),
            Column("waiting_requests", "integer", "in the queue"),
            Column("preemptions", "integer", "in the interval; missing in versions that don't print them"),
            Column("kv_cache_usage_ratio", "number", "0…1"),
            Column("prefix_cache_hit_ratio", "number", "0…1, of the last requests"),
        ),
    ),
    "log_event": Table(
        "log_event",
        "Warnings, errors, tracebacks and other records of logs. Prompts are not in them.",
        "SELECT period.name AS \"period\", instance.name AS \"instance\", time_ms AS \"time_utc\", level AS \"level\", log_event.kind AS \"kind\", exception_type AS \"exception_type\", message AS \"message\" FROM log_event JOIN instance USING (instance_id) JOIN period USING (period_id) ORDER BY event_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("instance", "text", "the replica"),
            Column("time_utc", "time", "missing when no line before had one"),
            Column("level", "text", "INFO, WARNING, ERROR, …"),
            Column("kind", "text", "what it is"),
            Column("exception_type", "text", "of a traceback"),
            Column("message", "text", "at most 4,000 bytes"),
        ),
    ),
    "gpu_sample": Table(
        "gpu_sample",
        "One GPU at one moment, from nvidia-smi and its like. Utilization says busy, not efficient.",
        "SELECT period.name AS \"period\", instance.name AS \"gpu\", time_ms AS \"time_utc\", utilization_percent AS \"utilization_percent\", memory_used_mib AS \"memory_used_mib\", memory_total_mib AS \"memory_total_mib\", temperature_celsius AS \"temperature_celsius\", power_watts AS \"power_watts\", power_limit_watts AS \"power_limit_watts\", sm_clock_mhz AS \"sm_clock_mhz\", throttle_reasons AS \"throttle_reasons\" FROM gpu_sample JOIN instance USING (instance_id) JOIN period USING (period_id) ORDER BY gpu_sample.source_id, gpu_sample.rowid",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("gpu", "text", "such as GPU 0"),
            Column("time_utc", "time", "UTC"),
            Column("utilization_percent", "number", "share of time in which a kernel ran"),
            Column("memory_used_mib", "number", "MiB"),
            Column("memory_total_mib", "number", "MiB"),
            Column("temperature_celsius", "number", "of the core"),
            Column("power_watts", "number", "drawn"),
            Column("power_limit_watts", "number", "allowed"),
            Column("sm_clock_mhz", "number", "of the multiprocessors"),
            Column("throttle_reasons", "integer", "NVML's bit mask; 0 and 1 (idle) are harmless"),
        ),
    ),
    "series": Table(
        "series",
        "Time series of metrics. Their samples are compressed: `tidemark query` and `tidemark sql` (table sample) give them.",
        "SELECT period.name AS \"period\", series_id AS \"series_id\", series.name AS \"name\", labels AS \"labels\", type AS \"type\", form AS \"form\", shadowed_by AS \"shadowed_by\", samples AS \"samples\", start_ms AS \"start_utc\", end_ms AS \"end_utc\" FROM series JOIN period USING (period_id) LEFT JOIN (SELECT series_id, sum(samples) AS samples, min(start_ms) AS start_ms, max(end_ms) AS end_ms FROM chunk GROUP BY series_id) USING (series_id) ORDER BY series_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("series_id", "integer", "as in the table sample of `tidemark sql`"),
            Column("name", "text", "of the metric"),
            Column("labels", "text", "JSON object, __name__ included"),
            Column("type", "text", "counter, gauge, histogram, …; missing where nobody announced it"),
            Column("form", "text", "tsdb, dump, scrape, api: what it was read from"),
            Column("shadowed_by", "text", "a better form that holds the same samples; missing when this one counts"),
            Column("samples", "integer", "stale markers included"),
            Column("start_utc", "time", "first sample"),
            Column("end_utc", "time", "last sample"),
        ),
    ),
    "load_point": Table(
        "load_point",
        "One point of a load test: what was offered and how the server answered, as the client saw it.",
        "SELECT period.name AS \"period\", source.path AS \"path\", tool AS \"tool\", load_point.model AS \"model\", configuration AS \"configuration\", is_total AS \"is_total\", started_at_ms AS \"start_utc\", duration_seconds AS \"duration_seconds\", offered_kind AS \"offered_kind\", offered_value AS \"offered_value\", achieved_rps AS \"achieved_requests_per_second\", ok AS \"ok_requests\", failed AS \"failed_requests\", output_tokens_per_second AS \"output_tokens_per_second\", ttft_p50_ms / 1000.0 AS \"ttft_p50_seconds\", ttft_p95_ms / 1000.0 AS \"ttft_p95_seconds\", itl_mean_ms / 1000.0 AS \"itl_mean_seconds\", itl_p95_ms / 1000.0 AS \"itl_p95_seconds\", e2e_p95_ms / 1000.0 AS \"e2e_p95_seconds\" FROM load_point JOIN source USING (source_id) JOIN period USING (period_id) ORDER BY point_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("path", "text", "the result file"),
            Column("tool", "text", "vllm-bench, guidellm, …"),
            Column("model", "text", "served name"),
            Column("configuration", "text", "JSON object: what tells this configuration from others"),
            Column("is_total", "flag", "sums up other points of the same test: leave it out of sums"),
            Column("start_utc", "time", "of the measurement"),
            Column("duration_seconds", "number", "to the last answer"),
            Column("offered_kind", "text", "rate, concurrency, users, max"),
            Column("offered_value", "number", "requests/s, requests in flight, or users, by offered_kind"),
            Column("achieved_requests_per_second", "number", "that succeeded, over the whole duration"),
            Column("ok_requests", "integer", "succeeded"),
            Column("failed_requests", "integer", "failed"),
            Column("output_tokens_per_second", "number", "tokens of answers"),
            Column("ttft_p50_seconds", "number", "to the first token"),
            Column("ttft_p95_seconds", "number", "to the first token"),
            Column("itl_mean_seconds", "number", "between two tokens"),
            Column("itl_p95_seconds", "number", "between two tokens"),
            Column("e2e_p95_seconds", "number", "whole request"),
        ),
    ),
    "data_quality": Table(
        "data_quality",
        "Whether the evidence can be trusted, judged before anything else.",
        "SELECT period.name AS \"period\", data_quality.name AS \"name\", state AS \"state\", text AS \"text\" FROM data_quality JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, position",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("name", "text", "little_law, gaps, resets, replicas, clocks, …"),
            Column("state", "text", "good, doubt"),
            Column("text", "text", "a sentence"),
        ),
    ),
    "missing_evidence": Table(
        "missing_evidence",
        "What could not be checked, and the flag or capture that would have shown it.",
        "SELECT period.name AS \"period\", cause AS \"cause\", text AS \"text\" FROM missing_evidence JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY missing_evidence.rowid",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("cause", "text", "which could not be judged"),
            Column("text", "text", "a sentence"),
        ),
    ),
    "signal": Table(
        "signal",
        "Named quantities over time, unit in the name: the same meaning whatever they were read from. A step without evidence has no row.",
        "SELECT period.name AS \"period\", signal.name AS \"name\", instance AS \"instance\", time_ms AS \"time_utc\", value AS \"value\" FROM signal JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, signal.name, instance, time_ms",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("name", "text", "such as ttft_p95_seconds"),
            Column("instance", "text", "replica or GPU; fleet: all of them"),
            Column("time_utc", "time", "end of the step"),
            Column("value", "number", "in the unit of the name"),
        ),
    ),
    "signal_origin": Table(
        "signal_origin",
        "Where the values of a signal come from.",
        "SELECT period.name AS \"period\", signal_origin.name AS \"name\", instance AS \"instance\", origin AS \"origin\", expression AS \"expression\" FROM signal_origin JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, signal_origin.name, instance",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("name", "text", "of the signal"),
            Column("instance", "text", "replica or GPU"),
            Column("origin", "text", "metrics, log, nvidia-smi, …"),
            Column("expression", "text", "PromQL, or table and column"),
        ),
    ),
    "figure": Table(
        "figure",
        "A signal as one number, over the whole window and over its worst five minutes.",
        "SELECT period.name AS \"period\", figure.name AS \"name\", instance AS \"instance\", unit AS \"unit\", value AS \"value\", low AS \"low\", high AS \"high\", count AS \"observations\", worst AS \"worst\", worst_start_ms AS \"worst_start_utc\" FROM figure JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, figure.name, instance",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("name", "text", "of the signal"),
            Column("instance", "text", "replica or GPU; fleet"),
            Column("unit", "text", "of the values"),
            Column("value", "number", "whole window"),
            Column("low", "number", "lower bound of the bucket that holds a quantile"),
            Column("high", "number", "upper bound of that bucket"),
            Column("observations", "number", "behind a quantile"),
            Column("worst", "number", "worst five minutes"),
            Column("worst_start_utc", "time", "when these begin"),
        ),
    ),
    "distribution": Table(
        "distribution",
        "Counts by histogram bucket or category over the window; not cumulative.",
        "SELECT period.name AS \"period\", distribution.name AS \"name\", instance AS \"instance\", position AS \"position\", bucket AS \"bucket\", count AS \"count\" FROM distribution JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, distribution.name, instance, position",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("name", "text", "prompt_tokens, generation_tokens, finish_reason, …"),
            Column("instance", "text", "replica; fleet"),
            Column("position", "integer", "order of the buckets"),
            Column("bucket", "text", "upper bound or category"),
            Column("count", "number", "observations in it"),
        ),
    ),
    "finding": Table(
        "finding",
        "What broke: cause, time, certainty, cost to users. No rows: healthy, or nothing could be judged.",
        "SELECT period.name AS \"period\", rank AS \"rank\", cause AS \"cause\", finding.start_ms AS \"start_utc\", finding.end_ms AS \"end_utc\", confidence AS \"confidence\", impact_user_seconds AS \"impact_user_seconds\", requests_affected AS \"requests_affected\", instances AS \"instances\", summary AS \"summary\" FROM finding JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, rank",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("rank", "integer", "1 first"),
            Column("cause", "text", "identifier; `tidemark explain` says more"),
            Column("start_utc", "time", "began"),
            Column("end_utc", "time", "ended"),
            Column("confidence", "number", "0…1: high from 0.8, medium above 0.5, else low"),
            Column("impact_user_seconds", "number", "excess waiting of all users; missing: cannot be computed"),
            Column("requests_affected", "number", "requests"),
            Column("instances", "text", "JSON array of replicas"),
            Column("summary", "text", "a sentence"),
        ),
    ),
    "anomaly": Table(
        "anomaly",
        "Stretches in which the signals together were as they usually aren't.",
        "SELECT period.name AS \"period\", rank AS \"rank\", anomaly.kind AS \"kind\", anomaly.start_ms AS \"start_utc\", anomaly.end_ms AS \"end_utc\", reported AS \"reported\", score AS \"score\", impact_user_seconds AS \"impact_user_seconds\", harm AS \"harm\" FROM anomaly JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, rank, anomaly_id",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("rank", "integer", "by effect on users"),
            Column("kind", "text", "episode or shift"),
            Column("start_utc", "time", "began"),
            Column("end_utc", "time", "ended"),
            Column("reported", "flag", "users felt it"),
            Column("score", "number", "largest statistic over its limit"),
            Column("impact_user_seconds", "number", "excess time of all users"),
            Column("harm", "text", "first_token, waiting, tokens, failed"),
        ),
    ),
    "capacity_window": Table(
        "capacity_window",
        "Windows of traffic that the cost of a step was fitted to, thinned.",
        "SELECT period.name AS \"period\", replica_group AS \"replica_group\", sequences AS \"sequences\", gap_seconds AS \"gap_seconds\" FROM capacity_window JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY capacity_window.rowid",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("replica_group", "text", "model and configuration"),
            Column("sequences", "number", "decoding together in one engine"),
            Column("gap_seconds", "number", "mean between two tokens"),
        ),
    ),
    "capacity_line": Table(
        "capacity_line",
        "The fitted cost of a step at the present mix, with an 80 % band.",
        "SELECT period.name AS \"period\", replica_group AS \"replica_group\", sequences AS \"sequences\", step_seconds AS \"step_seconds\", low AS \"low_seconds\", high AS \"high_seconds\" FROM capacity_line JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY capacity_line.rowid",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("replica_group", "text", "model and configuration"),
            Column("sequences", "number", "decoding together in one engine"),
            Column("step_seconds", "number", "estimate"),
            Column("low_seconds", "number", "10 %"),
            Column("high_seconds", "number", "90 %"),
        ),
    ),
    "demand_hour": Table(
        "demand_hour",
        "Requests asked of the fleet by hour. An hour that wasn't observed has no row.",
        "SELECT period.name AS \"period\", time_ms AS \"time_utc\", rps AS \"requests_per_second\" FROM demand_hour JOIN analysis USING (analysis_id) JOIN period USING (period_id) ORDER BY analysis_id, time_ms",
        (
            Column("period", "text", "the stretch of evidence, a folder's name"),
            Column("time_utc", "time", "start of the hour"),
            Column("requests_per_second", "number", "mean, all replicas"),
        ),
    ),
}


# Rows ---------------------------------------------------------------------------------------------------------


def load(name: str, where: Where = None) -> pd.DataFrame:
    """A table with the dtypes of DTYPES.

    `where` picks rows by the texts of columns: load("signal", {"name": ["ttft_p95_seconds"]}). Large tables need it:
    the rows that are left out are never all in memory.
    """
    table = TABLES[name]
    where = {column: list(texts) for column, texts in (where or {}).items()}
    kinds = {c.name: c.kind for c in table.columns}
    for column in where:
        if kinds.get(column) != "text":
            raise KeyError(f"{name} has no text column {column!r}; it has {', '.join(kinds)}")
    path = HERE / "csv" / f"{name}.csv"
    from_csv = path.is_file() and "TIDEMARK_DB" not in os.environ
    parts = [typed(part, table) for part in (_csv(path, table, where) if from_csv else _rows(table, where))]
    full = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(full, ignore_index=True) if len(full) > 1 else full[0]


def _csv(path: Path, table: Table, where: Mapping[str, list[str]]) -> Iterator[pd.DataFrame]:
    plain = {"integer": "Int64", "number": "float64", "flag": "boolean"}
    dtypes = {c.name: plain.get(c.kind, "string") for c in table.columns}
    texts = [c.name for c in table.columns if c.kind == "text"]
    with pd.read_csv(path, dtype=dtypes, keep_default_na=False, na_values=[""], float_precision="round_trip",
                     encoding="utf-8", chunksize=200_000) as reader:
        for part in reader:
            for column in texts:
                # Before texts that a spreadsheet would take for a formula there is an apostrophe.
                part[column] = part[column].str.replace(r"\A'", "", regex=True)
            for column, wanted in where.items():
                part = part[part[column].isin(wanted)]
            yield part.reset_index(drop=True)


def _rows(table: Table, where: Mapping[str, list[str]]) -> Iterator[pd.DataFrame]:
    conditions = [f'"{column}" IN ({", ".join("?" * len(wanted))})' for column, wanted in where.items()]
    sql = f"SELECT * FROM ({table.sql})" + (" WHERE " + " AND ".join(conditions) if conditions else "")
    with contextlib.closing(connect()) as connection:
        try:
            cursor = connection.execute(sql, [text for wanted in where.values() for text in wanted])
        except sqlite3.OperationalError as error:
            raise RuntimeError(
                f"{database()}: {error}. The database and this module are of different versions of Tidemark: "
                "`tidemark export notebooks` makes a module that fits.") from error
        first = True
        while first or rows:
            rows = cursor.fetchmany(200_000)
            columns = zip(*rows) if rows else [()] * len(table.columns)
            if first or rows:
                yield pd.DataFrame({c.name: pd.Series(values, dtype="object")
                                    for c, values in zip(table.columns, columns)})
            first = False


def typed(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """The frame with the dtype of each column of the table."""
    for column in table.columns:
        values = frame[column.name]
        if column.kind == "time":
            if isinstance(values.dtype, pd.StringDtype):
                values = pd.to_datetime(values, utc=True, format="ISO8601", errors="coerce")
            else:
                values = pd.to_datetime(values.astype("Int64"), unit="ms", utc=True, errors="coerce")
        elif column.kind == "flag":
            values = values.map(lambda x: x if pd.isna(x) else bool(x))
        frame[column.name] = values.astype(DTYPES[column.kind])
    return frame


def signals(*names: str, period: str | None = None, instance: str | None = "fleet") -> pd.DataFrame:
    """Signals side by side: a row a time, a column a signal (with instance=None: a signal and an instance).

    Without names all signals. A signal without evidence has no column. Periods overlap in time at times: name one.
    """
    where: dict[str, list[str]] = {}
    if names:
        where["name"] = list(names)
    if period is not None:
        where["period"] = [period]
    if instance is not None:
        where["instance"] = [instance]
    rows = load("signal", where)
    columns = "name" if instance is not None else ["name", "instance"]
    return rows.pivot_table(index="time_utc", columns=columns, values="value", aggfunc="mean", observed=True)


def periods() -> pd.DataFrame:
    """The stretches of evidence that have signals: start, end, number of values, most harmed first."""
    rows = signal({"instance": ["fleet"]})
    found = rows.groupby("period", observed=True)["time_utc"].agg(start_utc="min", end_utc="max", values="size")
    harm = finding().groupby("period", observed=True)["impact_user_seconds"].sum(min_count=1)
    found["impact_user_seconds"] = harm.reindex(found.index).astype("float64")
    return found.sort_values(["impact_user_seconds", "values"], ascending=False, na_position="last")


# The database and the program ------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=None)
def database() -> Path:
    """The database: TIDEMARK_DB, else the one that was exported, else one made of the repository's fixtures."""
    named = os.environ.get("TIDEMARK_DB") or _manifest().get("database")
    if not named:
        return _demo()
    if not Path(named).is_file():
        raise FileNotFoundError(f"the database {named} is not there: set TIDEMARK_DB to its place")
    if "TIDEMARK_DB" in os.environ:
        _analyse(named)
    return Path(named).resolve()


def _analyse(path: str) -> None:
    """Brings results up to date with the evidence; where that can't be, says so."""
    try:
        done = run("diagnose", "--wait", "600", "--db", path, "--quiet", "--format", "json")
        reason = done.stderr.strip() if done.returncode else ""
    except FileNotFoundError as error:
        if "TIDEMARK" in os.environ:
            raise
        reason = str(error)
    if reason:
        print(f"Results may be missing or older than the evidence: {reason}")


@functools.lru_cache(maxsize=None)
def program() -> str:
    """The program: TIDEMARK, else the one that exported, else .build/release/tidemark upward, else the PATH's."""
    named = os.environ.get("TIDEMARK")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"TIDEMARK names {named}, which is no program")
        return named
    built = [str(folder / ".build/release/tidemark") for folder in [HERE, *HERE.parents]]
    for candidate in [_manifest().get("program"), *built, "tidemark"]:
        if candidate and shutil.which(candidate):
            return candidate
    raise FileNotFoundError("no program `tidemark`: set TIDEMARK to its path, or put it on the PATH")


def connect() -> sqlite3.Connection:
    """A read-only connection to the database; text that is no UTF-8 is repaired."""
    connection = sqlite3.connect(f"{database().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    return connection


def sql(statement: str, parameters: Any = ()) -> pd.DataFrame:
    """Any SQL on the database (docs/schema.md). Times are Unix milliseconds there."""
    with contextlib.closing(connect()) as connection:
        return pd.read_sql_query(statement, connection, params=parameters)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A command as it is: `tidemark ARGUMENTS`."""
    return subprocess.run([program(), *arguments], capture_output=True, text=True, encoding="utf-8",
                          errors="replace", check=False)


def answer(*arguments: str) -> str | None:
    """What a command says of the database. Where it can't: None, after its reason was printed."""
    wait = ("--wait", "600") if arguments[0] in LOCKING else ()
    try:
        done = run(*arguments, *wait, "--db", str(database()))
    except FileNotFoundError as error:
        if "TIDEMARK" in os.environ or "TIDEMARK_DB" in os.environ:
            raise
        print(f"Not asked: {error}.")
        return None
    if done.returncode == 64:
        raise ValueError(done.stderr.strip())
    if done.returncode not in (0, 1, 3):
        print(f"No answer: {done.stderr.strip()}")
        return None
    return done.stdout


def ask(*arguments: str) -> Any:
    """The JSON of a command: ask("capacity"), ask("diagnose"). None after its reason was printed."""
    text = answer(*arguments, "--format", "json")
    return None if text is None else json.loads(text)


def query(expression: str, *, start: Any = None, end: Any = None, step: str | None = None, time: Any = None,
          period: str | None = None) -> pd.DataFrame:
    """PromQL: one row a sample, the labels as columns beside time_utc and value. With `step` a range, else an instant."""
    arguments = ["query", expression]
    for option, value in [("--start", start), ("--end", end), ("--time", time)]:
        if value is not None:
            arguments += [option, pd.Timestamp(value).isoformat().replace("+00:00", "Z")]
    for option, text in [("--step", step), ("--period", period)]:
        if text is not None:
            arguments += [option, text]
    found = ask(*arguments)
    rows = []
    for series in (found or {}).get("data", {}).get("result", []):
        if isinstance(series, dict):
            labels = {("metric" if k == "__name__" else k): v for k, v in series["metric"].items()}
            for at, value in series.get("values") or [series.get("value", [None, None])]:
                rows.append({**labels, "time_utc": at, "value": value})
    frame = pd.DataFrame(rows, columns=None if rows else ["time_utc", "value"])
    millis = (frame["time_utc"].astype("float64") * 1000).round().astype("Int64")
    frame["time_utc"] = pd.to_datetime(millis, unit="ms", utc=True).astype(DTYPES["time"])
    frame["value"] = frame["value"].astype("float64")
    return frame


def _manifest() -> dict[str, Any]:
    path = HERE / "tidemark-export.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}


def _demo() -> Path:
    """A database of the repository's fixtures, each folder a period of its own; it goes away with the process."""
    for folder in HERE.parents:
        if (folder / "fixtures" / "incident").is_dir():
            break
    else:
        raise FileNotFoundError("no database: set TIDEMARK_DB to one that `tidemark ingest` or `tidemark run` made")
    place = Path(tempfile.mkdtemp(prefix="tidemark-demo-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    for source in [folder / "fixtures" / "incident", *sorted((folder / "fixtures" / "notebooks").iterdir())]:
        if source.is_dir():
            shutil.copytree(source, place / "evidence" / source.name)
            (place / "evidence" / source.name / "capture.json").write_text("{}")
    made = place / "demo.sqlite"
    done = run("run", str(place / "evidence"), "--out", str(place / "report"), "--db", str(made), "--quiet")
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    return made


# A function for each table ------------------------------------------------------------------------------------------

def source(where: Where = None) -> pd.DataFrame:
    """The ledger: a row for each file that was met. lines = record_lines + noise_lines + reject_lines.

    period (text): the stretch of evidence, a folder's name
    path (text): where it was last seen
    format (text): vllm-log, prometheus-text, promtool-dump, nvidia-smi-query, vllm-bench, …
    framing (text): what wraps each line
    status (text): read, partial, unknown, announced, duplicate, failed
    message (text): why, where the status needs a word
    instance (text): whose evidence it is, for logs
    lines (integer): all lines
    record_lines (integer): lines that belong to records
    noise_lines (integer): lines known to mean nothing
    reject_lines (integer): lines not understood
    records (integer): records
    first_utc (time): time of the first record
    last_utc (time): time of the last record
    clock_offset_seconds (number): taken off the source's own clock
    clock_method (text): how the offset was found
    clock_confidence (number): how sure the offset is, 0…1
    """
    return load("source", where)


def reject(where: Where = None) -> pd.DataFrame:
    """Lines that could not be read.

    period (text): the stretch of evidence, a folder's name
    path (text): the file
    line (integer): from 1
    reason (text): what was expected
    text (text): the line, at most 500 bytes
    """
    return load("reject", where)


def engine_run(where: Where = None) -> pd.DataFrame:
    """One process life of a server, from its log.

    period (text): the stretch of evidence, a folder's name
    run_id (integer): joins engine_fact
    instance (text): the replica
    start_utc (time): the process began
    ready_utc (time): start-up complete
    end_utc (time): the process ended
    end_reason (text): crash, shutdown; missing while it lives or when unknown
    version (text): of vLLM
    model (text): as it was loaded
    """
    return load("engine_run", where)


def engine_fact(where: Where = None) -> pd.DataFrame:
    """What a run printed about itself, as text: arguments (arg.NAME), size of the KV cache, times.

    run_id (integer): joins engine_run
    name (text): such as arg.max_num_seqs, kv_cache_tokens
    value (text): as printed
    """
    return load("engine_fact", where)


def engine_stat(where: Where = None) -> pd.DataFrame:
    """vLLM's statistics line, every ten seconds by default. Rates are means over the time since the line before.

    period (text): the stretch of evidence, a folder's name
    instance (text): the replica
    time_utc (time): of the line
    engine (integer): index in the replica; missing where the line has none
    prompt_tokens_per_second (number): tokens of prompts
    generation_tokens_per_second (number): tokens of answers
    running_requests (integer): in the batch
    waiting_requests (integer): in the queue
    preemptions (integer): in the interval; missing in versions that don't print them
    kv_cache_usage_ratio (number): 0…1
    prefix_cache_hit_ratio (number): 0…1, of the last requests
    """
    return load("engine_stat", where)


def log_event(where: Where = None) -> pd.DataFrame:
    """Warnings, errors, tracebacks and other records of logs. Prompts are not in them.

    period (text): the stretch of evidence, a folder's name
    instance (text): the replica
    time_utc (time): missing when no line before had one
    level (text): INFO, WARNING, ERROR, …
    kind (text): what it is
    exception_type (text): of a traceback
    message (text): at most 4,000 bytes
    """
    return load("log_event", where)


def gpu_sample(where: Where = None) -> pd.DataFrame:
    """One GPU at one moment, from nvidia-smi and its like. Utilization says busy, not efficient.

    period (text): the stretch of evidence, a folder's name
    gpu (text): such as GPU 0
    time_utc (time): UTC
    utilization_percent (number): share of time in which a kernel ran
    memory_used_mib (number): MiB
    memory_total_mib (number): MiB
    temperature_celsius (number): of the core
    power_watts (number): drawn
    power_limit_watts (number): allowed
    sm_clock_mhz (number): of the multiprocessors
    throttle_reasons (integer): NVML's bit mask; 0 and 1 (idle) are harmless
    """
    return load("gpu_sample", where)


def series(where: Where = None) -> pd.DataFrame:
    """Time series of metrics. Their samples are compressed: `tidemark query` and `tidemark sql` (table sample) give them.

    period (text): the stretch of evidence, a folder's name
    series_id (integer): as in the table sample of `tidemark sql`
    name (text): of the metric
    labels (text): JSON object, __name__ included
    type (text): counter, gauge, histogram, …; missing where nobody announced it
    form (text): tsdb, dump, scrape, api: what it was read from
    shadowed_by (text): a better form that holds the same samples; missing when this one counts
    samples (integer): stale markers included
    start_utc (time): first sample
    end_utc (time): last sample
    """
    return load("series", where)


def load_point(where: Where = None) -> pd.DataFrame:
    """One point of a load test: what was offered and how the server answered, as the client saw it.

    period (text): the stretch of evidence, a folder's name
    path (text): the result file
    tool (text): vllm-bench, guidellm, …
    model (text): served name
    configuration (text): JSON object: what tells this configuration from others
    is_total (flag): sums up other points of the same test: leave it out of sums
    start_utc (time): of the measurement
    duration_seconds (number): to the last answer
    offered_kind (text): rate, concurrency, users, max
    offered_value (number): requests/s, requests in flight, or users, by offered_kind
    achieved_requests_per_second (number): that succeeded, over the whole duration
    ok_requests (integer): succeeded
    failed_requests (integer): failed
    output_tokens_per_second (number): tokens of answers
    ttft_p50_seconds (number): to the first token
    ttft_p95_seconds (number): to the first token
    itl_mean_seconds (number): between two tokens
    itl_p95_seconds (number): between two tokens
    e2e_p95_seconds (number): whole request
    """
    return load("load_point", where)


def data_quality(where: Where = None) -> pd.DataFrame:
    """Whether the evidence can be trusted, judged before anything else.

    period (text): the stretch of evidence, a folder's name
    name (text): little_law, gaps, resets, replicas, clocks, …
    state (text): good, doubt
    text (text): a sentence
    """
    return load("data_quality", where)


def missing_evidence(where: Where = None) -> pd.DataFrame:
    """What could not be checked, and the flag or capture that would have shown it.

    period (text): the stretch of evidence, a folder's name
    cause (text): which could not be judged
    text (text): a sentence
    """
    return load("missing_evidence", where)


def signal(where: Where = None) -> pd.DataFrame:
    """Named quantities over time, unit in the name: the same meaning whatever they were read from. A step without evidence has no row.

    period (text): the stretch of evidence, a folder's name
    name (text): such as ttft_p95_seconds
    instance (text): replica or GPU; fleet: all of them
    time_utc (time): end of the step
    value (number): in the unit of the name
    """
    return load("signal", where)


def signal_origin(where: Where = None) -> pd.DataFrame:
    """Where the values of a signal come from.

    period (text): the stretch of evidence, a folder's name
    name (text): of the signal
    instance (text): replica or GPU
    origin (text): metrics, log, nvidia-smi, …
    expression (text): PromQL, or table and column
    """
    return load("signal_origin", where)


def figure(where: Where = None) -> pd.DataFrame:
    """A signal as one number, over the whole window and over its worst five minutes.

    period (text): the stretch of evidence, a folder's name
    name (text): of the signal
    instance (text): replica or GPU; fleet
    unit (text): of the values
    value (number): whole window
    low (number): lower bound of the bucket that holds a quantile
    high (number): upper bound of that bucket
    observations (number): behind a quantile
    worst (number): worst five minutes
    worst_start_utc (time): when these begin
    """
    return load("figure", where)


def distribution(where: Where = None) -> pd.DataFrame:
    """Counts by histogram bucket or category over the window; not cumulative.

    period (text): the stretch of evidence, a folder's name
    name (text): prompt_tokens, generation_tokens, finish_reason, …
    instance (text): replica; fleet
    position (integer): order of the buckets
    bucket (text): upper bound or category
    count (number): observations in it
    """
    return load("distribution", where)


def finding(where: Where = None) -> pd.DataFrame:
    """What broke: cause, time, certainty, cost to users. No rows: healthy, or nothing could be judged.

    period (text): the stretch of evidence, a folder's name
    rank (integer): 1 first
    cause (text): identifier; `tidemark explain` says more
    start_utc (time): began
    end_utc (time): ended
    confidence (number): 0…1: high from 0.8, medium above 0.5, else low
    impact_user_seconds (number): excess waiting of all users; missing: cannot be computed
    requests_affected (number): requests
    instances (text): JSON array of replicas
    summary (text): a sentence
    """
    return load("finding", where)


def anomaly(where: Where = None) -> pd.DataFrame:
    """Stretches in which the signals together were as they usually aren't.

    period (text): the stretch of evidence, a folder's name
    rank (integer): by effect on users
    kind (text): episode or shift
    start_utc (time): began
    end_utc (time): ended
    reported (flag): users felt it
    score (number): largest statistic over its limit
    impact_user_seconds (number): excess time of all users
    harm (text): first_token, waiting, tokens, failed
    """
    return load("anomaly", where)


def capacity_window(where: Where = None) -> pd.DataFrame:
    """Windows of traffic that the cost of a step was fitted to, thinned.

    period (text): the stretch of evidence, a folder's name
    replica_group (text): model and configuration
    sequences (number): decoding together in one engine
    gap_seconds (number): mean between two tokens
    """
    return load("capacity_window", where)


def capacity_line(where: Where = None) -> pd.DataFrame:
    """The fitted cost of a step at the present mix, with an 80 % band.

    period (text): the stretch of evidence, a folder's name
    replica_group (text): model and configuration
    sequences (number): decoding together in one engine
    step_seconds (number): estimate
    low_seconds (number): 10 %
    high_seconds (number): 90 %
    """
    return load("capacity_line", where)


def demand_hour(where: Where = None) -> pd.DataFrame:
    """Requests asked of the fleet by hour. An hour that wasn't observed has no row.

    period (text): the stretch of evidence, a folder's name
    time_utc (time): start of the hour
    requests_per_second (number): mean, all replicas
    """
    return load("demand_hour", where)
