"""Estimators of scikit-learn: pictures in, usable in Pipeline, cross_val_score and GridSearchCV."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from headstart.data.in_memory import read_pairs
from headstart.data.label_values import list_labels
from headstart.data.objects import list_each
from headstart.data.readers.base import reader_of
from headstart.data.reading import is_missing, reading_from
from headstart.data.splits import merge_groups
from headstart.data.targets.classes import Classes
from headstart.encoders.loading import load_encoder
from headstart.errors import DataError, ExampleError
from headstart.features.access import read_features
from headstart.probing.probe import fit_probe
from headstart.runtime.context import RunContext
from headstart.settings.fields import ActivationName, DeviceName
from headstart.settings.recipe import Recipe

Examples = Sequence[Any] | npt.NDArray[Any]


class ImageEmbedder(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Transform pictures into feature vectors: a transformer that has nothing to learn.

    Parameters
    ----------
    encoder
        Name of a pretrained network; see ``headstart encoders``.
    device
        ``auto``, ``cpu`` or ``cuda``.
    cache
        Folder for weights and features; None for the usual one. Vectors of pictures seen before come from it.

    Examples
    --------
    >>> from sklearn.linear_model import RidgeClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> make_pipeline(ImageEmbedder(), RidgeClassifier()).steps[0][1].encoder
    'efficientnet_lite0'
    """

    def __init__(
        self, encoder: str = "efficientnet_lite0", *, device: DeviceName = "auto", cache: str | Path | None = None
    ) -> None:
        self.encoder = encoder
        self.device = device
        self.cache = cache

    def fit(self, X: Examples, y: object = None) -> Self:
        """Fit nothing; there so that pipelines work."""
        return self

    def transform(self, X: Examples) -> npt.NDArray[np.float32]:
        """Encode pictures: paths, PIL images or arrays, or an array (N, H, W, 3); shape (N, D).

        Raises
        ------
        ExampleError
            When one of them cannot be read: rows cannot be left out here.
        """
        return _encode(X, self.encoder, self.device, RunContext(cache=self.cache))[0]

    def __sklearn_is_fitted__(self) -> bool:
        """Return True: there is nothing to fit."""
        return True

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - a type of scikit-learn
        """Return scikit-learn's tags: examples come in and that no fit is needed."""
        return _raw_tags(super().__sklearn_tags__(), requires_fit=False)


class TransferClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classify pictures by a head on the features of a pretrained network.

    Parameters
    ----------
    encoder, head, activation, hidden, balance, inner_folds, seed, device
        As in :class:`headstart.settings.recipe.Recipe`.
    cache
        Folder for weights and features; None for the usual one.

    Attributes
    ----------
    classes_
        The labels, sorted, in the order of the columns of :meth:`predict_proba`.
    probe_
        The fitted head with its temperature and the table of its cross-validation.

    Examples
    --------
    >>> TransferClassifier(head="ridge").get_params()["head"]
    'ridge'
    """

    def __init__(  # one parameter per setting: scikit-learn reads them from this signature
        self,
        encoder: str = "efficientnet_lite0",
        *,
        head: str = "auto",
        activation: ActivationName = "relu",
        hidden: int = 128,
        balance: bool = False,
        inner_folds: int = 5,
        seed: int = 0,
        device: DeviceName = "auto",
        cache: str | Path | None = None,
    ) -> None:
        self.encoder = encoder
        self.head = head
        self.activation = activation
        self.hidden = hidden
        self.balance = balance
        self.inner_folds = inner_folds
        self.seed = seed
        self.device = device
        self.cache = cache

    def fit(self, X: Examples, y: Sequence[Any] | npt.NDArray[Any], groups: Sequence[Any] | None = None) -> Self:
        """Encode pictures and fit the head.

        Parameters
        ----------
        X
            Paths, PIL images, open files or arrays, an array (N, H, W, 3), or a data frame with a column of these.
        y
            A label for each: strings or numbers, or one-hot codes.
        groups
            Optionally the patient, video or site of each: the inner cross-validation keeps groups together.

        Raises
        ------
        DataError
            When there is only one class, or numbers of pictures and labels differ.
        ExampleError
            When a picture cannot be read.
        """
        recipe = Recipe.from_mapping({name: one for name, one in self.get_params().items() if name != "cache"})
        items = list_each(X)
        classes, labels = _read_classes(y)
        named = [None] * len(items) if groups is None else [str(group) for group in list_labels(groups)]
        if not len(items) == len(labels) == len(named):
            raise DataError("probing.other_lengths", examples=len(items), labels=len(labels))
        if len(classes) < 2:
            raise DataError(
                "probing.too_few_classes" if len(classes) else "probing.no_picture", name="".join(map(str, classes))
            )
        features, keys = _encode(items, self.encoder, self.device, RunContext(cache=self.cache))
        merged = merge_groups(keys, named)
        self.probe_ = fit_probe(features, labels, Classes(tuple(map(str, classes))), merged, recipe)
        self.classes_ = classes
        return self

    def predict_proba(self, X: Examples) -> npt.NDArray[np.float64]:
        """Predict probabilities of shape (N, C), columns in the order of ``classes_``."""
        check_is_fitted(self, "probe_")
        return self.probe_.outputs(_encode(X, self.encoder, self.device, RunContext(cache=self.cache))[0])

    def predict(self, X: Examples) -> npt.NDArray[Any]:
        """Predict the likeliest label of each picture."""
        best = self.predict_proba(X).argmax(axis=1)
        labels: npt.NDArray[Any] = self.classes_[best]
        return labels

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        """Return scikit-learn's tags: examples come in."""
        return _raw_tags(super().__sklearn_tags__(), requires_fit=True)


def _read_classes(y: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:  # noqa: ANN401 - labels of any kind
    """Return the labels that occur, sorted, and the number of each example's; raises DataError where one is missing."""
    values = list_labels(y)
    missing = [f"#{number}" for number, value in enumerate(values) if is_missing(value)]
    if missing:
        raise DataError("data.items_without_label", count=len(missing), names=missing)
    kept = isinstance(y, np.ndarray) and y.ndim == 1 and y.dtype.kind not in "OS"
    labels = y if kept else np.asarray(values)
    check_classification_targets(labels)
    classes, numbers = np.unique(labels, return_inverse=True)
    return classes, numbers.astype(np.int64)


def _encode(
    items: Examples, encoder: str, device: DeviceName, context: RunContext
) -> tuple[npt.NDArray[np.float32], list[bytes]]:
    """Encode examples, shape (N, D), and return their keys beside; raises ExampleError for one that cannot be read."""
    with reading_from(items):
        examples = read_pairs(list_each(items), None).examples
    loaded = load_encoder(encoder, device=device, cache=context.cache_folder, progress=context.progress)
    keys = [reader_of(loaded.spec.modality).content_key(example.source) for example in examples]
    found = read_features(examples, keys, (loaded,), context)
    for position, reason in found.failures.items():
        raise ExampleError("data.unreadable_picture_left", name=examples[position].name, reason=reason)
    return found.features[0].matrix, keys


def _raw_tags(tags: Any, *, requires_fit: bool) -> Any:  # noqa: ANN401 - a type of scikit-learn
    """Change scikit-learn's tags: what comes in is no matrix yet."""
    tags.requires_fit = requires_fit
    tags.input_tags.two_d_array = False
    tags.input_tags.string = True
    tags.no_validation = True
    return tags
