"""The rate of `embed` beside its two halves, each alone on the same cores, in the same run.

E is the rate of ONNX Runtime on ready-made batches (the best of several ways), D the rate of opening and preparing
pictures. Done one after the other they would reach 1 / (1/E + 1/D); that is the bound `embed` is compared with.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from photographs import photographs
from printed_tables import print_table
from processes import machine, middle

from headstart.data.example import Example
from headstart.data.readers.image import content_key, open_example
from headstart.encoders.loading import load_encoder
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.features.extraction import Walk
from headstart.features.store import FeatureStore
from headstart.runtime.context import cache_folder
from headstart.runtime.machine import available_cores
from headstart.settings.parallelism import extraction_plan

SECONDS = 3.0  # per measurement of E
LIMIT = 0.9  # of 1 / (1/E + 1/D)
DECODING, EMBED = "D: opening and preparing", "embed"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder of JPEG files; without it photographs are made")
    parser.add_argument("--count", type=int, default=2000, help="pictures at most")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--encoder", default="efficientnet_lite0")
    parser.add_argument("--cache", help="cache folder, for the encoder's graph only")
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    with photographs(given.data, given.count) as paths:
        conditions = f"{machine()}; {len(paths)} pictures"
        rates = measure(paths, given.encoder, cache_folder(given.cache), given.rounds)
    report(rates, conditions, markdown=given.markdown)


def measure(paths: list[Path], name: str, cache: Path, rounds: int) -> dict[str, list[float]]:
    """Measure every rate, in images per second, in each of several rounds."""
    cores = available_cores()
    one = load_encoder(name, cache=cache, device="cpu", threads=1)
    many = load_encoder(name, cache=cache, device="cpu", threads=cores)
    if not isinstance(one, OnnxEncoder) or not isinstance(many, OnnxEncoder):
        raise SystemExit(f"The encoder '{name}' does not run in ONNX Runtime.")
    ready = np.stack([one.preprocess(open_example(str(path))) for path in paths[:32]])
    ways: dict[str, Callable[[], float]] = {
        f"E: one session of {cores} threads, batch {size}": lambda size=size: encoding(many, ready, 1, size)  # type: ignore[misc]
        for size in (8, 16, 32)
    }
    ways[f"E: {cores} workers of one thread, batch 8"] = lambda: encoding(one, ready, cores, 8)
    ways[DECODING] = lambda: decoding(one, paths, cores)
    ways[EMBED] = lambda: embedding(one, paths, cores)
    rates: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, rate in ways.items():
            rates[way].append(rate())
    return rates


def encoding(encoder: OnnxEncoder, ready: npt.NDArray[np.float32], workers: int, size: int) -> float:
    """Encode ready-made batches for some seconds."""
    batches = [ready[start : start + size] for start in range(0, len(ready), size)]
    encoder.encode(batches[0])

    def work(_: int) -> int:
        done = 0
        while time.perf_counter() < end:
            done += len(encoder.encode(batches[done // size % len(batches)]))
        return done

    start = time.perf_counter()
    end = start + SECONDS
    with ThreadPoolExecutor(workers) as pool:
        done = sum(pool.map(work, range(workers)))
    return done / (time.perf_counter() - start)


def decoding(encoder: OnnxEncoder, paths: list[Path], workers: int) -> float:
    """Open and prepare all pictures."""
    start = time.perf_counter()
    with ThreadPoolExecutor(workers) as pool:
        for _ in pool.map(lambda path: encoder.preprocess(open_example(str(path))).shape, paths):
            pass
    return len(paths) / (time.perf_counter() - start)


def embedding(encoder: OnnxEncoder, paths: list[Path], cores: int) -> float:
    """Run the real thing with an empty store."""
    examples = [Example(str(path), path.name) for path in paths]
    keys = [content_key(str(path)) for path in paths]
    plan = extraction_plan(len(paths), cores, "onnxruntime")
    with TemporaryDirectory() as folder:
        store = FeatureStore(Path(folder))
        found = Walk(examples, keys, [encoder], store, plan=plan, open_example=open_example).extract()
    return found.computed / found.seconds


def report(rates: dict[str, list[float]], conditions: str, *, markdown: bool) -> None:
    """Print a table and a JSON line."""
    medians = {way: statistics.median(values) for way, values in rates.items()}
    best = max((way for way in rates if way.startswith("E")), key=lambda way: medians[way])
    rounds = list(zip(rates[best], rates[DECODING], rates[EMBED], strict=True))
    bounds = [1 / (1 / encode + 1 / decode) for encode, decode, _ in rounds]
    shares = [embed / bound for (_, _, embed), bound in zip(rounds, bounds, strict=True)]
    rows = [[f"{way} (the best E)" if way == best else way, middle(values, 1)] for way, values in rates.items()]
    rows.append(["1 / (1/E + 1/D)", middle(bounds, 1)])
    rows.append([f"embed reaches, of that (at least {LIMIT})", middle(shares, 3)])
    print(conditions, end="\n\n")
    print_table(["rate", "images/s"], rows, markdown=markdown)
    result = {"benchmark": "embedding", "conditions": conditions, "E": medians[best], "D": medians[DECODING]}
    print(json.dumps(result | {"embed": medians[EMBED], "share": statistics.median(shares), "rates": rates}))


if __name__ == "__main__":
    main()
