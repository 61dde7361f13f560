"""Where classes and parts stand in a tree of folders: by names, and by what the folders hold."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from headstart.data.example import SplitName
from headstart.data.name_checks import natural_key, printable
from headstart.data.part_names import divide_name, is_neutral, is_slice, part_name, plain_splits, split_names
from headstart.data.same_names import canonical
from headstart.runtime.findings import NOTE, Finding


@dataclass(frozen=True, slots=True)
class Place:
    """What the folders of a file say of it; the label is None where no folder is a class."""

    label: str | None
    split: SplitName | None


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the folders of classes lie.

    Attributes
    ----------
    bases
        Folders that hold the folders of classes, "" for the root, and the part that each is.
    inner
        Folders right below those of the classes that are parts.
    named
        What a folder of a class says whose name tells the part as well.
    notices
        What names alone did not say.
    """

    bases: Mapping[str, SplitName | None] = field(default_factory=lambda: {"": None})
    inner: Mapping[str, SplitName] = field(default_factory=dict)
    named: Mapping[str, Place] = field(default_factory=dict)
    notices: tuple[Finding, ...] = ()

    @property
    def has_parts(self) -> bool:
        """Return whether the folders name parts."""
        return bool(self.inner or self.named) or any(self.bases.values())

    def place(self, path: str) -> Place | None:
        """Return what the folders of a file say; None for a file that lies beside the parts."""
        return self.place_in(path.rpartition("/")[0])

    def place_in(self, folder: str) -> Place | None:
        """Return the same for every file in a folder."""
        folders = folder.split("/") if folder else []
        for depth in range(len(folders), -1, -1):
            base = "/".join(folders[:depth])
            if base in self.bases:
                below = folders[depth:]
                if below and below[0] in self.named:
                    return self.named[below[0]]
                inside = self.inner.get(below[1]) if len(below) > 1 else None
                return Place(below[0] if below else None, self.bases[base] or inside)
        return None


class Tree:
    """Folders with an example in them, or somewhere below."""

    def __init__(self, files: Iterable[str]) -> None:
        self.holding: set[str] = set()  # those with an example directly inside
        children: dict[str, set[str]] = defaultdict(set)
        for folder in {path.rpartition("/")[0] for path in files}:
            self.holding.add(folder)
            while folder:
                above, _, name = folder.rpartition("/")
                children[above].add(name)
                folder = above
        self.children = {folder: sorted(names, key=natural_key) for folder, names in children.items()}

    def names(self, folder: str) -> Sequence[str]:
        """List the names of the folders inside one, in natural order."""
        return self.children.get(folder, ())

    def only_folders(self, folder: str) -> bool:
        """Return whether a folder holds folders and no example of its own."""
        return folder in self.children and folder not in self.holding


def find_layout(files: Iterable[str], name: str = "") -> Layout:
    """Find out where classes and parts stand; ``files`` are relative to a folder of this name, with ``/``.

    Folders named after parts are parts where they hold folders, or where nothing but parts lies beside them; a folder
    ``train`` with pictures beside other folders with pictures is a class. Folders that hold the same folders, and
    numbered pieces of data, are no classes: those inside are.

    Examples
    --------
    >>> layout = find_layout(["Training/disc/1.png", "Training/square/1.png", "Testing/disc/2.png"])
    >>> layout.place("Testing/disc/2.png")
    Place(label='disc', split='test')
    >>> find_layout(["train/1.png", "bus/1.png", "car/1.png"]).place("train/1.png")
    Place(label='train', split=None)
    """
    tree = Tree(files)
    base = _descend(tree, name)
    parts = part_folders(tree, base)
    if parts:
        classes = {part: {*tree.names(_join(base, part))} for part in parts}
        bases: dict[str, SplitName | None] = {}
        for part, split in parts.items():
            others = set().union(*(inside for other, inside in classes.items() if other != part))
            bases[_inner_base(tree, _join(base, part), others)] = split
        return Layout(bases, notices=_descended(base))
    inner = _inner_parts(tree, base)
    if inner:
        return Layout({base: None}, inner, notices=_descended(base))
    named = _named_parts(tree, base)
    alike = _pieces(tree, base)
    told = _named_notices(named) if named else _alike_notices(tree, alike) or _deeper_notices(tree, base)
    return Layout(dict.fromkeys(alike) or {base: None}, named=named, notices=(*_descended(base), *told))


def part_folders(tree: Tree, base: str) -> dict[str, SplitName]:
    """Return the folders in ``base`` that are parts; none where what they hold says that they are classes."""
    found = {name: part for name in tree.names(base) if (part := part_name(name))}
    for rest in sorted({part.rest for part in found.values()}, key=lambda rest: (len(rest), rest)):
        group = {name: part.word for name, part in found.items() if part.rest == rest}
        meant = split_names(group.values())
        splits = {name: meant[word] for name, word in group.items()}
        if "train" in splits.values() and _are_parts(tree, base, splits, named_alone=not rest):
            return splits
    return {}


def missing_train(tree: Tree) -> list[str]:
    """Return the folders that are all parts, of which none is there to learn from."""
    splits = plain_splits(tree.names(""))
    whole = len(splits) == len(tree.names("")) and "" not in tree.holding
    return list(splits) if splits and whole and "train" not in splits.values() else []


def _are_parts(tree: Tree, base: str, splits: Mapping[str, SplitName], *, named_alone: bool) -> bool:
    deep = [name for name in splits if tree.names(_join(base, name))]
    beside = [name for name in tree.names(base) if name not in splits]
    flat_beside = [name for name in beside if _join(base, name) in tree.holding]
    several = len(set(splits.values())) > 1
    if not named_alone:  # "bus_train" is more often a bus than a part, unless others like it hold the same classes
        inside = [{*tree.names(_join(base, name))} for name in deep]
        return (
            several and bool(deep) and (len(deep) == 1 or bool(set.intersection(*inside)) or _doubled(tree, base, deep))
        )
    if not deep:
        return not flat_beside
    return several or len(flat_beside) < 2


def _doubled(tree: Tree, base: str, names: Iterable[str]) -> bool:
    """Return whether each of these folders holds one folder alone: packed twice."""
    return all(tree.only_folders(_join(base, name)) and len(tree.names(_join(base, name))) == 1 for name in names)


def _descend(tree: Tree, name: str) -> str:
    """Return the folder where parts or classes begin, below those that only wrap it."""
    base = ""
    while tree.only_folders(base) and not part_folders(tree, base):
        names = tree.names(base)
        holders = [one for one in names if part_folders(tree, _join(base, one))]
        if len(names) == 1:
            (only,) = names
            within = tree.names(_join(base, only))
            packed = is_neutral(only) or (within and only.casefold() == (base.rpartition("/")[2] or name).casefold())
            if not packed and not _wraps_parts(tree, _join(base, only)):
                break
        else:
            holders = [one for one in holders if is_neutral(one)]
            if len(holders) != 1:
                break
        base = _join(base, holders[0] if holders else names[0])
    return base


def _wraps_parts(tree: Tree, folder: str) -> bool:
    """Return whether a folder holds parts, or one folder alone that does, however deep."""
    while not part_folders(tree, folder):
        if not tree.only_folders(folder) or len(tree.names(folder)) != 1:
            return False
        folder = _join(folder, tree.names(folder)[0])
    return True


def _inner_base(tree: Tree, part: str, classes_elsewhere: set[str]) -> str:
    """Return where the classes of a part lie: a folder that is packed twice is skipped."""
    while tree.only_folders(part) and len(tree.names(part)) == 1:
        (only,) = tree.names(part)
        own = part.rpartition("/")[2].casefold()
        packed = only.casefold() == own or is_neutral(only) or part_name(only) is not None
        if not packed or (only in classes_elsewhere - {own} and not tree.names(_join(part, only))):
            break
        part = _join(part, only)
    return part


def _inner_parts(tree: Tree, base: str) -> dict[str, SplitName]:
    """Return the parts that lie in the folders of the classes, ``disc/train``; none unless all is divided so."""
    classes = [_join(base, name) for name in tree.names(base)]
    if base in tree.holding or not all(tree.only_folders(one) for one in classes):
        return {}
    names = {name for one in classes for name in tree.names(one)}
    splits = plain_splits(names)
    return splits if len(splits) == len(names) and len({*splits.values(), "train"}) > 1 else {}


def _named_parts(tree: Tree, base: str) -> dict[str, Place]:
    """Return the class and the part of each folder where all are called so, ``cat_train``, and two classes recur."""
    divided = {name: found for name in tree.names(base) if (found := divide_name(name))}
    if base in tree.holding or len(divided) < len(tree.names(base)):
        return {}
    meant = split_names(word for _, word in divided.values())
    fitted = {label for label, word in divided.values() if meant[word] == "train"}
    scored = {label for label, word in divided.values() if meant[word] != "train"}
    return (
        {name: Place(label, meant[word]) for name, (label, word) in divided.items()} if len(fitted & scored) > 1 else {}
    )


def _pieces(tree: Tree, base: str) -> list[str]:
    """Return the folders that hold the classes, because all of them hold the same ones."""
    names = tree.names(base)
    if len(names) < 2 or base in tree.holding or not all(tree.only_folders(_join(base, name)) for name in names):
        return []
    bases = [_inner_base(tree, _join(base, name), set()) for name in names]
    inside = [{canonical(one) for one in tree.names(folder)} for folder in bases]
    shared = set.intersection(*inside)
    if all(is_slice(name) for name in names) and len(shared) > 1:
        return bases
    # Dates, sessions and magnifications lie below classes; names without a number are classes.
    worded = any(not any(letter.isdigit() for letter in one) for one in shared)
    return bases if worded and len(shared) > 1 and all(one == shared for one in inside) else []


def _alike_notices(tree: Tree, pieces: Sequence[str]) -> list[Finding]:
    if not pieces:
        return []
    inside = [printable(name) for name in tree.names(pieces[0])]
    return [Finding("data.same_folders", {"names": [printable(name) for name in pieces], "inside": inside})]


def _named_notices(named: Mapping[str, Place]) -> list[Finding]:
    classes = [printable(name) for name in dict.fromkeys(place.label or "" for place in named.values())]
    return [Finding("data.named_parts", {"names": [printable(name) for name in named], "classes": classes})]


def _deeper_notices(tree: Tree, base: str) -> list[Finding]:
    """Say that the classes hold folders where all of them hold nothing else: these could be the classes as well."""
    classes = [_join(base, name) for name in tree.names(base)]
    if base in tree.holding or len(classes) < 2 or not all(tree.only_folders(one) for one in classes):
        return []
    inside = [printable(name) for name in dict.fromkeys(name for one in classes for name in tree.names(one))]
    return [Finding("data.folders_inside", {"names": inside, "count": len(inside)}, NOTE)]


def _descended(base: str) -> tuple[Finding, ...]:
    return (Finding("data.descended", {"folder": printable(base)}, NOTE),) if base else ()


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
