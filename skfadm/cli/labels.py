"""Labels as they stand in a file, and as options name them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

if TYPE_CHECKING:
    from .forms import Form


def labels_by_text(form: Form, labels: Any) -> dict[str, Any]:
    """Return labels by the text that stands for each in the file."""
    import pandas as pd

    series = pd.Series(labels)
    return dict(zip(form.texts(series), series.tolist(), strict=True))


def label_of(positive: str | None, labels: Mapping[str, Any]) -> Any:
    """Return the label that stands in the file as `positive`."""
    return None if positive is None else _known("--positive", positive, labels)


def asked_labels(asked: Sequence[str], labels: Mapping[str, Any]) -> Any:
    """Turn the texts of --ask into what `sample` takes: None, a label or shares.

    `labels` has each label by the text that stands for it in the file.
    """
    if not asked:
        return None
    if len(asked) == 1 and asked[0] in labels:
        return labels[asked[0]]
    import numpy as np

    from skfadm._sampling import requested_codes

    shares = {}
    for text in asked:
        # A label may hold "=" itself, as "<=50K" does.
        name, _, share = text.rpartition("=")
        label = _known("--ask", name or text, labels)
        try:
            shares[label] = float(share)
        except ValueError:
            raise UserError(
                f"--ask {text}: {share!r} is no share; write it as {name}=0.5"
            ) from None
    classes = np.array(list(labels.values()), dtype=object)
    try:
        requested_codes(shares, 1, classes, classes, np.random.RandomState(0))
    except ValueError as error:
        raise UserError(f"--ask {str(error).removeprefix('y ')}") from error
    return shares


def _known(option: str, text: str, labels: Mapping[str, Any]) -> Any:
    if text not in labels:
        raise UserError(
            f"{option} {text}: there is no label {text!r}; the labels are "
            f"{', '.join(map(repr, sorted(labels)))}"
        )
    return labels[text]
