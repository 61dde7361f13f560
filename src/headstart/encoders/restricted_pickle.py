"""Read the pickle of a PyTorch file without unpickling it.

A pickle is a program. This machine knows the instructions with which torch writes tensors by name, calls nothing of any
other library, and refuses every other instruction and name. Tensors are described, not made: their bytes lie elsewhere.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any, NamedTuple, cast


class Storage(NamedTuple):
    """A row of numbers: torch's name of their type, the key of their bytes, and the first of them that is meant."""

    kind: str
    key: str
    first: int


class Tensor(NamedTuple):
    """A view of a storage; offset and strides count numbers, not bytes."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class _Global(NamedTuple):
    module: str
    name: str


_MARK = object()
MOST = 64  # axes of an array, and values of a call


def _describe(storage: object, offset: object, shape: object, strides: object, *_: object) -> Tensor:
    if not isinstance(storage, Storage) or not isinstance(shape, tuple) or not isinstance(strides, tuple):
        raise ValueError("no tensor")
    if len(shape) > MOST or len(strides) > MOST or any(type(one) is not int for one in (offset, *shape, *strides)):
        raise ValueError("no tensor")
    return Tensor(storage, cast(int, offset), shape, strides)


_REBUILT: dict[_Global, Callable[..., object]] = {
    _Global("collections", "OrderedDict"): dict,
    _Global("torch._utils", "_rebuild_tensor_v2"): _describe,
    _Global("torch._utils", "_rebuild_parameter"): lambda tensor, *_: tensor,
}
_SKIPPED = ("PROTO", "FRAME", "STOP")
_GIVEN = (
    *("BINUNICODE", "SHORT_BINUNICODE", "BINSTRING", "SHORT_BINSTRING"),  # the last two: by Python 2
    *("BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"),
)
_FIXED: dict[str, Callable[[], object]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "MARK": lambda: _MARK,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}


@dataclass(slots=True)
class Pickled:
    """What a pickle holds, at the end the only value, and what its storages hold: torch's name of the type by key."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)

    @property
    def value(self) -> Any:  # noqa: ANN401 - plain values, and tensors as they are described
        """The value that was written."""
        return self.stack[-1]


def read_pickle(stream: IO[bytes]) -> Pickled:
    r"""Read one pickle; the stream stands behind it afterwards.

    Raises
    ------
    ValueError
        When it is damaged, or holds anything but plain values and tensors.

    Examples
    --------
    >>> import io
    >>> read_pickle(io.BytesIO(b"}U\x01aK\x03s.")).value
    {'a': 3}
    >>> read_pickle(io.BytesIO(b"cos\nsystem\nU\x02ls\x85R."))
    Traceback (most recent call last):
    ValueError: os system
    """
    made = Pickled()
    try:
        import pickletools  # only here: it lists all operations there are

        for instruction, argument, _ in pickletools.genops(stream):
            name = instruction.name
            if name in _GIVEN:
                made.stack.append(argument)
            elif name in _FIXED:
                made.stack.append(_FIXED[name]())
            elif name not in _SKIPPED:
                _STEPS[name](made, argument)
        _ = made.value  # there must be one
    except (LookupError, TypeError, AttributeError, OverflowError) as error:
        raise ValueError(str(error)) from error
    return made


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("no text")
    return value


def _taken(made: Pickled, count: int) -> list[Any]:
    found = made.stack[-count:]
    del made.stack[-count:]
    return found


def _above_mark(made: Pickled) -> list[Any]:
    at = len(made.stack) - 1
    while made.stack[at] is not _MARK:  # IndexError when there is none
        at -= 1
    return _taken(made, len(made.stack) - at)[1:]


def _append(made: Pickled, values: list[Any]) -> None:
    list.extend(made.stack[-1], values)


def _set(made: Pickled, pairs: list[Any]) -> None:
    # Others are no names of tensors, and may be tuples of tuples that take for ever to hash.
    if not all(isinstance(key, str | int) for key in pairs[::2]):
        raise ValueError("no name")
    dict.update(made.stack[-1], zip(pairs[::2], pairs[1::2], strict=True))


def _join(made: Pickled, values: list[Any]) -> None:
    made.stack.append(tuple(values))


def _put(made: Pickled, number: int | None) -> None:
    made.memo[len(made.memo) if number is None else number] = made.stack[-1]


def _get(made: Pickled, number: int) -> None:
    made.stack.append(made.memo[number])


def _name(made: Pickled, written: str | None) -> None:
    module, name = written.split(" ") if written else _taken(made, 2)
    found = _Global(_text(module), _text(name))
    if found not in _REBUILT and not (module in ("torch", "torch.cuda") and name.endswith("Storage")):
        raise ValueError(f"{module} {name}")
    made.stack.append(found)


def _call(made: Pickled, _: object) -> None:
    called, values = _taken(made, 2)
    if not isinstance(called, _Global) or not isinstance(values, tuple) or len(values) > MOST:
        raise ValueError("no call")
    if called.module == "collections" and values:
        raise ValueError("no empty dictionary")  # torch fills it afterwards
    made.stack.append(_REBUILT[called](*values))


def _refer(made: Pickled, _: object) -> None:
    """Describe a storage, which torch writes as a persistent id; only files before 1.6 have views of one."""
    _, kind, key, _, _, *views = made.stack.pop()
    _, first, _ = next(filter(None, views), (key, 0, 0))
    if not isinstance(kind, _Global) or type(first) is not int:
        raise ValueError("no storage")
    made.kinds[_text(key)] = kind.name
    made.stack.append(Storage(kind.name, key, first))


def _drop_state(made: Pickled, _: object) -> None:
    made.stack.pop()  # the versions of layers, which torch hangs on the dictionary


_STEPS: dict[str, Callable[[Pickled, Any], None]] = {
    "APPEND": lambda made, _: _append(made, _taken(made, 1)),
    "APPENDS": lambda made, _: _append(made, _above_mark(made)),
    "SETITEM": lambda made, _: _set(made, _taken(made, 2)),
    "SETITEMS": lambda made, _: _set(made, _above_mark(made)),
    "TUPLE": lambda made, _: _join(made, _above_mark(made)),
    "TUPLE1": lambda made, _: _join(made, _taken(made, 1)),
    "TUPLE2": lambda made, _: _join(made, _taken(made, 2)),
    "TUPLE3": lambda made, _: _join(made, _taken(made, 3)),
    "BINPUT": _put,
    "LONG_BINPUT": _put,
    "MEMOIZE": _put,
    "BINGET": _get,
    "LONG_BINGET": _get,
    "GLOBAL": _name,
    "STACK_GLOBAL": _name,
    "REDUCE": _call,
    "BINPERSID": _refer,
    "BUILD": _drop_state,
}
