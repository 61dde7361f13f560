"""THE LINE: every verb as a row of named stages. Read this file and you know the program.

What happens inside a run stands in :mod:`headstart.training`, what a model does once it is there in
:mod:`headstart.model`.
"""

import shutil
import sys
import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from headstart.data.audit import audit, refuse_unreadable, require_classes
from headstart.data.fold_parts import parts_in_folds
from headstart.data.fruit import fruit_folder
from headstart.data.sources import read_dataset
from headstart.data.splits import choose_parts
from headstart.embedding import Data
from headstart.encoders.colours import ColourHistogram
from headstart.encoders.getting import get_weights
from headstart.encoders.loading import list_encoders, load_encoder
from headstart.encoders.spec import Encoder
from headstart.encoders.variants import require_whole
from headstart.encoders.weights import locate_weights
from headstart.features.copies import with_copies
from headstart.features.reading import (
    seconds_per_picture,
    stored_share,
)
from headstart.hosting import Door, Hosted, Limits, Voice
from headstart.learning.processes import process_number
from headstart.learning.sample import require_two_classes
from headstart.model import Model, load, subject_of
from headstart.places import Place
from headstart.progress import Progress, silent
from headstart.recipe import Recipe
from headstart.reporting.doctor import Examination, examine_machine
from headstart.reporting.encoders import EncoderTable
from headstart.reporting.page.texts import require_language
from headstart.reporting.page.writing import PageReport, require_study_place, with_page, write_page, write_study
from headstart.reporting.plan import Estimate, Plan
from headstart.reporting.report import RunReport
from headstart.reporting.run_files import TRAINING, output_folder, write_log, write_pictures, write_tables
from headstart.reporting.runs import environment, require_free, study_header, write_json
from headstart.reporting.summary import unscored_refusal
from headstart.reporting.training_files import write_training
from headstart.rules import training_plan
from headstart.saving.bundle import verify_bundle
from headstart.saving.manifest import model_digest
from headstart.saving.proof_pictures import run_root
from headstart.serving.answering import SavedAnswers
from headstart.serving.lesson import Shown
from headstart.serving.packages import require_packages
from headstart.settings import Settings
from headstart.teaching import Taught, teach
from headstart.training import Trained, planned_encoder, train
from headstart.workplace import Workplace

if TYPE_CHECKING:
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
        notices += unscored_refusal(trained.model.saved.guard, trained.board)
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
            verify_bundle(hosted.model)  # all of it: whoever serves a folder may hand it on as well
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
    header = study_header(kind, datetime.now().astimezone(), sys.argv)
    return write_study(out, header, found, require_language(language) if language else None)


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
