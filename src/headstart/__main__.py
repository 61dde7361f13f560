"""``python -m headstart`` and the command ``headstart``."""


def main() -> None:
    """Run the command line."""
    from headstart.cli.app import app  # here, so that importing this module costs nothing

    app(prog_name="headstart")


if __name__ == "__main__":
    main()
