"""Every exception and warning that Headstart raises on purpose.

::

    HeadstartError
    ├── RecipeError            a setting has a wrong name or value
    ├── UnknownNameError       a name that is in no table (the nearest names are given)
    ├── DataError              a folder, table or list that cannot become a dataset
    │   └── ExampleError       one example that cannot be read
    ├── EncoderError           a pretrained network that cannot be used
    │   ├── MissingWeightsError    its weights are not on this machine
    │   ├── DigestError            a file is not the file it claims to be
    │   └── HubError               a model hub that did not answer
    ├── StoreError             the feature store cannot be read or written
    ├── ModelFileError         a saved model that cannot be opened
    ├── OutputError            a place that cannot be written to
    ├── ServingError           a server that cannot start
    ├── ExportError            an export that cannot be made, or does not answer as the model does
    └── MissingExtraError      an optional package that is not installed
    HeadstartWarning           something that was found, as a warning
"""

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar

from headstart.runtime.catalogue import WRITTEN_FOR, Texts, texts_in
from headstart.runtime.findings import WARNING, Finding
from headstart.runtime.text import shorten

Given = ParamSpec("Given")
Returned = TypeVar("Returned")

# The kind of examples that errors speak of: that of the data read last, which most places that raise one do not know.
MODALITY = ContextVar("MODALITY", default=WRITTEN_FOR)


def public_call(function: Callable[Given, Returned]) -> Callable[Given, Returned]:
    """Warn of the findings of what is returned, and forget at the end what kind of examples was read.

    Errors of the next call do not speak of it then.
    """

    @wraps(function)
    def call(*args: Given.args, **kwargs: Given.kwargs) -> Returned:
        found = copy_context().run(function, *args, **kwargs)
        warn(getattr(found, "findings", ()), stacklevel=3)
        return found

    return call


def is_code(text: str) -> bool:
    """Distinguish a code of the catalogue from a sentence.

    Examples
    --------
    >>> is_code("data.empty"), is_code("Gone."), is_code("It is empty.")
    (True, False, False)
    """
    return "." in text[:-1] and text.replace(".", "_").isidentifier()


class HeadstartError(Exception):
    """An error with its explanation: what is wrong, why or where, and what to do.

    Parameters
    ----------
    problem
        A code of the catalogue, ``stage.name``, whose sentences take the ``values``; or one sentence: what is wrong.
    reason
        One sentence: why, or where (with the path).
    remedy
        One sentence: what to do.
    values
        What goes into the sentences of the catalogue.

    Attributes
    ----------
    findings
        What was found before and led to it: see :func:`led_by`. It stands between the reason and the remedy.

    Examples
    --------
    >>> print(HeadstartError("There are no pictures.", "The folder 'a' is empty.", "Put one folder per class into it."))
    There are no pictures. The folder 'a' is empty. Put one folder per class into it.
    >>> print(OutputError("runtime.is_file", path="a").render(texts_in("zh")))
    “a”是一个文件。输出位置应为文件夹。请另取一个新的文件夹名。
    """

    def __init__(self, problem: str, /, reason: object = "", remedy: object = "", **values: object) -> None:
        super().__init__(problem, reason, remedy)
        self.code = problem if is_code(problem) else ""
        self.values = {"reason": reason, "remedy": remedy, **values}
        self.modality = MODALITY.get()
        self.findings: tuple[Finding, ...] = ()

    def sentences(self, texts: Texts | None = None) -> tuple[str, ...]:
        """Return problem, reason and remedy in a language; those of no code are as they were written."""
        if not self.code:
            return tuple(map(str, self.args))
        texts = texts or texts_in("en", self.modality)
        keys = (f"{self.code}.{part}" for part in ("problem", "reason", "remedy"))
        values = {name: _shortened(value) for name, value in self.values.items()}
        return tuple(texts.say(key, values) if texts.find(key) else "" for key in keys)

    @property
    def problem(self) -> str:
        """What is wrong, in English."""
        return self.sentences()[0]

    @property
    def reason(self) -> str:
        """Why, or where, in English."""
        return self.sentences()[1]

    @property
    def remedy(self) -> str:
        """What to do, in English."""
        return self.sentences()[2]

    @property
    def problem_value(self) -> Finding:
        """What is wrong, as a value."""
        return (
            Finding(f"{self.code}.problem", self.values)
            if self.code
            else Finding("runtime.said", {"said": self.problem})
        )

    @property
    def why(self) -> Finding:
        """The reason, or the problem where there is none, as a value."""
        reason = self.values["reason"]
        return reason if isinstance(reason, Finding) else Finding("runtime.said", {"said": self.reason or self.problem})

    def render(self, texts: Texts | None = None) -> str:
        """Return the whole explanation in a language and the words of a kind of examples."""
        problem, reason, *remedy = self.sentences(texts)
        spoken = texts or texts_in("en", self.modality)
        between = spoken.find("runtime.between")
        # Behind a finding that is a list of lines, a new line begins.
        told = [_shortened_finding(one).render(spoken) for one in self.findings]
        found = [f"{said}\n" if "\n" in said else f"{said}{between}" for said in told if said]
        first, last = (between.join(filter(None, part)) for part in ((problem, reason), remedy))
        return (
            f"{first}{between}{''.join(found)}{last}".rstrip() if found else between.join(filter(None, (first, last)))
        )

    def __str__(self) -> str:
        """Return the whole explanation in English."""
        return self.render()


def _shortened(value: object) -> object:
    """Shorten the texts in a value: whatever was given, a sentence about it can be read."""
    if isinstance(value, str):
        return shorten(value)
    if isinstance(value, (list, tuple)):
        return [_shortened(one) if isinstance(one, str | Finding) else one for one in value]
    return _shortened_finding(value) if isinstance(value, Finding) else value


def _shortened_finding(finding: Finding) -> Finding:
    return replace(finding, values={name: _shortened(value) for name, value in finding.values.items()})


class RecipeError(HeadstartError):
    """A setting has a name or a value that does not exist."""


class UnknownNameError(HeadstartError):
    """A name stands in no table; the message gives the nearest names."""


class DataError(HeadstartError):
    """A folder, a table or a list cannot become a dataset."""


class ExampleError(DataError):
    """One example cannot be read."""


class EncoderError(HeadstartError):
    """A pretrained network cannot be used."""


class MissingWeightsError(EncoderError):
    """The weights of an encoder are not on this machine."""


class DigestError(EncoderError):
    """A file is not the file it claims to be."""


class HubError(EncoderError):
    """A model hub did not answer."""


class StoreError(HeadstartError):
    """The feature store cannot be read or written."""


class ModelFileError(HeadstartError):
    """A saved model cannot be opened."""


class OutputError(HeadstartError):
    """A place cannot be written to."""


class ServingError(HeadstartError):
    """A server cannot start."""


class ExportError(HeadstartError):
    """An export cannot be made, or does not answer as the model does."""


class MissingExtraError(HeadstartError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str, purpose: str, /, **values: object) -> None:
        needed = Finding(purpose, values) if is_code(purpose) else purpose
        super().__init__("runtime.missing_extra", package=package, extra=extra, purpose=needed)


@contextmanager
def led_by(found: Callable[[], Iterable[Finding]]) -> Iterator[None]:
    """Add the warnings among what was found to an error of the data that is raised inside the ``with`` block.

    They led to it; a setting that does not fit is not their doing.

    Examples
    --------
    >>> with led_by(lambda: [Finding("data.outside", {"count": 8})]):
    ...     raise DataError("One class.", "Two are needed.", "Add one.")
    Traceback (most recent call last):
    headstart.errors.DataError: One class. Two are needed. 8 pictures lie in no class folder and are left out. Add one.
    """
    try:
        yield
    except DataError as error:
        known = (*error.findings, *(finding for finding in found() if finding.severity == WARNING))
        error.findings = tuple(dict.fromkeys(known))
        raise


class HeadstartWarning(UserWarning):
    """Something was found that changes the result or needs a look; ``finding`` says it in other languages.

    Examples
    --------
    >>> print(HeadstartWarning(Finding("data.outside", {"count": 1})))
    1 picture lies in no class folder and is left out.
    """

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def warn(findings: Iterable[Finding], stacklevel: int = 4) -> None:
    """Issue a warning for each finding that is more than a note, at the line that made a :func:`public_call`."""
    for finding in findings:
        if finding.severity == WARNING:
            warnings.warn(HeadstartWarning(finding), stacklevel=stacklevel)
