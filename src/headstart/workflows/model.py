"""A model at work: prediction, explanation, saving. Every verb is a row of named stages.

:class:`Model` stands here and not in a stage, because its methods reach into all of them. Each imports what it needs:
who only predicts does not wait for explanations, reports and exports.
"""

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from headstart.arrays import Floats, Singles
from headstart.encoders.saved import open_saved
from headstart.encoders.spec import Encoder, EncoderFiles
from headstart.errors import RecipeError, public_call, warn
from headstart.probing.class_prediction import Prediction
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding
from headstart.runtime.progress import Progress, silent
from headstart.saving.bundle import load_bundle
from headstart.saving.values import SavedModel
from headstart.settings.recipe import Recipe
from headstart.uncertainty.policy import change_settings

if TYPE_CHECKING:
    from headstart.data.readers.base import InMemory
    from headstart.explain.explained_model import ExplainedModel
    from headstart.export.exporting import ExportReport
    from headstart.export.formats import Precision
    from headstart.metrics.comparison import Comparison
    from headstart.metrics.values import Evaluation
    from headstart.uncertainty.evaluate import PolicyScores

Data = Any  # whatever read_dataset understands: a path, a list, an object with items, a Dataset


@dataclass(frozen=True, slots=True)
class Model:
    """An encoder with a fitted head: what :func:`fit` makes and :func:`load` opens.

    Attributes
    ----------
    encoder
        Examples become features.
    saved
        The head, its decoding, the class names, and the record of the training.
    files
        The encoder's files, for saving.
    board
        What :func:`fit` found on the examples it set apart; None for a model that was loaded (its numbers stand in
        ``saved.training``).
    folder
        Where it was loaded from, or None.
    findings
        What the user should know of the fit: the data, what was left out, the training.

    Examples
    --------
    >>> from headstart import fit
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> model = fit(plain, head="centroid")
    >>> model.predict(Image.new("RGB", (64, 64), (250, 10, 10))).label
    'red'
    >>> model.predict_proba([Image.new("RGB", (64, 64), "red")]).shape, model.classes
    ((1, 2), ('blue', 'red'))
    """

    encoder: Encoder
    saved: SavedModel
    files: EncoderFiles
    board: "Comparison | None" = None
    folder: Path | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def modality(self) -> str:
        """The kind of examples it takes."""
        return self.encoder.spec.modality

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names, in the order of the columns of :meth:`predict_proba`."""
        return self.saved.classes

    @property
    def evaluation(self) -> "Evaluation | None":
        """How well the model did on the examples that :func:`fit` set apart."""
        return self.board.evaluation if self.board else None

    @overload
    def predict(self, examples: list[Any] | tuple[Any, ...], top: int = 5) -> list[Prediction]: ...

    @overload
    def predict(self, examples: "InMemory", top: int = 5) -> Prediction: ...

    @overload  # a path may be one example or a folder, which no type checker can know
    def predict(self, examples: str | Path, top: int = 5) -> Any: ...  # noqa: ANN401

    @public_call
    def predict(self, examples: Any, top: int = 5) -> Prediction | list[Prediction]:
        """Predict what is on one example, or on each of several; ``top`` classes are listed for each.

        One path to an example, one PIL image or one array gives one :class:`Prediction`; a list, a folder or a pattern
        gives a list. Raises DataError when there is nothing at a path, ExampleError when an example cannot be read.
        """
        from headstart.data.sources import is_one_example
        from headstart.workflows.predict import answer

        found = answer(self.encoder, self.saved, examples, RunContext(), top=top, strict=True)
        warn(found.notices)
        answers = found.predictions
        return answers[0] if is_one_example(examples, self.modality) else list(answers)

    @public_call
    def predict_proba(self, examples: Any) -> Floats:  # noqa: ANN401
        """Probabilities of shape (N, C), columns in the order of :attr:`classes`; raises as :meth:`predict`."""
        return self.saved.predictor.outputs(self.embed(examples))

    @public_call
    def embed(self, examples: Any) -> Singles:  # noqa: ANN401
        """Feature vectors of shape (N, D); raises as :meth:`predict`."""
        from headstart.data.sources import list_examples
        from headstart.workflows.predict import encode

        return (
            encode(self.encoder, list_examples(examples, self.modality), RunContext(), strict=True).features[0].matrix
        )

    @public_call
    def explain(
        self,
        example: Any,  # noqa: ANN401 - as for predict
        *,
        method: str = "auto",
        target: str | None = None,
        neighbours: int = 5,
        checks: bool = False,
    ) -> Any:  # noqa: ANN401 - a headstart.explain.values.Explanation with what its modality adds
        """Explain why the model says what it says about one example: a heat map and the nearest training examples.

        ``method`` is one of :class:`headstart.explain.base.ExplanationRequest`, ``target`` the class to explain
        (by default the predicted one); ``checks`` tests the heat map, which takes seconds. Raises DataError for
        several examples, ExampleError, UnknownNameError for a class the model does not know, and EncoderError or
        MissingExtraError for a method that is not possible.
        """
        from headstart.data.readers.base import name_of, reader_of
        from headstart.data.sources import single_example
        from headstart.explain.base import ExplanationRequest, explainers_of

        wish = ExplanationRequest(method=method, target=target, neighbours=neighbours, checks=checks)
        explainers = explainers_of(self.modality, self.saved.target.task)
        given = single_example(example, self.modality)
        name = given.name if isinstance(given.source, str) else name_of(given.source)
        opened = reader_of(self.modality).open_example(given.source, name)
        return explainers.explain_example(to_explained_model(self), opened, name, wish)

    def asking(
        self,
        *,
        coverage: float | None = None,
        abstain: float | None = None,
        false_alarms: float | None = None,
        reject_unlike: bool | None = None,
    ) -> "Model":
        """Ask for other promises than at the fit, as settings of the policy; see :class:`Recipe` for the keys.

        Raises
        ------
        RecipeError
            When a value is out of its range, or the model has no policy.
        """
        given = {"coverage": coverage, "abstain": abstain, "false_alarms": false_alarms, "reject_unlike": reject_unlike}
        given = {name: value for name, value in given.items() if value is not None}
        return change_policy(self, given) if given else self

    @public_call
    def evaluate(
        self,
        data: Data,
        *,
        group_by: str = "",
        group_pattern: str = "",
        path_column: str = "",
        label_column: str = "",
        images: str | Path = "",
        cache: str | Path | None = None,
        progress: Progress = silent,
    ) -> "Evaluation":
        """Score the model on labelled examples it was not fitted to; raises DataError for classes it never saw.

        ``group_by`` or ``group_pattern`` names the groups that the intervals are drawn over, as for :func:`fit`;
        ``path_column``, ``label_column`` and ``images`` say what a table does not.
        """
        from headstart.workflows.evaluate import score

        recipe = Recipe(
            group_by=group_by, group_pattern=group_pattern, path_column=path_column, label_column=label_column,
            images=os.fspath(images),
        )  # fmt: skip
        report = score(self, data, recipe, RunContext(cache=cache, progress=progress))
        warn(report.findings)
        return report.board.evaluation

    @public_call
    def evaluate_guard(
        self,
        data: Data,
        unfamiliar: Data | None = None,
        *,
        group_by: str = "",
        group_pattern: str = "",
        cache: str | Path | None = None,
        progress: Progress = silent,
    ) -> "PolicyScores | None":
        """Evaluate whether the policy keeps its promises on labelled examples it has not seen; None without a policy.

        ``unfamiliar`` are examples of another kind that should be told from those; the rest as for :meth:`evaluate`.
        """
        from headstart.workflows.evaluate import score

        recipe = Recipe(group_by=group_by, group_pattern=group_pattern)
        report = score(self, data, recipe, RunContext(cache=cache, progress=progress), unfamiliar)
        warn(report.findings)
        return report.policy_scores

    def save(self, folder: str | Path) -> tuple[Finding, ...]:
        """Write the model into a new folder; return notices. Raises OutputError when the folder is not empty."""
        from headstart.saving.bundle import save_bundle

        return save_bundle(Path(folder).expanduser(), self.saved, self.files)

    @public_call
    def export(  # seven parameters: what, where to, proven on what; each is a flag of the command line
        self,
        to: str = "onnx",
        *,
        out: str | Path | None = None,
        data: Data = None,
        precision: "Precision" = "fp32",
        batched: bool = False,
        force: bool = False,
        progress: Progress = silent,
    ) -> "ExportReport":
        """Write the model in another form and prove on example files that it answers the same.

        Without ``out`` it goes into the folder the model was loaded from, without ``data`` it is proven on the examples
        that the run around that folder set apart. ``batched`` takes several examples of one size at once.

        Raises ExportError when it does not pass its gate and is not forced; see
        :func:`headstart.export.exporting.export_model`.
        """
        from headstart.export.exporting import Exportable, export_model
        from headstart.export.formats import ExportFormat

        whole = Exportable(self.encoder, self.saved, self.files, self.folder)
        context, target = RunContext(progress=progress), None if out is None else Path(out).expanduser()
        return export_model(whole, ExportFormat(to, precision, batched), context, out=target, data=data, force=force)


def load(folder: str | Path) -> Model:
    """Load a saved model; see :func:`headstart.load`."""
    bundle = load_bundle(folder)
    return Model(
        open_saved(bundle.model.spec, bundle.files),
        bundle.model,
        bundle.files,
        folder=bundle.folder,
        findings=bundle.model.findings,
    )


def training_places(model: Model, context: RunContext) -> tuple[Path, ...]:
    """Return where the examples that a model was fitted to may still lie."""
    table = () if model.folder is None else (model.folder.absolute().parent / "data.csv",)
    return (Path(), context.cache_folder, *table)


def to_explained_model(model: Model) -> "ExplainedModel":
    """Show a model to the functions that explain it."""
    from headstart.explain.explained_model import ExplainedModel

    saved = model.saved
    parts = (saved.head, saved.decoding, saved.classes, saved.references, saved.predictor.predict)
    return ExplainedModel(model.encoder, model.files, *parts)


def change_policy(model: Model, given: dict[str, Any]) -> Model:
    """Change the settings of a model's policy; raises as :meth:`Model.asking`."""
    policy = model.saved.policy
    Recipe.from_mapping(given)
    if policy is None:
        raise RecipeError("workflows.settings_not_known", names=list(given))
    return replace(model, saved=replace(model.saved, policy=change_settings(policy, replace(policy.settings, **given))))
