"""A card that goes with a generated table: what its rows are, and are not."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._files import own_version, written_whole
from .._text import printable

if TYPE_CHECKING:
    from ._report import FairnessReport

#: Settings that do not change rows.
_NOT_OF_ROWS = ("memory", "n_jobs", "verbose")
#: What the card says of the rows of every generator.
_ALWAYS = {
    "uses": {
        "intended": ["training classifiers", "developing and showing software"],
        "not_intended": [
            "testing: labels are drawn, they did not happen",
            "studying causes: features and labels depend on each other otherwise",
            "decisions about the people in the real table",
            "as an anonymous table: there is no guarantee of privacy",
        ],
    },
    "limitations": {
        "ground_truth": "labels are no ground truth",
        "groups": "only the groups above were looked at",
        "predictions": "hold for rows like those that they were made for",
        "privacy": "no bound holds for what rows tell of a person",
    },
}


@dataclass(frozen=True)
class DataCard:
    """What goes with a generated table; made by :func:`data_card`.

    Parameters
    ----------
    fields : dict
        Sections as in "Datasheets for Datasets" (Gebru et al., 2021), with what Article
        10 and Annex IV of the EU's AI Act ask of training data, by the schema
        ``card.schema.json`` beside this module.
    """

    fields: dict[str, Any]

    def to_json(self) -> str:
        """Return the card as JSON; a number that is not known is null."""
        return json.dumps(self.fields, indent=2, ensure_ascii=False) + "\n"

    def to_markdown(self) -> str:
        """Return the card as a page of Markdown."""
        lines = ["# Data card", ""]
        for title, section in self.fields.items():
            if isinstance(section, dict):
                heading = title.replace("_", " ").capitalize()
                lines += [f"## {heading}", "", *_bullets(section), ""]
        return "\n".join(lines)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the card as Markdown where the name ends in .md, otherwise as JSON.

        Parameters
        ----------
        path : str or path-like
            The file; one that exists is replaced when all of the card is written.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        is_page = Path(path).suffix.lower() == ".md"
        text = self.to_markdown() if is_page else self.to_json()
        with written_whole(Path(path)) as file:
            file.write(text.encode(errors="replace"))


def data_card(
    generator: Any,
    n_samples: int,
    *,
    report: FairnessReport | None = None,
    seed: int | None = None,
    source: str | None = None,
) -> DataCard:
    """Say what the rows of a generator are: origin, settings, fairness, privacy, use.

    Parameters
    ----------
    generator : FairDiffusionGenerator
        The fitted generator, with the settings that the rows were sampled with.
    n_samples : int
        How many rows were sampled.
    report : FairnessReport, default=None
        What :func:`fairness_report` measured of these rows. Without it the card says
        that nothing was measured and that the table was not attacked.
    seed : int, default=None
        The `random_state` of the rows.
    source : str, default=None
        Where the real rows come from and of when. Only you can know it.

    Returns
    -------
    DataCard
        Has ``to_json``, ``to_markdown`` and ``save``.

    Raises
    ------
    NotFittedError
        Before `fit`.

    Examples
    --------
    >>> from skfadm import FairDiffusionGenerator
    >>> from skfadm.datasets import make_biased_domains
    >>> data = make_biased_domains(200, random_state=0)
    >>> generator = FairDiffusionGenerator(max_iter=1, lambda_yz=1.0, random_state=0)
    >>> generator = generator.fit(data.data, data.target, data.z)
    >>> card = data_card(generator, 1000, source="A simulation.")
    >>> card.fields["composition"]["labels"]
    'drawn from a probability, not observed'
    """
    check_is_fitted(generator)
    params = generator.get_params(deep=False)
    names = getattr(generator, "feature_names_in_", None)
    label = generator.label_format_.name
    fair = " whose labels treat groups more alike"
    privacy: dict[str, Any] = {"guarantee": None, "verdict": "not attacked"}
    if report is not None:
        quality = report.quality
        privacy["verdict"] = quality.privacy
        privacy["attacks"] = {
            attack: {"value": getattr(quality, attack), "low": low, "high": high}
            for attack, (low, high) in quality.intervals.items()
        }
    fields = {
        "schema_version": "1",
        "motivation": {
            "purpose": f"a synthetic table{fair * bool(generator.lambda_yz_)}",
            "uses": _ALWAYS["uses"],
        },
        "composition": {
            "instances": int(n_samples),
            "rows": "generated; none is a row of the real table",
            "features": generator.n_features_in_ if names is None else list(names),
            "label": "y" if label is None else label,
            "label_values": generator.classes_.tolist(),
            "labels": "drawn from a probability, not observed",
            "favourable_label": generator.pos_label_,
            "groups": [list(each) for each in generator.sensitive_classes_],
        },
        "collection_process": {
            "source": source,
            "generated_with": f"skfadm {own_version()}",
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "seed": seed,
        },
        "preprocessing": {
            "settings": {k: v for k, v in params.items() if k not in _NOT_OF_ROWS},
            "training_iterations": generator.n_iter_,
        },
        "examination_of_bias": _bias(generator, report),
        "privacy": privacy,
        "limitations": _ALWAYS["limitations"],
    }
    return DataCard(_plain(fields))


def _bias(generator: Any, report: FairnessReport | None) -> dict[str, Any]:
    tradeoff = generator.tradeoff_
    found = {"strength": generator.lambda_yz_, "predicted": None, "measured": None}
    if tradeoff is not None:
        before, after = tradeoff.at(0.0), tradeoff.at(tradeoff.taken)
        found |= {
            "targets": tradeoff.goal.targets,
            "predicted_for": tradeoff.rows,
            "real_labels": {"demographic_parity": tradeoff.table_ratio},
            "predicted": {"without_fair_labels": before, "with_fair_labels": after},
            "share_of_labels_changed": after["changed"],
            "note": tradeoff.note,
        }
    if report is not None:
        found["measured"] = {
            "attribute": report.attribute,
            "scores": report.scores.reset_index().to_dict("records"),
            "rates_of_groups": report.rates.reset_index().to_dict("records"),
            "warnings": report.warnings,
        }
    return found


def _plain(value: Any) -> Any:
    """Return what JSON can hold: NaN is null, what is no number or text is its text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [_plain(each) for each in value]
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return printable(value)


def _bullets(section: Mapping[str, Any], indent: str = "") -> list[str]:
    lines = []
    for name, value in section.items():
        text = f"{indent}- **{name.replace('_', ' ').capitalize()}**:"
        if isinstance(value, dict):
            lines += [text, *_bullets(value, indent + "  ")]
        elif isinstance(value, list) and value:
            lines += [text, *(f"{indent}  - {_text(each)}" for each in value)]
        else:
            lines.append(f"{text} {_text(value)}")
    return lines


def _text(value: Any) -> str:
    if value is None or value == []:
        return "none"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_text(each)}" for name, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
