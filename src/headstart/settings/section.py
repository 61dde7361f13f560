"""A section of a recipe: settings that belong together, each written once, with its default, help and bounds."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, ClassVar, get_args

from headstart.settings.fields import check_range, check_type, listed


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting of a recipe.

    Attributes
    ----------
    section
        The name of its section.
    key
        Its name on the command line, in Python and in JSON; in its section of a recipe file it may be shorter.
    name
        Its name in its section.
    kind
        Its type: str, int, float, bool or a Literal of its choices.
    default
        Its value where none is given.
    help
        One sentence for the command line.
    common
        Whether most people need it, so that it stands among the first options.
    low, high
        The smallest and the largest value, of numbers.
    check
        Refuses a value of the right type that is wrong in another way.
    shown
        What the help names as the default; None: the default itself.
    """

    section: str
    key: str
    name: str
    kind: Any
    default: Any
    help: str
    common: bool
    low: float | None
    high: float | None
    check: Callable[[Any], None] | None
    shown: str | None

    def refuse_wrong(self, value: object) -> None:
        """Raise RecipeError when ``value`` is of the wrong type, out of range, or none of the choices."""
        check_type(self.key, value, self.kind)
        if self.low is not None and self.high is not None and isinstance(value, int | float):
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
        shown = self.shown if self.shown is not None else _shown(self)
        choices = listed("", list(get_args(self.kind)), last=" or ").strip(" .") if get_args(self.kind) else ""
        return "  ".join(part for part in (self.help.format(choices), f"[default: {shown}]" if shown else "") if part)


def _shown(setting: Setting) -> str:
    if isinstance(setting.default, bool):
        return setting.key.replace("_", "-") if setting.default else ""
    return setting.default if isinstance(setting.default, str) else f"{setting.default:g}"


def setting(  # every keyword is one property of a setting
    default: Any,  # noqa: ANN401 - of the type of the field
    help: str,
    low: float | None = None,
    high: float | None = None,
    **more: Any,  # noqa: ANN401 - common, check and shown of Setting
) -> Any:  # noqa: ANN401 - stands where a default stands
    """Define a field of a section; see :class:`Setting`. ``{}`` in the help stands for its choices."""
    properties = {"help": help, "low": low, "high": high, "common": False, "check": None, "shown": None} | more
    return field(default=default, metadata=MappingProxyType(properties))


@dataclass(frozen=True, slots=True)
class Section:
    """The base of all sections; a subclass names itself and what it is about, for the headings of ``--help``."""

    section: ClassVar[str]
    about: ClassVar[str]
    examples: ClassVar[str] = ""  # of a modality's section: the kind of examples that it is for, such as "pictures"

    def __post_init__(self) -> None:
        """Check every value once, here, so that no stage has to."""
        for one in self.settings():
            one.refuse_wrong(getattr(self, one.name))

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
