"""The public calls that make a model, open one, or give its features."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from headstart.errors import public_call, warn
from headstart.runtime.context import RunContext
from headstart.runtime.findings import Finding, about
from headstart.runtime.progress import Progress, silent
from headstart.settings.fields import DeviceName
from headstart.settings.keywords import Settings
from headstart.settings.recipe import Recipe
from headstart.settings.rules import given_settings

if TYPE_CHECKING:
    from headstart.features.values import Features
    from headstart.workflows.model import Model
    from headstart.workflows.text_parts.model import PartModel

Data = Any  # whatever read_dataset understands: a path, a list, an object with items, a Dataset


@public_call
def fit(
    data: Data,
    recipe: Recipe | None = None,
    *,
    out: str | Path | None = None,
    cache: str | Path | None = None,
    progress: Progress = silent,
    resume: bool = False,
    **settings: Unpack[Settings],
) -> "Model | Any":  # noqa: ANN401 - the other is a PartModel, which nobody has to rule out whose data cannot give it
    """Fit a model to labelled pictures or texts.

    Parameters
    ----------
    data
        A folder with one folder of pictures per class (or ``train/`` and ``test/`` with such folders inside), a CSV,
        TSV, JSONL or Parquet table, a list of (picture, label) pairs, (pictures, labels), a data frame, a mapping from
        parts or classes, a data set or loader of torch, a generator, a Hugging Face dataset, or a :class:`Dataset`.
        A file of words with tags, or of questions about texts, gives a :class:`PartModel` instead of a
        :class:`Model`. Type checkers cannot look into files: what is returned is ``Model | Any`` to them, and
        ``isinstance(model, headstart.PartModel)`` tells them which of the two it is.
    recipe, settings
        The settings, as a :class:`Recipe` or one by one; those given one by one win.
    out, resume
        Folder for the run with the saved model, None writes nothing; go on with an interrupted training in it.
    cache, progress
        Folder for weights and features (:func:`headstart.runtime.context.cache_folder`); called by long steps.

    Warns with HeadstartWarning of each of the model's ``findings`` that is no note: damaged files, classes that can
    never be predicted, settings without effect; the other functions warn of theirs as well. Raises HeadstartError with
    one sentence what is wrong, one why or where, one what to do.

    Examples
    --------
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> print(fit(plain, head="centroid", test_fraction=0.5).evaluation.accuracy)
    1.000 [0.676, 1.000]
    """
    from headstart.workflows.fit import run_fit, train
    from headstart.workflows.plan import plan_fit
    from headstart.workflows.text_parts.recognise import find_parts

    told: list[Finding] = []
    context = RunContext(cache=cache, progress=progress, notify=told.append)
    chosen = Recipe.from_mapping({**given_settings(recipe), **settings})
    folder = Path(out).expanduser() if out is not None else None
    parts = find_parts(data)
    if parts is not None:
        return _fit_parts(parts, data, chosen, replace(context, resume=resume), folder)
    planned = plan_fit(data, chosen, context, out=None if resume else folder)
    if planned.unlabelled:
        from headstart.workflows.zero_shot import fit_unlabelled

        model = fit_unlabelled(planned, context, folder, write=folder is not None).model
    elif folder is None and not resume:
        model = train(planned, context).model
    else:
        model = run_fit(planned, replace(context, resume=resume), out=folder).model
    return replace(model, findings=(*model.findings, *about(told, planned.dataset.modality)))


def _fit_parts(name: str, data: Data, recipe: Recipe, context: RunContext, folder: Path | None) -> "PartModel":
    """Fit a model whose answers are parts of a text; it lies in a folder, its own or a temporary one."""
    from tempfile import mkdtemp

    from headstart.workflows.text_parts.fit import fit_parts, plan_parts
    from headstart.workflows.text_parts.model import load_parts

    place = folder if folder is not None or context.resume else Path(mkdtemp(prefix="headstart-"))
    report = fit_parts(plan_parts(name, data, recipe), recipe, context, place)
    warn(report.notices)
    assert report.folder is not None, "a run has a folder"
    return load_parts(report.folder)


@public_call
def embed(
    data: Data,
    encoder: str = "efficientnet_lite0",
    *,
    device: DeviceName = "auto",
    cache: str | Path | None = None,
    progress: Progress = silent,
) -> "Features":
    """Turn pictures, or one, into feature vectors, shape (N, D), in the order of the data; NaN where one is unreadable.

    Examples
    --------
    >>> from PIL import Image
    >>> embed([(Image.new("RGB", (64, 64), name), name) for name in ("red", "blue")]).matrix.shape
    (2, 1280)
    """
    from headstart.workflows.embed import read_all

    features, found = read_all(data, encoder, device, RunContext(cache=cache, progress=progress))
    warn(found)
    return features


def load(folder: str | Path) -> "Model | Any":  # noqa: ANN401 - as fit
    """Open a saved model: its folder, or the run folder around it; raises ModelFileError.

    One whose answers are parts of a text is a :class:`PartModel`, as :func:`fit` says.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> plain = [(Image.new("RGB", (64, side), name), name) for name in ("red", "blue") for side in range(60, 68)]
    >>> with TemporaryDirectory() as folder:
    ...     notices = fit(plain, head="ridge").save(Path(folder, "model"))
    ...     load(Path(folder, "model")).classes
    ('blue', 'red')
    """
    from headstart.workflows.text_parts.recognise import has_parts

    if has_parts(folder):
        from headstart.workflows.text_parts.model import load_parts

        return load_parts(folder)
    from headstart.workflows.model import load as open_model

    return open_model(folder)
