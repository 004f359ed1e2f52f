"""Results that are kept from one fit to the next, until the code changes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, TypeVar

import sklearn
import torch
from sklearn.utils.validation import check_memory

R = TypeVar("R")


def digest_of(folder: Traversable) -> str:
    """Return what changes whenever a Python file in a folder, or below it, does."""
    digest = sha256()
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.is_dir() and file.name != "__pycache__":
            digest.update(digest_of(file).encode())
        # An installation may hold compiled files alone.
        elif file.name.endswith((".py", ".pyc")):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


#: Stands for all code that decides what is kept. All of the package, so that nothing
#: can be forgotten; taken on import, when the files are what runs.
CODE = "-".join([digest_of(files(__package__)), torch.__version__, sklearn.__version__])


def keep(
    memory: Any, function: Callable[..., R], ignore: Sequence[str] = ()
) -> Callable[..., R]:
    """Return a pure function whose results a joblib memory, a folder or None keeps.

    The function does not look at its parameter `code`, which stands for what it calls:
    joblib compares the body of the function alone. The arguments in `ignore` do not
    change the result.
    """
    kept = check_memory(memory).cache(function, ignore=list(ignore))
    return partial(kept, code=CODE)
