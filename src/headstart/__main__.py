"""``python -m headstart`` and the command ``headstart``."""

import atexit
import gc


def main() -> None:
    """Run the command line."""
    gc.set_threshold(50_000)  # modules are no garbage: looking through them would take a fortieth of a short command
    atexit.register(gc.freeze)  # nor is what is left at the end: the system takes it back at once
    from headstart.cli.app import app  # here, so that importing this module costs nothing

    app(prog_name="headstart")


if __name__ == "__main__":
    main()
