"""Small tables, quick generators and what every generator must hold to."""

import io
import pickle
import tempfile
from collections import Counter

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skfadm import FairDiffusionGenerator

#: A generator that trains in a fraction of a second.
TINY = {
    "hidden_width": 16,
    "n_blocks": 1,
    "max_iter": 5,
    "batch_size": 16,
    "n_steps": 3,
}


def tiny(**params):
    return FairDiffusionGenerator(**{**TINY, "random_state": 0, **params})


def mixed_table(n=120, seed=0):
    """Return (X, y, z, domains) with every kind of column."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "number": rng.normal(size=n),
            "count": rng.poisson(30, size=n),
            "gap": np.where(rng.random(n) < 0.3, np.nan, rng.normal(size=n)),
            "spike": np.where(rng.random(n) < 0.8, 0.0, rng.gamma(2.0, size=n)),
            "flag": rng.random(n) < 0.4,
            "word": rng.choice(["a", "b", "c"], size=n),
            "category": pd.Categorical(rng.choice(["x", "y"], n), ["z", "y", "x"]),
            "constant": 7,
        }
    )
    X.loc[::10, "word"] = None
    y = pd.Series(rng.choice(["no", "yes"], size=n, p=[0.7, 0.3]), name="income")
    z = pd.Series(rng.choice(["F", "M"], size=n), name="sex")
    domains = pd.Series(rng.choice(["north", "south", "west"], size=n), name="state")
    return X, y, z, domains


class _Graph(pickle.Pickler):
    """Lists all that an object holds, however deep."""

    def __init__(self):
        super().__init__(io.BytesIO())
        self.found = []

    def persistent_id(self, found):
        self.found.append(found)


def assert_holds_no_rows(estimator, X, y, z):
    """Assert that nothing in a fitted estimator has an entry for each row of a table.

    Values of a column it may hold if they are sorted: what stood beside them is gone.
    """
    graph = _Graph()
    graph.dump(estimator)
    tables = [
        held for held in graph.found if isinstance(held, pd.DataFrame | pd.Series)
    ]
    assert all(len(table) < len(X) for table in tables)
    rows = pd.DataFrame(estimator.encoder_.transform(X))
    columns = [*X.select_dtypes("float").to_numpy().T, *rows.to_numpy().T]
    codes = [pd.factorize(labels, sort=True)[0] for labels in (y, z)]
    arrays = [a for a in graph.found if isinstance(a, np.ndarray) and a.size >= len(X)]
    assert arrays
    for array in arrays:
        for name in array.dtype.names or [...]:
            part = array[name]
            assert not any(np.array_equal(part, own) for own in codes)
            for column in columns:
                known = part[np.isin(part, column[np.isfinite(column)])]
                is_sorted = (np.diff(known) >= 0).all()
                # Codes are few values, which any array may have.
                assert len(np.unique(known)) < len(X) / 2 or is_sorted


def check_generator_returns_the_same_kind_of_table(generator):
    X, y, z, domains = mixed_table()
    X_syn, y_syn = generator.fit(X, y, z, domains).sample(30)
    pd.testing.assert_frame_equal(X_syn.iloc[:0], X.iloc[:0])
    assert len(X_syn) == len(y_syn) == 30
    assert y_syn.name == y.name
    assert y_syn.dtype == y.dtype
    for name in ("number", "count", "gap", "spike"):
        assert X_syn[name].dropna().between(X[name].min(), X[name].max()).all()
    for name in ("word", "category", "flag", "constant"):
        assert set(X_syn[name].dropna()) <= set(X[name].dropna())
    assert not X_syn[["number", "count", "flag", "category"]].isna().any(axis=None)


def check_generator_returns_arrays_for_arrays(generator):
    X, y, z, domains = mixed_table()
    numbers = X[["number", "gap"]].to_numpy()
    X_syn, y_syn = generator.fit(numbers, y.to_numpy(), z, domains).sample(7)
    assert type(X_syn) is type(y_syn) is np.ndarray
    assert X_syn.shape == (7, 2)
    assert X_syn.dtype == numbers.dtype


def assert_same_fit(one, other):
    """Assert that two fitted generators know the same and give the same rows."""
    assert set(vars(one)) == set(vars(other))
    assert set(one.weights_) == set(other.weights_)
    for name, weight in one.weights_.items():
        np.testing.assert_array_equal(weight, other.weights_[name])
    for mine, others in zip(one.sample(20), other.sample(20), strict=True):
        assert type(mine) is type(others)
        pd.testing.assert_frame_equal(pd.DataFrame(mine), pd.DataFrame(others))


def check_generator_keeps_nothing_of_an_earlier_fit(generator):
    X, y, z, domains = mixed_table()
    groups = np.arange(len(X)) % 3
    tables = [
        (X, y, z, domains),
        (X[["number", "gap"]].to_numpy(), groups, np.column_stack([groups, z == "M"])),
        (X[["word", "category"]], y, z),
        (X[["count"]].to_numpy(), (y == "yes").to_numpy(), z, domains),
    ]
    for table in tables:
        assert_same_fit(generator.fit(*table), clone(generator).fit(*table))


def check_generator_forgets_z(generator):
    X, y, z, domains = mixed_table()
    assert_same_fit(
        generator.fit(X, y, z, domains).fit(X, y), clone(generator).fit(X, y)
    )


def check_generator_gives_the_labels_asked_for(generator):
    generator.fit(*mixed_table())
    assert set(generator.sample(5, "yes")[1]) == {"yes"}
    asked = ["no", "yes", "yes"]
    assert list(generator.sample(3, asked)[1]) == asked
    counts = generator.sample(10, {"yes": 0.3, "no": 0.7})[1].value_counts()
    assert counts.to_dict() == {"no": 7, "yes": 3}


def check_generator_reproduces_with_its_seed(generator):
    table = mixed_table()
    first = generator.fit(*table).sample(20)
    second = generator.fit(*table).sample(20)
    pd.testing.assert_frame_equal(first[0], second[0])
    pd.testing.assert_series_equal(first[1], second[1])
    third = generator.sample(20, random_state=99)[0]
    assert not third["number"].equals(first[0]["number"])


def check_fit_sets_each_attribute_once(generator):
    times = Counter()

    class Counted(type(generator)):
        def __setattr__(self, name, value):
            times[name] += 1
            super().__setattr__(name, value)

    Counted(**generator.get_params()).fit(*mixed_table())
    assert times["weights_"] == times["history_"] == times["n_iter_"] == 1
    assert {n for name, n in times.items() if name.endswith("_")} == {1}


GENERATOR_CHECKS = [
    check_generator_returns_the_same_kind_of_table,
    check_generator_returns_arrays_for_arrays,
    check_generator_keeps_nothing_of_an_earlier_fit,
    check_generator_gives_the_labels_asked_for,
    check_generator_reproduces_with_its_seed,
    check_fit_sets_each_attribute_once,
]


def check_attributes_describe_the_training(fitted, table):
    X, y, *_ = table
    assert fitted.classes_.tolist() == ["no", "yes"]
    shares = [(y == c).mean() for c in ("no", "yes")]
    np.testing.assert_allclose(fitted.class_prior_, shares)
    assert [g.tolist() for g in fitted.sensitive_classes_] == [["F", "M"]]
    assert fitted.domains_.tolist() == ["north", "south", "west"]
    assert fitted.feature_names_in_.tolist() == X.columns.tolist()
    for losses in fitted.history_.values():
        assert losses.shape == (fitted.n_iter_,)
        assert np.isfinite(losses).all()
    for weight in fitted.weights_.values():
        assert weight.dtype == np.float32


def check_a_fitted_generator_survives_saving(fitted, table):
    saved = {"pickle": pickle.loads(pickle.dumps(fitted))}
    with tempfile.TemporaryFile() as file:
        joblib.dump(fitted, file)
        file.seek(0)
        saved["joblib"] = joblib.load(file)
    skops = pytest.importorskip("skops.io")
    data = skops.dumps(fitted)
    untrusted = skops.get_untrusted_types(data=data)
    assert all(name.startswith(("skfadm.", "sklearn.")) for name in untrusted)
    saved["skops"] = skops.loads(data, trusted=untrusted)
    for loaded in saved.values():
        pd.testing.assert_frame_equal(loaded.sample(9)[0], fitted.sample(9)[0])


def check_fitted_state_holds_no_torch_objects(fitted, table):
    assert b"torch" not in pickle.dumps(fitted)


def check_fitted_state_holds_no_training_rows(fitted, table):
    X, y, z, _ = table
    assert_holds_no_rows(fitted, X, y, z)


def check_bad_requests_are_refused(fitted, table):
    for n_samples, y, error, message in [
        (0, None, ValueError, "n_samples"),
        (-3, None, ValueError, "n_samples"),
        (1.5, None, TypeError, "n_samples"),
        (True, None, TypeError, "n_samples"),
        (3, "maybe", ValueError, "unknown labels 'maybe'.*'no', 'yes'"),
        (3, ["yes", "no"], ValueError, r"y has shape \(2,\) but n_samples is 3"),
        (3, {"yes": 0.5, "no": 0.4}, ValueError, "sum to 0.9"),
        (3, {"yes": 1.5, "no": -0.5}, ValueError, "not negative"),
        (3, {"maybe": 1.0}, ValueError, "unknown labels"),
        (3, {"yes": "all"}, TypeError, "shares"),
    ]:
        with pytest.raises(error, match=message):
            fitted.sample(n_samples, y)


def check_fit_resample_returns_as_many_generated_rows(fitted, table):
    X, y, z, domains = table
    X_res, y_res = clone(fitted).fit_resample(X, y, z=z, domains=domains)
    assert len(X_res) == len(y_res) == len(X)


def check_tables_of_one_kind_of_column(fitted, table):
    X, y, z, domains = table
    for columns in (["number"], ["word", "category"]):
        X_syn, _ = clone(fitted).fit(X[columns], y, z, domains).sample(6)
        assert X_syn.columns.tolist() == columns


#: What is given a generator fitted on a table, and the table.
FITTED_CHECKS = [
    check_attributes_describe_the_training,
    check_a_fitted_generator_survives_saving,
    check_fitted_state_holds_no_torch_objects,
    check_fitted_state_holds_no_training_rows,
    check_bad_requests_are_refused,
    check_fit_resample_returns_as_many_generated_rows,
    check_tables_of_one_kind_of_column,
]
