"""`embed` beside sentence-transformers at its defaults, on the same weights: the time, the vectors, and the accuracy.

Times are seconds of one core (`process_time`), each side with one thread, in turns: what other work on the machine
costs is left out. Texts are cut from the news of `headstart demo --text`: about 20 tokens each, and mixed ones of 10 to
400.
"""

import argparse
import json
import os
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("OMP_NUM_THREADS", "1")  # of both sides: before numpy is loaded, and for the peer's process

import numpy as np
import numpy.typing as npt
from printed_tables import print_table
from processes import headstart, machine, middle, run

from headstart.data.demo_texts import news_folder
from headstart.data.example import Example
from headstart.data.readers.text import Document, content_key, open_example
from headstart.data.sources import read_dataset
from headstart.encoders.text.loading import find_text_weights, load_encoder
from headstart.features.access import read_features
from headstart.runtime.context import RunContext, cache_folder

ENCODER = "minilm"
SHORT, MIXED = "about 20 tokens", "mixed, 10 to 400 tokens"
WORDS = {SHORT: (15, 16), MIXED: (8, 310)}  # fewest and most words of a text; a token has .8 of a word
BOUNDS = {SHORT: 1.2, MIXED: 1.3}
AGAIN = 50  # times as fast from the store
DIFFERENCE = 1e-5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "data", nargs="?", type=Path, help="folder with train.csv and val.csv; without it the demo's news"
    )
    parser.add_argument("--count", type=int, default=600, help="texts about 20 tokens long; a third of it mixed")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--encoders", nargs="+", default=["minilm", "e5_small"], help="of the accuracy")
    parser.add_argument("--peer-python", default=sys.executable, help="interpreter that has sentence-transformers")
    parser.add_argument("--skip-peer", action="store_true", help="leave sentence-transformers out")
    parser.add_argument("--cache", help="cache folder with the encoders; features are kept elsewhere")
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    conditions, cache = machine(), cache_folder(given.cache)
    news = news_folder(cache)
    texts = {SHORT: cut_texts(news, SHORT, given.count), MIXED: cut_texts(news, MIXED, given.count // 3)}
    peer = None if given.skip_peer else given.peer_python
    with TemporaryDirectory() as folder:
        job = write_job(Path(folder), cache, texts)
        ours: list[dict[str, float]] = []
        theirs: list[dict[str, float]] = []
        for number in range(given.rounds):
            for turn in (0, 1) if number % 2 == 0 else (1, 0):
                if turn == 0:
                    seconds, vectors = embed(texts, cache, Path(folder) / f"features-{number}")
                    ours.append(seconds)
                elif peer:
                    theirs.append(ask_peer(peer, job)["seconds"])
        difference = compare_vectors(vectors, Path(folder) / "vectors.npz") if peer else None
        accuracy = compare_accuracy(given.data or news, given.encoders, peer, job) if peer else {}
    counts = {name: len(these) for name, these in texts.items()}
    report(conditions, counts, (ours, theirs), difference, accuracy, markdown=given.markdown)


def cut_texts(news: Path, name: str, count: int) -> list[str]:
    """Cut running words into texts; lengths are drawn so that each is as likely as every other."""
    words = " ".join(open_example(str(path)) for path in sorted(news.rglob("*.txt"))).split()
    draw = np.random.default_rng(0)
    lengths = draw.integers(*WORDS[name], size=count)
    starts = draw.integers(0, len(words) - WORDS[name][1], size=count)
    return [" ".join(words[start : start + length]) for start, length in zip(starts, lengths, strict=True)]


def write_job(folder: Path, cache: Path, texts: dict[str, list[str]]) -> Path:
    """Write the peer's texts, and a folder of sentence-transformers with links to the files of the weights."""
    weights, model = find_text_weights(ENCODER, cache), folder / "model"
    model.mkdir()
    for path in (weights.path, *(other for other, _ in weights.others)):
        (model / path.name).symlink_to(path.resolve())
    (folder / "job.json").write_text(json.dumps({"model": str(model), "texts": texts}), encoding="utf-8")
    return folder / "job.json"


def embed(
    texts: dict[str, list[str]], cache: Path, features: Path
) -> tuple[dict[str, float], dict[str, npt.NDArray[np.float32]]]:
    """Encode with an empty store, and again from it."""
    encoder = load_encoder(ENCODER, cache=cache)
    encoder.encode(encoder.collate([encoder.preprocess("warm up")]))
    seconds, vectors = {}, {}
    for name, these in texts.items():
        for key in (name, f"{name}, again"):
            start = time.process_time()
            examples = [Example(Document(text), str(number), {}) for number, text in enumerate(these)]
            keys = [content_key(one.source) for one in examples]
            found = read_features(examples, keys, (encoder,), RunContext(cache=features))
            seconds[key] = time.process_time() - start
        vectors[name] = found.features[0].matrix
    return seconds, vectors


def ask_peer(python: str, job: Path) -> dict[str, dict[str, float]]:
    """Let the peer do its job."""
    script = Path(__file__).parent / "peers" / "text_peer.py"
    answer = run([python, str(script), str(job), "--vectors", str(job.with_name("vectors.npz"))])
    found: dict[str, dict[str, float]] = json.loads(answer.output.splitlines()[-1])
    return found


def compare_vectors(ours: dict[str, npt.NDArray[np.float32]], file: Path) -> float:
    """Compute the largest difference to the peer's vectors, brought to length 1, of texts that are one piece."""
    theirs = np.load(file)[SHORT]
    last = ours[SHORT][:, : theirs.shape[1]]
    return float(np.abs(last - theirs / np.linalg.norm(theirs, axis=1, keepdims=True)).max())


def compare_accuracy(data: Path, encoders: list[str], peer: str, job: Path) -> dict[str, str]:
    """Score `headstart fit`, and what one writes without it, on the same parts."""
    table = (data / "train.csv").is_file()
    parts = [data / name for name in (("train.csv", "val.csv") if table else ("train", "test"))]
    scores: dict[str, float] = {}
    for encoder in encoders:
        names = ("--encoder", encoder, "--out", job.with_name(f"run-{encoder}"), "--json")
        found = json.loads(run(headstart("fit", *parts, *names)).output)
        scores[f"headstart fit, {encoder}, head {found['head']['name']}"] = found["evaluation"]["accuracy"]["value"]
        scores["headstart, words"] = found["baselines"]["words"]["accuracy"]["value"]
    both = {}
    for name, part in zip(("fit", "score"), map(read_dataset, parts), strict=True):
        labels = [part.classes[label] for label in part.labels]
        both[name] = ([open_example(one.source) for one in part.examples], labels)
    described = json.loads(job.read_text(encoding="utf-8")) | {"texts": {}} | both
    job.write_text(json.dumps(described), encoding="utf-8")
    return {name: f"{value:.3f}" for name, value in (scores | ask_peer(peer, job)["accuracy"]).items()}


def rows_of(name: str, count: int, ours: list[dict[str, float]], theirs: list[dict[str, float]]) -> list[list[str]]:
    """Write the rate of some texts beside the peer's, and of the same from the store beside the first time."""
    rates = [count / one[name] for one in ours]
    again = [count / one[f"{name}, again"] for one in ours]
    others = [count / one[name] for one in theirs]
    rows = []
    for label, first, second, bound in (
        (name, rates, others, BOUNDS[name]),
        ("  again, from the store, beside the first time", again, rates, AGAIN),
    ):
        ratios = [one / other for one, other in zip(first, second, strict=False)]
        kept = ["yes" if statistics.median(ratios) >= bound else "NO"] if ratios else [""]
        beside = [middle(second, 1), middle(ratios, 2)] if ratios else ["", ""]
        rows.append([label, middle(first, 1), *beside, f"{bound:g}", *kept])
    return rows


def report(
    conditions: str,
    counts: dict[str, int],
    seconds: tuple[list[dict[str, float]], list[dict[str, float]]],
    difference: float | None,
    accuracy: dict[str, str],
    *,
    markdown: bool,
) -> None:
    """Print tables and a JSON line."""
    ours, theirs = seconds
    print(conditions, end="\n\n")
    header = ["texts a second of one core", "headstart", "beside it", "ratio", "at least", "kept"]
    print_table(
        header, [row for name in counts for row in rows_of(name, counts[name], ours, theirs)], markdown=markdown
    )
    if accuracy:
        print_table(["on the same texts", "accuracy"], [[*one] for one in accuracy.items()], markdown=markdown)
    if difference is not None:
        print(f"Largest difference of a number of the same vectors: {difference:.1e} (at most {DIFFERENCE:.0e}).")
    result = {"benchmark": "text", "conditions": conditions, "counts": counts, "ours": ours, "theirs": theirs}
    print(json.dumps(result | {"difference": difference, "accuracy": accuracy}))


if __name__ == "__main__":
    main()
