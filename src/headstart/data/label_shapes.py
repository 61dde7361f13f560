"""Labels that look like something else than classes: sets of labels, or measured numbers."""

import re
from collections import Counter
from collections.abc import Collection

from headstart.runtime.findings import Finding

_LISTED = re.compile(r"[\[{](.*)[\]}]", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?", re.IGNORECASE)
_MISSING = {"nan", "null", "none", "n/a", "na", "#n/a", "<na>", "nat"}  # what programs write where there is nothing
_BROKEN = re.compile("[\x00-\x08\n\r\v\f]")  # what a class hardly holds, but rows that ran together do
FEWEST_NUMBERS = 5  # different ones: fewer are grades, or the numbers of classes


def label_findings(classes: Collection[str], count: int) -> list[Finding]:
    """Return what the names of classes look like, where ``count`` examples have one of them.

    Examples
    --------
    >>> [finding.code for finding in label_findings(["disc", "disc;red", "square"], 24)]
    ['data.sets_of_labels']
    >>> [finding.code for finding in label_findings([f"{number / 7:.2f}" for number in range(20)], 24)]
    ['data.measured_labels']
    """
    numbers = len(classes) >= FEWEST_NUMBERS and 2 * len(classes) > count
    if numbers and all(map(_NUMBER.fullmatch, classes)):
        return [Finding("data.measured_labels", {"classes": len(classes), "count": count})]
    doubtful = {
        "data.sets_of_labels": _find_sets(classes),
        "data.missing_labels": [name for name in classes if name.casefold() in _MISSING],
        "data.broken_labels": [name for name in classes if _BROKEN.search(name)],
    }
    return [Finding(code, {"names": names, "count": len(names)}) for code, names in doubtful.items() if names]


def _find_sets(classes: Collection[str]) -> list[str]:
    """Find the names that list others: in brackets, or with a mark between; a comma counts where its parts recur."""
    inside = {name: found[1] if (found := _LISTED.fullmatch(name)) else name for name in classes}
    parts = {name: [part.strip(" '\"") for part in re.split(r"[;|,]", text)] for name, text in inside.items()}
    lists = {name for name, found in parts.items() if len(found) > 1 and all(found)}
    seen = Counter(part for name in classes for part in {*parts[name]})
    return [
        name
        for name in classes
        if (
            name in lists
            and (re.search("[;|]", name) or inside[name] != name or all(seen[part] > 1 for part in parts[name]))
        )
        or (inside[name] != name and re.fullmatch(r"\s*(['\"]).+\1\s*", inside[name]))
    ]
