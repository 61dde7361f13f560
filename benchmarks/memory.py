"""Peak memory and time of `headstart embed` on few pictures and on many, each in a process of its own."""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from photographs import make_small_photographs

from headstart.places import cache_folder


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=int, default=2000, help="pictures in the small folder")
    parser.add_argument("--large", type=int, default=20000, help="pictures in the large folder")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--cache", help="cache folder with the encoder's graph; nothing is written to it")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        for count in (10, given.small, given.large):
            (Path(folder) / str(count)).mkdir()
            make_small_photographs(Path(folder) / str(count), count)
        cache = copy_of_cache(cache_folder(given.cache), Path(folder) / "cache")
        embed(Path(folder) / "10", cache)  # the first use makes the graph, if it is not there
        runs = {
            count: [embed(Path(folder) / str(count), cache) for _ in range(given.rounds)]
            for count in (given.small, given.large)
        }
    report(runs)


def copy_of_cache(cache: Path, copy: Path) -> Path:
    """Copy what is in a cache folder, but for features: every run is to compute them."""
    if cache.is_dir():
        shutil.copytree(cache, copy, ignore=lambda folder, names: {"features"} & set(names))
    return copy


def embed(data: Path, cache: Path) -> dict[str, float]:
    """Embed a folder in a process of its own, with an empty store."""
    table = data.with_suffix(".parquet")
    command = [
        sys.executable,
        "-m",
        "headstart",
        "embed",
        str(data),
        "--out",
        str(table),
        "--cache",
        str(cache),
        "--json",
    ]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    with process:
        output = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - start
    if process.returncode:
        raise SystemExit(f"This command failed with {process.returncode}: {' '.join(command)}")
    count = json.loads(output)["count"]
    shutil.rmtree(cache / "features")
    table.unlink()
    bytes_per_unit = 1 if sys.platform == "darwin" else 1024
    return {"count": count, "megabytes": usage.ru_maxrss * bytes_per_unit / 1e6, "seconds": seconds}


def report(runs: dict[int, list[dict[str, float]]]) -> None:
    """Print a table and a JSON line."""
    medians = {
        count: {name: statistics.median(run[name] for run in found) for name in ("megabytes", "seconds")}
        for count, found in runs.items()
    }
    print(f"{'pictures':>9} {'peak MB':>8} {'seconds':>8}")
    for count, found in medians.items():
        print(f"{count:9} {found['megabytes']:8.1f} {found['seconds']:8.1f}")
    (few, small), (many, large) = medians.items()
    memory, seconds = large["megabytes"] / small["megabytes"], large["seconds"] / small["seconds"]
    print(f"{many / few:.1f} times the pictures: {memory:.3f} times the memory, {seconds:.2f} times the time")
    print(json.dumps({"benchmark": "memory", "memory_ratio": memory, "time_ratio": seconds, "runs": runs}))


if __name__ == "__main__":
    main()
