"""Is the announced time kept? Runs that move weights, with and without a time limit, on the demo's fruit photographs.

For each: the seconds announced before the training and those it took, the same for the whole run, and the whole
process beside the limit that was set.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from fit import lay_out_fruit
from printed_tables import print_table
from processes import SURROUNDINGS, headstart, machine

BOUND = 0.2
CASES = (
    ("--preset", "balanced"),
    ("--method", "last:2", "--epochs", "3"),
    ("--method", "norm", "--epochs", "2"),
    ("--method", "lora", "--time-limit", "90s"),
    ("--method", "gradual", "--time-limit", "90s"),
    ("--method", "full", "--time-limit", "2m"),
    ("--preset", "best", "--time-limit", "3m"),
)
UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}
ANNOUNCED = re.compile(r"about ([0-9.]+) (s|min|h); the whole run about ([0-9.]+) (s|min|h)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder with train/ and val/; without it the demo's fruit")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    conditions = machine()
    rows, results = [], []
    with TemporaryDirectory() as folder:
        data = given.data.resolve() if given.data else lay_out_fruit(Path(folder) / "fruit")
        for number, case in enumerate(CASES):
            found = one_run(data, Path(folder), str(number), case)
            results.append({"settings": case, **found})
            rows.append(row_of(case, found))
            print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    print(conditions, end="\n\n")
    header = [
        "settings",
        "training: announced, s",
        "taken, s",
        "ratio",
        "run: announced, s",
        "taken, s",
        "ratio",
        "kept",
    ]
    print_table(header, rows, markdown=given.markdown)
    print(json.dumps({"benchmark": "promise", "conditions": conditions, "runs": results}))


def one_run(data: Path, work: Path, name: str, case: tuple[str, ...]) -> dict[str, float]:
    """Fit as a user does; read the announcement from what it says meanwhile."""
    command = headstart(
        "fit", data, *case, "--out", work / name, "--cache", work / "cache", "--json", "--device", "cpu"
    )
    clock = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | SURROUNDINGS)
    process = time.perf_counter() - clock
    if done.returncode:
        raise SystemExit(done.stderr)
    announced = ANNOUNCED.search(" ".join(done.stderr.split()))
    if announced is None:
        raise SystemExit(f"Nothing was announced:\n{done.stderr}")
    training = json.loads(done.stdout)["training"]
    return {
        "expected_training": training["expected_seconds"],
        "training": training["seconds"],
        "expected_run": float(announced[3]) * UNITS[announced[4]],
        "run": process,
    }


def row_of(case: tuple[str, ...], found: dict[str, float]) -> list[str]:
    """Write one run as a row of the table."""
    cells, ratios = [" ".join(case)], []
    for part in ("training", "run"):
        ratios.append(found[part] / found[f"expected_{part}"])
        cells += [f"{found[f'expected_{part}']:.0f}", f"{found[part]:.0f}", f"{ratios[-1]:.2f}"]
    return [*cells, "yes" if abs(ratios[-1] - 1) <= BOUND else "NO"]


if __name__ == "__main__":
    main()
