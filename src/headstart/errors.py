"""Every exception that Headstart raises on purpose.

::

    HeadstartError
    ├── RecipeError            a setting has a wrong name or value
    ├── UnknownNameError       a name that is in no table (the nearest names are given)
    ├── DataError              a folder, table or list that cannot become a dataset
    │   └── PictureError       one picture that cannot be read
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
"""


class HeadstartError(Exception):
    """An error with its explanation: what is wrong, why or where, and what to do.

    Parameters
    ----------
    problem
        One sentence: what is wrong.
    reason
        One sentence: why, or where (with the path).
    remedy
        One sentence: what to do.

    Examples
    --------
    >>> print(HeadstartError("There are no pictures.", "The folder 'a' is empty.", "Put one folder per class into it."))
    There are no pictures. The folder 'a' is empty. Put one folder per class into it.
    """

    def __init__(self, problem: str, reason: str = "", remedy: str = "") -> None:
        self.problem = problem
        self.reason = reason
        self.remedy = remedy
        super().__init__(" ".join(part for part in (problem, reason, remedy) if part))


class RecipeError(HeadstartError):
    """A setting has a name or a value that does not exist."""


class UnknownNameError(HeadstartError):
    """A name stands in no table; the message gives the nearest names."""


class DataError(HeadstartError):
    """A folder, a table or a list cannot become a dataset."""


class PictureError(DataError):
    """One picture cannot be read."""


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

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        super().__init__(
            f"The package '{package}' is not installed.",
            f"It is needed {purpose}.",
            f'Install it with: pip install "headstart[{extra}]"',
        )
