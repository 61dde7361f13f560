"""What was found on the way, as a value: a code of the catalogue and what goes into its sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from headstart.runtime.catalogue import WRITTEN_FOR, Texts, texts_in

Severity = Literal["note", "warning"]
NOTE: Severity = "note"
WARNING: Severity = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the user should know.

    Attributes
    ----------
    code
        Of its sentence in the catalogue: ``stage.name``.
    values
        What goes into the sentence: plain values, lists of names, and findings, which follow its language.
    severity
        ``warning`` for what changes the result or needs a look, ``note`` for what is only good to know.
    modality
        The kind of examples in whose words it speaks, unless :meth:`render` is told otherwise; see :func:`about`.

    Examples
    --------
    >>> print(Finding("data.outside", {"count": 1}))
    1 picture lies in no class folder and is left out.
    >>> Finding("data.outside", {"count": 3}).render(texts_in("zh"))
    '3 张图片不在任何类别文件夹中，已略去。'
    """

    code: str
    values: Mapping[str, object] = field(default_factory=dict, hash=False)
    severity: Severity = WARNING
    modality: str = field(default=WRITTEN_FOR, compare=False)

    def __str__(self) -> str:
        """Return the sentence in English."""
        return self.render()

    def render(self, texts: Texts | None = None) -> str:
        """Return the sentence in a language and the words of a kind of examples."""
        return (texts or texts_in("en", self.modality)).say(self.code, self.values)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {
            "code": self.code,
            "values": {name: _plain(value) for name, value in self.values.items()},
            "severity": self.severity,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Finding":
        """Read what :meth:`to_json` wrote."""
        values = {name: _read(value) for name, value in data["values"].items()}
        return cls(data["code"], values, data["severity"])


def sentences(findings: Iterable[Finding], texts: Texts | None = None) -> list[str]:
    """Write findings as sentences."""
    return [finding.render(texts) for finding in findings]


def about(findings: Iterable[Finding], modality: str) -> tuple[Finding, ...]:
    """Return findings that speak of a kind of examples, wherever they are printed.

    Examples
    --------
    >>> print(*about([Finding("data.outside", {"count": 1})], "vectors"))
    1 row lies in no class folder and is left out.
    """
    return tuple(replace(finding, modality=modality) for finding in findings)


def _read(value: Any) -> object:  # noqa: ANN401 - plain data, as :func:`_plain` returns it
    if isinstance(value, list):
        return [_read(one) for one in value]
    return Finding.from_json(value) if isinstance(value, Mapping) else value


def _plain(value: object) -> object:
    if isinstance(value, Finding):
        return value.to_json()
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    number = value.item() if hasattr(value, "item") else value  # NumPy's
    return number if number is None or isinstance(number, bool | int | float) else str(number)


def notices_json(findings: Iterable[Finding]) -> dict[str, list[Any]]:
    """Return findings as plain data twice: as English sentences for people, and as values for other languages."""
    found = list(findings)
    return {"notices": sentences(found), "findings": [finding.to_json() for finding in found]}


def did_you_mean(near: object, otherwise: Finding | str = "") -> Finding | str:
    """Return the question for a name that comes near; ``otherwise`` where none does."""
    return Finding("runtime.did_you_mean", {"name": near}) if near else otherwise
