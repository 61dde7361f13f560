"""The time of a command as a whole process, beside the bare imports it cannot do without."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from photographs import make_photographs

BARE_RUNTIME = [sys.executable, "-c", "import onnxruntime, numpy, PIL.Image"]
BARE_COMMANDS = [sys.executable, "-c", "import typer"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, help="saved model; without it one is fitted to a few pictures")
    parser.add_argument("--picture", type=Path, help="picture to predict; without it one is made")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--cache", help="cache folder, for the encoder's graph (only to fit a model)")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        picture = given.picture or make_photographs(Path(folder), 1)[0]
        model = given.model or fit_something(Path(folder), given.cache)
        pairs = {
            "predict": ([*headstart(), "predict", str(model), str(picture)], BARE_RUNTIME),
            "--help": ([*headstart(), "--help"], BARE_COMMANDS),
        }
        report({name: [measure(*pair) for _ in range(given.rounds)] for name, pair in pairs.items()})


def headstart() -> list[str]:
    """Find the command that belongs to this Python."""
    command = Path(sys.executable).with_name("headstart")
    return [str(command)] if command.exists() else [sys.executable, "-m", "headstart"]


def fit_something(folder: Path, cache: str | None) -> Path:
    """Fit a model to a handful of pictures: how good it is does not matter for how long it takes to open."""
    for seed, label in enumerate(("one", "two"), start=1):
        (folder / "data" / label).mkdir(parents=True)
        make_photographs(folder / "data" / label, 8, seed=seed)
    command = [*headstart(), "fit", str(folder / "data"), "--head", "ridge", "--out", str(folder / "run"), "--json"]
    if cache:
        command += ["--cache", cache]
    run = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return Path(json.loads(run.stdout)["model"])


def measure(command: list[str], bare: list[str]) -> tuple[float, float]:
    """Run both, one after the other, and return the seconds of each."""
    return seconds(command), seconds(bare)


def seconds(command: list[str]) -> float:
    """Run a command to its end."""
    start = time.perf_counter()
    # NO_COLOR and a fixed width: the same output everywhere.
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"}
    )
    return time.perf_counter() - start


def report(times: dict[str, list[tuple[float, float]]]) -> None:
    """Print a table and a JSON line."""
    result: dict[str, object] = {"benchmark": "start"}
    print(f"{'command':12} {'seconds':>8} {'imports':>8} {'ratio':>6}   (medians of pairs)")
    for name, pairs in times.items():
        whole, bare = (statistics.median(values) for values in zip(*pairs, strict=True))
        ratio = statistics.median(first / second for first, second in pairs)
        print(f"{name:12} {whole:8.3f} {bare:8.3f} {ratio:6.2f}")
        result[name] = {"seconds": whole, "imports": bare, "ratio": ratio, "pairs": pairs}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
