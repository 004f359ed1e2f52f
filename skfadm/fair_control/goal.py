"""What fair control aims at: ratios, and the labels whose rates are compared."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from numpy.typing import NDArray

from .._text import names_of

#: The rows among which a measure compares rates of a label: all, those that have the
#: label, and those that have another.
CONDITIONS = {
    "demographic_parity": ("all",),
    "equal_opportunity": ("label",),
    "equalized_odds": ("label", "rest"),
}
MEASURES = tuple(CONDITIONS)
#: Beginnings of words for what nobody wishes for, as a label or as a column of labels.
UNFAVOURABLE = re.compile(
    r"((?<![a-zA-Z])|(?<=[a-z])(?=[A-Z]))(?i:arrest|attrition|bad|bankrupt|cancel|citation"
    r"|charged?_?off|churn|convict|crime|criminal|dead|death|declin|default|delinquen|died"
    r"|den(y|ied|ial)|dropout|drop_out|fail|fired|fraud|frisk|guilty|late|lost|low|mortal"
    r"|negative|readmi|recidiv|refus|reject|reoffend|risk|search|terminat|unpaid|violat)"
)
#: Words that say no to what the column asks.
NO = frozenset(("0", "0.0", "-1", "f", "false", "n", "no", "none", "not", "never"))


@dataclass(frozen=True)
class Goal:
    """Targets and positive labels, checked."""

    targets: dict[str, float] | None
    #: Codes of the labels whose rates are compared.
    labels: tuple[int, ...]
    pos_label: Any
    #: Where the positive label comes from, in words.
    why: str
    #: Its name, with that of the column where the label alone says little.
    shown: str = ""
    #: What to warn of, where it is guessed to be other than the larger of two.
    warning: str | None = None

    @classmethod
    def of(
        cls,
        fairness_target: float | Mapping[str, float] | None,
        pos_label: Any,
        classes: NDArray[Any],
        name: Any = None,
    ) -> Goal:
        """Return the goal of two parameters; `name` is that of the labels' column."""
        targets, names = _targets(fairness_target), classes.tolist()
        shown = names_of("y" if name is None else name, names)
        if pos_label is not None:
            if pos_label not in names:
                raise ValueError(
                    f"pos_label is {pos_label!r}; expected one of the labels {names}."
                )
            code = names.index(pos_label)
            return cls(targets, (code,), pos_label, "as named", shown[code])
        if len(names) > 2:
            return cls(targets, tuple(range(len(names))), None, "each label")
        code, why = _favourable(names, name)
        odd = f"Fair labels take {names[code]!r} for the favourable label ({why}). "
        warning = None if code else odd + "Set pos_label to say which it is."
        return cls(targets, (code,), names[code], why, shown[code], warning)

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that are aimed at."""
        return tuple(self.targets or MEASURES[:1])

    @property
    def keeps_shares(self) -> bool:
        """Whether as many rows are decided for each label: they are for parity."""
        return self.measures == MEASURES[:1]


def _favourable(names: list[Any], column: Any) -> tuple[int, str]:
    """Guess which of two labels is wished for, and say why."""
    texts = [str(name).lower() for name in names]
    bad = [bool(UNFAVOURABLE.search(text)) for text in texts]
    no = [text in NO for text in texts]
    if bad[0] != bad[1]:
        code = int(bad[0])
        return code, f"guessed, since {names[1 - code]!r} sounds unfavourable"
    if isinstance(column, str) and UNFAVOURABLE.search(column):
        # Who is neither yes nor no to what is bad is taken for the lesser of it.
        code = int(no[1] and not no[0])
        return code, f"guessed, since {column!r} sounds unfavourable"
    if no[1] and not no[0]:
        return 0, f"guessed, since {names[1]!r} says no"
    return 1, "guessed: the larger"


def _targets(target: float | Mapping[str, float] | None) -> dict[str, float] | None:
    if target is None:
        return None
    targets = target if isinstance(target, Mapping) else {MEASURES[0]: target}
    unknown = [name for name in targets if name not in MEASURES]
    if unknown or not targets:
        raise ValueError(
            f"fairness_target has the keys {list(targets)}; expected some of "
            f"{', '.join(MEASURES)}."
        )
    for name, ratio in targets.items():
        if isinstance(ratio, bool) or not isinstance(ratio, Real):
            raise TypeError(
                f"fairness_target[{name!r}] is {ratio!r}; expected a ratio."
            )
        if not 0 < ratio <= 1:
            raise ValueError(
                f"fairness_target asks for the ratio {ratio!r}; expected one in (0, 1]."
            )
    return {name: float(ratio) for name, ratio in targets.items()}
