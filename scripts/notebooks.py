#!/usr/bin/env python3
"""Executes the notebooks with Jupyter: make notebooks.

  notebooks.py execute FOLDER     all notebooks of FOLDER, in place, with their outputs
  notebooks.py check FOLDER       the same without writing; says of each how many cells and pictures it has
  notebooks.py embed FOLDER FILE  their sources as Swift text, for `tidemark export notebooks`

The kernel runs in FOLDER, so that `import tidemark_data` finds the module beside them. The first error of a cell ends all with
status 1. What an execution leaves is the same each time but for what was computed: no times, no versions.
"""
import concurrent.futures
import json
import os
import sys

LIMIT_BYTES = 1_000_000


def notebooks(folder):
    found = sorted(name for name in os.listdir(folder) if name.endswith(".ipynb"))
    if not found:
        sys.exit(f"{folder}: no notebooks")
    return [os.path.join(folder, name) for name in found]


def text(notebook):
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def source(path):
    """A notebook without what an execution left."""
    with open(path, encoding="utf-8") as file:
        notebook = json.load(file)
    for number, cell in enumerate(notebook["cells"], 1):
        cell["id"], cell["metadata"] = f"cell-{number:02d}", {}
        if isinstance(cell["source"], str):
            cell["source"] = cell["source"].splitlines(keepends=True)
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    notebook["metadata"] = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
                            "language_info": {"name": "python"}}
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    return notebook


def executed(path):
    """The notebook with its outputs, or the sentence that says where it failed."""
    import nbclient
    import nbformat

    notebook = nbformat.reads(json.dumps(source(path)), as_version=4)
    client = nbclient.NotebookClient(notebook, timeout=1800, kernel_name="python3", record_timing=False,
                                     resources={"metadata": {"path": os.path.dirname(path) or "."}})
    try:
        client.execute()
    except nbclient.exceptions.CellExecutionError as error:
        return f"{path}: {error}"
    nbformat.validate(notebook)
    result = json.loads(nbformat.writes(notebook))
    clean = source(path)
    for cell, was in zip(result["cells"], clean["cells"]):
        cell["id"], cell["metadata"], cell["source"] = was["id"], {}, was["source"]
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
    return {**result, "metadata": clean["metadata"], "nbformat_minor": 5}


def execute(folder, write):
    paths = notebooks(folder)
    # One at a time for each core: a kernel is a process of its own.
    with concurrent.futures.ProcessPoolExecutor(min(len(paths), os.cpu_count() or 1)) as pool:
        results = list(pool.map(executed, paths))
    failed = False
    for path, result in zip(paths, results):
        if isinstance(result, str):
            print(result, file=sys.stderr)
            failed = True
            continue
        written = text(result)
        cells = [cell for cell in result["cells"] if cell["cell_type"] == "code"]
        pictures = sum("image/png" in output.get("data", {}) for cell in cells for output in cell["outputs"])
        size = len(written.encode())
        print(f"{os.path.basename(path)}: {len(cells)} cells, {pictures} pictures, {size} bytes")
        if size > LIMIT_BYTES:
            print(f"{path}: {size} bytes with its outputs, at most {LIMIT_BYTES} are allowed", file=sys.stderr)
            failed = True
        if write:
            with open(path, "w", encoding="utf-8") as file:
                file.write(written)
    return 1 if failed else 0


def embed(folder, target):
    indent = " " * 12
    out = ["// swift-format-ignore-file", "",
           "/// The notebooks of `notebooks-export/` without their outputs. Made by `make notebooks`; do not edit.",
           "public enum NotebookSources {", "    public static let all: [(name: String, text: String)] = ["]
    for path in notebooks(folder):
        body = text(source(path))
        assert '"""##' not in body and "\\##" not in body, path
        out += ["        (", f'{indent}"{os.path.basename(path)}",', indent + '##"""']
        # The empty line before the end is the text's last line feed.
        out += [indent + line if line else "" for line in body.split("\n")]
        out += [indent + '"""##', "        ),"]
    out += ["    ]", "}", ""]
    with open(target, "w", encoding="utf-8") as file:
        file.write("\n".join(out))
    return 0


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["execute", folder]: sys.exit(execute(folder, True))
        case ["check", folder]: sys.exit(execute(folder, False))
        case ["embed", folder, target]: sys.exit(embed(folder, target))
        case _: sys.exit(__doc__)
