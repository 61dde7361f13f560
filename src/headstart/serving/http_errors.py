"""What a client is told when it cannot be served: a status, a code for programs, three sentences for people."""

from dataclasses import dataclass, field
from typing import Any

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


def too_large(limit: int, what: str) -> Refusal:
    """Refuse bytes beyond a limit."""
    return Refusal(
        413,
        "too_large",
        f"{what} is too large.",
        f"The limit is {megabytes(limit)}.",
        "Send it smaller, or start the server with a higher --max-megabytes.",
    )


def too_slow(seconds: float) -> Refusal:
    """Refuse a client that takes too long to send its request."""
    return Refusal(
        408,
        "too_slow",
        "The request took too long to arrive.",
        f"The limit is {seconds:g} seconds.",
        "Send it again, smaller or over a faster connection.",
    )


def busy(reason: str) -> Refusal:
    """Ask a client to come again."""
    return Refusal(503, "busy", "The server is busy.", reason, "Send it again in a moment.", {"retry-after": "1"})


def mistake() -> Refusal:
    """Say that it is our fault; more than that is for the log alone."""
    return Refusal(
        500, "mistake", "This is a mistake in Headstart.", "The server's log names it.", "Please report it."
    )  # fmt: skip
