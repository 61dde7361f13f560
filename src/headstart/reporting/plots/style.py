"""How a chart looks, wherever it is written: one palette, one size of text, one width."""

# The colours of the page in the light (``page/templates/style.css``). Series differ for every kind of colour blindness,
# and in marker or line too: no colour is ever the only sign.
INK, QUIET, LINE, FIELD, PAPER, WARN, WRONG = (
    *("#1a2028", "#57616c", "#dfe4ea", "#f5f7f9", "#ffffff", "#a63d00", "#d95f02"),
)
SERIES = ("#0b5cad", "#b35900", "#6b7580", "#00796b", "#7b3fa0", "#b3261e", "#8a6d00", "#2f4b7c")
RIGHT = SERIES[0]
TEXT = 13
WIDTH = 440  # a phone shows it at 0.8 of its size, a desk at 1.2
BORDER = 1.2  # of a dot


def series_tint(number: int) -> str:
    """Return the colour of a number: of a series of a chart, and of its entry in the legend."""
    return SERIES[number % len(SERIES)]


def percent_label(share: float) -> str:
    """Return a share as the axes of charts show it.

    Examples
    --------
    >>> percent_label(0.75), percent_label(0.9750000001)
    ('75 %', '97.5 %')
    """
    return f"{100 * share:g} %"
