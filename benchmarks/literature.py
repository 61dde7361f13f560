"""Claims of the literature about transfer, each with its sign stated beforehand, tried on real pictures.

Accuracies are means over draws of the examples on the same test pictures; intervals are those of the hierarchical
bootstrap over draws and pictures. A claim holds where the whole interval lies on the stated side, fails where it lies
on the other, and is open in between. Arms that train a network take long and are left out unless asked for.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from fit import lay_out_fruit
from printed_tables import print_table
from processes import machine

import headstart
from headstart.metrics.paired_tests import interval
from headstart.metrics.values import Score
from headstart.studies.compare_report import CompareReport


@dataclass(frozen=True, slots=True)
class Claim:
    """What was stated beforehand about a difference, and what was found; ``above`` is what it was to be larger than."""

    statement: str
    pictures: str
    above: float
    found: Score

    @property
    def verdict(self) -> str:
        """Whether it held."""
        if self.found.low > self.above:
            return "holds"
        return "fails" if self.found.high <= self.above else "open"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", nargs="*", type=Path, help="folders of labelled photographs, besides the demo's fruit")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument(
        "--scratch", action="store_true", help="train from scratch as well: half an hour or so for each"
    )
    parser.add_argument("--scratch-draws", type=int, default=3)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--scratch-encoder", default="efficientnet_lite0@128", help="of both arms then: small pictures")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--markdown", action="store_true", help="print the table for README.md")
    given = parser.parse_args()
    conditions = machine()
    claims: list[Claim] = []
    with TemporaryDirectory() as folder:
        for data in (lay_out_fruit(Path(folder) / "fruit"), *given.data):
            claims += claims_of_probes(data, given.draws, given.cache)
            if given.scratch:
                claims += claims_of_scratch(data, given.scratch_draws, given.steps, given.scratch_encoder, given.cache)
    report(conditions, claims, markdown=given.markdown)


def claims_of_probes(data: Path, draws: int, cache: Path | None) -> Iterator[Claim]:
    """Try what needs no training of a network."""
    shots = [1, 5, 20]
    features = headstart.compare(data, arms=["random", "probe"], shots=shots, draws=draws, cache=cache)
    for gain in features.gains:
        name = f"random features lose by more than 20 points at {gain.shots} per class"
        yield Claim(name, data.name, 0.2, gain.difference)
    heads = {
        head: headstart.compare(data, arms=["probe"], shots=shots, draws=draws, cache=cache, head=head)
        for head in ("centroid", "lda", "logistic")
    }
    for other in ("lda", "logistic"):
        yield Claim(
            f"the nearest centroid is ahead of {other} at 1 per class",
            data.name,
            0.0,
            difference(heads["centroid"], heads[other], "1"),
        )
    for shot in ("5", "20"):
        name = f"LDA is ahead of the nearest centroid at {shot} per class"
        yield Claim(name, data.name, 0.0, difference(heads["lda"], heads["centroid"], shot))


def claims_of_scratch(data: Path, draws: int, steps: int, encoder: str, cache: Path | None) -> Iterator[Claim]:
    """Try what needs a training from scratch."""
    found = headstart.compare(
        data, arms=["probe", "scratch"], shots=[10, 50], draws=draws, steps=steps, encoder=encoder, cache=cache,
        device="cpu",
    )  # fmt: skip
    gains = {gain.shots: gain.difference for gain in found.gains}
    yield Claim(
        "a probe beats training from scratch by more than 20 points at 10 per class", data.name, 0.2, gains["10"]
    )
    largest = max(gains, key=lambda shots: int(shots) if shots != "all" else 10**9)
    shrinks = gains["10"].value - gains[largest].value
    width = sum((one.high - one.low) ** 2 for one in (gains["10"], gains[largest])) ** 0.5 / 2
    yield Claim(
        f"its lead is smaller at {largest} per class than at 10",
        data.name,
        0.0,
        Score(shrinks, shrinks - width, shrinks + width),  # as if the two were independent: they share the pictures
    )


def difference(one: CompareReport, other: CompareReport, shots: str) -> Score:
    """Take the difference of two runs on the same draws and pictures, with an interval over them."""
    drawn = [report.resampled["probe", shots] for report in (one, other)]
    values = [next(point.accuracy.value for point in report.points if point.shots == shots) for report in (one, other)]
    return interval(values[0] - values[1], np.asarray(drawn[0]) - np.asarray(drawn[1]))


def report(conditions: str, claims: Sequence[Claim], *, markdown: bool) -> None:
    """Print the claims and a JSON line."""
    print(conditions, end="\n\n")
    rows = [
        [
            claim.statement,
            claim.pictures,
            f"{100 * claim.found.value:+.1f} [{100 * claim.found.low:+.1f}, {100 * claim.found.high:+.1f}]",
            claim.verdict,
        ]
        for claim in claims
    ]
    print_table(["stated beforehand", "pictures", "found, in points", ""], rows, markdown=markdown)
    print(json.dumps({"benchmark": "literature", "conditions": conditions, "claims": [asdict(one) for one in claims]}))


if __name__ == "__main__":
    main()
