"""What the parts of data are called: one vocabulary for folders, for columns of tables and for keys of datasets."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from headstart.data.example import SplitName

_WORDS: dict[str, SplitName] = {
    **dict.fromkeys(("train", "training", "trn", "trainval", "训练", "训练集", "訓練", "訓練集"), "train"),
    **dict.fromkeys(("val", "valid", "validate", "validation", "dev", "development"), "validation"),
    **dict.fromkeys(("验证", "验证集", "驗證", "驗證集"), "validation"),
    **dict.fromkeys(("test", "testing", "tst", "holdout", "测试", "测试集", "測試", "測試集"), "test"),
}
# Of "eval" the others decide: beside a test part it is what a validation part is.
_EVALUATION = ("eval", "evaluation")
KNOWN_PARTS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing", "holdout", "eval")
# What stands beside the word of a part, or around the parts, and says nothing.
_NEUTRAL = set(
    "set sets data dataset datasets image images img imgs picture pictures pic pics photo photos file files folder "
    "sample samples example examples split splits part parts subset the all raw original 图片 图像 数据 数据集".split()
)
_PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_a-zA-Z]+")
_JOINED = re.compile(r"^(train|test|val|valid|validation)(set|data|images|imgs|split)$")
_SLICE = re.compile(r"(fold|part|split|batch|subset|chunk|shard|fragment|折)[\s_.-]*(\d+|[a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PartName:
    """What a name says about a part: the word for it, and the words that are neither that nor neutral."""

    word: str
    rest: tuple[str, ...]


def part_name(name: str) -> PartName | None:
    """Find the word for a part in a name; None where there is none, or more than one.

    Examples
    --------
    >>> part_name("Train_Images"), part_name("seg_test"), part_name("rose")
    (PartName(word='train', rest=()), PartName(word='test', rest=('seg',)), None)
    """
    words = _words(name)
    found = [word for word in words if word in _WORDS or word in _EVALUATION]
    if len(found) != 1 and set(found) != {"train", "val"}:  # "train val" is one part
        return None
    return PartName(
        "train" if len(found) > 1 else found[0],
        tuple(word for word in words if word not in found and word not in _NEUTRAL),
    )


def split_names(words: Iterable[str]) -> dict[str, SplitName]:
    """Return the split that each word for a part means, beside the others.

    Examples
    --------
    >>> split_names(["train", "eval"])["eval"], split_names(["train", "eval", "test"])["eval"]
    ('test', 'validation')
    """
    known = {word: _WORDS[word] for word in words if word in _WORDS}
    other: SplitName = "validation" if "test" in known.values() else "test"
    return known | {word: other for word in words if word not in known}


def plain_splits(names: Iterable[str]) -> dict[str, SplitName]:
    """Return the split of each name that says nothing but a part.

    Examples
    --------
    >>> plain_splits(["Training", "val_set", "seg_test", "rose"])
    {'Training': 'train', 'val_set': 'validation'}
    """
    plain = {name: found.word for name in names if (found := part_name(name)) and not found.rest}
    meant = split_names(list(plain.values()))
    return {name: meant[word] for name, word in plain.items()}


def divide_name(name: str) -> tuple[str, str] | None:
    """Divide a name of a class and a part into the class and the word for the part; None for any other name.

    Examples
    --------
    >>> divide_name("cat_train"), divide_name("testA"), divide_name("train2"), divide_name("train_images")
    (('cat', 'train'), ('A', 'test'), None, None)
    """
    found = part_name(name)
    if found is None or not found.rest:
        return None
    for piece in _PIECES.finditer(name):
        around = (name[: piece.start()], name[piece.end() :])
        rest = "".join(around).strip(" _.-")
        if piece[0].casefold() == found.word and not all(around) and rest:
            return rest, found.word
    return None


def is_neutral(name: str) -> bool:
    """Return whether a name of a folder says nothing about what lies in it, as ``images`` does.

    Examples
    --------
    >>> is_neutral("All Images"), is_neutral("roses")
    (True, False)
    """
    words = _words(name)
    return bool(words) and all(word in _NEUTRAL for word in words)


def is_slice(name: str) -> bool:
    """Return whether a name is that of a numbered piece of data, which is no class.

    Examples
    --------
    >>> is_slice("fold_3"), is_slice("Part B"), is_slice("class 1")
    (True, True, False)
    """
    return _SLICE.fullmatch(name.strip()) is not None


def _words(name: str) -> list[str]:
    """Split a name into words in small letters; digits are none."""
    pieces = _PIECES.findall(unicodedata.normalize("NFKC", name))
    words = [word.casefold() for word in pieces]
    return [part for word in words for part in (_JOINED.sub(r"\1 \2", word).split())]
