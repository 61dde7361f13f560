"""Fonts for examples: which one of this machine can draw a name, whatever its script."""

import os
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from pathlib import Path

from PIL import ImageFont

from headstart.runtime.findings import Finding

Font = ImageFont.FreeTypeFont

# File names in the order in which they are tried.
_KNOWN = (
    *("dejavusans.ttf", "notosans-regular.ttf", "segoeui.ttf", "arial.ttf", "helvetica.ttc"),
    *("notosanscjk-regular.ttc", "notosanscjksc-regular.otf", "notosanssc-regular.otf", "notosanssc-regular.ttf"),
    *("sourcehansans-regular.ttc", "sourcehansanssc-regular.otf", "sourcehansanscn-regular.otf"),
    *("wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc", "simhei.ttf", "pingfang.ttc", "hiragino sans gb.ttc"),
    *("stheiti light.ttc", "yugothr.ttc", "malgun.ttf", "applesdgothicneo.ttc"),
    *("droidsansfallbackfull.ttf", "droidsansfallback.ttf", "arial unicode.ttf"),
)
# The face to take from a collection: that of simplified Chinese; from all others the first.
_SIMPLIFIED = {"notosanscjk-regular.ttc": 2, "sourcehansans-regular.ttc": 2}
_FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts"),
    *("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts"),
    *("$WINDIR/Fonts", "$LOCALAPPDATA/Microsoft/Windows/Fonts"),
)
# A code point that no font may give a shape: what it draws stands for "missing".
_NO_CHARACTER = "\uffff"


def font_folders() -> tuple[Path, ...]:
    """Return the folders in which a machine keeps fonts; not all need exist.

    Examples
    --------
    >>> all(isinstance(folder, Path) for folder in font_folders())
    True
    """
    named = (os.path.expanduser(os.path.expandvars(folder)) for folder in _FOLDERS)
    return (*(Path(folder) for folder in named if os.path.isabs(folder)), packaged_fonts())


def packaged_fonts() -> Path:
    """Return the folder of the font that Headstart carries, DejaVu Sans: accents, Greek, Cyrillic, Hebrew, Arabic."""
    return Path(__file__).parent / "typeface"


@dataclass(frozen=True, slots=True)
class FontFace:
    """A face of a font file; without a path it is the font that Pillow carries."""

    path: Path | None = None
    index: int = 0


@dataclass(frozen=True, slots=True)
class FontBook:
    """Finds, for a text, the first font that has all of its characters.

    Pillow's own font comes first; the folders are searched only for a text that it cannot draw.

    Attributes
    ----------
    folders
        Where to look for the fonts of the machine.

    Examples
    --------
    >>> FontBook(folders=()).can_draw("rose"), FontBook(folders=()).can_draw("玫瑰")
    (True, False)
    """

    folders: tuple[Path, ...]

    def face_for(self, text: str) -> FontFace | None:
        """Return the first face that can draw the text; None when there is none."""
        characters = frozenset(text)
        return next((face for face in (FontFace(), *_known_faces(self.folders)) if _covers(face, characters)), None)

    def can_draw(self, text: str) -> bool:
        """Return whether some font has all characters of the text."""
        return self.face_for(text) is not None


def shorten(text: str, width: float, measure: Callable[[str], float]) -> str:
    """Return a text without its middle where it is wider than ``width``: both ends tell names apart.

    Examples
    --------
    >>> shorten("a-very-long-name-of-a-class-12", 19, len)
    'a-very-l...class-12'
    """
    full = measure(text)
    if full <= width:
        return text
    for kept in range(int(len(text) * width / full), 1, -1):
        shown = f"{text[: (kept + 1) // 2].rstrip()}...{text[len(text) - kept // 2 :].lstrip()}"
        if measure(shown) <= width:
            return shown
    return text[:1]


@dataclass(frozen=True, slots=True)
class DrawableNames:
    """Names that can be drawn, in the order they were given, and a sentence for the user where some could not."""

    names: tuple[str, ...]
    notices: tuple[Finding, ...] = ()


def drawable_names(names: Sequence[str], fonts: FontBook) -> DrawableNames:
    """Return names of which each that no font can draw is replaced by its number, ``#1`` for the first.

    Examples
    --------
    >>> drawable_names(["rose", "玫瑰"], FontBook(folders=())).names
    ('rose', '#2')
    """
    tidied = [normalise(name) for name in names]
    shown = tuple(name if name and fonts.can_draw(name) else f"#{place}" for place, name in enumerate(tidied, start=1))
    missing = [name for name, drawn in zip(names, shown, strict=True) if normalise(name) != drawn]
    return DrawableNames(shown, (_missing_notice(missing),) if missing else ())


def drawable_part(text: str, fonts: FontBook) -> str:
    """Return a file name in which what cannot be drawn is replaced by dots.

    Examples
    --------
    >>> drawable_part("玫瑰-12.jpg", FontBook(folders=()))
    '...-12.jpg'
    """
    tidied = normalise(text)
    if fonts.can_draw(tidied):
        return tidied
    own = FontBook(folders=())
    runs = groupby(tidied, own.can_draw)
    return "".join("".join(run) if drawable else "..." for drawable, run in runs)


def normalise(text: str) -> str:
    r"""Return a text in the form that fonts know: composed characters, one line, nothing invisible.

    Examples
    --------
    >>> normalise("Cafe\u0301 \u200bau\tlait")
    'Café au lait'
    """
    composed = unicodedata.normalize("NFC", text)
    spaced = "".join(" " if character.isspace() else character for character in composed)
    return "".join(character for character in spaced if character.isprintable())


def _missing_notice(missing: Sequence[str]) -> Finding:
    code = "reporting.no_east_asian_font" if any(map(_is_east_asian, missing)) else "reporting.no_font_for"
    more = Finding("reporting.and_more", {"number": len(missing) - 1}) if len(missing) > 1 else ""
    return Finding(code, {"name": missing[0], "more": more}, "note")


def _is_east_asian(text: str) -> bool:
    """Return whether a text has a letter that a Chinese, Japanese or Korean font brings; an emoji is none."""
    scripts = ("CJK", "HIRAGANA", "KATAKANA", "HANGUL")
    return any(unicodedata.name(character, "").startswith(scripts) for character in text)


@lru_cache(maxsize=8)
def _known_faces(folders: tuple[Path, ...]) -> tuple[FontFace, ...]:
    """Find fonts known by name in a walk through the folders, best first."""
    found: dict[str, Path] = {}
    for folder in folders:
        for place, _, files in os.walk(folder):
            for file in sorted(files):
                if file.casefold() in _KNOWN:
                    found.setdefault(file.casefold(), Path(place) / file)
    return tuple(FontFace(found[name], _SIMPLIFIED.get(name, 0)) for name in _KNOWN if name in found)


@lru_cache(maxsize=256)
def load_font(face: FontFace, size: int) -> Font | None:
    """Load a face for Pillow in this size, in pixels; None for a file that is no font."""
    if face.path is None:
        own = ImageFont.load_default(size)
        return own if isinstance(own, ImageFont.FreeTypeFont) else None
    try:
        return ImageFont.truetype(face.path, size, index=face.index)
    except OSError:
        return None


def _covers(face: FontFace, characters: Iterable[str]) -> bool:
    return all(character.isspace() or _has(face, character) for character in characters)


@lru_cache(maxsize=4096)
def _has(face: FontFace, character: str) -> bool:
    """Compare what a font draws for a character with what it draws for none."""
    font = load_font(face, 12)
    if font is None:
        return False
    drawn, missing = font.getmask(character), font.getmask(_NO_CHARACTER)
    return drawn.size != missing.size or bytes(drawn) != bytes(missing)
