"""What is installed, what is here, and what is wrong: ``headstart doctor``."""

from dataclasses import replace
from datetime import datetime

from headstart.encoders.loading import list_encoders
from headstart.reporting.doctor import MachineReport, examine_machine
from headstart.runtime.context import RunContext
from headstart.runtime.environment import environment


def examine(context: RunContext) -> MachineReport:
    """Inspect the machine, the environment and the cache folder."""
    cache, facts = context.cache_folder, environment(datetime.now().astimezone(), [])
    found = examine_machine(cache, list_encoders(cache), facts)
    return replace(found, problems=(*context.findings, *found.problems))
