"""Tables for the terminal, and in Markdown for README.md."""

from collections.abc import Sequence


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, markdown: bool = False) -> None:
    """Print columns of equal width: the first to the left, the others to the right; an empty line follows."""
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    aligned = [
        [cell.ljust(width) if number == 0 else cell.rjust(width) for number, (cell, width) in enumerate(pairs)]
        for pairs in (list(zip(row, widths, strict=True)) for row in (header, *rows))
    ]
    if markdown:
        lines = [f"| {' | '.join(row)} |" for row in aligned]
        rule = [
            ("-" * (width + 2)) if number == 0 else ("-" * (width + 1) + ":") for number, width in enumerate(widths)
        ]
        lines.insert(1, f"|{'|'.join(rule)}|")
    else:
        lines = ["  ".join(row).rstrip() for row in aligned]
    print(*lines, "", sep="\n")
