"""Documents become sentences: where one ends is read off its punctuation, in English and in Chinese."""

import re

# A point, with the quotation marks behind it, before a blank; or the marks of Chinese, wherever they stand; or an empty
# line. No run of points is begun twice, and none is given back, so that the time is linear whatever stands in a text.
_END = re.compile(
    r"(?:(?<![.!?…])(?:[.!?…]++[\"'”’)\]»]*+(?=\s)|[!?]++(?=[\u3400-\u9fff]))"
    r"|[。！？｡]++[”’」』）】》\"']*+|\n[ \t\r]*+\n)\s*+"
)
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]*$")
_LONGEST_WORD = 40  # letters before a point that are looked at
# Words whose point does not end a sentence: they stand before a name, or before a number.
BEFORE_NAMES = frozenset("mr mrs ms dr prof st mt gen sen rep gov capt lt col sgt rev hon pres vs cf approx".split())
BEFORE_NUMBERS = frozenset(
    "no nos p pp fig figs eq sec ch vol art jan feb mar apr jun jul aug sep sept oct nov dec".split()
)


def split_sentences(document: str) -> list[str]:
    """Split a document into its sentences, each with the blanks behind it; joined they are the document.

    What has no letter and no digit belongs to the sentence before it. A point behind an abbreviation, an initial or the
    number of an item ends nothing; one that is followed by a small letter does not, either.

    Examples
    --------
    >>> split_sentences("Dr. Li paid $3.50. It was late! 很好吃。送餐快！")
    ['Dr. Li paid $3.50. ', 'It was late! ', '很好吃。', '送餐快！']
    """
    pieces, start = list[str](), 0
    for found in _END.finditer(document):
        if _ends(document, start, found.start(), found.end()):
            pieces.append(document[start : found.end()])
            start = found.end()
    sentences, silent = list[list[str]](), True
    for piece in filter(None, [*pieces, document[start:]]):
        says = any(map(str.isalnum, piece))
        if sentences and (silent or not says):
            sentences[-1].append(piece)
            silent = silent and not says
        else:
            sentences.append([piece])
            silent = not says
    return ["".join(sentence) for sentence in sentences]


def _ends(document: str, start: int, stop: int, following: int) -> bool:
    """Determine whether what was found from ``stop`` to ``following`` ends the sentence that begins at ``start``."""
    mark = document[stop:following]
    if mark[0] != "." or mark.startswith("..") or mark.count("\n") > 1:
        return mark[0] in "。！？｡\n" or mark.count("\n") > 1 or not document[following : following + 1].islower()
    after = document[following : following + 1]
    (word,) = _LAST_WORD.findall(document[max(start, stop - _LONGEST_WORD) : stop])[:1]
    small = word.lower()
    return not (
        after.islower()
        or small in BEFORE_NAMES
        or (small in BEFORE_NUMBERS and after.isdigit())
        or (len(word) == 1 and word != "I" and (word.isupper() or after.isdigit()))  # an initial, or b. 1965
        or (small in ("e.g", "i.e", "u.s", "u.k", "u.n"))
        or (word.isdigit() and not document[start : stop - len(word)].strip())  # the number of an item
    )
