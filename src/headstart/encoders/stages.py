"""The stages of a network, from the input to the output, as timm groups them."""

from dataclasses import dataclass

import torch
from timm.models import group_parameters


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a network.

    Attributes
    ----------
    name
        Path of its first module.
    modules
        Paths of the modules that belong to it wholly, in the order they are defined; none lies inside another.
    parameters, buffers
        Names of its parameters and buffers.
    """

    name: str
    modules: tuple[str, ...]
    parameters: tuple[str, ...]
    buffers: tuple[str, ...]


def find_stages(module: torch.nn.Module) -> tuple[Stage, ...]:
    """Divide a network into stages; every parameter is in exactly one.

    timm's own coarse groups are taken (stem, blocks, what follows the last block with it). A group of one-dimensional
    parameters alone, such as a last normalisation, joins the stage before it. A network without timm's groups is
    divided into its children.

    Examples
    --------
    >>> network = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1))
    >>> [(stage.name, stage.modules) for stage in find_stages(network)]
    [('0', ('0', '1')), ('2', ('2',))]
    """
    number_of = _number_of_parameters(module)
    roots = _roots(module, number_of)
    stages = []
    for number in sorted(set(number_of.values())):
        modules = tuple(path for path, stage in roots.items() if stage == number)
        buffers = tuple(name for name, _ in module.named_buffers() if any(_inside(name, path) for path in modules))
        parameters = tuple(name for name, stage in number_of.items() if stage == number)
        stages.append(Stage(modules[0] if modules else parameters[0], modules, parameters, buffers))
    return tuple(stages)


def _number_of_parameters(module: torch.nn.Module) -> dict[str, int]:
    matcher = getattr(module, "group_matcher", None)
    if callable(matcher):
        groups = list(group_parameters(module, matcher(coarse=True)).values())
    else:
        children = dict.fromkeys(name.split(".")[0] for name, _ in module.named_parameters())
        groups = [[name for name, _ in module.named_parameters() if name.split(".")[0] == child] for child in children]
    shapes = {name: parameter.ndim for name, parameter in module.named_parameters()}
    joined: list[list[str]] = []
    for names in groups:
        if joined and all(shapes[name] <= 1 for name in names):
            joined[-1].extend(names)
        else:
            joined.append(list(names))
    found = {name: number for number, names in enumerate(joined) for name in names}
    return {name: found[name] for name in shapes}


def _roots(module: torch.nn.Module, number_of: dict[str, int]) -> dict[str, int]:
    """Find the largest modules of one stage; those without parameters belong to the stage before them."""
    roots: dict[str, int] = {}
    latest = 0

    def walk(parent: torch.nn.Module, prefix: str) -> None:
        nonlocal latest
        for name, child in parent.named_children():
            path = f"{prefix}{name}"
            numbers = {number_of[f"{path}.{inner}"] for inner, _ in child.named_parameters()}
            if len(numbers) > 1:
                walk(child, f"{path}.")
                continue
            latest = next(iter(numbers), latest)
            roots[path] = latest

    walk(module, "")
    return roots


def _inside(name: str, path: str) -> bool:
    return name.startswith(f"{path}.")
