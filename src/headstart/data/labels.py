"""Labels of new data, matched by name with the classes a model knows."""

from dataclasses import replace

from headstart.data.example import Dataset
from headstart.data.names import join_names
from headstart.errors import DataError


def with_classes_of(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """Give labels the numbers of a model's classes: by name, never by position.

    Raises
    ------
    DataError
        When an example has no label, or one that the model never saw.

    Examples
    --------
    >>> from headstart.data.example import Example
    >>> data = Dataset("toy", (Example("a.png", "a.png", "dog"),), ("dog",))
    >>> with_classes_of(data, ("cat", "dog")).labels.tolist()
    [1]
    """
    unlabelled = [example.name for example in dataset.examples if example.label is None]
    if unlabelled:
        raise DataError(
            "Some pictures have no class.",
            f"There is no label for {join_names(unlabelled)}.",
            "Put one folder per class, or give a table with the columns path and label.",
        )
    unknown = [name for name in dataset.classes if name not in classes]
    if unknown:
        count = sum(example.label in unknown for example in dataset.examples)
        raise DataError(
            f"The model never saw {join_names(unknown)} ({count} of {len(dataset)} pictures).",
            f"It knows {join_names(list(classes))}.",
            "Take these pictures out, rename their class, or fit a model with it.",
        )
    return replace(dataset, classes=classes)
