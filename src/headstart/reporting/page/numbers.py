"""Numbers as the page writes them: the same in every language."""

import math

from headstart.metrics.values import Score

GAP = "\N{NO-BREAK SPACE}"
TO = "\N{EN DASH}"
_JOINED = TO + "\N{WORD JOINER}"  # no line ends behind it
MINUS = "\N{MINUS SIGN}"


class PageText(str):
    """A number as the page writes it, whatever format the sentence of the catalogue has for it.

    Examples
    --------
    >>> "{points:+.1f} points".format(points=PageText(points(-0.021))).replace(MINUS, "-")
    '-2.1 points'
    """

    __slots__ = ()

    def __format__(self, form: str) -> str:
        """Return the text as it is."""
        return str(self)


def count_text(number: float) -> str:
    """Write a count.

    Examples
    --------
    >>> count_text(12345)
    '12,345'
    """
    return f"{round(number):,}"


def percent(share: float, digits: int = 1) -> str:
    """Write a share in per cent.

    Examples
    --------
    >>> percent(0.9708).replace(GAP, " ")
    '97.1 %'
    """
    return f"{100 * share:.{digits}f}{GAP}%"


def percent_range(score: Score) -> str:
    r"""Write the interval of a share.

    Examples
    --------
    >>> percent_range(Score(0.5, 0.4, 0.625)).replace("\N{WORD JOINER}", "")
    '40.0–62.5'
    """
    return f"{100 * score.low:.1f}{_JOINED}{100 * score.high:.1f}"


def plain_range(score: Score) -> str:
    r"""Write the interval of a number that is no share.

    Examples
    --------
    >>> plain_range(Score(0.5, 0.4, 0.625)).replace("\N{WORD JOINER}", "")
    '0.400–0.625'
    """
    return f"{score.low:.3f}{_JOINED}{score.high:.3f}"


def points(difference: float) -> str:
    """Write a difference of two shares, in points, with its sign.

    Examples
    --------
    >>> points(0.279), points(-0.01), points(0.0)
    ('+27.9', '−1.0', '0.0')
    """
    text = f"{100 * abs(difference):.1f}"
    return text if float(text) == 0 else f"{'+' if difference > 0 else MINUS}{text}"


def points_range(score: Score) -> str:
    """Write the interval of a difference.

    Examples
    --------
    >>> points_range(Score(0.0, -0.1, 0.2)).replace(GAP, " ")
    '[−10.0, +20.0]'
    """
    return f"[{points(score.low)},{GAP}{points(score.high)}]"


def p_text(p: float) -> str:
    """Write the p-value of a test.

    Examples
    --------
    >>> p_text(0.0004), p_text(0.0312)
    ('< 0.001', '0.031')
    """
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def decimal(number: float, digits: int = 3) -> str:
    """Write a number; a dash where it is not defined.

    Examples
    --------
    >>> decimal(0.12345), decimal(float("nan"))
    ('0.123', '–')
    """
    return f"{number:.{digits}f}" if math.isfinite(number) else TO
