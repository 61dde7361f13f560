"""How fast weights move: an epoch from the prefix cache beside one without, and full steps beside plain PyTorch loops.

(a) `headstart fit --method last:1` with and without `--prefix-cache`, on the same views: seconds of an epoch, as the
run itself reports them. (b) `headstart fit --method full` beside loops in plain PyTorch on the same network, optimiser,
batch and pictures: orders of memory, numbers of threads, and a batch taken in two bites, each with pictures that are
opened by threads while the network computes. The best of them counts.
"""

import argparse
import json
import shutil
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from fit import lay_out_fruit
from printed_tables import print_table
from processes import headstart, machine, run

sys.path.insert(0, str(Path(__file__).parent / "peers"))
import lite0
import timm

from headstart.data.readers.image import open_example
from headstart.encoders.preprocess.image import ImagePreprocessing, prepare

BATCH = 32
Way = tuple[str, int, int]  # order of memory, threads, pictures at a time
ORDERS = ("channels first", "channels last")
CACHE_BOUND, STEP_BOUND = 1 / 5, 1.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=320, help="how many of the demo's pictures to learn from")
    parser.add_argument("--epochs", type=int, default=4, help="the first one is left out")
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    conditions = machine()
    with TemporaryDirectory() as folder:
        data = some_of(lay_out_fruit(Path(folder) / "fruit"), given.pictures)
        cached = epoch_seconds(data, Path(folder), given.epochs, "last:1", "--views", "2", "--prefix-cache")
        uncached = epoch_seconds(data, Path(folder), given.epochs, "last:1", "--views", "2", "--no-prefix-cache")
        full = epoch_seconds(
            data,
            Path(folder),
            given.epochs,
            "full",
            "--no-augment",
            "--batch-norm",
            "trained",
            "--batch-size",
            str(BATCH),
        )
        tried = [(order, threads, BATCH) for order in ORDERS for threads in (1, torch.get_num_threads())]
        loops = {
            way: plain_epoch(data, *way, given.epochs) for way in [*tried, ("channels last", tried[-1][1], BATCH // 2)]
        }
    report(cached, uncached, full, loops, conditions, markdown=given.markdown)


def some_of(data: Path, count: int) -> Path:
    """Keep ``count`` pictures to learn from, evenly over the classes, and forty to score."""
    for part, kept in (("train", count), ("val", 40)):
        classes = sorted(path for path in (data / part).iterdir() if path.is_dir())
        share = -(-kept // len(classes))
        for folder in classes:
            for path in sorted(folder.iterdir())[share:]:
                path.unlink()
    return data


def epoch_seconds(data: Path, work: Path, epochs: int, method: str, *more: str) -> float:
    """Train as a user does; give the median of the epochs after the first."""
    shutil.rmtree(work / "run", ignore_errors=True)
    settings = (
        "--method",
        method,
        "--epochs",
        str(epochs),
        "--validation-fraction",
        "0",
        "--checkpoint-seconds",
        "999",
    )
    command = headstart("fit", data, *settings, *more, "--out", work / "run", "--cache", work / "cache", "--json")
    found = json.loads(run([*command, "--device", "cpu"]).output)
    return statistics.median(row["seconds"] for row in found["history"][1:])


def plain_epoch(data: Path, order: str, threads: int, bite: int, epochs: int) -> float:
    """Train in plain PyTorch; give the median of the epochs after the first."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    network = timm.create_model(lite0.ARCHITECTURE)
    network.load_state_dict(lite0.pretrained_weights())
    paths = sorted(data.glob("train/*/*"))
    classes = sorted({path.parent.name for path in paths})
    network.reset_classifier(len(classes))
    memory = torch.channels_last if order == "channels last" else torch.contiguous_format
    network.to(memory_format=memory).train()
    labels = torch.tensor([classes.index(path.parent.name) for path in paths])
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-4)
    preprocessing = ImagePreprocessing.from_timm(timm.data.resolve_model_data_config(network))
    seconds = []
    with ThreadPoolExecutor(2) as workers:
        for _ in range(epochs):
            clock = time.perf_counter()
            batches = torch.randperm(len(paths)).split(BATCH)
            opened = [
                [workers.submit(lambda path: prepare(open_example(path), preprocessing), paths[row]) for row in rows]
                for rows in batches
            ]
            for rows, waiting in zip(batches, opened, strict=True):
                inputs = torch.stack([torch.from_numpy(one.result()) for one in waiting])
                optimizer.zero_grad()
                for part, target in zip(inputs.split(bite), labels[rows].split(bite), strict=True):
                    scores = network(part.contiguous(memory_format=memory))
                    (torch.nn.functional.cross_entropy(scores, target, reduction="sum") / len(rows)).backward()
                optimizer.step()
            seconds.append(time.perf_counter() - clock)
    torch.set_num_threads(before)
    return statistics.median(seconds[1:])


def report(
    cached: float,
    uncached: float,
    full: float,
    loops: dict[tuple[str, int, int], float],
    conditions: str,
    *,
    markdown: bool,
) -> None:
    """Print two tables and a JSON line."""
    print(conditions, end="\n\n")
    best = min(loops.values())
    rows = [
        ["last stage and head, frozen stages run in every epoch", f"{uncached:.2f}", "1.000"],
        ["the same from the prefix cache", f"{cached:.2f}", f"{cached / uncached:.3f}"],
        *(
            [f"plain PyTorch, {_named(way)}", f"{seconds:.2f}", f"{seconds / best:.3f}"]
            for way, seconds in loops.items()
        ),
        ["headstart, method full", f"{full:.2f}", f"{full / best:.3f}"],
    ]
    print_table(["an epoch of", "seconds", "ratio"], rows, markdown=markdown)
    bounds = [
        [
            "prefix cache / without",
            f"{CACHE_BOUND:g}",
            f"{cached / uncached:.3f}",
            _kept(cached / uncached, CACHE_BOUND),
        ],
        ["full / best plain loop", f"{STEP_BOUND:g}", f"{full / best:.3f}", _kept(full / best, STEP_BOUND)],
    ]
    print_table(["bound", "at most", "measured", "kept"], bounds, markdown=markdown)
    named = {_named(way): seconds for way, seconds in loops.items()}
    print(json.dumps({"benchmark": "training_steps", "conditions": conditions, "cached": cached, "uncached": uncached,
                      "full": full, "plain": named}))  # fmt: skip


def _named(way: Way) -> str:
    order, threads, bite = way
    return f"{order}, {threads} threads, {bite} at a time"


def _kept(value: float, limit: float) -> str:
    return "yes" if value <= limit else "NO"


if __name__ == "__main__":
    main()
