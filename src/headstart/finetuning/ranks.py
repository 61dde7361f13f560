"""Which of several processes this is: what ``torchrun`` says in the environment."""

import os


def process_number() -> int:
    """Describe which process this is; 0 writes and speaks.

    Examples
    --------
    >>> process_number()
    0
    """
    return int(os.environ.get("RANK", "0"))


def process_count() -> int:
    """Estimate how many processes train together.

    Examples
    --------
    >>> process_count()
    1
    """
    return int(os.environ.get("WORLD_SIZE", "1"))
