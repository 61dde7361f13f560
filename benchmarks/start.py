"""The time of a command as a whole process, beside the bare imports it cannot do without."""

import argparse
import json
import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from photographs import make_photographs
from printed_tables import print_table
from processes import headstart, machine, middle, run

BARE_RUNTIME = [sys.executable, "-c", "import onnxruntime, numpy, PIL.Image"]
BARE_TEXTS = [sys.executable, "-c", "import onnxruntime, tokenizers, numpy"]
BARE_COMMANDS = [sys.executable, "-c", "import click"]
PREDICT, TEXT, HELP = "headstart predict MODEL one.jpg", "headstart predict MODEL --text", "headstart --help"
LIMITS = {PREDICT: 2.5, TEXT: 6, HELP: 3}  # times the imports alone


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", type=Path, help="saved model; without it one is fitted to a few pictures")
    parser.add_argument("--picture", type=Path, help="picture to predict; without it one is made")
    parser.add_argument("--texts", type=Path, help="saved model of texts, to be measured as well")
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--cache", help="cache folder, for the encoder's graph (only to fit a model)")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    with TemporaryDirectory() as folder:
        picture = given.picture or make_photographs(Path(folder), 1)[0]
        model = given.model or fit_something(Path(folder), given.cache)
        pairs = {
            PREDICT: (headstart("predict", model, picture), BARE_RUNTIME),
            HELP: (headstart("--help"), BARE_COMMANDS),
        }
        if given.texts:
            pairs[TEXT] = (headstart("predict", given.texts, "--text", "What is the capital of France ?"), BARE_TEXTS)
        conditions = machine()
        times = {name: [measure(*pair) for _ in range(given.rounds)] for name, pair in pairs.items()}
    report(times, conditions, markdown=given.markdown)


def fit_something(folder: Path, cache: str | None) -> Path:
    """Fit a model to a handful of pictures: how good it is does not matter for how long it takes to open."""
    for seed, label in enumerate(("one", "two"), start=1):
        (folder / "data" / label).mkdir(parents=True)
        make_photographs(folder / "data" / label, 8, seed=seed)
    where = ("--cache", cache) if cache else ()
    done = run(headstart("fit", folder / "data", "--head", "ridge", "--out", folder / "run", "--json", *where))
    return Path(json.loads(done.output)["model"])


def measure(command: list[str], bare: list[str]) -> tuple[float, float]:
    """Run both, one after the other, and return the seconds of each."""
    return run(command).seconds, run(bare).seconds


def report(times: dict[str, list[tuple[float, float]]], conditions: str, *, markdown: bool) -> None:
    """Print a table and a JSON line."""
    result: dict[str, object] = {"benchmark": "start", "conditions": conditions}
    rows = []
    for name, pairs in times.items():
        whole, bare = ([pair[number] for pair in pairs] for number in (0, 1))
        ratios = [first / second for first, second in pairs]
        limit = LIMITS[name]
        kept = "yes" if statistics.median(ratios) <= limit else "NO"
        rows.append([name, middle(whole, 3), middle(bare, 3), middle(ratios, 2), str(limit), kept])
        result[name] = {"ratio": statistics.median(ratios), "limit": limit, "seconds": whole, "imports": bare}
    print(conditions, end="\n\n")
    print_table(["command", "seconds", "imports alone", "ratio", "at most", "kept"], rows, markdown=markdown)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
