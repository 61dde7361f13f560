"""Texts whose parts have labels: words with tags as in CoNLL, questions with answers as in SQuAD."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from headstart.data.encodings import decode
from headstart.data.readers.text import clean_document
from headstart.errors import DataError

SUFFIXES = {".conll", ".conll03", ".bio", ".iob", ".iob2", ".iobes", ".txt", ".tsv", ".json", ".jsonl"}
SNIFFED = 65536  # bytes of a file that tell what it is
_TAG = re.compile(r"O|[BIESLU]-\S+")
_WORD = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\u3040-\u30ff]|[^\W_]+|[^\w\s]|_+")
_WIDE = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")


@dataclass(frozen=True, slots=True)
class TaggedText:
    """A text, where its words stand in it (start, end), and the tag of each word; none where they are not known."""

    name: str
    text: str
    words: tuple[tuple[int, int], ...]
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Question:
    """A question about a text, and its right answers as (start, end) in it; none where the text holds no answer."""

    name: str
    text: str
    question: str
    answers: tuple[tuple[int, int], ...] = ()

    @property
    def wanted(self) -> list[str]:
        """The right answers as texts; an empty one where there is none."""
        return [self.text[start:end] for start, end in self.answers] or [""]


def holds_tags(path: Path) -> bool:
    """Determine whether a file holds words with tags, by its beginning."""
    start = _beginning(path)
    if path.suffix.lower() in (".json", ".jsonl"):
        return '"tokens"' in start and re.search(r'"\w*tags"', start) is not None
    rows = [line.split() for line in start.splitlines()[:-1][:500] or start.splitlines() if not _is_comment(line)]
    tagged = [row for row in rows if row]
    return len(tagged) > 1 and all(len(row) > 1 and _TAG.fullmatch(row[-1]) for row in tagged)


def holds_questions(path: Path) -> bool:
    """Determine whether a file holds questions with answers in a text, by its beginning."""
    start = _beginning(path) if path.suffix.lower() in (".json", ".jsonl") else ""
    return '"context"' in start and ('"qas"' in start or '"question"' in start)


def read_tagged(path: Path) -> list[TaggedText]:
    """Read words with tags: one a line with the tag last and blank lines between texts, or JSON lines of both.

    Raises
    ------
    DataError
        When the file cannot be read, a line has no tag, or words and tags do not match; the line is named.
    """
    content = _read(path)
    if path.suffix.lower() in (".json", ".jsonl"):
        pairs = [_tagged_row(row, f"{path.name}:{number}", path) for number, row in _rows(content, path)]
    else:
        pairs = list(_blocks(content, path))
    if not pairs:
        raise DataError("data.no_tagged", path=path)
    return [join_words(name, words, tags) for name, words, tags in pairs if words]


def read_questions(path: Path) -> list[Question]:
    """Read questions in the layout of SQuAD, or a list or lines with ``context``, ``question`` and ``answers``.

    Raises
    ------
    DataError
        When the file cannot be read, or an answer does not stand where it is said to; the question is named.
    """
    content = _read(path)
    found: list[Question] = []
    try:
        whole = json.loads(content)
    except ValueError:
        whole = [row for _, row in _rows(content, path)]
    try:
        rows = whole["data"] if isinstance(whole, Mapping) and "data" in whole else whole
        for row in [rows] if isinstance(rows, Mapping) else rows:
            for part in row.get("paragraphs", [row]):
                for asked in part.get("qas", [part]):
                    found.append(_question(clean_document(part["context"]), asked, len(found), path))
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError("data.no_questions", path=path, error=f"{type(error).__name__}: {error}") from error
    return found


def join_words(name: str, words: Sequence[str], tags: Sequence[str] = ()) -> TaggedText:
    """Join words to a text: a space between two of them, none beside a wide character.

    Examples
    --------
    >>> join_words("a", ["Anna", "in", "北", "京"]).text
    'Anna in北京'
    """
    words = [clean_document(word) for word in words]
    text, places = "", []
    for before, word in pairwise(["", *words]):
        text += " " if before and not (_WIDE.match(before[-1:]) or _WIDE.match(word[:1])) else ""
        places.append((len(text), len(text) + len(word)))
        text += word
    return TaggedText(name, text, tuple(places), tuple(tags))


def split_words(name: str, text: str) -> TaggedText:
    """Find the words of a text: runs of letters and digits, each wide character, each other sign.

    Examples
    --------
    >>> text = split_words("a", "Anna, 北京!")
    >>> [text.text[start:end] for start, end in text.words]
    ['Anna', ',', '北', '京', '!']
    """
    clean = clean_document(text)
    return TaggedText(name, clean, tuple(found.span() for found in _WORD.finditer(clean)))


def _beginning(path: Path) -> str:
    if path.suffix.lower() not in SUFFIXES or not path.is_file():
        return ""
    with path.open("rb") as file:
        start = file.read(SNIFFED)
    try:
        return decode(start)[0]
    except ValueError:
        return start.decode("utf-8", errors="ignore")  # a character is cut in two


def _read(path: Path) -> str:
    try:
        return decode(path.read_bytes())[0]
    except (OSError, ValueError) as error:
        raise DataError("data.annotations_not_read", path=path, error=error) from error


def _is_comment(line: str) -> bool:
    """Distinguish a comment from the word ``#`` with a tag."""
    return line.startswith("-DOCSTART-") or (line.startswith("# ") and not _TAG.fullmatch(line.split()[-1]))


def _blocks(content: str, path: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    words: list[str] = []
    tags: list[str] = []
    for number, line in enumerate([*content.splitlines(), ""], 1):
        cells = line.split("\t") if "\t" in line else line.split()
        if not line.strip() or _is_comment(line):
            if words:
                yield f"{path.name}:{number - len(words)}", words, tags
            words, tags = [], []
            continue
        if len(cells) < 2 or not _TAG.fullmatch(cells[-1].strip()):
            raise DataError("data.no_tag", path=path, line=number, text=line[:80])
        words.append(cells[0].strip() or "\ufffd")
        tags.append(cells[-1].strip())


def _rows(content: str, path: Path) -> Iterator[tuple[int, Any]]:
    for number, line in enumerate(content.splitlines(), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except ValueError as error:
                raise DataError("data.annotations_not_read", path=path, error=f"line {number}: {error}") from error


def _tagged_row(row: Any, name: str, path: Path) -> tuple[str, list[str], list[str]]:  # noqa: ANN401 - of JSON
    tags = next((row[key] for key in row if key.endswith("tags")), None) if isinstance(row, Mapping) else None
    words = row.get("tokens") if isinstance(row, Mapping) else None
    fits = isinstance(tags, list) and isinstance(words, list) and len(tags) == len(words)
    if not fits or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags or ()):
        raise DataError("data.no_tag", path=path, line=name.rpartition(":")[2], text=str(row)[:80])
    return name, [str(word) for word in words or ()], [*(tags or ())]


def _question(text: str, asked: Mapping[str, Any], number: int, path: Path) -> Question:
    given = asked.get("answers") or []
    if isinstance(given, Mapping):  # columns, as data sets of hubs have them
        given = [
            {"text": one, "answer_start": at} for one, at in zip(given["text"], given["answer_start"], strict=True)
        ]
    name = str(asked.get("id", number + 1))
    answers = [] if asked.get("is_impossible") else [(int(one["answer_start"]), str(one["text"])) for one in given]
    for start, answer in answers:
        if not answer or text[start : start + len(answer)] != answer:
            raise DataError("data.answer_elsewhere", path=path, name=name, answer=answer[:80], start=start)
    spans = dict.fromkeys((start, start + len(answer)) for start, answer in answers)
    return Question(name, text, clean_document(str(asked["question"])), tuple(spans))
