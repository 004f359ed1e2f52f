"""What all generators of tables share: checks, encoding, fitted names, resampling."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from ._containers import from_pandas, library_of, to_pandas
from ._files import own_version, wrong_version
from ._validation import (
    check_n_samples,
    encode_domains,
    encode_groups,
    encode_labels,
    new_random_state,
)
from .encoding import TabularEncoder
from .encoding._categories import CategoryColumn
from .encoding._tables import TakesAnyTable

Table: TypeAlias = NDArray[Any] | pd.DataFrame
Labels: TypeAlias = NDArray[Any] | pd.Series


@dataclass(frozen=True)
class LabelFormat:
    """What labels of each code looked like in `fit`, to go out as they came."""

    #: The labels, or what gives them in a dtype of pandas.
    values: NDArray[Any] | CategoryColumn
    #: The code that `values` has for each.
    order: NDArray[np.int64]
    #: Whether labels go out as a Series, and its name.
    is_series: bool = False
    name: Any = None
    #: Of which library, if not of pandas.
    library: str = ""

    @classmethod
    def of(cls, y: Any, codes: NDArray[np.int64], classes: NDArray[Any]) -> LabelFormat:
        """Return the format of the labels `y`, which have these codes."""
        library, y = library_of(y), to_pandas("y", y)
        if isinstance(y, pd.DataFrame):
            y = y.iloc[:, 0]
        if isinstance(y, pd.Index | pd.api.extensions.ExtensionArray):
            y = pd.Series(y)
        first = np.unique(codes, return_index=True)[1]
        order = np.arange(len(classes))
        if not isinstance(y, pd.Series):
            values = y.ravel()[first] if isinstance(y, np.ndarray) else classes
            return cls(values, order)
        if isinstance(y.dtype, np.dtype):
            return cls(y.to_numpy()[first], order, True, y.name)
        rng = np.random.default_rng(0)  # nothing is drawn where all words are kept
        column = CategoryColumn("y", y, "keep", False, rng)
        found = column.encode(y.iloc[first], rng)[1]
        places = np.asarray(found, dtype=np.int64)
        return cls(column, places, True, y.name, library)

    def restore(self, codes: NDArray[np.integer]) -> Labels:
        """Return the labels with these codes."""
        order = self.order[codes]
        if isinstance(self.values, np.ndarray):
            labels = self.values[order]
        else:
            labels = self.values.decode(None, order, order, seed=0)
        if not self.is_series:
            return labels
        return from_pandas(pd.Series(labels, name=self.name), self.library)


@dataclass(frozen=True)
class EncodedTable:
    """A checked table as codes, with what it takes to turn codes back."""

    rows: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray[np.int64]
    domains: NDArray[np.int64]
    encoder: TabularEncoder
    classes: NDArray[Any]
    sensitive_classes: list[NDArray[Any]]
    domain_names: NDArray[Any]
    label_format: LabelFormat

    @property
    def label_counts(self) -> NDArray[np.int64]:
        """Rows of each label."""
        return np.bincount(self.labels)

    @property
    def n_groups(self) -> tuple[int, ...]:
        """Groups of each sensitive attribute."""
        return tuple(len(groups) for groups in self.sensitive_classes)


class TableGenerator(TakesAnyTable, BaseEstimator, ABC):
    """Base class of the generators.

    A generator has `fit(X, y, z=None, domains=None)`, which sets `weights_` last, and
    `sample(n_samples=1, y=None, *, random_state=None)`. Metadata routing hands z and
    domains to `fit` without set_fit_request.
    """

    __metadata_request__fit = {"z": True, "domains": True}
    __metadata_request__fit_resample = {"z": True, "domains": True}

    #: Whether the groups of some rows may be missing.
    _takes_gaps_in_z = False
    #: What identifiers come back as; a parameter of those that offer it.
    identifiers: str | dict = "synthetic"
    #: Fewer rows than that point at nobody; likewise.
    min_frequency: int = 5
    random_state: Any
    weights_: dict[str, NDArray[np.float32]]

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_skfadm_version": own_version()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        wrong = wrong_version(state.pop("_skfadm_version", None))
        if wrong and "weights_" in state:
            raise ValueError(f"This {type(self).__name__} {wrong}.")
        super().__setstate__(state)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "weights_")

    @abstractmethod
    def fit(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> Self:
        """Learn to generate."""

    @abstractmethod
    def sample(
        self, n_samples: int = 1, y: object = None, *, random_state: Any = None
    ) -> tuple[Table, Labels]:
        """Generate rows and their labels."""

    def fit_resample(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None = None,
        domains: ArrayLike | None = None,
    ) -> tuple[Table, Labels]:
        """Fit and return generated rows in place of the real ones.

        The interface of imbalanced-learn's samplers: what follows in a pipeline is
        trained on as many generated rows as there are real ones.

        Parameters
        ----------
        X, y, z, domains
            As for `fit`.

        Returns
        -------
        X_resampled, y_resampled
            As for `sample`.
        """
        return self.fit(X, y, z, domains).sample(len(X))  # type: ignore[arg-type]

    def _encode(
        self,
        X: ArrayLike | pd.DataFrame,
        y: ArrayLike,
        z: ArrayLike | None,
        domains: ArrayLike | None,
        seed: int,
    ) -> EncodedTable:
        """Check what `fit` was given and encode it; the estimator is not changed."""
        encoder = TabularEncoder(
            seed, identifiers=self.identifiers, min_frequency=self.min_frequency
        ).fit(X)
        rows = encoder.transform(X)
        if y is None:
            raise ValueError(
                f"{type(self).__name__} requires y to be passed, but the target y is "
                "None."
            )
        labels, classes = encode_labels(y, len(rows))
        groups, sensitive_classes = encode_groups(
            z, len(rows), gaps=self._takes_gaps_in_z
        )
        domain_codes, domain_names = encode_domains(domains, len(rows))
        if not rows.shape[1]:
            raise ValueError(
                f"X holds only constant columns or identifiers "
                f"({encoder.n_features_in_} columns, {len(rows)} rows); expected at "
                "least one that varies."
            )
        return EncodedTable(
            rows,
            labels,
            groups,
            domain_codes,
            encoder,
            classes,
            sensitive_classes,
            domain_names,
            LabelFormat.of(y, labels, classes),
        )

    def _remember(self, table: EncodedTable) -> None:
        """Set the fitted attributes that describe the table."""
        self.encoder_ = table.encoder
        copy_feature_names(table.encoder, self)
        self.classes_ = table.classes
        self.class_prior_ = table.label_counts / len(table.labels)
        self.sensitive_classes_ = table.sensitive_classes
        self.domains_ = table.domain_names
        self.label_format_ = table.label_format

    def _begin_sampling(
        self, n_samples: object, random_state: Any
    ) -> tuple[int, int, np.random.RandomState]:
        """Return the checked number of rows, their seed and where labels come from."""
        check_is_fitted(self)
        self._validate_params()
        n_rows = check_n_samples(n_samples)
        rng = new_random_state(
            self.random_state if random_state is None else random_state
        )
        return n_rows, new_seed(rng), rng

    def _decode(
        self,
        rows: NDArray[np.float32],
        codes: NDArray[np.integer],
        seed: int,
    ) -> tuple[Table, Labels]:
        """Return compact rows and label codes as `fit` saw such tables and labels."""
        X = self.encoder_.restore(self.encoder_.decode(rows, seed=seed))
        return X, self.label_format_.restore(codes)


def copy_feature_names(fitted: Any, estimator: Any) -> None:
    """Set the number of features and, if they have any, their names."""
    estimator.n_features_in_ = fitted.n_features_in_
    # Names of an earlier fit must not outlive it.
    vars(estimator).pop("feature_names_in_", None)
    if hasattr(fitted, "feature_names_in_"):
        estimator.feature_names_in_ = fitted.feature_names_in_


def new_seed(rng: np.random.RandomState) -> int:
    """Draw a seed for torch and the encoder."""
    return rng.randint(np.iinfo(np.int32).max)
