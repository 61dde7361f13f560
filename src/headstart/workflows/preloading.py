"""What a report is drawn and written with is loaded while heads are fitted: their algebra leaves Python idle."""

import logging
from contextlib import suppress
from threading import Thread


def preload() -> Thread:
    """Begin to load Matplotlib and the template of the page; whoever needs them first waits for what is missing.

    Only for the program's own process: the log of Matplotlib stays silent. The thread is no daemon, for one that is
    stopped inside a library in C++ takes the process with it.
    """
    thread = Thread(target=_load, name="preload")
    thread.start()
    return thread


def _load() -> None:
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # as in ``chart_style``, which may begin meanwhile
    with suppress(Exception):  # what is wrong is said where it is needed
        import matplotlib.backends.backend_agg
        import matplotlib.backends.backend_svg
        import matplotlib.figure
        import matplotlib.font_manager  # noqa: F401 - all are for others

        from headstart.reporting.page.rendering import PAGE_TEMPLATE, page_environment

        page_environment().get_template(PAGE_TEMPLATE)
