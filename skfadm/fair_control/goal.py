"""What fair control aims at: ratios, and the labels whose rates are compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .rates import MEASURES

#: Words that are rarely the favourable label.
UNFAVOURABLE = frozenset(
    ("bad", "declined", "default", "denied", "deny", "fail", "failed", "false", "fired")
    + ("low", "lost", "n", "negative", "no", "refused", "reject", "rejected", "unpaid")
)


@dataclass(frozen=True)
class Goal:
    """Targets and positive labels, checked.

    Parameters
    ----------
    targets : dict of str to float or None
        Ratios by measure; None is parity as far as it is cheap.
    labels : tuple of int
        Codes of the labels whose rates are compared.
    pos_label : label or None
        The one that is positive; None if all are.
    warning : str or None
        Where the positive label looks like the unfavourable one.
    """

    targets: dict[str, float] | None
    labels: tuple[int, ...]
    pos_label: Any
    warning: str | None

    @classmethod
    def of(
        cls,
        fairness_target: float | Mapping[str, float] | None,
        pos_label: Any,
        classes: NDArray[Any],
    ) -> Goal:
        """Return the goal of two parameters of the generator.

        Raises
        ------
        ValueError, TypeError
            For measures that are unknown, ratios outside (0, 1] and a label that is
            not among the classes.
        """
        targets = _targets(fairness_target)
        names = classes.tolist()
        if pos_label is not None:
            if pos_label not in names:
                raise ValueError(
                    f"pos_label is {pos_label!r}; expected one of the labels {names}."
                )
            return cls(targets, (names.index(pos_label),), pos_label, None)
        if len(names) > 2:
            return cls(targets, tuple(range(len(names))), None, None)
        warning = None
        if str(names[1]).lower() in UNFAVOURABLE:
            warning = (
                f"Fair labels take {names[1]!r} for the favourable label, the larger "
                f"of {names}. If it is {names[0]!r}, set pos_label={names[0]!r}."
            )
        return cls(targets, (1,), classes[1], warning)


def _targets(target: float | Mapping[str, float] | None) -> dict[str, float] | None:
    if target is None:
        return None
    targets = target if isinstance(target, Mapping) else {MEASURES[0]: target}
    unknown = [name for name in targets if name not in MEASURES]
    if unknown or not targets:
        raise ValueError(
            f"fairness_target has the keys {list(targets)}; expected one or both of "
            f"{', '.join(MEASURES)}."
        )
    for name, ratio in targets.items():
        if isinstance(ratio, bool) or not isinstance(ratio, Real | np.number):
            raise TypeError(
                f"fairness_target[{name!r}] is {ratio!r}; expected a ratio."
            )
        if not 0 < ratio <= 1:
            raise ValueError(
                f"fairness_target asks for the ratio {ratio!r}; expected one in (0, 1]."
            )
    return {name: float(ratio) for name, ratio in targets.items()}
