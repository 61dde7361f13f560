"""THE LINE: every verb as a row of named stages. Read this file and you know the program.

What a model does once it is there stands in :mod:`headstart.model`.
"""

import shutil
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import numpy.typing as npt

from headstart.data.audit import audit, refuse_unreadable, require_classes
from headstart.data.fold_parts import parts_in_folds
from headstart.data.fruit import fruit_folder
from headstart.data.sources import read_dataset
from headstart.data.splits import choose_parts
from headstart.encoders.colours import ColourHistogram
from headstart.encoders.getting import get_weights
from headstart.encoders.loading import list_encoders, load_encoder, open_saved
from headstart.encoders.onnx_engine import OnnxEncoder
from headstart.encoders.spec import Encoder
from headstart.encoders.variants import require_whole
from headstart.encoders.weights import locate_weights
from headstart.features.copies import with_copies
from headstart.features.reading import (
    read_features,
    seconds_per_picture,
    stored_share,
)
from headstart.features.values import Extraction
from headstart.hosting import Door, Hosted, Limits, Voice
from headstart.learning.cross_validation import predict_in_folds
from headstart.learning.ground import Ground
from headstart.learning.probe import Probe, fit_probe
from headstart.learning.processes import process_number
from headstart.learning.sample import Sample, even_rows, require_some, require_two_classes, take_sample
from headstart.metrics.cross_validation import evaluate_folds
from headstart.metrics.guard_scores import Scored
from headstart.metrics.guarding import make_guard, measure_guard, rows_to_encode
from headstart.metrics.scoreboard import Scoreboard, make_scoreboard
from headstart.metrics.values import ScoredPart
from headstart.model import Data, Model, load, read_usable, subject_of
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe, Settings
from headstart.reporting.doctor import Examination, examine_machine
from headstart.reporting.encoders import EncoderTable
from headstart.reporting.page.texts import require_language
from headstart.reporting.page.writing import PageReport, require_study_place, with_page, write_page, write_study
from headstart.reporting.plan import Estimate, Plan
from headstart.reporting.report import RunReport
from headstart.reporting.run_files import TRAINING, output_folder, write_log, write_pictures, write_tables
from headstart.reporting.runs import environment, require_free, write_json
from headstart.reporting.training_files import write_training
from headstart.rules import training_plan
from headstart.saving.manifest import model_digest
from headstart.saving.proof_pictures import run_root
from headstart.saving.record import describe, keep_references
from headstart.saving.references import MOST_ENCODED, MOST_ROWS
from headstart.serving.answering import SavedAnswers
from headstart.serving.lesson import Shown
from headstart.serving.packages import require_packages
from headstart.teaching import Taught, teach
from headstart.workplace import Workplace

if TYPE_CHECKING:
    from headstart.encoders.torch_engine import TorchEncoder
    from headstart.learning.fine_tuning import Tuned
    from headstart.serving.server import Ending


@dataclass(frozen=True, slots=True)
class Run:
    """A model that was fitted, and what was found on the way: see :class:`RunReport`."""

    model: Model
    report: RunReport


def fit(
    data: Data,
    recipe: Recipe | None = None,
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress = silent,
    resume: bool = False,
    **settings: Unpack[Settings],
) -> Model:
    """Fit a model to labelled pictures.

    Parameters
    ----------
    data
        A folder with one folder of pictures per class (or ``train/`` and ``test/`` with such folders inside), a CSV,
        TSV, JSONL or Parquet table, a list of (picture, label) pairs, anything with ``__len__`` and ``__getitem__``
        that yields them, a Hugging Face dataset, or a :class:`Dataset`.
    recipe, settings
        The settings, as a :class:`Recipe` or one by one; those given one by one win.
    out
        Folder for the run: tables, pictures and the saved model. None writes nothing.
    cache
        Folder for weights and features; see :func:`headstart.places.cache_folder`.
    progress
        Called by long steps.
    resume
        Go on with an interrupted training in ``out``, from its last checkpoint.

    Raises
    ------
    HeadstartError
        With one sentence what is wrong, one why or where, one what to do.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> print(fit(plain, head="centroid", test_fraction=0.5).evaluation.accuracy)
    1.000 [0.676, 1.000]
    """
    place = Place(cache=cache, progress=progress)
    chosen = Recipe.from_mapping({**(asdict(recipe) if recipe else {}), **settings})
    folder = Path(out) if out is not None else None
    planned = plan(data, chosen, place, out=None if resume else folder)
    if folder is None and not resume:
        return train(planned, place).model
    return run(planned, place, out=folder, work=Workplace(resume=resume)).model


def plan(data: Data, recipe: Recipe, place: Place, *, out: Path | None = None) -> Plan:
    """Read, check and divide data; no feature is computed yet, but near copies are found, which must not be divided.

    What would fail later for sure fails first: an encoder that is not here, a folder for the run that is not free.
    """
    locate_weights(recipe.encoder, place.folder)
    moves = training_plan(recipe, 1, ())
    if moves is not None:
        require_whole(recipe.encoder, moves.method)
    if out is not None and process_number() == 0:
        require_free(out)
    dataset = read_dataset(data, group_by=recipe.group_by, group_pattern=recipe.group_pattern)
    checked = audit(dataset, progress=place.progress)
    if recipe.strict:
        refuse_unreadable(checked)
    require_classes(checked)
    if recipe.keep_duplicates_together:
        checked = with_copies(checked, place)
    parts = (
        parts_in_folds(dataset, checked.usable, recipe.folds, recipe.repeats)
        if recipe.folds
        else choose_parts(
            dataset, checked.together, checked.usable, seed=recipe.seed, test_fraction=recipe.test_fraction
        )
    )
    require_two_classes(dataset.labels[parts.fit], dataset.classes)
    return Plan(recipe, dataset, checked, parts)


def plan_demo(recipe: Recipe, place: Place, *, out: Path | None = None) -> Plan:
    """Plan a run on the fruit photographs that a package carries."""
    return plan(read_dataset(fruit_folder(place.folder, place.progress), name="demo"), recipe, place, out=out)


def estimate(planned: Plan, place: Place) -> Estimate:
    """Say how long a run will take, from a few pictures timed on this machine."""
    usable = planned.audit.usable
    examples = [planned.dataset.examples[index] for index in usable]
    keys = [planned.audit.keys[index] for index in usable]
    encoder = planned_encoder(planned, place)
    stored = round(stored_share(keys, encoder, place) * len(keys))
    pace = seconds_per_picture(examples, keys, (encoder, ColourHistogram()), place)
    moves = training_plan(planned.recipe, len(planned.parts.fit), planned.dataset.classes)
    return Estimate(encoder.spec.name, len(keys), stored, pace * (len(keys) - stored), moves)


def planned_encoder(planned: Plan, place: Place) -> "OnnxEncoder | TorchEncoder":
    """Load the encoder of a plan; for int8 it is quantised on pictures of the part to learn from."""
    recipe = planned.recipe
    encoder = load_encoder(recipe.encoder, device=recipe.device, cache=place.folder, progress=place.progress)
    if recipe.precision == "fp32":
        return encoder
    from headstart.encoders.quantised import quantised_encoder

    examples = [planned.dataset.examples[position] for position in planned.parts.fit]
    return quantised_encoder(encoder, encoder.files, examples, place.folder, place.progress)


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and all that was found on the way; ``probabilities`` are those of the pictures in ``scored``.

    ``tuned`` is None when no weight moved.
    """

    model: Model
    extraction: Extraction
    probe: Probe
    board: Scoreboard
    scored: Sample
    probabilities: npt.NDArray[np.float64]
    tuned: "Tuned | None" = None


def train(planned: Plan, place: Place, work: Workplace | None = None) -> Trained:
    """Encode once, fit a head, move weights if wanted, score on the part that nothing was chosen on."""
    recipe, dataset, keys, classes = planned.recipe, planned.dataset, planned.audit.keys, planned.dataset.classes
    encoder = planned_encoder(planned, place)
    walk = read_usable(planned.audit, (encoder, ColourHistogram()), place, planned.audit.usable, recipe.strict)
    features, colours = (found.matrix for found in walk.features)
    groups = planned.audit.together
    fitted = take_sample(dataset, planned.parts.fit, groups, walk.failures)
    scored = take_sample(dataset, planned.parts.score, groups, walk.failures)
    require_two_classes(fitted.labels, classes)
    require_some(scored)
    probe = fit_probe(features[fitted.positions], fitted.labels, classes, fitted.groups, recipe, place.progress)
    # Leave-one-out chooses the baseline's strength; the inner folds only give its temperature, and two of them do.
    cheap = replace(recipe, head="ridge", inner_folds=2)
    simple = fit_probe(colours[fitted.positions], fitted.labels, classes, fitted.groups, cheap)
    ground = _ground(planned, fitted, encoder, features, probe)
    tuned = move_weights(ground, place, work or Workplace())
    kept, validation, final = even_rows(fitted.labels, MOST_ROWS, recipe.seed), None, probe
    frozen = probabilities = probe.probabilities(features[scored.positions])
    if tuned is not None and tuned.encoder is not None:
        encoder = open_saved(tuned.encoder.spec, tuned.encoder.files)
        final = replace(probe, head=tuned.head, temperature=tuned.temperature)
        validation = tuned.validation
        kept = rows_to_encode(fitted.labels, validation, MOST_ENCODED, recipe.seed)
        needed = np.union1d(scored.positions, fitted.positions[kept])
        again = read_features(dataset.examples, keys, (encoder,), replace(place, keep_features=False), needed)
        features = again.features[0].matrix
        probabilities = final.probabilities(features[scored.positions])
    known = features[fitted.positions]
    guard, kept_promises = make_guard(recipe, final, known, fitted, kept, validation), None
    if not recipe.folds:  # with folds there is no picture that the guard has not seen
        unseen = Scored(scored.labels, probabilities, classes, scored.user_groups, recipe.seed, recipe.resamples)
        kept_promises = measure_guard(guard, final, features[scored.positions], known[kept], unseen)
    part = ScoredPart(scored.labels, classes, scored.user_groups, np.isin(scored.positions, planned.parts.leaked))
    plain, evaluation = simple.probabilities(colours[scored.positions]), None
    if recipe.folds:
        held = predict_in_folds(features, colours, scored, classes, recipe, place.progress)
        probabilities, plain = held.probabilities[0], held.simple
        evaluation = evaluate_folds(part, held.probabilities, held.fold_of, recipe.seed, recipe.resamples)
    board = make_scoreboard(
        part,
        probabilities,
        plain,
        fitted.class_counts(len(classes)).tolist(),
        seed=recipe.seed,
        resamples=recipe.resamples,
        probe=frozen if tuned is not None else None,
        evaluation=evaluation,
        guard=kept_promises,
    )
    saved = describe(planned, encoder.spec, final, simple, fitted, board, datetime.now().astimezone())
    saved = replace(keep_references(saved, planned, features, fitted, kept, place.folder), guard=guard)
    return Trained(Model(encoder, saved, encoder.files, board), walk, probe, board, scored, probabilities, tuned)


def move_weights(ground: Ground, place: Place, work: Workplace) -> "Tuned | None":
    """Fine-tune when the recipe asks for it; None otherwise."""
    moves = training_plan(ground.recipe, len(ground.labels), ground.classes)
    if moves is None:
        if work.tensorboard or work.profile or work.find_rate:
            place.tell("No weight moves with the method 'probe': there is nothing to watch, to profile or to search.")
        return None
    from headstart.learning.fine_tuning import fine_tune  # loads torch: seconds

    return fine_tune(ground, moves, place, work)


def _ground(
    planned: Plan,
    fitted: Sample,
    encoder: "OnnxEncoder | TorchEncoder",
    features: npt.NDArray[np.float32],
    probe: Probe,
) -> Ground:
    positions = fitted.positions.tolist()
    return Ground(
        recipe=planned.recipe,
        classes=planned.dataset.classes,
        encoder=encoder,
        examples=tuple(planned.dataset.examples[position] for position in positions),
        keys=tuple(planned.audit.keys[position] for position in positions),
        labels=fitted.labels,
        groups=fitted.groups,
        features=features[fitted.positions],
        probe=probe,
    )


def run(planned: Plan, place: Place, *, out: Path | None = None, work: Workplace | None = None) -> Run:
    """Train, and write everything into a run folder: ``out``, or a new ``runs/NAME-N``.

    The folder is made first, so that a place that cannot be written to is found before anything is computed.
    """
    started, clock = datetime.now().astimezone(), time.perf_counter()
    work = work or Workplace()
    with output_folder(out, planned.dataset.name, resume=work.resume) as folder:
        shutil.rmtree(folder / "model", ignore_errors=True)  # of a run that was killed after it had saved
        trained = train(planned, place, replace(work, folder=folder / TRAINING))
        notices = trained.tuned.notices if trained.tuned else ()
        notices += (*trained.extraction.notices, *trained.probe.notices, *trained.model.save(folder / "model"))
        notices += write_pictures(
            folder, trained.board.evaluation, planned.dataset, trained.scored, trained.probabilities
        )
        report = RunReport(
            folder, planned, trained.model.encoder.spec, trained.extraction, trained.probe, trained.board,
            time.perf_counter() - clock, notices, trained.tuned,
        )  # fmt: skip
        if trained.tuned:
            write_training(folder, trained.tuned)
        write_tables(report, trained.scored, trained.probabilities)  # with metrics.json a run is finished
        write_json(folder / "environment.json", {**environment(started, sys.argv), "data": run_root(planned.dataset)})
        write_log(folder / "log.txt", started, [*planned.lines(), *report.lines()])
    # The run lies finished in its folder: whatever became of its page, nothing that was computed would be lost.
    return Run(_settled(trained, folder), with_page(report, trained.scored, require_language(work.language)))


def _settled(trained: Trained, folder: Path) -> Model:
    """Let a fine-tuned model live from its run folder, and take its encoder out of the cache."""
    if trained.tuned is None or trained.tuned.encoder is None:
        return trained.model
    assert trained.tuned.encoder.files.weights is not None, "what was tuned has weights"
    shutil.rmtree(trained.tuned.encoder.files.weights.parent, ignore_errors=True)
    return replace(load(folder), board=trained.board) if folder.exists() else trained.model


# --- answering over HTTP ---------------------------------------------------------------------------------------------


def serve(hosted: Hosted, door: Door, limits: Limits, place: Place, voice: Voice) -> "Ending":
    """Answer over HTTP and in a browser until a signal stops it; see :mod:`headstart.serving.app`.

    Raises
    ------
    ServingError
        When the port is taken; ModelFileError when the model cannot be opened; MissingExtraError without FastAPI.
    """
    require_packages()
    from headstart.serving.reasons import reasons
    from headstart.serving.running import Material, host  # loads FastAPI
    from headstart.serving.server import bind

    with bind(door.host, door.port) as listener:  # first of all: a port that is taken is said at once
        if hosted.model is None:
            loaded = load_encoder(hosted.encoder, device="cpu", cache=place.folder, progress=place.progress)
            encoder: Encoder = loaded
            files, answering = loaded.files, None
        else:
            model = load(hosted.model)
            encoder, files = model.encoder, model.files
            why = partial(reasons, subject_of(model), folders=(Path(), place.folder))
            answering = SavedAnswers(encoder, model.saved, model_digest(hosted.model), why)

        def learn(shown: Shown) -> Taught:
            return teach(encoder, files, shown, datetime.now().astimezone(), place.folder)

        return host(listener, Material(encoder, answering, learn, hosted.workers), door, limits, voice)


# --- pages -----------------------------------------------------------------------------------------------------------


def make_page(folder: Path, language: str | None = None, out: Path | None = None) -> PageReport:
    """Make ``report.html`` again from the plain files of a run or a study; see :func:`write_page`."""
    return write_page(folder, require_language(language) if language else None, out)


def require_study_free(kind: str, out: Path | None) -> None:
    """Refuse a folder for a study before anything is computed; see :func:`require_study_place`."""
    require_study_place(out, kind)


def keep_study(kind: str, found: dict[str, Any], out: Path | None, language: str | None) -> tuple[str, ...]:
    """Keep a study in a folder, where one was named, with its page; says so in sentences."""
    if out is None:
        return ()
    return write_study(out, kind, found, require_language(language) if language else None, datetime.now().astimezone())


# --- encoders and the machine ----------------------------------------------------------------------------------------


def show_encoders(place: Place) -> EncoderTable:
    """List the encoders."""
    return EncoderTable(list_encoders(place.folder))


def get_encoder(name: str, place: Place) -> EncoderTable:
    """Bring an encoder's weights here; the only verb that downloads."""
    get_weights(name, place.folder, place.progress)
    return EncoderTable(tuple(row for row in list_encoders(place.folder) if row.name == name))


def examine(place: Place) -> Examination:
    """Look at the machine, the environment and the cache folder."""
    return examine_machine(place.folder, list_encoders(place.folder), environment(datetime.now().astimezone(), []))


def read_recipe(path: Path | None, given: dict[str, Any]) -> Recipe:
    """Read the settings of a command line; what is ``given`` beats the file."""
    return Recipe.from_mapping(given, "The command line") if path is None else Recipe.from_toml(path, **given)
