"""What a model is saved with and a report is drawn with is loaded while heads are fitted: that leaves Python idle."""

import logging
from contextlib import suppress
from importlib import import_module
from threading import Thread
from typing import Any

from headstart.data.targets.base import Target
from headstart.reporting.page.rendering import PAGE_TEMPLATE, page_environment
from headstart.reporting.sections.base import task_report

NEEDED = (
    *("matplotlib.figure", "matplotlib.backends.backend_agg", "matplotlib.backends.backend_svg"),
    *("headstart.saving.card", "headstart.saving.timm_layout", "onnx", "headstart.export.onnx_form"),
)


def preload(target: Target) -> Thread:
    """Begin to load what the end of a fit needs; whoever needs some of it first waits for that.

    Only for a process that nobody else's code runs in: Matplotlib stays silent, and does without parts of its
    docstrings. The thread is no daemon, for one that is stopped inside a library in C++ takes the process with it.
    """
    thread = Thread(target=_load, args=(target,), name="preload")
    thread.start()
    return thread


def _load(target: Target) -> None:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # as in ``chart_style``, which may begin meanwhile
    with suppress(Exception):
        # Tables of properties for docstrings, which nobody reads here: a third of the import.
        artist: Any = import_module("matplotlib.artist")
        artist.kwdoc = lambda _: ""
    for name in NEEDED:
        with suppress(Exception):  # what is wrong is said where it is needed
            import_module(name)
    with suppress(Exception):
        task_report(target)
        page_environment().get_template(PAGE_TEMPLATE)
