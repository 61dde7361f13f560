"""A model whose answers are parts of a text: saved as one graph with its tokenizer, and opened without torch."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from headstart.data.example import LABEL
from headstart.encoders.preprocess.text_tokens import TextPreprocessing
from headstart.encoders.spec import EncoderSpec
from headstart.encoders.text.token_graphs import TokenEncoder
from headstart.encoders.text.tokenizer import FILE
from headstart.errors import DataError, ModelFileError, public_call
from headstart.metrics.values import Evaluation
from headstart.registry import resolve
from headstart.runtime.files import require_free, whole_folder, write_errors, write_json
from headstart.runtime.hashing import sha256_of_file
from headstart.saving.manifest import FORMAT, MANIFEST, check_files, find_model, read_manifest, signed
from headstart.version import __version__
from headstart.workflows.text_parts.base import PartTask

GRAPH = "model.onnx"  # numbers of tokens (B, T) and a mask to scores (B T, K)
TOGETHER = 64  # texts that are held in memory at a time


@dataclass(frozen=True)
class PartModel:
    """A model that answers with parts of a text: ``labels`` are those of the scores, ``record`` is how it was trained.

    Examples
    --------
    >>> import headstart
    >>> isinstance("what fit or load gave", headstart.PartModel)
    False
    """

    task: str
    labels: tuple[str, ...]
    spec: EncoderSpec
    graph: Path
    tokenizer: Path
    record: dict[str, Any]

    @property
    def parts(self) -> PartTask:
        """What the task brings."""
        return cast(PartTask, resolve("part_tasks", self.task).parts)

    @cached_property
    def preprocessing(self) -> TextPreprocessing:
        """How texts become tokens."""
        return cast(TextPreprocessing, self.spec.preprocessing).at(self.tokenizer)

    @cached_property
    def encoder(self) -> TokenEncoder:
        """What scores tokens; its session is opened when it is first used."""
        return TokenEncoder(self.graph)

    @public_call
    def predict(self, texts: str | Sequence[str], question: str = "") -> Any:  # noqa: ANN401 - of the task
        """Predict the parts of one text, or of each of several; ``question`` is what they shall answer.

        Raises DataError when nothing is asked of a model that answers questions.
        """
        several = [texts] if isinstance(texts, str) else list(texts)
        found = [*self.answer([self.parts.of_text(f"#{n}", text, question) for n, text in enumerate(several, 1)])]
        return found[0] if isinstance(texts, str) else found

    @public_call
    def evaluate(self, data: str | Path, *, seed: int = 0, resamples: int = 1000) -> Evaluation:
        """Score the model on a file like the one it was fitted to."""
        path = Path(data).expanduser()
        if path.is_file() and not self.parts.recognises(path):
            raise DataError("workflows.not_of_task", path=path, task=self.task)
        examples = self.parts.read(path)
        return self.parts.evaluate(examples, [*self.answer(examples)], seed, resamples)

    def answer(self, examples: Sequence[Any]) -> Iterator[Any]:
        """Predict examples of the task, some at a time."""
        empty = self.parts.name != "answers" or "none" in self.labels
        for start in range(0, len(examples), TOGETHER):
            some = examples[start : start + TOGETHER]
            cut = [self.parts.encode(example, self.preprocessing) for example in some]
            rows = iter(self.encoder.run([ids for windows in cut for ids in windows.ids]))
            for example, windows in zip(some, cut, strict=True):
                own = [next(rows) for _ in windows.ids]
                yield self.parts.decode(example, windows, own, self.labels, empty=empty)

    @public_call
    def save(self, folder: str | Path) -> None:
        """Write the model into a new folder, whole or not at all; raises OutputError when it is not empty."""
        place = Path(folder).expanduser()
        require_free(place)
        with write_errors("saving.not_written", folder=place), whole_folder(place) as partial:
            shutil.copyfile(self.graph, partial / GRAPH)
            shutil.copyfile(self.tokenizer, partial / FILE)
            files = {
                path.name: {"bytes": path.stat().st_size, "sha256": sha256_of_file(path)}
                for path in sorted(partial.iterdir())
            }
            manifest = {
                "format": FORMAT,
                "headstart": __version__,
                "task": self.task,
                "modality": self.spec.modality,
                "classes": list(self.labels),
                "targets": {LABEL: {"target": {"names": list(self.labels)}}},
                "encoder": self.spec.to_json(),
                "training": self.record,
                "files": files,
            }
            write_json(partial / MANIFEST, signed(manifest))


def load_parts(folder: str | Path) -> PartModel:
    """Open a model whose answers are parts of a text.

    Raises
    ------
    ModelFileError
        As :func:`headstart.saving.bundle.load_bundle` does.
    """
    place = find_model(Path(folder).expanduser())
    manifest = read_manifest(place)
    check_files(place, manifest, manifest["files"])
    where = place.absolute()
    try:
        spec = EncoderSpec.from_json(manifest["encoder"])
        labels, record = tuple(manifest["classes"]), manifest["training"]
    except (KeyError, TypeError, ValueError) as error:
        path = place / MANIFEST
        raise ModelFileError("saving.does_not_fit", folder=place, path=path, error=error) from error
    return PartModel(manifest["task"], labels, spec, where / GRAPH, where / FILE, record)


def described(spec: EncoderSpec) -> EncoderSpec:
    """Return a specification without the place of its tokenizer, which is no part of a model."""
    return replace(spec, preprocessing=replace(cast(TextPreprocessing, spec.preprocessing), file=None))
