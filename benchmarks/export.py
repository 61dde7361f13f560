"""The file that leaves beside the library: from the bytes of a picture to its label, and what int8 is worth.

A model is fitted to the demo's fruit photographs, in fp32 and in int8. Then scored pictures go one by one, as bytes,
through the library's `predict` and through the exported graphs in ONNX Runtime, in turns and with one thread each.
"""

import argparse
import io
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from fit import lay_out_fruit
from PIL import Image, ImageOps
from printed_tables import print_table
from processes import headstart, machine, middle, run

from headstart.encoders.onnx_engine import open_session
from headstart.workflows.model import load

SLOWER = 1.25  # times the library's own predict that the fp32 graph may take
FASTER = 2.0  # times as fast as fp32 that int8 shall be
LOST = 0.01  # of the accuracy that int8 may cost
LIBRARY, GRAPH, INT8, REFITTED = "library: predict", "model.onnx", "model.int8.onnx", "fit --precision int8"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=60, help="timed one by one")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    conditions = machine()
    with tempfile.TemporaryDirectory() as work:
        place = Path(work)
        data = lay_out_fruit(place)
        runs = {name: place / "runs" / name for name in ("fp32", "int8")}
        for name, out in runs.items():
            run([*headstart("fit", data, "--precision", name, "--out", out)])
        proof = json.loads(run([*headstart("export", runs["fp32"], "--int8", "--force", "--json")]).output)
        same = json.loads(run([*headstart("export", runs["fp32"], "--json")]).output)
        scores = json.loads((runs["int8"] / "metrics.json").read_bytes())["evaluation"]["accuracy"]
        times = time_roads(runs["fp32"], data, given.pictures, given.rounds)
        nets = time_networks(runs, given.rounds)
    report(times, nets, {"int8": proof, "fp32": same, "refitted": scores}, conditions, markdown=given.markdown)


def time_roads(folder: Path, data: Path, count: int, rounds: int) -> dict[str, list[float]]:
    """Milliseconds for one picture, from the bytes of its file to its label: a median for each round."""
    files = sorted(path for path in data.rglob("*.jpg") if "test" in path.parts or "val" in path.parts)
    contents = [path.read_bytes() for path in files[:: max(1, len(files) // count)][:count]]
    model = load(folder)
    roads: dict[str, Callable[[bytes], str]] = {
        LIBRARY: lambda content: str(model.predict([content])[0].label),
        GRAPH: graph_road(folder / "model" / "model.onnx"),
        INT8: graph_road(folder / "model" / "model.int8.onnx"),
    }
    medians: dict[str, list[float]] = {name: [] for name in roads}
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in roads}
        for content in contents:
            for name, road in roads.items():
                start = time.perf_counter()
                road(content)
                taken[name].append(1000 * (time.perf_counter() - start))
        for name, values in taken.items():
            medians[name].append(statistics.median(values))
    return medians


def graph_road(file: Path) -> Callable[[bytes], str]:
    """Open a graph as docs/deploy.md does, with one thread, as the library has for one picture."""
    session = open_session(file, threads=1)
    classes = json.loads(session.get_modelmeta().custom_metadata_map["classes"])

    def road(content: bytes) -> str:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        (probabilities,) = session.run(None, {"picture": np.asarray(picture)})
        return str(classes[int(probabilities.argmax())])

    return road


def time_networks(runs: dict[str, Path], rounds: int) -> dict[str, list[float]]:
    """Milliseconds a picture of the networks alone, on ready batches of 8 with one thread: a median for each round."""
    batch = np.random.default_rng(0).normal(0, 0.5, (8, 3, 224, 224)).astype(np.float32)
    sessions = {name: open_session(folder / "model" / "encoder.onnx", threads=1) for name, folder in runs.items()}
    medians: dict[str, list[float]] = {name: [] for name in sessions}
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in sessions}
        for _ in range(12):
            for name, session in sessions.items():
                start = time.perf_counter()
                session.run(None, {"pixels": batch})
                taken[name].append(1000 * (time.perf_counter() - start) / len(batch))
        for name, values in taken.items():
            medians[name].append(statistics.median(values))
    return medians


def report(
    times: dict[str, list[float]],
    nets: dict[str, list[float]],
    proofs: dict[str, Any],
    conditions: str,
    *,
    markdown: bool,
) -> None:
    """Print tables and a JSON line."""
    ratios = {
        name: [one / library for one, library in zip(values, times[LIBRARY], strict=True)]
        for name, values in times.items()
    }
    faster = [one / other for one, other in zip(nets["fp32"], nets["int8"], strict=True)]
    accuracy = proofs["int8"]["accuracies"]
    reached = {
        LIBRARY: accuracy["library"]["value"],
        GRAPH: proofs["fp32"]["accuracies"]["exported"]["value"],
        INT8: accuracy["exported"]["value"],
        REFITTED: proofs["refitted"]["value"],
    }
    lost = reached[LIBRARY] - min(reached[INT8], reached[REFITTED])
    print(conditions, end="\n\n")
    rows = [[name, middle(times[name], 1), middle(ratios[name], 2), f"{reached[name]:.3f}"] for name in times]
    rows.append([REFITTED, "", "", f"{reached[REFITTED]:.3f}"])
    print_table(["from bytes to label", "ms", "of the library's", "accuracy"], rows, markdown=markdown)
    print()
    slower = statistics.median(ratios[GRAPH])
    bounds = [
        ["model.onnx / library", f"at most {SLOWER}", middle(ratios[GRAPH], 2), "yes" if slower <= SLOWER else "no"],
        [
            "int8 network, times as fast as fp32",
            f"at least {FASTER:.0f}",
            middle(faster, 2),
            "yes" if statistics.median(faster) >= FASTER else "no",
        ],
        ["accuracy that int8 loses", f"at most {LOST}", f"{lost:.3f}", "yes" if lost <= LOST else "no"],
    ]
    print_table(["bound", "", "measured", "kept"], bounds, markdown=markdown)
    result = {"benchmark": "export", "conditions": conditions, "milliseconds": times, "networks": nets}
    print(json.dumps(result | {"accuracy": reached, "proofs": proofs}))


if __name__ == "__main__":
    main()
