"""Desks: what each visitor of /teach has shown so far. In memory alone, bounded, and forgotten after a while."""

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import numpy as np

from headstart.arrays import Singles
from headstart.data.targets.classes import Classes
from headstart.serving.http_errors import Refusal, busy, cause, refused
from headstart.serving.interactive import ExampleView, InteractiveJob, ShownExamples

LONGEST_LABEL = 80


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """How much a classroom may hold: a picture takes some 20 kilobytes, so a full room 200 megabytes."""

    desks: int = 16
    classes: int = 30
    examples: int = 600
    tried: int = 32
    idle_seconds: float = 2 * 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class ExampleCard:
    """One picture on a desk: its features (D,), what was seen of it, and, once it has one, its class."""

    name: str
    key: bytes
    features: Singles
    look: ExampleView
    label: str = ""
    series: str | None = None


@dataclass(slots=True)
class Session:
    """What one visitor has shown, tried and been taught; only one request at a time changes it."""

    bounds: SessionLimits
    cards: dict[int, ExampleCard] = field(default_factory=dict)
    tried: "OrderedDict[int, ExampleCard]" = field(default_factory=OrderedDict)
    lesson: InteractiveJob | None = None
    report: dict[str, Any] | None = None
    used: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def add(self, card: ExampleCard) -> int:
        """Add an example with a class; raises Refusal 409 when the desk is full."""
        self._require_room(card.label)
        number = next(self._numbers)
        self.cards[number] = card
        return number

    def remember(self, card: ExampleCard) -> int:
        """Store an example that was tried for a while, so that it can be corrected without being encoded again."""
        number = next(self._numbers)
        self.tried[number] = card
        while len(self.tried) > self.bounds.tried:
            self.tried.popitem(last=False)
        return number

    def relabel(self, number: int, label: str) -> None:
        """Change the class of an example, or set that of a tried one; raises Refusal 404 or 409."""
        if number in self.tried:
            moved = replace(self.tried[number], label=label)
            self._require_room(label)
            self.cards[number] = moved
            del self.tried[number]
        elif number in self.cards:
            self._require_room(label, moving=True)
            self.cards[number] = replace(self.cards[number], label=label)
        else:
            raise not_there()

    def remove(self, number: int) -> None:
        """Remove an example; raises Refusal 404 when it is not there."""
        if self.cards.pop(number, None) is None:
            raise not_there()

    def rename(self, old: str, new: str) -> None:
        """Rename a class; one that exists already takes its examples in. Raises Refusal 404."""
        changed = {number: card for number, card in self.cards.items() if card.label == old}
        if not changed:
            raise not_there()
        self.cards.update({number: replace(card, label=new) for number, card in changed.items()})

    def _require_room(self, label: str, *, moving: bool = False) -> None:
        if not moving and len(self.cards) >= self.bounds.examples:
            raise _full("pictures", self.bounds.examples)
        labels = {one.label for one in self.cards.values()}
        if label not in labels and len(labels) >= self.bounds.classes:
            raise _full("classes", self.bounds.classes)


class SessionStore:
    """All desks, by the secret in each visitor's cookie.

    Parameters
    ----------
    bounds
        How many desks, and how much on each.
    clock
        Seconds that only go up.
    """

    def __init__(self, bounds: SessionLimits, clock: Callable[[], float]) -> None:
        self.bounds, self._clock = bounds, clock
        self._desks: dict[str, Session] = {}
        self._lock = threading.Lock()

    def desk(self, secret: str) -> Session | None:
        """Find the desk of a visitor; None when there is none, or no longer."""
        with self._lock:
            self._tidy()
            found = self._desks.get(_digest(secret))
            if found is not None:
                found.used = self._clock()
            return found

    def new_session(self) -> tuple[str, Session]:
        """Open a desk, and return the secret that opens it again with it; raises Refusal 503 when the room is full."""
        secret = secrets.token_urlsafe(32)
        with self._lock:
            self._tidy()
            if len(self._desks) >= self.bounds.desks:
                raise busy("desks")
            desk = Session(self.bounds, used=self._clock())
            self._desks[_digest(secret)] = desk
        return secret, desk

    def forget(self, secret: str) -> None:
        """Throw a desk away with everything on it."""
        with self._lock:
            self._desks.pop(_digest(secret), None)

    def __len__(self) -> int:
        """Count the desks."""
        return len(self._desks)

    def _tidy(self) -> None:
        oldest = self._clock() - self.bounds.idle_seconds
        for key in [key for key, desk in self._desks.items() if desk.used < oldest]:
            del self._desks[key]


def select_shown(cards: Sequence[ExampleCard]) -> ShownExamples:
    """Collect what is on these cards."""
    classes = Classes.from_labels(card.label for card in cards).names
    rows = [card.look.baseline for card in cards if card.look.baseline is not None]
    numbers = {name: number for number, name in enumerate(classes)}
    return ShownExamples(
        classes=classes,
        labels=np.array([numbers[card.label] for card in cards], dtype=np.int64),
        features=np.stack([card.features for card in cards]),
        baseline=np.stack(rows) if len(rows) == len(cards) else None,
        sketches=np.stack([card.look.sketch for card in cards]),
        previews=tuple(card.look.preview for card in cards),
        names=tuple(card.name for card in cards),
        keys=tuple(card.key for card in cards),
        series=tuple(card.series for card in cards),
    )


def _digest(secret: str) -> str:
    # Looked up by its digest: how long the search takes tells nothing about the secret.
    return hashlib.sha256(secret.encode()).hexdigest()


def not_there() -> Refusal:
    """Return the refusal of an example or a class that is not on the desk."""
    return refused(404, "serving.not_there")


def _full(what: str, count: int) -> Refusal:
    return refused(409, "serving.desk_full", what=cause(what, count=count))
