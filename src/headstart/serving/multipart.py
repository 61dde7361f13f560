"""A form with examples is read piece by piece; it is refused at the first piece that goes too far."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from headstart.serving.http_errors import Refusal, cause, refused, too_large
from headstart.settings.serving import ServerLimits

FILES = "files"
LONGEST_NAME = 200  # of a file, in characters: names are shown, never opened
LONGEST_TEXT = 1000  # of a field that is no file, in bytes
_EXTENDED = re.compile(rb""";\s*filename\*\s*=\s*"?([\w.-]*)'[^']*'([^;\s]+)""", re.IGNORECASE)
_QUOTED = re.compile(rb'''(?<!\*=)"(?:\\.|[^"\\])*"''')  # what stands in it is no parameter
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


@dataclass(frozen=True, slots=True)
class Upload:
    """An example as it came: what its sender calls it, and its bytes, or what was read from those of its file.

    ``said`` is what the answer repeats of it beside its name.
    """

    name: str
    data: Any
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MultipartForm:
    """What a form held: its files, in order, and its texts by name."""

    files: tuple[Upload, ...]
    texts: dict[str, str]


def display_name(name: str) -> str:
    r"""Keep of a client's file name what may be shown: the last part, without characters that hide or reorder.

    Examples
    --------
    >>> display_name("../../etc/passwd"), display_name("C:\\secret\\a\u202egpj.exe"), display_name("..")
    ('passwd', 'agpj.exe', 'picture')
    """
    last = re.split(r"[/\\]", name)[-1]
    cleaned = _CONTROLS.sub("", last).strip()[:LONGEST_NAME]
    return cleaned if cleaned.strip(".") else "picture"


def extended_name(disposition: bytes) -> str | None:
    r"""Return the file name that a header gives in the extended form of RFC 5987; None where it gives none.

    Examples
    --------
    >>> extended_name(b"form-data; name=\"files\"; filename=\"x.png\"; filename*=UTF-8''%E8%8A%B1.png")
    '花.png'
    """
    found = _EXTENDED.search(_QUOTED.sub(b'""', disposition))
    if found is None:
        return None
    name = unquote_to_bytes(found[2].strip(b'"'))
    try:
        return name.decode(found[1].decode("ascii"), "replace")
    except (LookupError, ValueError):  # no encoding of that name
        return name.decode("utf-8", "replace")


async def read_form(request: Request, limits: ServerLimits, texts: Collection[str] = ()) -> MultipartForm:
    """Read a form with the field ``files`` (one or several) and, where allowed, ``texts``.

    Raises
    ------
    Refusal
        415 for another content type, 400 for a form that cannot be read, 413 for too many or too large files, 422 for a
        field with another name or without a file.
    """
    reader = _Reader(limits, texts)
    parser = _parser(request.headers.get("content-type", ""), reader)
    try:
        async for piece in request.stream():
            if piece:
                parser.write(piece)
        parser.finalize()
    except FormParserError as error:
        raise _unreadable("parts") from error
    if not reader.ended:
        raise _unreadable("end")
    return MultipartForm(tuple(reader.files), reader.texts)


def _parser(content_type: str, reader: "_Reader") -> MultipartParser:
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data":
        raise refused(415, "serving.wrong_content_type", field=FILES)
    boundary = options.get(b"boundary")
    if not boundary:
        raise _unreadable("no_boundary")
    callbacks = {
        "on_part_begin": reader.begin,
        "on_header_field": reader.header_name,
        "on_header_value": reader.header_value,
        "on_header_end": reader.header_end,
        "on_headers_finished": reader.headers_finished,
        "on_part_data": reader.data,
        "on_part_end": reader.end,
        "on_end": reader.finish,
    }
    try:
        return MultipartParser(boundary, callbacks)  # type: ignore[arg-type]  # a TypedDict of the same keys
    except FormParserError as error:
        raise _unreadable("long_boundary") from error


def _unreadable(reason: str, **values: object) -> Refusal:
    return refused(400, "serving.bad_form", cause=cause(reason, **values))


@dataclass(slots=True)
class _Reader:
    """Takes what the parser finds; raises as soon as something goes too far."""

    limits: ServerLimits
    wanted_texts: Collection[str]
    files: list[Upload] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    ended: bool = False
    _name: bytes = b""
    _value: bytes = b""
    _disposition: bytes = b""
    _field: str = ""
    _file: str | None = None
    _pieces: list[bytes] = field(default_factory=list)
    _size: int = 0

    def begin(self) -> None:
        self._name, self._value, self._disposition = b"", b"", b""
        self._pieces, self._size = [], 0

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name, self._value = b"", b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        file = options.get(b"filename")
        self._file = extended_name(self._disposition) or (None if file is None else file.decode("utf-8", "replace"))
        if self._field in self.wanted_texts and self._file is None:
            return
        if self._field != FILES:
            raise self._wrong_field()
        if self._file is None:
            raise refused(422, "serving.no_file.text", field=FILES)
        if len(self.files) >= self.limits.files:
            raise refused(413, "serving.too_many_files.request", limit=self.limits.files)

    def data(self, data: bytes, start: int, end: int) -> None:
        self._size += end - start
        if self._size > (self.limits.file_bytes if self._file is not None else LONGEST_TEXT):
            raise (
                too_large(self.limits.file_bytes, "a_file")
                if self._file is not None
                else _unreadable("long_field", name=self._field, limit=LONGEST_TEXT)
            )
        self._pieces.append(data[start:end])

    def end(self) -> None:
        content = b"".join(self._pieces)
        if self._file is None:
            self.texts[self._field] = content.decode("utf-8", "replace")
        else:
            self.files.append(Upload(display_name(self._file), content))
        self._pieces = []

    def finish(self) -> None:
        self.ended = True

    def _wrong_field(self) -> Refusal:
        expected = ", ".join(f"'{name}'" for name in (FILES, *self.wanted_texts))
        return refused(422, "serving.wrong_field", name=display_name(self._field), expected=expected, field=FILES)
