"""The formats in which weights lie in a file, read without torch: nothing is executed, no size is believed unchecked.

Read are ``.safetensors``, ``.npz``, and what ``torch.save`` writes: since 1.6 an archive, before that pickles with the
numbers behind them.
"""

import io
import math
import mmap
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Literal

import numpy as np
import numpy.typing as npt

from headstart.encoders.restricted_pickle import Pickled, Tensor, read_pickle
from headstart.errors import EncoderError
from headstart.runtime.findings import Finding

Array = npt.NDArray[Any]

# Types of numbers as torch's storages and safetensors name them.
TYPES = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "BFloat16Storage": "u2", "LongStorage": "i8",
    "IntStorage": "i4", "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
    "ComplexFloatStorage": "c8", "ComplexDoubleStorage": "c16", "F64": "f8", "F32": "f4", "F16": "f2", "BF16": "u2",
    "I64": "i8", "I32": "i4", "I16": "i2", "I8": "i1", "U64": "u8", "U32": "u4", "U16": "u2", "U8": "u1", "BOOL": "?",
}  # fmt: skip
BFLOAT16 = ("BFloat16Storage", "BF16")  # the upper halves of numbers of type float32; NumPy has no such type
LEGACY = 0x1950A86A20F9469CFC6C  # the number that torch's files before 1.6 begin with
# Tensors may share numbers, and archives may be compressed; yet all together may have only this many times the bytes of
# the file, unless they are few.
EXPANSION, FEW = 4, 2**20


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds: plain values and tensors, and how one of these becomes an array while the file is open."""

    value: Any
    size: int
    to_array: Callable[[Any], Array]

    def arrays(self, tensors: Mapping[str, Any]) -> dict[str, Array]:
        """Read tensors into arrays of their own; raises ValueError when they are larger than the file can be."""
        _check_size(sum(map(_bytes_of, tensors.values())), self.size)
        read = {name: self.to_array(tensors[name]) for name in sorted(tensors, key=lambda name: _key_of(tensors[name]))}
        return {name: read[name] for name in tensors}


@contextmanager
def open_weights(path: Path) -> Iterator[Content]:
    """Open a file of weights; whatever is wrong with it is explained, inside the block too.

    Raises
    ------
    EncoderError
        When the file is damaged or of another kind, or a pickle with more than tensors in it.
    """
    from safetensors import SafetensorError

    broken = (SafetensorError, zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError)
    try:
        with path.open("rb") as stream:
            yield _open(path, stream)
    except (*broken, ValueError, TypeError, LookupError, OverflowError, AttributeError) as error:
        said = next((one for one in error.args if isinstance(one, Finding)), None)
        first = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise EncoderError("encoders.unreadable_weights", path=path, error=said or first) from error


def is_tensor(value: object) -> bool:
    """Return whether a value of a :class:`Content` is a tensor."""
    return isinstance(value, Tensor | np.ndarray)


def _open(path: Path, stream: IO[bytes]) -> Content:
    size = path.stat().st_size
    start = stream.read(2)
    stream.seek(0)
    if path.suffix == ".safetensors":
        return Content(_read_safetensors(stream.read()), size, _itself)
    if start == b"PK":
        archive = zipfile.ZipFile(stream)
        root = next((name for name in archive.namelist() if name.endswith("data.pkl")), "")
        return _open_archive(path, archive, root, size) if root else Content(_read_npz(archive, size), size, _itself)
    if start[:1] == b"\x80":  # the first instruction of a pickle
        return _open_legacy(path, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ))
    raise ValueError(Finding("encoders.no_format_of_weights"))


def _read_safetensors(content: bytes) -> dict[str, Array]:
    from safetensors import deserialize

    arrays = {}
    for name, found in deserialize(content):  # type: ignore[no-untyped-call]
        array = np.frombuffer(found["data"], _dtype(found["dtype"]).newbyteorder("<")).reshape(found["shape"])
        # Its bytes are its own already: they are not copied again unless they have to change.
        own = found["dtype"] in BFLOAT16 or not array.dtype.isnative
        arrays[name] = _native(array, found["dtype"]) if own else array
    return arrays


def _read_npz(archive: zipfile.ZipFile, size: int) -> dict[str, Array]:
    _check_size(sum(entry.file_size for entry in archive.infolist()), size)
    return {entry.filename.removesuffix(".npy"): _read_npy(archive, entry) for entry in archive.infolist()}


def _read_npy(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Array:
    with archive.open(entry) as stream:
        major, _ = np.lib.format.read_magic(stream)
        read_header = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[major]
        try:
            shape, by_columns, dtype = read_header(stream)
        except Exception as error:  # its parser raises SyntaxError, a class of tokenize, MemoryError
            raise ValueError(f"{entry.filename}: {error}") from error
        if min(shape, default=0) < 0:
            raise ValueError(Finding("encoders.negative_side"))
        if dtype.kind not in "?fiubc":
            raise ValueError(Finding("encoders.other_numbers", {"kind": dtype.name}))
        return _native(np.frombuffer(stream.read(), dtype).reshape(shape, order="F" if by_columns else "C"))


def _open_archive(path: Path, archive: zipfile.ZipFile, root: str, size: int) -> Content:
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in archive.infolist()):
        raise ValueError(Finding("encoders.compressed_weights"))  # torch compresses nothing
    pickled = _read_pickle(path, io.BytesIO(archive.read(root)))
    folder = root.removesuffix("data.pkl")
    big = f"{folder}byteorder" in archive.namelist() and archive.read(f"{folder}byteorder") == b"big"
    return Content(pickled.value, size, _reader(lambda key: archive.read(f"{folder}data/{key}"), ">" if big else "<"))


def _open_legacy(path: Path, file: mmap.mmap) -> Content:
    """Open a file of five pickles (a number, a version, the system, the value, the keys) with the storages behind."""
    if _read_pickle(path, file).value != LEGACY:
        raise EncoderError("encoders.pickled_weights", path=path)
    _, system, pickled, keys = (_read_pickle(path, file) for _ in range(4))
    big, at = not system.value["little_endian"], file.tell()
    places = {}
    for key in keys.value:
        if not isinstance(key, str) or key not in pickled.kinds:
            raise EncoderError("encoders.pickled_weights", path=path)
        count = int.from_bytes(file[at : at + 8], "big" if big else "little")
        end = at + 8 + count * _dtype(pickled.kinds[key]).itemsize
        if end > len(file):
            raise ValueError(Finding("encoders.weights_end_early"))
        places[key], at = slice(at + 8, end), end
    return Content(pickled.value, len(file), _reader(lambda key: file[places[key]], ">" if big else "<"))


def _read_pickle(path: Path, stream: Any) -> Pickled:  # noqa: ANN401 - a file, or one in memory
    try:
        return read_pickle(stream)
    except ValueError as error:
        raise EncoderError("encoders.pickled_weights", path=path) from error


def _reader(numbers: Callable[[str], bytes], order: Literal["<", ">"]) -> Callable[[Tensor], Array]:
    """Return what reads a tensor out of its storage; raises ValueError for one that leaves it.

    The bounds are computed here: NumPy's own are in numbers that overflow, and take an empty buffer for a large one.
    """
    storage = lru_cache(maxsize=1)(numbers)  # tensors that share one come one after the other

    def read(tensor: Tensor) -> Array:
        dtype = _dtype(tensor.storage.kind).newbyteorder(order)
        first = (tensor.storage.first + tensor.offset) * dtype.itemsize
        strides = [stride * dtype.itemsize for stride in tensor.strides]
        reach = [(side - 1) * stride for side, stride in zip(tensor.shape, strides, strict=True)]
        low, high = first + sum(min(0, one) for one in reach), first + sum(max(0, one) for one in reach)
        content = storage(tensor.storage.key)
        if 0 not in tensor.shape and not 0 <= low <= high <= len(content) - dtype.itemsize:
            raise ValueError(Finding("encoders.weights_end_early"))
        view: Array = np.ndarray(tensor.shape, dtype, content, first, strides)
        return _native(view, tensor.storage.kind)

    return read


def _native(view: Array, kind: str = "") -> Array:
    """Copy numbers into an array of its own, in the byte order of this machine."""
    if kind in BFLOAT16:
        view = (view.astype(np.uint32) << 16).view(np.float32)
    return np.array(view, view.dtype.newbyteorder("="), order="C")


def _itself(array: Array) -> Array:
    return array


def _dtype(kind: str) -> np.dtype[Any]:
    if kind not in TYPES:
        raise ValueError(Finding("encoders.other_numbers", {"kind": kind}))
    return np.dtype(TYPES[kind])


def _key_of(tensor: Tensor | Array) -> str:
    """Return the name of what holds the numbers: in this order each storage is read once."""
    return str(tensor.storage.key) if isinstance(tensor, Tensor) else ""


def _bytes_of(tensor: Tensor | Array) -> int:
    if isinstance(tensor, np.ndarray):
        return tensor.nbytes
    if min(tensor.shape, default=0) < 0:  # NumPy itself lets some of these pass
        raise ValueError(Finding("encoders.negative_side"))
    return math.prod(tensor.shape) * _dtype(tensor.storage.kind).itemsize


def _check_size(needed: int, size: int) -> None:
    if needed > max(EXPANSION * size, FEW):
        raise ValueError(Finding("encoders.weights_too_large"))
