"""What a client is told when it cannot be served: a status, a code for programs, three sentences for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headstart.errors import HeadstartError
from headstart.runtime.findings import Finding

NO_HEADERS: Mapping[str, str] = {}
LEFT = 499  # no status of HTTP, for the journal alone: the client left before it was answered


@dataclass(slots=True, eq=False)  # two refusals are never the same: exceptions are told apart
class Refusal(Exception):
    """A request that is not served.

    Attributes
    ----------
    status
        Of HTTP.
    code
        A word that does not change, for programs; the page translates it.
    problem, reason, remedy
        What is wrong, why, what to do: one sentence each.
    headers
        To be sent with it.

    Examples
    --------
    >>> Refusal(415, "not_a_picture", "This is not a picture.").to_json()["error"]["code"]
    'not_a_picture'
    """

    status: int
    code: str
    problem: str
    reason: str = ""
    remedy: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """All three sentences."""
        return " ".join(part for part in (self.problem, self.reason, self.remedy) if part)

    def to_json(self) -> dict[str, Any]:
        """Plain data: one key ``error`` with code, problem, reason and remedy."""
        return {
            "error": {"code": self.code, "problem": self.problem, "reason": self.reason, "remedy": self.remedy}
        }  # fmt: skip


def refused(status: int, key: str, /, headers: Mapping[str, str] = NO_HEADERS, **values: object) -> Refusal:
    """Return the refusal whose sentences stand in the catalogue under ``serving.CODE`` or ``serving.CODE.CASE``.

    Examples
    --------
    >>> print(refused(404, "serving.not_found"))
    There is nothing at this address. See /docs.
    """
    problem, reason, remedy = HeadstartError(key, **values).sentences()
    return Refusal(status, key.split(".")[1], problem, reason, remedy, dict(headers))


class ClientGone(Exception):
    """The client has left: nobody waits for an answer."""


def megabytes(count: int) -> str:
    """Write a number of bytes for people.

    Examples
    --------
    >>> megabytes(2_500_000), megabytes(1000)
    ('2.5 MB', '0.001 MB')
    """
    return f"{count / 1_000_000:g} MB"


def cause(name: str, **values: object) -> Finding:
    """Return a part of a refusal's sentence, of ``serving.cause`` in the catalogue."""
    return Finding(f"serving.cause.{name}", values)


def too_large(limit: int, what: str) -> Refusal:
    """Refuse bytes beyond a limit: of the ``request``, of ``the_file`` or of ``a_file``."""
    return refused(413, "serving.too_large", what=cause(what), limit=megabytes(limit))


def too_slow(seconds: float) -> Refusal:
    """Refuse a client that takes too long to send its request."""
    return refused(408, "serving.too_slow", seconds=f"{seconds:g}")


def busy(reason: str, **values: object) -> Refusal:
    """Ask a client to come again, for a :func:`cause`."""
    return refused(503, "serving.busy", {"retry-after": "1"}, cause=cause(reason, **values))


def mistake() -> Refusal:
    """Report that it is our fault; more than that is for the log alone."""
    return refused(500, "serving.mistake")
