"""``python -m headstart`` and the command ``headstart``."""

import atexit
import gc
import sys


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000)  # modules are no garbage: looking through them would take a fortieth of a short command
    atexit.register(leave_garbage)
    from headstart.cli.app import app  # here, so that importing this module costs nothing

    app(prog_name="headstart")


def leave_garbage() -> None:
    """Collect nothing at the end: the system takes it back at once.

    Not beside triton, which torch brings where networks are trained: it prints a page about what is left.
    """
    if "triton" not in sys.modules:
        gc.freeze()


if __name__ == "__main__":
    main()
