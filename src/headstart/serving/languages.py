"""Which of the page's languages a browser asks for."""

LANGUAGES = ("en", "zh")


def choose_language(accepted: str) -> str:
    """Choose by the header Accept-Language; English when nothing fits.

    Examples
    --------
    >>> choose_language("zh-CN,zh;q=0.9,en;q=0.8"), choose_language("fr,en;q=0.1,zh;q=0.3"), choose_language("*;q=x")
    ('zh', 'zh', 'en')
    """
    best, best_weight = LANGUAGES[0], 0.0
    for item in accepted[:1000].split(","):
        tag, _, options = item.strip().partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(options)
        if language in LANGUAGES and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(options: str) -> float:
    name, _, value = options.strip().partition("=")
    if name.strip() != "q":
        return 1.0 if not options.strip() else 0.0
    try:
        return min(1.0, max(0.0, float(value)))
    except ValueError:
        return 0.0
