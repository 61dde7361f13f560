"""How near copies are found: time and memory on many feature vectors, and which planted copies of pictures are found.

    python benchmarks/near_duplicates.py [--pictures FOLDER] [--sizes 10000 30000 100000]

First: synthetic vectors of 1280 numbers with one planted copy in a hundred. Each method runs in a process of its own;
memory is what it takes beyond the vectors themselves. Indexes are measured where they are installed (``pip install
usearch faiss-cpu``). Then: copies of real pictures, changed in known ways, among all the others.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageEnhance

from headstart.audit.duplicates import FEATURE_COSINE, FEATURE_PAIRS
from headstart.audit.similarity.image import find_pairs, sketch
from headstart.data.demo_data import fruit_folder
from headstart.data.example import Dataset, Example
from headstart.data.inspection import inspect_dataset
from headstart.data.readers.image import open_example
from headstart.data.sources import list_examples
from headstart.encoders.loading import load_encoder
from headstart.features.access import read_features
from headstart.features.neighbours import similar_features, similar_pairs, unit_rows
from headstart.runtime.context import RunContext

DIMENSION, NEAREST = 1280, 5
Rows = npt.NDArray[np.float32]


def make_vectors(count: int, seed: int = 0) -> tuple[Rows, npt.NDArray[np.int64]]:
    """Features of a hundred kinds of things behind a ReLU, and the pairs (P, 2) of which one is a changed copy."""
    random = np.random.default_rng(seed)
    centres, mixing = random.standard_normal((100, 64)), random.standard_normal((64, DIMENSION)).astype(np.float32)
    rows = np.empty((count, DIMENSION), dtype=np.float32)
    for top in range(0, count, 4096):
        some = min(4096, count - top)
        hidden = centres[random.integers(0, 100, some)] + 0.7 * random.standard_normal((some, 64))
        noise = random.standard_normal((some, DIMENSION), dtype=np.float32)
        rows[top : top + some] = np.maximum(0.3 * hidden.astype(np.float32) @ mixing + noise, 0)
    chosen = random.choice(count, 2 * (count // 100), replace=False).reshape(2, -1)
    changed = rows[chosen[0]] * (1 + 0.3 * random.standard_normal((chosen.shape[1], DIMENSION), dtype=np.float32))
    rows[chosen[1]] = changed
    return rows, np.sort(chosen.T, axis=1)


def with_projection(rows: Rows) -> npt.NDArray[np.int64]:
    """Do what Headstart does."""
    return similar_features(rows, FEATURE_COSINE, FEATURE_PAIRS, seed=0).places


def with_products(rows: Rows) -> npt.NDArray[np.int64]:
    """Every pair in full, in blocks."""
    return similar_pairs(unit_rows(rows - rows.mean(axis=0)), FEATURE_COSINE, FEATURE_PAIRS).places


def with_usearch(rows: Rows) -> npt.NDArray[np.int64]:
    """Search a graph of neighbours over vectors of single bytes."""
    from usearch.index import Index

    centred, cores = unit_rows(rows - rows.mean(axis=0)), len(os.sched_getaffinity(0))
    index = Index(ndim=DIMENSION, metric="cos", dtype="i8", connectivity=16, expansion_add=100, expansion_search=64)
    index.add(np.arange(len(rows)), centred, threads=cores)
    found = index.search(centred, NEAREST + 1, threads=cores)
    return pairs_of(found.keys.astype(np.int64))


def with_faiss(rows: Rows) -> npt.NDArray[np.int64]:
    """Search a few lists of vectors, each around a centre."""
    import faiss

    centred = unit_rows(rows - rows.mean(axis=0))
    index = faiss.IndexIVFFlat(
        faiss.IndexFlatIP(DIMENSION), DIMENSION, int(len(rows) ** 0.5), faiss.METRIC_INNER_PRODUCT
    )
    index.train(centred[:: max(1, len(rows) // 20_000)])
    index.add(centred)
    index.nprobe = 8
    return pairs_of(index.search(centred, NEAREST + 1)[1])


def pairs_of(nearest: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Turn the nearest of each row into pairs."""
    own = np.repeat(np.arange(len(nearest)), nearest.shape[1])
    return np.unique(np.sort(np.stack([own, nearest.ravel()], axis=1), axis=1), axis=0)


METHODS: dict[str, Callable[[Rows], npt.NDArray[np.int64]]] = {
    "projection, then products": with_projection,
    "all products": with_products,
    "usearch (HNSW, int8)": with_usearch,
    "faiss (inverted file)": with_faiss,
}


def measure(name: str, folder: Path) -> None:
    """Run one method in this process and print what it took as JSON."""
    rows = np.load(folder / "rows.npy")
    planted = {tuple(pair) for pair in np.load(folder / "planted.npy").tolist()}
    METHODS[name](rows[:300])  # what is loaded on first use is not a cost of the vectors
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    clock, used = time.perf_counter(), time.process_time()
    found = METHODS[name](rows)
    seconds, processor = time.perf_counter() - clock, time.process_time() - used
    extra = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    recall = len(planted & {tuple(pair) for pair in found.tolist()}) / len(planted)
    print(json.dumps({"seconds": seconds, "processor": processor, "extra": extra, "recall": recall}))


def compare_methods(sizes: list[int], limit: float) -> None:
    """Print a table of all methods at all sizes; one that takes too long gets no larger size."""
    print(f"Vectors of {DIMENSION} numbers, on {len(os.sched_getaffinity(0))} cores (load {os.getloadavg()[0]:.1f}):\n")
    print("| vectors | method | seconds | processor seconds | MB beyond the vectors | planted found |")
    print("|---|---|---|---|---|---|")
    slow: set[str] = set()
    for size in sizes:
        with TemporaryDirectory() as made:
            rows, planted = make_vectors(size)
            np.save(Path(made, "rows.npy"), rows)
            np.save(Path(made, "planted.npy"), planted)
            del rows
            for name in METHODS:
                if name in slow:
                    continue
                command = [sys.executable, __file__, "--measure", name, "--folder", made]
                answer = subprocess.run(command, capture_output=True, text=True, check=False)
                if answer.returncode:
                    reason = answer.stderr.strip().splitlines()[-1]
                    print(f"| {size:,} | {name} | not measured: {reason} ||||")
                    slow.add(name)
                    continue
                one = json.loads(answer.stdout)
                print(
                    f"| {size:,} | {name} | {one['seconds']:.1f} | {one['processor']:.1f} | {one['extra']:.0f} "
                    f"| {100 * one['recall']:.1f} % |",
                    flush=True,
                )
                if one["seconds"] > limit:
                    slow.add(name)


def compressed(image: Image.Image) -> Image.Image:
    """Compress hard."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=20)
    return Image.open(io.BytesIO(buffer.getvalue())).convert("RGB")


def cropped(share: float) -> Callable[[Image.Image], Image.Image]:
    """Keep a share of both sides, somewhere."""
    random = np.random.default_rng(0)

    def cut(image: Image.Image) -> Image.Image:
        width, height = round(image.width * share), round(image.height * share)
        left, top = random.integers(0, image.width - width + 1), random.integers(0, image.height - height + 1)
        return image.crop((int(left), int(top), int(left) + width, int(top) + height))

    return cut


KINDS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "half the size": lambda image: image.resize((max(1, image.width // 2), max(1, image.height // 2))),
    "JPEG quality 20": compressed,
    "40 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.4),
    "40 % darker": lambda image: ImageEnhance.Brightness(image).enhance(0.6),
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "cropped by 3 %": cropped(0.97),
    "cropped by 5 %": cropped(0.95),
    "cropped by 10 %": cropped(0.9),
    "cropped by 20 %": cropped(0.8),
    "turned by 2 degrees": lambda image: image.rotate(2, Image.Resampling.BICUBIC),
}


def find_planted(folder: Path, count: int) -> None:
    """Plant copies of ``count`` pictures of a folder and say which are found: for a split, and by a check."""
    examples = list_examples(folder)
    originals = examples[:: max(1, len(examples) // count)][:count]
    pictures = [open_example(example.source) for example in originals]
    encoder, context = (
        load_encoder("efficientnet_lite0", device="cpu", cache=RunContext().cache_folder),
        RunContext(keep_features=False),
    )
    print(f"\nCopies of {len(pictures)} pictures of {folder.name}, among all of them:\n")
    print("| copy | found for a split | found by check | other pairs |\n|---|---|---|---|")
    for name, change in KINDS.items():
        both = [*pictures, *(change(picture) for picture in pictures)]
        dataset = Dataset("planted", tuple(Example(picture, f"#{n}", {"label": "a"}) for n, picture in enumerate(both)))
        checked = inspect_dataset(dataset)
        thumbnails = sketch(checked, context)
        features = read_features(dataset.examples, checked.keys, (encoder,), context).features[0].matrix
        proposed = similar_features(features, FEATURE_COSINE, FEATURE_PAIRS, seed=0).places
        shares, others = [], 0
        for more in (None, proposed):
            found = {tuple(pair) for pair in find_pairs(dataset.examples, thumbnails, more).places.tolist()}
            right = {(n, n + len(pictures)) for n in range(len(pictures))}
            shares.append(100 * len(found & right) / len(right))
            others = sum((one % len(pictures)) != (other % len(pictures)) for one, other in found)
        print(f"| {name} | {shares[0]:.0f} % | {shares[1]:.0f} % | {others} |", flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 30_000, 100_000])
    parser.add_argument("--pictures", type=Path, help="A folder of pictures to make copies of; by default the fruit.")
    parser.add_argument("--count", type=int, default=100, help="How many pictures to make copies of.")
    parser.add_argument("--limit", type=float, default=300, help="Seconds after which a method gets no larger size.")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.measure:
        measure(chosen.measure, chosen.folder)
        return
    compare_methods(chosen.sizes, chosen.limit)
    find_planted(chosen.pictures or fruit_folder(RunContext().cache_folder), chosen.count)


if __name__ == "__main__":
    main()
