"""Labels, groups and domains of every dtype, and what is none."""

import datetime as dt
import enum
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.exceptions import DataConversionWarning

from skfadm import LeaveOneDomainOut, SyntheticDataClassifier
from skfadm.baselines import VAE
from skfadm.metrics import demographic_parity_ratio

from .generators import tiny

N = 24
WORDS = ["yes", "no", "no", "maybe"] * (N // 4)
X = pd.DataFrame({"a": np.arange(N) % 7, "b": np.random.default_rng(0).normal(size=N)})


def of(values, dtype=None, name="income"):
    return pd.Series(values, dtype=dtype, name=name)


def arrow(values, kind):
    return of(values, pd.ArrowDtype(kind))


DAYS = [dt.date(2020, 1, 1), dt.date(2021, 5, 1), dt.date(2021, 5, 1)] * (N // 3)
ONES = [1, 0, 0] * (N // 3)
FLAGS = [True, False, False] * (N // 3)
#: Labels, groups and domains as a user's table may hold them.
FORMS = {
    "category": of(pd.Categorical(WORDS, ["maybe", "never", "yes", "no"])),
    "numbers": of(pd.Categorical(ONES, [1, 0, 7])),
    "intervals": of(pd.cut(np.arange(N), [-1, 5, 50])),
    "words": of(WORDS),
    "string of pandas 3": of(WORDS, pd.StringDtype(na_value=np.nan)),
    "float16": of(ONES, "float16"),
    "Int64": of(ONES, "Int64"),
    "boolean": of(FLAGS, "boolean"),
    "decimals": of([Decimal(i) for i in ONES]),
    "dates": of(DAYS),
    "zoned times": of(pd.to_datetime(DAYS).tz_localize("Europe/Berlin")),
    "durations": of(pd.to_timedelta(ONES, unit="D")),
    "arrow booleans": arrow(FLAGS, pa.bool_()),
    "arrow dates": arrow(DAYS, pa.date32()),
    "arrow decimals": arrow([Decimal(i) for i in ONES], pa.decimal128(5, 1)),
    "arrow categories": arrow(WORDS, pa.dictionary(pa.int8(), pa.string())),
}


def same(labels, others):
    return pd.Series(labels).tolist() == pd.Series(others).tolist()


@pytest.fixture(scope="module", params=FORMS)
def form(request):
    y = FORMS[request.param]
    return y, tiny(max_iter=1, n_steps=1).fit(X, y)


def test_labels_of_every_dtype_come_back_as_they_came_and_as_asked(form):
    y, gen = form
    found = gen.sample(9)[1]
    assert found.dtype == y.dtype
    assert found.name == "income"
    assert set(found) <= set(y)
    asked = y.iloc[[3, 0, 1, 1, 2]]
    for given in (asked, asked.array, asked.to_frame(), list(asked)):
        assert same(gen.sample(5, given)[1], asked)
    assert same(gen.sample(2, y.iloc[1])[1], [y.iloc[1]] * 2)
    rare, frequent = list(y.unique())[:2]
    found = gen.sample(8, {rare: 0.25, frequent: 0.75})[1].tolist()
    assert (found.count(rare), found.count(frequent)) == (2, 6)


@pytest.mark.parametrize("dtype", ["U5", "S5", "O", "int8", "float32", "?", "M8[D]"])
def test_labels_of_arrays_come_back_as_arrays(dtype):
    y = np.array(WORDS if dtype in ("U5", "O") else ONES).astype(dtype)
    gen = tiny(max_iter=1, n_steps=1).fit(X, y)
    found = gen.sample(5, y[:5])[1]
    assert type(found) is np.ndarray
    assert found.dtype == y.dtype
    assert found.tolist() == y[:5].tolist()
    assert set(gen.sample(3, y[1])[1].tolist()) == set(y[1:2].tolist())


@pytest.mark.parametrize("make", [pd.Index, pd.array, pd.Categorical])
def test_labels_in_other_wrappings_come_back_as_a_series_of_their_dtype(make):
    y = make(WORDS)
    found = tiny(max_iter=1, n_steps=1).fit(X, y).sample(4, y[:4])[1]
    assert found.dtype == y.dtype
    assert found.tolist() == WORDS[:4]


def test_a_table_of_one_column_of_labels_is_taken_with_a_warning():
    with pytest.warns(DataConversionWarning, match="column-vector y"):
        gen = tiny(max_iter=1, n_steps=1).fit(X, pd.DataFrame({"income": WORDS}))
    found = gen.sample(2, "no")[1]
    pd.testing.assert_series_equal(found, pd.Series(["no", "no"], name="income"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("category", "O"), ("Int64", "i"), ("boolean", "b"), ("decimals", "i")],
)
def test_a_classifier_predicts_labels_of_the_kind_that_it_was_given(name, kind):
    y = FORMS[name]
    model = SyntheticDataClassifier(tiny(max_iter=1, n_steps=1), random_state=0)
    found = model.fit(X, y).predict(X)
    assert set(found.tolist()) <= set(y)
    assert found.dtype == model.classes_.dtype
    assert found.dtype.kind == kind


@pytest.mark.parametrize(
    "y", [FORMS["dates"], FORMS["intervals"], np.array(WORDS, "S")], ids=type
)
def test_a_classifier_refuses_labels_that_no_classifier_takes_before_training(y):
    with pytest.raises(TypeError, match=r"y holds .*expected strings.*astype\(str\)"):
        SyntheticDataClassifier(tiny(max_iter=10**9)).fit(X, y)


def quick(**params):
    return VAE(max_iter=1, hidden_width=4, n_layers=1, random_state=0, **params)


@pytest.mark.parametrize("name", FORMS)
def test_groups_and_domains_of_every_dtype_are_those_of_their_text(name):
    values = FORMS[name]
    gen = quick().fit(X, WORDS, values, values)
    domains = gen.domains_.tolist()
    assert domains == gen.sensitive_classes_[0].tolist() == sorted(domains)
    assert len(domains) == values.nunique()
    codes = np.empty(N, dtype=int)
    for i, (_, rows) in enumerate(LeaveOneDomainOut().split(X, domains=values)):
        assert values.iloc[rows].nunique() == 1
        codes[rows] = i
    y = np.arange(N) % 2
    found = demographic_parity_ratio(y, y, z=values)
    assert found == demographic_parity_ratio(y, y, z=codes)


def test_numbers_and_words_are_mixed_in_domains_and_not_in_labels():
    mixed = [1, "b", 10, 1] * (N // 4)
    assert quick().fit(X, WORDS, domains=mixed).domains_.tolist() == [1, 10, "b"]
    with pytest.raises(TypeError, match="y mixes labels of types int, str; expected"):
        quick().fit(X, mixed)
    assert quick().fit(X, [10, 9, 2] * (N // 3)).classes_.tolist() == [2, 9, 10]
    y = of([Decimal(3), 1.0, True] * (N // 3), object)
    assert quick().fit(X, y).classes_.tolist() == [1, 3]


class Colour(enum.Enum):
    RED, BLUE = range(2)


@pytest.mark.parametrize("name", ["y", "domains"])
@pytest.mark.parametrize(
    ("values", "message"),
    [
        (of([None, *WORDS[1:]]), r"{} has 1 missing values \(NaN or None"),
        ([np.nan, *ONES[1:]], r"{} has 1 missing values \(NaN or None"),
        ([pd.NaT, *DAYS[1:]], r"{} has 1 missing values \(NaN or None"),
        (pd.DataFrame({"a": WORDS, "b": ONES}), "{} has 2 columns; expected one label"),
    ],
)
def test_gaps_and_several_columns_of_labels_or_domains_are_refused(
    name, values, message
):
    with pytest.raises(ValueError, match=message.format(name)):
        tiny().fit(X, **{"y": WORDS, name: values})


@pytest.mark.parametrize("name", ["y", "z", "domains"])
@pytest.mark.parametrize(
    ("values", "error", "message"),
    [
        ({"sex": WORDS}, TypeError, "{} is dict; expected the values themselves, one"),
        ("sex", TypeError, "{} is 'sex'; expected the values themselves, one a row"),
        (WORDS[:5], ValueError, "{} has 5 rows but X has 24; expected as many"),
        (pd.DataFrame(index=range(N)), ValueError, "{} has no columns; expected one"),
        (np.zeros((N, 2, 2)), ValueError, "{} has 3 dimensions; expected one value"),
        ([0.5, *ONES[1:]], ValueError, "{} holds continuous values such as 0.5; .*cut"),
        (["a", 0.5, *WORDS[2:]], ValueError, "{} holds continuous values such as 0.5"),
        ([np.inf, *ONES[1:]], ValueError, "{} holds infinite values"),
        (np.array(ONES) + 1j, ValueError, "{} holds complex numbers such as 1"),
        (of([("a", 1)] * N), TypeError, r"{} holds \('a', 1\); expected single values"),
        (of(pd.arrays.SparseArray(ONES)), TypeError, "{} holds sparse .*to_dense"),
        (of(pd.PeriodIndex(DAYS, freq="M")), TypeError, "{} holds periods.*timestamp"),
        ([*Colour] * (N // 2), TypeError, "{} mixes labels of types Colour; expected"),
    ],
)
def test_what_is_no_label_is_refused_alike_as_label_group_and_domain(
    name, values, error, message
):
    arguments = {"y": WORDS, name: values}
    with pytest.raises(error, match=message.format(name)):
        tiny(max_iter=10**9).fit(X, **arguments)


def test_numbers_that_few_rows_share_are_refused_or_warned_of_with_what_to_do():
    rows = np.random.default_rng(0).normal(size=(300, 2))
    message = "y holds 300 different values in 300 rows; expected .* ranges of values"
    with pytest.raises(ValueError, match=message):
        tiny().fit(rows, np.arange(300))
    with pytest.warns(UserWarning, match="y holds 60 different numbers in 300 rows"):
        tiny(max_iter=1).fit(rows, np.arange(300) // 5)
    # As few rows as labels, as many words as rows share, and not so many numbers.
    tiny(max_iter=1).fit(X.iloc[:3], ["a", "b", "c"])
    tiny(max_iter=1).fit(rows, [f"w{i}" for i in np.arange(300) // 2])
    tiny(max_iter=1).fit(rows, np.arange(300) // 10)


@pytest.mark.parametrize(
    ("asked", "error", "message"),
    [
        (["yes", None, "no"], ValueError, "y has 1 missing values"),
        ([["yes"], ["yes", "no"], "no"], TypeError, r"y holds \['yes'\]; expected"),
        (["yes", "no", "perhaps"], ValueError, "unknown labels 'perhaps'; .*'maybe'"),
        (np.array([["yes", "no"]] * 3), ValueError, r"y has shape \(3, 2\) but n_samp"),
        (np.datetime64("2020"), ValueError, "unknown labels Timestamp"),
    ],
)
def test_labels_that_cannot_be_asked_for_are_refused(asked, error, message):
    gen = tiny(max_iter=1).fit(X, WORDS)
    with pytest.raises(error, match=message):
        gen.sample(3, asked)
