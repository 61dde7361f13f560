"""Keep the chatter of libraries off the user's screen while a network is fetched, built or exported."""

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

# Their reports of progress and of fallbacks that are checked here anyway; errors still pass.
TALKATIVE = ("timm", "torch.onnx", "torch.export", "onnxscript", "onnx_ir", "huggingface_hub")


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back what libraries print, log below ERROR, and warn about their own future.

    Only deprecation and future warnings are dropped: they speak to the authors of libraries. Warnings about numbers
    or data still pass.

    Examples
    --------
    >>> with quiet():
    ...     print("exporting ...")
    """
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
