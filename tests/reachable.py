"""What an attacker who holds a fitted object can read out of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd


def reachable(thing: Any) -> Iterator[Any]:
    """Yield every string, number and other leaf that hangs on an object.

    Attributes, slots, keys and values of dicts, elements of collections, arrays,
    Series and indexes (their categories too) are followed, whatever they are nested in.
    """
    seen: set[int] = set()
    todo = [thing]
    alive = []  # so that no identity is given out twice
    while todo:
        item = todo.pop()
        if isinstance(item, str | bytes | int | float | complex | np.generic | None):
            yield item
            continue
        if id(item) in seen:
            continue
        seen.add(id(item))
        alive.append(item)
        if isinstance(item, np.ndarray):
            if item.dtype == object:
                todo.extend(item.ravel().tolist())
            else:
                yield from item.ravel()
        elif isinstance(item, pd.DataFrame):
            todo.extend([item.index, item.columns, *(c for _, c in item.items())])
        elif isinstance(item, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
            todo.extend([item.dtype, np.asarray(item, dtype=object)])
            todo.append(getattr(item, "name", None))
        elif isinstance(item, pd.CategoricalDtype):
            todo.append(item.categories)
        elif isinstance(item, Mapping):
            todo.extend([*item.keys(), *item.values()])
        elif isinstance(item, list | tuple | set | frozenset):
            todo.extend(item)
        elif isinstance(item, type) or callable(item) and not hasattr(item, "__self__"):
            todo.append(getattr(item, "__closure__", None))
        elif hasattr(item, "cell_contents"):
            todo.append(item.cell_contents)
        else:
            slots = getattr(type(item), "__slots__", ())
            slots = [slots] if isinstance(slots, str) else slots
            todo.extend(getattr(item, name, None) for name in slots)
            todo.append(vars(item) if hasattr(item, "__dict__") else None)
            todo.append(getattr(item, "__self__", None))
            if not hasattr(item, "__dict__") and not slots:
                yield item


def texts_of(thing: Any) -> str:
    """Return all texts that hang on an object, bytes and UUIDs too, one a line."""
    leaves = (v for v in reachable(thing) if not isinstance(v, int | float | np.number))
    lines = (v.decode("latin-1") if isinstance(v, bytes) else str(v) for v in leaves)
    return "\n".join(lines)
