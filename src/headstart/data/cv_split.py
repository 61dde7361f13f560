"""Parts for a cross-validation of the whole run: every example is fitted, and every example is scored."""

from headstart.arrays import Integers
from headstart.data.example import Dataset
from headstart.data.splits import Parts
from headstart.errors import RecipeError
from headstart.runtime.findings import Finding


def parts_in_folds(dataset: Dataset, usable: Integers, folds: int, repeats: int) -> Parts:
    """Create one part of all usable examples; it is scored in folds, by models that have not seen what they score.

    Raises
    ------
    RecipeError
        When the data brings a split of its own: its test part must not be learned from.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> import numpy as np
    >>> data = Dataset("toy", tuple(Example(n, n, {"label": "cat"}) for n in "abc"))
    >>> parts_in_folds(data, np.arange(3), 3, 1).score.tolist()
    [0, 1, 2]
    """
    if len({dataset.examples[int(index)].split or "train" for index in usable}) > 1:
        raise RecipeError("data.folds_and_split", folds=folds)
    often = Finding("data.repeated", {"count": repeats}) if repeats > 1 else ""
    rule = Finding("data.rule_folds", {"folds": folds, "often": often}, "note", dataset.modality)
    return Parts(usable, usable, rule, usable[:0], dataset.target.fold_findings(dataset.labels[usable]))
