"""Fine-tuning as whole processes: `headstart fit --preset balanced`, fastai's `fine_tune(3)`, a plain PyTorch loop.

All start from the same weights of EfficientNet-Lite0, learn from the same train/ and predict the same val/, on the CPU.
Every set of pictures is one round; every second round runs in reverse order. Headstart has the graph of its encoder in
the cache, and no features. fastai is not charged for the predictions that only this comparison needs.
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from fit import Outcome, count, lay_out_fruit, mcnemar, name_of_scored_part, peer_fits, read_predictions, warm_up
from printed_tables import print_table
from processes import headstart, machine, run

EPOCHS = 3
FASTAI, PLAIN = f"fastai, fine_tune({EPOCHS})", f"plain PyTorch, 1 + {EPOCHS} epochs"
BALANCED, PROBE = "headstart, balanced", "headstart, probe"
SHARE = 1 / 4  # of fastai's time
Round = dict[str, Outcome]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", type=Path, help="folders with train/ and val/; the demo's fruit is added")
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has fastai")
    parser.add_argument("--skip-peer", action="store_true", help="leave fastai out")
    parser.add_argument("--skip-plain", action="store_true", help="leave the plain loop out")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    peer = None if given.skip_peer else given.peer_python
    conditions = machine()
    rounds: dict[str, Round] = {}
    with TemporaryDirectory() as folder:
        sets = [*(path.resolve() for path in given.data), lay_out_fruit(Path(folder) / "fruit")]
        prepared = Path(folder) / "prepared"
        run(headstart("fit", sets[-1], "--out", Path(folder) / "first", "--cache", prepared, "--json"))
        for number, data in enumerate(sets):
            valid = name_of_scored_part(data)
            warm_up(data, peer)
            work = Path(folder) / f"round-{number}"
            shutil.copytree(prepared, work / "cache", ignore=shutil.ignore_patterns("features"))
            rounds[data.name] = one_round(data, valid, work, given, number)
            done = (f"{way} {_cell(one.accuracy, one.seconds)} s" for way, one in rounds[data.name].items())
            print(f"{data.name}: {'; '.join(done)}", file=sys.stderr, flush=True)
            conditions += f"; {data.name}: {count(data / 'train')} to learn from, {count(data / valid)} scored"
    report(rounds, conditions, markdown=given.markdown)


def one_round(data: Path, valid: str, work: Path, given: argparse.Namespace, number: int) -> Round:
    """Run each way once; every second round in reverse order."""
    seed = given.seed
    blocks: list[Callable[[], Round]] = [lambda: headstart_fits(data, work, seed)]
    if not given.skip_plain:
        more = ("--epochs", str(EPOCHS))
        blocks.append(lambda: {PLAIN: peer_fits("plain_fine_tune.py", sys.executable, data, valid, work, seed, *more)})
    if not given.skip_peer:
        more = ("--epochs", str(EPOCHS))
        blocks.append(
            lambda: {FASTAI: peer_fits("fastai_fine_tune.py", given.peer_python, data, valid, work, seed, *more)}
        )
    outcomes: Round = {}
    for block in blocks if number % 2 == 0 else reversed(blocks):
        outcomes |= block()
    return outcomes


def headstart_fits(data: Path, work: Path, seed: int) -> Round:
    """Fit with the preset, then with the probe alone, each without features in the cache."""
    found = {}
    for name, setting in ((BALANCED, ("--preset", "balanced")), (PROBE, ("--method", "probe"))):
        shutil.rmtree(work / "cache" / "features", ignore_errors=True)
        out = work / name.rpartition(" ")[2]
        command = headstart(
            "fit", data, *setting, "--out", out, "--cache", work / "cache", "--seed", str(seed), "--json"
        )
        done = run([*command, "--device", "cpu"])
        found[name] = Outcome(done.seconds, read_predictions(out / "predictions.csv"))
    return found


def report(rounds: dict[str, Round], conditions: str, *, markdown: bool) -> None:
    """Print three tables and a JSON line."""
    print(conditions, end="\n\n")
    ways = [way for way in (FASTAI, PLAIN, BALANCED, PROBE) if all(way in found for found in rounds.values())]
    sums = {way: sum(found[way].seconds for found in rounds.values()) for way in ways}
    means = {way: statistics.fmean(found[way].accuracy for found in rounds.values()) for way in ways}
    header = ["pictures", *(f"{way}: accuracy, s" for way in ways)]
    rows = [[name, *(_cell(found[way].accuracy, found[way].seconds) for way in ways)] for name, found in rounds.items()]
    rows.append(["mean, sum", *(_cell(means[way], sums[way]) for way in ways)])
    print_table(header, rows, markdown=markdown)
    bounds = [bound for peer in ways[:-2] for bound in _bounds(peer, means, sums)]
    print_table(["bound", "asked", "measured", "kept"], bounds, markdown=markdown)
    tests = _tests(rounds, ways[:-2])
    print_table(
        ["right only by", *rounds],
        [[peer, *(f"{t['only_headstart']} : {t['only_peer']}, p = {t['p']:.2g}" for t in row)] for peer, row in tests],
        markdown=markdown,
    )
    result = {
        "benchmark": "fine_tuning",
        "conditions": conditions,
        "seconds": {way: {name: found[way].seconds for name, found in rounds.items()} for way in ways},
        "accuracy": {way: {name: found[way].accuracy for name, found in rounds.items()} for way in ways},
        "mcnemar": dict(tests),
    }
    print(json.dumps(result))


def _cell(accuracy: float, seconds: float) -> str:
    return f"{accuracy:.3f}, {seconds:.1f}"


def _bounds(peer: str, means: dict[str, float], sums: dict[str, float]) -> list[list[str]]:
    better, share = means[BALANCED] - means[peer], sums[BALANCED] / sums[peer]
    rows = [[f"mean accuracy: balanced - {peer}", ">= 0", f"{better:+.3f}", "yes" if better >= 0 else "NO"]]
    limit = SHARE if peer == FASTAI else None
    kept = "" if limit is None else "yes" if share <= limit else "NO"
    return [*rows, [f"time: balanced / {peer}", f"<= {SHARE}" if limit else "", f"{share:.3f}", kept]]


def _tests(rounds: dict[str, Round], peers: Sequence[str]) -> list[tuple[str, list[dict[str, float]]]]:
    found = []
    for peer in peers:
        row = [mcnemar(one[BALANCED].predicted, one[peer].predicted) for one in rounds.values()]
        found.append((peer, [{"only_headstart": t.only_headstart, "only_peer": t.only_peer, "p": t.p} for t in row]))
    return found


if __name__ == "__main__":
    main()
