"""A section of a recipe: settings that belong together, each written once, with its default, help and bounds."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from headstart.runtime.findings import Finding
from headstart.settings.fields import check_range, check_type, choices_of, listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting of a recipe, as :func:`setting` defines it in its section."""

    section: str  # the name of its section
    key: str  # its name on the command line, in Python and in JSON
    name: str  # its name in its section: the key, but for the one setting that the section is named after
    kind: Any  # str, int, float, bool, or a Literal of its choices
    default: Any
    help: str  # one sentence for the command line; {} stands for the choices
    low: float | None = None  # the smallest value, of a number
    high: float | None = None  # the largest one
    check: Callable[[Any], None] | None = None  # refuses a value of the right type that is wrong in another way
    shown: str | None = None  # what the help names as the default; None: the default itself
    common: bool = False  # most people need it, so it stands among the first options

    def require_valid(self, value: Any) -> None:  # noqa: ANN401 - its type is checked here
        """Raise RecipeError when ``value`` is of the wrong type, out of range, or none of the choices."""
        check_type(self.key, value, self.kind)
        if self.low is not None and self.high is not None:
            check_range(self.key, value, self.low, self.high)
        if self.check is not None:
            self.check(value)

    def sentence(self) -> str:
        """Return the help with choices and default.

        Examples
        --------
        >>> from headstart.settings.sections import HeadSettings
        >>> HeadSettings.settings()[1].sentence()
        'Of the mlp: relu, sigmoid or tanh.  [default: relu]'
        """
        choices = choices_of(self.kind)
        help = self.help.format(listed("", list(choices), last=" or ").strip(" .")) if choices else self.help
        usual = {True: self.key.replace("_", "-"), False: ""}[self.default] if self.kind is bool else str(self.default)
        usual = usual.removesuffix(".0") if self.shown is None else self.shown
        return f"{help}  [default: {usual}]" if usual else help


def setting(default: Any, help: str, low: float | None = None, high: float | None = None, **more: Any) -> Any:  # noqa: ANN401
    """Define a setting of a section; ``more`` are check, shown and common of :class:`Setting`."""
    return field(default=default, metadata={"help": help, "low": low, "high": high, **more})


@dataclass(frozen=True, slots=True)
class Section:
    """The base of all sections; a subclass names itself and what it is about, for the headings of ``--help``."""

    section: ClassVar[str]
    about: ClassVar[str]
    reading: ClassVar[tuple[str, ...]] = ()  # keys of settings that count while no weight moves, too
    examples: ClassVar[Finding | str] = ""  # that the section of a modality is for, such as "pictures"

    def __post_init__(self) -> None:
        """Check every value once, here, so that no stage has to."""
        for one in self.settings():
            one.require_valid(getattr(self, one.name))

    @classmethod
    def settings(cls) -> tuple[Setting, ...]:
        """List the settings of this section. The key of a field called ``name`` is the name of the section."""
        return tuple(
            Setting(
                section=cls.section,
                key=cls.section if one.name == "name" else one.name,
                name=one.name,
                kind=one.type,
                default=one.default,
                **one.metadata,
            )
            for one in fields(cls)
        )
