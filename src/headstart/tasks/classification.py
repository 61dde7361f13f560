"""One class of several: the row of classification."""

from headstart.registry import Row

CLASSIFICATION = Row(
    "classification",
    target="headstart.data.targets.classes:Classes",
)
