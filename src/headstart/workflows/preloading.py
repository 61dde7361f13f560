"""What a model is saved with and a report is drawn with is loaded while heads are fitted: that leaves Python idle."""

from contextlib import suppress
from importlib import import_module
from threading import Thread

from headstart.data.targets.base import Target
from headstart.reporting.page.rendering import TEMPLATES, page_environment
from headstart.reporting.sections.base import task_report

NEEDED = ("headstart.saving.card", "headstart.saving.timm_layout", "onnx", "headstart.export.onnx_form")


def preload(target: Target) -> Thread:
    """Begin to load what the end of a fit needs; whoever needs some of it first waits for that.

    The thread is no daemon, for one that is stopped inside a library in C++ takes the process with it.
    """
    thread = Thread(target=_load, args=(target,), name="preload")
    thread.start()
    return thread


def _load(target: Target) -> None:
    for name in NEEDED:
        with suppress(Exception):  # what is wrong is said where it is needed
            import_module(name)
    with suppress(Exception):
        task_report(target)
        for name in TEMPLATES:
            page_environment().get_template(name)
