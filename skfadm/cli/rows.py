"""What is asked of a model, and the tables that it makes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

from .kept_models import TableModel

if TYPE_CHECKING:
    import pandas as pd


@dataclass
class Tables:
    """Batches of rows and labels as tables, counted as they pass."""

    model: TableModel
    batches: Iterable[Any]
    #: Whether the sensitive columns are drawn and put where they stood.
    keep_sensitive: bool
    n_first: int
    seed: int
    #: How often each label came.
    counts: Counter[Any] = field(default_factory=Counter)
    #: The first batches, with `n_first` rows or more, to be judged.
    first: list[Any] = field(default_factory=list)

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Yield the tables."""
        import numpy as np

        rng = np.random.default_rng(self.seed)
        for X, y in self.batches:
            if self.counts.total() < self.n_first:
                self.first.append((X, y))
            self.counts.update(y.tolist())
            more = _groups(self.model, X, rng) if self.keep_sensitive else []
            yield self.model.table(X, y, *more)


def _groups(model: TableModel, X: pd.DataFrame, rng: Any) -> list[pd.Series]:
    """Draw the sensitive attributes of rows from p(z | x)."""
    import pandas as pd

    from skfadm.fair_control.labels import draw

    control, drawn = model.generator.fair_control_, []
    if control is None:
        raise UserError("--keep-sensitive: there are no groups that could be drawn")
    columns = zip(
        model.sensitive,
        control.predict(X).group,
        model.generator.sensitive_classes_,
        strict=True,
    )
    for name, p, groups in columns:
        codes = draw(p, rng.random(len(X)))
        drawn.append(pd.Series(groups[codes], name=name, index=X.index))
    return drawn


def label_of(positive: str | None, labels: dict[str, Any]) -> Any:
    """Return the label that stands in the file as `positive`."""
    if positive is not None and positive not in labels:
        raise UserError(
            f"--positive {positive}: there is no such label; the labels are "
            f"{', '.join(map(repr, sorted(labels)))}"
        )
    return None if positive is None else labels[positive]


def asked_labels(asked: Sequence[str], labels: dict[str, Any]) -> Any:
    """Turn the texts of --ask into what `sample` takes: None, a label or shares.

    `labels` has each label by the text that stands for it in the file.
    """
    import numpy as np

    if not asked:
        return None
    if len(asked) == 1 and asked[0] in labels:
        return labels[asked[0]]
    shares = {}
    for text in asked:
        # A label may hold "=" itself, as "<=50K" does.
        name, _, share = text.rpartition("=")
        if name not in labels:
            raise UserError(
                f"--ask {text}: there is no label {name or text!r}; the labels are "
                f"{', '.join(map(repr, sorted(labels)))}"
            )
        try:
            shares[labels[name]] = float(share)
        except ValueError:
            raise UserError(
                f"--ask {text}: {share!r} is no share; write it as {name}=0.5"
            ) from None
    from skfadm._sampling import requested_codes

    classes = np.array(list(labels.values()), dtype=object)
    try:
        requested_codes(shares, 1, classes, classes, np.random.RandomState(0))
    except (TypeError, ValueError) as error:
        raise UserError(f"--ask {str(error).removeprefix('y ')}") from error
    return shares
