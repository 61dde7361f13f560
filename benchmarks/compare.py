"""What a comparison of probes costs once the features are stored: `headstart compare` beside one fastai fine_tune(1).

Seven numbers of examples per class and five draws of each, for the arms that train no network. Every round removes the
answers that were kept, so that all of them are computed, and keeps the features. Every other round
is in reverse order.
"""

import argparse
import json
import shutil
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from fit import FASTAI, Outcome, name_of_scored_part, peer_fits, warm_up
from printed_tables import print_table
from processes import headstart, machine, middle, run

ARMS = ("colours", "random", "probe")
SHOTS = ("1", "2", "5", "10", "20", "50", "all")
DRAWS = 5
BOUND = 0.1  # of fastai's time


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with train/ and val/")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has fastai")
    parser.add_argument("--skip-peer", action="store_true", help="leave fastai out")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    data, peer = given.data.resolve(), None if given.skip_peer else given.peer_python
    valid, conditions = name_of_scored_part(data), machine()
    warm_up(data, peer)
    with TemporaryDirectory() as folder:
        work = Path(folder)
        compare(data, work / "cache")  # fills the store
        ours: list[float] = []
        theirs: list[Outcome] = []
        for number in range(given.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                if turn == 0:
                    ours.append(compare(data, work / "cache"))
                elif peer:
                    theirs.append(peer_fits("fastai_fine_tune.py", peer, data, valid, work, number))
    report(conditions, ours, [one.seconds for one in theirs], markdown=given.markdown)


def compare(data: Path, cache: Path) -> float:
    """Compare as a user does; check that every cell was computed."""
    shutil.rmtree(cache / "studies", ignore_errors=True)
    fixed = ("--draws", str(DRAWS), "--cache", cache, "--json")
    done = run(headstart("compare", data, "--arms", *ARMS, "--shots", *SHOTS, *fixed))
    found = json.loads(done.output)["curves"]
    if {(row["arm"], str(row["shots"])) for row in found} != {(arm, shots) for arm in ARMS for shots in SHOTS}:
        raise SystemExit("Not every cell was computed; that is not what was to be measured.")
    return done.seconds


def report(conditions: str, ours: list[float], theirs: list[float], *, markdown: bool) -> None:
    """Print a table and a JSON line."""
    print(conditions, end="\n\n")
    rows = [[f"headstart compare, {len(ARMS)} arms, {len(SHOTS)} sizes, {DRAWS} draws", middle(ours, 2), "", "", ""]]
    ratios = [one / other for one, other in zip(ours, theirs, strict=False)]
    if ratios:
        kept = "yes" if statistics.median(ratios) <= BOUND else "NO"
        rows.append([FASTAI, middle(theirs, 2), middle(ratios, 3), f"{BOUND:g}", kept])
    print_table(["whole process", "seconds", "compare / it", "at most", "kept"], rows, markdown=markdown)
    print(json.dumps({"benchmark": "compare", "conditions": conditions, "ours": ours, "theirs": theirs}))


if __name__ == "__main__":
    main()
