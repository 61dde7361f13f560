"""From labelled pictures to a scored model, as whole processes: `headstart fit`, fastai, and plain PyTorch.

All start from the same weights of EfficientNet-Lite0, learn from the same train/ and predict the same val/, on the CPU.
Every round runs each of them once, every second round in reverse order, so that a machine that slows down slows all.
Each round has a seed of its own. fastai is not charged for the predictions that only this comparison needs.
"""

import argparse
import csv
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from printed_tables import print_table
from processes import headstart, machine, middle, run
from scipy.stats import binomtest

from headstart.data.demo_data import fruit_folder
from headstart.runtime.context import cache_folder

PEERS = Path(__file__).parent / "peers"
FASTAI, PLAIN = "fastai, fine_tune(1)", "plain PyTorch, frozen network + scikit-learn"
FIRST, CACHED, WARM = (
    "headstart fit, first use: nothing cached",
    "headstart fit, graph cached, no features",
    "headstart fit, graph and features stored",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One process: its seconds, and what it said about each scored picture, by the path within the data."""

    seconds: float
    predicted: dict[str, str]

    @property
    def accuracy(self) -> float:
        """Share of the pictures that were given the name of their folder."""
        return statistics.fmean(_is_right(path, name) for path, name in self.predicted.items())


@dataclass(frozen=True, slots=True)
class Bound:
    """What is promised: the time of ``way`` is at most ``limit`` of the time of ``reference``."""

    name: str
    way: str
    reference: str
    limit: float


@dataclass(frozen=True, slots=True)
class Test:
    """Exact McNemar test: pictures that only one of two got right, and how probable it is to be so far from equal."""

    only_headstart: int
    only_peer: int
    p: float


Round = dict[str, Outcome]
BOUNDS = (
    Bound("first use / fastai", FIRST, FASTAI, 1 / 4),
    Bound("graph cached / fastai", CACHED, FASTAI, 1 / 10),
    Bound("features stored / first use", WARM, FIRST, 1 / 5),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder with train/ and val/; without it the demo's fruit")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has fastai")
    parser.add_argument("--skip-peer", action="store_true", help="leave fastai out")
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    peer = None if given.skip_peer else given.peer_python
    with TemporaryDirectory() as folder:
        data = given.data.resolve() if given.data else lay_out_fruit(Path(folder) / "fruit")
        valid = name_of_scored_part(data)
        conditions = (
            f"{machine()}; data: {data.name}, {count(data / 'train')} to learn from, {count(data / valid)} scored"
        )
        warm_up(data, peer)
        rounds = []
        for number in range(given.rounds):
            work = Path(folder) / f"round-{number}"
            work.mkdir()
            rounds.append(one_round(data, valid, work, number, peer))
            print(f"round {number + 1} of {given.rounds} is done", file=sys.stderr)
    report(rounds, conditions, markdown=given.markdown)


def lay_out_fruit(folder: Path) -> Path:
    """Copy the demonstration's pictures: train and validation into train/, test into val/, as `headstart demo` does."""
    fruit = fruit_folder(cache_folder())
    for picture in sorted(fruit.glob("*/*/*")):
        split, label = picture.relative_to(fruit).parts[:2]
        place = folder / ("val" if split == "test" else "train") / label / f"{split}-{picture.name}"
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(picture, place)
    return folder


def name_of_scored_part(data: Path) -> str:
    """Find the folder beside train/; refuse data that Headstart would divide in another way than its peers."""
    names = [name for name in ("val", "valid", "validation") if (data / name).is_dir()]
    if not (data / "train").is_dir() or len(names) != 1 or (data / "test").exists():
        raise SystemExit(f"'{data}' must hold train/ and val/, each with one folder per class, and no test/.")
    return names[0]


def count(part: Path) -> int:
    """Count the files of a part, each in the folder of its class."""
    return sum(path.is_file() for path in part.glob("*/*"))


def warm_up(data: Path, peer: str | None) -> None:
    """Read the pictures and the libraries once: what is measured is not the disk."""
    for path in data.glob("*/*/*"):
        if path.is_file():
            path.read_bytes()
    run([sys.executable, "-c", "import timm, sklearn.linear_model, onnx, onnxruntime"])
    run(headstart("encoders", "--json"))
    if peer:
        run([peer, str(PEERS / "fastai_fine_tune.py"), "--help"])


def one_round(data: Path, valid: str, work: Path, number: int, peer: str | None) -> Round:
    """Run each way once; every second round in reverse order."""
    blocks: list[Callable[[], Round]] = [
        lambda: headstart_fits(data, work, number),
        lambda: {PLAIN: peer_fits("plain_probe.py", sys.executable, data, valid, work, number)},
    ]
    if peer:
        blocks.append(lambda: {FASTAI: peer_fits("fastai_fine_tune.py", peer, data, valid, work, number)})
    outcomes: Round = {}
    for block in blocks if number % 2 == 0 else reversed(blocks):
        outcomes |= block()
    return outcomes


def headstart_fits(data: Path, work: Path, seed: int) -> Round:
    """Fit three times: with an empty cache, with its features removed, and with everything in it."""
    cache = work / "cache"
    first = headstart_fit(data, work / "first", cache, seed)
    shutil.rmtree(cache / "features")
    cached = headstart_fit(data, work / "cached", cache, seed)
    warm = headstart_fit(data, work / "warm", cache, seed, encodes=False)
    if not first.predicted == cached.predicted == warm.predicted:
        raise SystemExit("The predictions depend on what is cached; they must not.")
    return {FIRST: first, CACHED: cached, WARM: warm}


def headstart_fit(data: Path, out: Path, cache: Path, seed: int, *, encodes: bool = True) -> Outcome:
    """Fit as a user does; check that pictures were encoded, or that none was."""
    done = run(headstart("fit", data, "--out", out, "--cache", cache, "--seed", str(seed), "--device", "cpu", "--json"))
    computed = json.loads(done.output)["features"]["computed"]
    if bool(computed) != encodes:
        raise SystemExit(f"{computed} pictures were encoded; that is not what was to be measured.")
    return Outcome(done.seconds, read_predictions(out / "predictions.csv"))


def peer_fits(  # six and more: a command line
    script: str, python: str, data: Path, valid: str, work: Path, seed: int, *more: str
) -> Outcome:
    """Run a script of peers/; subtract what it did for the comparison alone."""
    out = work / f"{script}.csv"
    done = run(
        [python, str(PEERS / script), str(data), "--valid", valid, "--out", str(out), "--seed", str(seed), *more]
    )
    extra = json.loads(done.output.splitlines()[-1])["only_for_the_comparison"]
    return Outcome(done.seconds - extra, read_predictions(out))


def read_predictions(path: Path) -> dict[str, str]:
    """Read the predicted class of each picture."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["path"]: row["predicted"] for row in csv.DictReader(file)}


def mcnemar(headstart_said: dict[str, str], peer_said: dict[str, str]) -> Test:
    """Compare two classifiers on the same pictures: those that both got right or both got wrong say nothing."""
    if headstart_said.keys() != peer_said.keys():
        raise SystemExit("Not the same pictures were scored; is one of them damaged?")
    pairs = [(_is_right(path, name), _is_right(path, peer_said[path])) for path, name in headstart_said.items()]
    ours, theirs = pairs.count((True, False)), pairs.count((False, True))
    p = float(binomtest(ours, ours + theirs).pvalue) if ours + theirs else 1.0
    return Test(ours, theirs, p)


def report(rounds: Sequence[Round], conditions: str, *, markdown: bool) -> None:
    """Print three tables and a JSON line."""
    print(conditions, end="\n\n")
    reference = FASTAI if FASTAI in rounds[0] else PLAIN
    ways = [way for way in (FASTAI, PLAIN, FIRST, CACHED, WARM) if way in rounds[0]]
    rows = [
        [
            way,
            middle([found[way].seconds for found in rounds], 2),
            middle(ratios(rounds, way, reference), 3),
            middle([found[way].accuracy for found in rounds], 3),
        ]
        for way in ways
    ]
    print_table(
        ["whole process", "seconds", f"of {reference.partition(',')[0]}'s", "accuracy"], rows, markdown=markdown
    )
    bounds = [bound for bound in BOUNDS if bound.reference in ways]
    print_table(
        ["bound", "at most", "measured", "kept"], [_bound_row(rounds, bound) for bound in bounds], markdown=markdown
    )
    tests = {peer: [mcnemar(found[WARM].predicted, found[peer].predicted) for found in rounds] for peer in ways[:-3]}
    print_table(
        ["right only by", "Headstart", "the other", "exact McNemar p"],
        [_test_row(peer, found) for peer, found in tests.items()],
        markdown=markdown,
    )
    result = {
        "benchmark": "fit",
        "conditions": conditions,
        "seconds": {way: [found[way].seconds for found in rounds] for way in ways},
        "accuracy": {way: [found[way].accuracy for found in rounds] for way in ways},
        "bounds": [asdict(bound) | {"measured": ratios(rounds, bound.way, bound.reference)} for bound in bounds],
        "mcnemar": {peer: [asdict(test) for test in found] for peer, found in tests.items()},
    }
    print(json.dumps(result))


def ratios(rounds: Sequence[Round], way: str, reference: str) -> list[float]:
    """Divide the seconds of two ways, round by round."""
    return [found[way].seconds / found[reference].seconds for found in rounds]


def _bound_row(rounds: Sequence[Round], bound: Bound) -> list[str]:
    measured = ratios(rounds, bound.way, bound.reference)
    kept = "yes" if statistics.median(measured) <= bound.limit else "NO"
    return [bound.name, f"{bound.limit:g}", middle(measured, 3), kept]


def _test_row(peer: str, tests: Sequence[Test]) -> list[str]:
    """Write the test of each round; there is no sum, because the rounds share their pictures."""
    columns = zip(*((str(test.only_headstart), str(test.only_peer), _written(test.p)) for test in tests), strict=True)
    return [peer, *(", ".join(column) for column in columns)]


def _written(p: float) -> str:
    return f"{p:.3f}" if p >= 0.001 else f"{p:.0e}"


def _is_right(path: str, name: str) -> bool:
    return path.split("/")[1] == name


if __name__ == "__main__":
    main()
