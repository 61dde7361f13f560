"""The parts of a document that evidence is given for: words, or characters where no blanks stand between words."""

import re
from collections.abc import Collection, Sequence

from headstart.encoders.text.terms import UNDIVIDED

Span = tuple[int, int]  # where a part starts and ends in the document

MOST, FEWEST = 200, 20  # parts: in a longer document several words together are one
MOST_READ = 400_000  # characters of all documents without one part: fewer parts of a very long one
_PART = re.compile(rf"{UNDIVIDED}|[^\s{UNDIVIDED[1:-1]}]+")


def split_parts(document: str, read: int = MOST_READ) -> tuple[Span, ...]:
    """Divide a document into parts that together hold all but its blanks; of a long one into 200 runs of words.

    ``read`` is how many characters all documents without one part may have together.

    Examples
    --------
    >>> split_parts("A fine film!"), split_parts("很好 ok")
    (((0, 1), (2, 6), (7, 12)), ((0, 1), (1, 2), (3, 5)))
    """
    spans = [found.span() for found in _PART.finditer(document)]
    most = max(FEWEST, min(MOST, read // max(len(document), 1)))
    size = -(-len(spans) // most) or 1
    runs = [spans[start : start + size] for start in range(0, len(spans), size)]
    return tuple((run[0][0], run[-1][1]) for run in runs)


def without(document: str, parts: Sequence[Span], hidden: Collection[int]) -> str:
    """Return a document without some of its parts.

    Examples
    --------
    >>> without("A fine film!", ((0, 1), (2, 6), (7, 12)), {1})
    'A film!'
    """
    kept, end = list[str](), 0
    for number in sorted(hidden):
        start, stop = parts[number]
        kept.append(document[end:start].rstrip() + " " * (document[:start][-1:].isspace()))
        end = stop + (document[stop : stop + 1].isspace() and document[:start][-1:].isspace())
    return "".join([*kept, document[end:]]).strip()
