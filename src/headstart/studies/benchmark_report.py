"""What a benchmark found: the forms of a model as a table with ratios, and as plain data."""

from dataclasses import dataclass
from typing import Any

from headstart.reporting.tables import aligned
from headstart.runtime.catalogue import ENGLISH, Texts
from headstart.runtime.findings import Finding, sentences
from headstart.studies.format_timing import FormatTiming

SHOWN = (1, 8, 32)  # sizes of batches in the table; all are in the JSON


@dataclass(frozen=True, slots=True)
class MeasuredForm:
    """A form with its size in bytes and its figures."""

    name: str
    file: str
    precision: str
    size: int
    figures: FormatTiming


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """The forms of one model, measured one after the other, each in a process of its own.

    Attributes
    ----------
    forms
        The library first.
    operations
        Of the network for one example, see :func:`headstart.studies.flops.graph_operations`; 0 when not known.
    threads, busy
        How many threads each had, and how many processes the machine was running besides when it began.
    notices
        What could not be measured, and why.
    answers
        What the model puts out, as in a proof of an export.
    sample
        What each form was asked about.
    """

    forms: tuple[MeasuredForm, ...]
    operations: int
    threads: int
    busy: float
    notices: tuple[Finding, ...] = ()
    answers: str = "classes"
    sample: Finding = Finding("studies.sample_picture")  # noqa: RUF009 - frozen

    def to_json(self) -> list[dict[str, Any]]:
        """Return one object for each form; ``speed`` is how many times as fast as the library it is."""
        first = self.forms[0].figures
        return [
            {
                "form": form.name,
                "file": form.file,
                "precision": form.precision,
                "bytes": form.size,
                "threads": self.threads,
                **form.figures.to_json(),
                "speed": first.p50 / form.figures.p50,
                "gflop": self.operations / 1e9,
                "gflop_per_second": self._rate(form.figures),
            }
            for form in self.forms
        ]

    def lines(self, texts: Texts = ENGLISH) -> list[str]:
        """Write it for people."""
        sizes = [texts.say("studies.batch", {"size": size}) for size in SHOWN]
        before, behind = texts.columns("studies.forms"), texts.columns("studies.forms_end")
        rows = [(*before, *sizes, *behind), *map(self._row, self.forms)]
        outputs = Finding(f"export.outputs.{self.answers}")
        values = {"threads": self.threads, "gflop": self.operations / 1e9, "outputs": outputs, "sample": self.sample}
        return [
            texts.say("studies.benchmark", values),
            *aligned(rows, right=range(1, len(rows[0]))).splitlines(),
            *([texts.say("studies.gflop", values)] if self.operations else []),
            *self.warnings(texts),
        ]

    def warnings(self, texts: Texts = ENGLISH) -> list[str]:
        """Write what the figures do not show: that the machine was busy, and which forms are missing, and why."""
        busy = [texts.say("studies.busy", {"load": self.busy})] if self.busy > 0.5 else []
        return [*busy, *sentences(self.notices, texts)]

    def _row(self, form: MeasuredForm) -> tuple[str, ...]:
        found = form.figures
        return (
            form.name,
            f"{form.size / 1e6:.1f}",
            f"{found.load_seconds:.2f}",
            f"{found.p50:.1f}",
            f"{found.p95:.1f}",
            f"{self.forms[0].figures.p50 / found.p50:.2f}",
            *(f"{found.throughput[size]:.0f}" for size in SHOWN),
            f"{found.memory:.0f}",
            f"{self._rate(found):.0f}" if self.operations else "-",
        )

    def _rate(self, found: FormatTiming) -> float:
        return max(found.throughput.values()) * self.operations / 1e9
