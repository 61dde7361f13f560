"""How a document is written, whatever it says: its length, its script, digits, links, markup, and how it was saved."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from headstart.arrays import Integers
from headstart.audit.shortcuts.base import FactTable
from headstart.data.encodings import decode
from headstart.data.example import Dataset, Example
from headstart.data.readers.text import open_example
from headstart.errors import ExampleError

LOOKED_AT = 20_000  # first characters of a document that are counted; its length is that of all
_SCRIPTS = {
    "han": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff",
    "latin": "a-zA-Z\u00c0-\u024f\u1e00-\u1eff",
    "cyrillic": "\u0400-\u052f",
    "greek": "\u0370-\u03ff\u1f00-\u1fff",
    "arabic": "\u0600-\u06ff\u0750-\u077f",
    "hebrew": "\u0590-\u05ff",
    "indic": "\u0900-\u0dff",
    "thai": "\u0e00-\u0eff",
    "kana": "\u3040-\u30ff",
    "hangul": "\u1100-\u11ff\uac00-\ud7af",
}
_SHARES = {**{name: re.compile(f"[{ranges}]") for name, ranges in _SCRIPTS.items()}, "digits": re.compile(r"\d")}
_CAPITALS = re.compile("[A-Z\u00c0-\u00de\u0410-\u042f]")
_COUNTS = {
    "links": re.compile(r"https?://|www\.", re.IGNORECASE),
    "addresses": re.compile(r"[\w.+-]+@[\w-]+\.[a-z]", re.IGNORECASE),
    "markup": re.compile(r"</?[a-zA-Z][^<>]{0,200}>|&(?:#\d+|[a-z]+);|\]\(|\*\*"),
}


def measure_facts(dataset: Dataset, positions: Integers) -> FactTable:
    """Measure the documents at N positions: see :class:`headstart.audit.shortcuts.base.Shortcuts`."""
    rows = [_measure(dataset.examples[position]) for position in positions.tolist()]
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}  # type: ignore[misc]


def _measure(example: Example) -> Mapping[str, float | str]:
    document = encoding = ""
    with suppress(ExampleError):
        document = open_example(example.source, example.name)
    if isinstance(example.source, str) and document:
        with suppress(OSError, ValueError):
            encoding = decode(Path(example.source).read_bytes())[1]
    seen = document[:LOOKED_AT]
    length = max(len(seen), 1)
    ends = "" if "\n" not in document else "CRLF" if "\r\n" in document else "LF"
    return {
        "characters": len(document),
        "words": len(document.split()),
        "lines": document.count("\n"),
        "edges": len(document) - len(document.strip()),
        "closing": float(document.rstrip()[-1:] in (*".。!！?？",)),
        "capitals": len(_CAPITALS.findall(seen)) / length,
        **{name: len(found.findall(seen)) / length for name, found in _SHARES.items()},
        **{name: len(found.findall(seen)) for name, found in _COUNTS.items()},
        "encoding": encoding,
        "line_ends": ends,
    }
