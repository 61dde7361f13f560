"""The server beside the library: throughput with 32 clients, latency with one, lost requests, memory.

Raw throughput is what the same cores reach in one process without any HTTP: files in memory are opened, prepared,
encoded by ONNX Runtime in batches of 8 by as many threads as there are cores, and given to the head. The clients run on
the same cores as the server; what they take is printed. Only loopback is used, and the server is stopped at the end.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from clients import Outcome, ask, request_of
from photographs import photographs
from printed_tables import print_table
from processes import headstart, machine, middle, run
from threadpoolctl import threadpool_limits

from headstart.data.readers.image import open_example
from headstart.runtime.machine import available_cores
from headstart.workflows.model import Model, load

CLIENTS, BATCH = 32, 8
THROUGHPUT, LATENCY, MEMORY = 0.8, 1.5, 1.1  # the bounds
WARM = 64  # requests before anything is measured


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="?", type=Path, help="folder of JPEG files; without it photographs are made")
    parser.add_argument("--model", type=Path, help="a saved model; without it one is fitted to the demo's fruit")
    parser.add_argument("--count", type=int, default=200, help="different pictures at most")
    parser.add_argument("--requests", type=int, default=20000, help="of the memory measurement")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--round-requests", type=int, default=1000, help="of each round")
    parser.add_argument("--markdown", action="store_true", help="print the tables for README.md")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, photographs(given.data, given.count) as paths:
        folder = given.model or fit_fruit(Path(place))
        conditions = (
            f"{machine()}; {len(paths)} pictures, {np.mean([path.stat().st_size for path in paths]):.0f} bytes each"
        )
        measured = measure(folder, paths, given)
    report(measured, conditions, markdown=given.markdown)


def fit_fruit(place: Path) -> Path:
    """Fit a model to the demo's photographs."""
    run(headstart("demo", "--out", place / "demo"))
    return place / "demo"


def measure(folder: Path, paths: Sequence[Path], given: argparse.Namespace) -> dict[str, list[float]]:
    """Measure in turns: raw, server, library call, one client; then memory."""
    model = load(folder)
    pictures = [path.read_bytes() for path in paths]
    expected = [model.predict(str(path)).label for path in paths]
    requests = [request_of(picture) for picture in pictures]
    names = ("raw", "raw work", "server", "server work", "clients", "library", "lean", "one", "lost")
    found: dict[str, list[float]] = {name: [] for name in names}
    with server(folder) as (port, process):
        found["lost"].append(len(ask(port, requests, expected, CLIENTS, WARM).wrong))
        for _ in range(given.rounds):
            rate, busy = raw_rate(model, pictures, given.round_requests)
            found["raw"].append(rate)
            found["raw work"].append(busy)
            before = processor_seconds(process.pid)
            many = ask(port, requests, expected, CLIENTS, given.round_requests)
            found["server work"].append((processor_seconds(process.pid) - before) / given.round_requests)
            found["server"].append(many.rate)
            found["clients"].append(many.busy / many.seconds)
            few = given.round_requests // 5
            found["library"].append(p95(library_times(model, paths, few)))
            found["lean"].append(p95(lean_times(model, pictures, few)))
            one = ask(port, requests, expected, 1, few)
            found["one"].append(p95(one.latencies))
            found["lost"].append(lost(many, given.round_requests) + lost(one, few))
        found["megabytes"], gone = memory(port, process.pid, requests, expected, given.requests)
        found["lost"].append(gone)
    return found


@contextmanager
def server(folder: Path) -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """Run ``headstart serve`` in a process of its own, and see it end well."""
    command = headstart("serve", folder, "--port", "0", "--json", "--quiet")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())["address"]
        yield int(address.rstrip("/").rpartition(":")[2]), process
        process.send_signal(signal.SIGTERM)
        if process.wait(30) != 0:
            raise SystemExit(f"The server ended with {process.returncode}.")
    finally:
        process.kill()
        process.wait()


def raw_rate(model: Model, pictures: Sequence[bytes], count: int) -> tuple[float, float]:
    """Pictures per second without HTTP (open, prepare, encode, head), and processor seconds of each."""
    shares = [range(start, min(start + BATCH, count)) for start in range(0, count, BATCH)]

    def work(share: range) -> int:
        opened = [open_example(pictures[number % len(pictures)]) for number in share]
        batch = np.stack([model.encoder.preprocess(picture) for picture in opened])
        return len(model.saved.predictor.predict([""] * len(batch), model.encoder.encode(batch), 5))

    work(shares[0])
    busy, start = time.process_time(), time.perf_counter()
    # One thread for the algebra of the head, as in the server: more would wait for each other.
    with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor(available_cores()) as pool:
        done = sum(pool.map(work, shares))
    return done / (time.perf_counter() - start), (time.process_time() - busy) / done


def processor_seconds(process: int) -> float:
    """Read the processor time that a process has taken so far, all its threads together."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def library_times(model: Model, paths: Sequence[Path], count: int) -> list[float]:
    """Seconds of each ``model.predict(path)``."""
    times = []
    for number in range(count):
        start = time.perf_counter()
        model.predict(str(paths[number % len(paths)]))
        times.append(time.perf_counter() - start)
    return times


def lean_times(model: Model, pictures: Sequence[bytes], count: int) -> list[float]:
    """Seconds of the least that has to be done for one picture: open, prepare, encode, head, in one thread."""
    times = []
    for number in range(count):
        start = time.perf_counter()
        prepared = model.encoder.preprocess(open_example(pictures[number % len(pictures)]))
        model.saved.predictor.predict([""], model.encoder.encode(prepared[None]), 5)
        times.append(time.perf_counter() - start)
    return times


def memory(
    port: int, process: int, requests: Sequence[bytes], expected: Sequence[str], count: int
) -> tuple[list[float], int]:  # fmt: skip
    """Read the server's memory after each tenth of the requests, in megabytes; and count what was lost."""
    read: list[float] = []

    def watch(done: int) -> None:
        if done * 10 % count < 10:
            pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
            read.append(pages * 4096 / 1e6)

    outcome = ask(port, requests, expected, CLIENTS, count, watch)
    return read, lost(outcome, count)


def lost(outcome: Outcome, count: int) -> int:
    """Count requests without an answer, or with a wrong one; say the first of them."""
    for sentence in outcome.wrong[:3]:
        print(sentence)
    return count - len(outcome.latencies) + len(outcome.wrong)


def p95(times: Sequence[float]) -> float:
    """95th percentile."""
    return float(np.percentile(times, 95))


def report(found: dict[str, list[float]], conditions: str, *, markdown: bool) -> None:
    """Print tables and a JSON line."""
    shares = [one / two for one, two in zip(found["server"], found["raw"], strict=True)]
    cores = available_cores()
    apart = [share / (1 - busy / cores) for share, busy in zip(shares, found["clients"], strict=True)]
    times = [one / two for one, two in zip(found["one"], found["library"], strict=True)]
    lean = [one / two for one, two in zip(found["one"], found["lean"], strict=True)]
    work = [one / two for one, two in zip(found["raw work"], found["server work"], strict=True)]
    growth = found["megabytes"][-1] / found["megabytes"][0]
    rows = [
        ["raw: threads in one process, no HTTP", "images/s", middle(found["raw"], 1)],
        [f"server, {CLIENTS} clients", "images/s", middle(found["server"], 1)],
        ["processor time of a picture, raw", "ms", middle([1000 * one for one in found["raw work"]], 1)],
        ["processor time of a picture, server", "ms", middle([1000 * one for one in found["server work"]], 1)],
        ["cores that the clients take meanwhile", f"of {cores}", middle(found["clients"], 2)],
        ["p95 of model.predict(path)", "ms", middle([1000 * one for one in found["library"]], 1)],
        ["p95 of opening, encoding, head alone", "ms", middle([1000 * one for one in found["lean"]], 1)],
        ["p95 of the server, one client", "ms", middle([1000 * one for one in found["one"]], 1)],
        ["memory after each tenth of the requests", "MB", " ".join(f"{one:.0f}" for one in found["megabytes"])],
    ]
    kept_time = yes(statistics.median(times) <= LATENCY)
    gone = int(sum(found["lost"]))
    bounds = [
        ["server / raw", f"at least {THROUGHPUT}", middle(shares, 3), yes(statistics.median(shares) >= THROUGHPUT)],
        ["the same, without what the clients take", "", middle(apart, 3), ""],
        ["processor time of a picture, raw / server", "", middle(work, 3), ""],
        ["one client / library call, p95", f"at most {LATENCY}", middle(times, 3), kept_time],
        ["one client / least that has to be done, p95", "", middle(lean, 3), ""],
        ["memory, last / first tenth", f"at most {MEMORY}", f"{growth:.3f}", yes(growth <= MEMORY)],
        ["requests lost or answered wrongly", "0", str(gone), yes(gone == 0)],
    ]  # fmt: skip
    print(conditions, end="\n\n")
    print_table(["measured", "in", "median"], rows, markdown=markdown)
    print_table(["bound", "wanted", "measured", "kept"], bounds, markdown=markdown)
    print(json.dumps({"benchmark": "serve", "conditions": conditions, "measured": found}))


def yes(kept: bool) -> str:
    """Say whether a bound was kept."""
    return "yes" if kept else "no"


if __name__ == "__main__":
    main()
