"""Peak memory and time of `headstart embed` on few pictures and on many, each in a process of its own."""

import argparse
import json
import shutil
import statistics
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from photographs import make_small_photographs
from printed_tables import print_table
from processes import headstart, machine, middle, run

from headstart.runtime.context import cache_folder

LIMIT = 1.15  # times the memory for the large folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=2000, help="pictures in the small folder")
    parser.add_argument("--large", type=int, default=20000, help="pictures in the large folder")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cache", help="cache folder with the encoder's graph; nothing is written to it")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        for count in (10, given.small, given.large):
            (Path(folder) / str(count)).mkdir()
            # By another process: on Linux the peak of a new process is never below what its parent needs at that time.
            with ProcessPoolExecutor(1, get_context("spawn")) as executor:
                executor.submit(make_small_photographs, Path(folder) / str(count), count).result()
        cache = copy_of_cache(cache_folder(given.cache), Path(folder) / "cache")
        embed(Path(folder) / "10", cache)  # the first use makes the graph, if it is not there
        conditions = machine()
        runs = {
            count: [embed(Path(folder) / str(count), cache) for _ in range(given.rounds)]
            for count in (given.small, given.large)
        }
    report(runs, conditions, markdown=given.markdown)


def copy_of_cache(cache: Path, copy: Path) -> Path:
    """Copy a cache folder without its features, which every run is to compute, and without the demo's pictures."""
    if cache.is_dir():
        shutil.copytree(cache, copy, ignore=lambda folder, names: {"features", "demo"} & set(names))
    return copy


def embed(data: Path, cache: Path) -> dict[str, float]:
    """Embed a folder in a process of its own, with an empty store."""
    table = data.with_suffix(".parquet")
    done = run(headstart("embed", data, "--out", table, "--cache", cache, "--json"))
    shutil.rmtree(cache / "features")
    table.unlink()
    count = json.loads(done.output)["count"]
    return {"count": count, "megabytes": done.megabytes, "seconds": done.seconds}


def report(runs: dict[int, list[dict[str, float]]], conditions: str, *, markdown: bool) -> None:
    """Print a table and a JSON line."""
    columns = {
        count: {name: [run[name] for run in found] for name in ("megabytes", "seconds")}
        for count, found in runs.items()
    }
    rows = [
        [f"{count:,} pictures", middle(found["megabytes"], 1), middle(found["seconds"], 1)]
        for count, found in columns.items()
    ]
    few, many = columns
    memory, seconds = (
        statistics.median(columns[many][name]) / statistics.median(columns[few][name])
        for name in ("megabytes", "seconds")
    )
    rows.append([f"{many / few:g} times the pictures", f"{memory:.3f} times", f"{seconds:.2f} times"])
    rows.append(["at most", f"{LIMIT} times", ""])
    print(conditions, end="\n\n")
    print_table(["headstart embed", "peak memory in MB", "seconds"], rows, markdown=markdown)
    result = {"benchmark": "memory", "conditions": conditions, "memory_ratio": memory, "time_ratio": seconds}
    print(json.dumps(result | {"limit": LIMIT, "runs": runs}))


if __name__ == "__main__":
    main()
