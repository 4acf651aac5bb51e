/// The Python module `tidemark_data`: what is the same for all tables.
enum NotebookModule {
    static let beginning = #"""
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
        """#

    static let middle = #"""


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
        """#
}
