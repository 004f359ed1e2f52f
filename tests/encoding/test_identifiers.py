"""Words that belong to single rows are not given away."""

import re
from uuid import UUID

import numpy as np
import pandas as pd
import pytest

from skfadm.encoding import TabularEncoder

from ..reachable import reachable, texts_of
from . import columns

N = 3000


def names(n=N, seed=0):
    """Return names as of people, most of them of one row."""
    rng = np.random.default_rng(seed)

    def pool(size, longest):
        return [
            "".join(rng.choice(list("aeioumnrst"), rng.integers(3, longest))).title()
            for _ in range(size)
        ]

    first, last = rng.choice(pool(200, 8), n), rng.choice(pool(2000, 11), n)
    return pd.Series([f"{a} {b}" for a, b in zip(first, last, strict=True)])


def sentences(n=N):
    rng = np.random.default_rng(1)
    lexicon = names(500).str.split().str[0].tolist()
    return pd.Series(
        [" ".join(rng.choice(lexicon, rng.integers(5, 60))) for _ in range(n)]
    )


def fit(column, **params):
    X = pd.DataFrame({"who": column, "x": np.arange(len(column)) % 7})
    return X, TabularEncoder(0, **params).fit(X)


def generated(encoder, n=N, seed=0):
    return columns.generated(encoder, n, seed)["who"]


def uuid(k):
    return UUID(int=pow(3, 100 + k, 2**127 - 1), version=4)


IDENTIFIERS = {
    "names": names(),
    "names as categories": names().astype("category"),
    "names in Arrow": names().astype("string[pyarrow]"),
    "sentences": sentences(),
    "numbers of accounts": pd.Series([f"DE{k:010d}" for k in range(0, 7 * N, 7)]),
    "UUIDs": pd.Series([uuid(k) for k in range(N)]),
    "patients": pd.Series([f"patient {k}" for k in range(1500)] * 2),
    "beyond Unicode, and empty": pd.Series(
        ["", "\udc80bad", *[f"x{k}" for k in range(N - 2)]]
    ),
    "mail": pd.Series([f"{w}{k}@example.org" for k, w in enumerate(sentences())]),
}


@pytest.mark.parametrize("name", IDENTIFIERS)
def test_identifiers_come_back_as_new_ones_of_their_pattern(name):
    column = IDENTIFIERS[name]
    with pytest.warns(
        UserWarning, match=r"'who' holds \d+ words that are rare"
    ) as seen:
        X, encoder = fit(column)
    assert len(seen) == 1
    # They take no channel.
    assert (encoder.n_numbers_, encoder.category_sizes_) == (0, (7,))
    found = generated(encoder)
    assert found.dtype == column.dtype or name == "names as categories"
    assert {type(v) for v in found} == {type(v) for v in column}
    assert not set(found) & set(column)
    # Of 20,000 numbers of accounts a third is taken.
    assert found.nunique() > 0.8 * N
    assert not found.isna().any()
    if isinstance(found.dtype, pd.CategoricalDtype):
        assert not set(found.cat.categories) & set(column)


def test_new_identifiers_have_the_constant_parts_and_the_form_of_the_real_ones():
    X = {"who": IDENTIFIERS["numbers of accounts"], "name": names()}
    X["uuid"] = IDENTIFIERS["UUIDs"].map(str)
    with pytest.warns(UserWarning):
        encoder = TabularEncoder(0).fit(pd.DataFrame(X))
    found = encoder.decode(np.empty((N, 0)), seed=0)
    assert found["who"].map(lambda t: bool(re.fullmatch(r"DE00000\d{6}", t))).all()
    assert found["name"].str.fullmatch("[A-Z][a-z]+ [A-Z][a-z]+").mean() > 0.99
    assert [str(UUID(text)) for text in found["uuid"]] == found["uuid"].tolist()
    real = names().str.len()
    np.testing.assert_allclose(found["name"].str.len().mean(), real.mean(), rtol=0.03)


def test_neither_words_of_sentences_nor_rare_characters_nor_all_of_a_form_come_back():
    column = sentences()
    column[0] += " Ж secret"
    with pytest.warns(UserWarning):
        _, encoder = fit(column)
    found = " ".join(generated(encoder))
    assert "Ж" not in found
    real = {word for text in column for word in text.split() if len(word) > 5}
    assert not real & set(found.split())
    # Where all words of a form are taken new ones are longer.
    with pytest.warns(UserWarning):
        _, encoder = fit(pd.Series([f"P{k:03d}" for k in range(1000)]))
    found = generated(encoder)
    assert set(found.str.len()) == {5}
    assert found.str.startswith("P").all()


def test_frequent_words_among_free_text_are_categories():
    column = sentences()
    column[np.arange(N) % 3 > 0] = "none"
    column[::30] = None
    with pytest.warns(UserWarning, match="holds 900 words that are rare, in 900 rows"):
        X, encoder = fit(column)
    assert encoder.category_sizes_ == (3, 7)
    E = encoder.transform(X)
    back = encoder.inverse_transform(E)["who"]
    assert (back == "none").sum() == (column == "none").sum()
    assert back.isna().tolist() == column.isna().tolist()
    assert not set(back.dropna()) & (set(column.dropna()) - {"none"})


def test_a_vocabulary_with_a_long_tail_is_one_of_categories():
    ranks = np.random.default_rng(0).zipf(2.0, 5000)
    column = pd.Series(ranks).map("city {}".format)
    counts = column.value_counts()
    n_rare = (counts < 5).sum()
    with pytest.warns(UserWarning, match=f"holds {n_rare} words of fewer rows than"):
        X, encoder = fit(column)
    common = counts[counts >= 5]
    # Rare words are not given away; they count for the others by their shares.
    assert encoder.category_sizes_[0] == len(common)
    assert set(generated(encoder, 5000)) <= set(common.index)
    back = encoder.inverse_transform(encoder.transform(X))["who"]
    frequent = column.isin(common.index)
    assert (back == column)[frequent].all()
    expected = common.iloc[0] * len(column) / common.sum()
    assert abs((back == common.index[0]).sum() - expected) < 4 * np.sqrt(expected)


def test_identifiers_can_be_left_empty_or_kept():
    with pytest.warns(UserWarning, match="missing values take their place"):
        X, encoder = fit(names(), identifiers="missing")
    assert encoder.category_sizes_ == (7,)
    assert generated(encoder).isna().all()
    assert encoder.inverse_transform(encoder.transform(X))["who"].isna().all()
    X, encoder = fit(names(), identifiers="keep")
    assert encoder.category_sizes_[0] == names().nunique()
    pd.testing.assert_frame_equal(encoder.inverse_transform(encoder.transform(X)), X)


def test_a_column_that_is_named_is_one_of_identifiers_whatever_it_holds():
    doctors = pd.Series(["Dr. Who", "Dr. No", "Dr. Dolittle"] * 100)
    # No warning either.
    _, encoder = fit(doctors, identifiers={"who": "synthetic"})
    assert not set(generated(encoder, 100)) & set(doctors)
    _, encoder = fit(doctors, identifiers={"who": "missing"})
    assert generated(encoder, 100).isna().all()
    _, encoder = fit(names(), identifiers={"who": "keep"})
    assert set(generated(encoder, 100)) <= set(names())


def test_arrays_of_strings_have_identifiers_too():
    X = np.column_stack([names(), np.array(["a", "b"])[np.arange(N) % 2]]).astype(str)
    with pytest.warns(UserWarning, match="Column 0 holds"):
        encoder = TabularEncoder(0).fit(X)
    back = encoder.inverse_transform(encoder.transform(X))
    assert back.dtype.kind == "U"
    assert not np.isin(back[:, 0], X[:, 0]).any()
    assert (back[:, 1] == X[:, 1]).all()
    for wrong, message in {
        (0, "missing"): "cannot hold missing values",
        (2, "keep"): "must map columns of X to one of",
        (0, "drop"): "must map columns of X to one of",
    }.items():
        with pytest.raises(ValueError, match=message):
            TabularEncoder(0, identifiers=dict([wrong])).fit(X)


def test_a_row_has_the_same_identifier_in_whatever_part_it_is_decoded():
    with pytest.warns(UserWarning):
        X, encoder = fit(names())
    E = encoder.transform(X)
    whole = encoder.decode(E, seed=3)
    parts = [encoder.decode(E[i : i + 700], seed=3, first=i) for i in range(0, N, 700)]
    pd.testing.assert_frame_equal(pd.concat(parts, ignore_index=True), whole)
    other = encoder.decode(E, seed=4)
    assert not set(other["who"]) & set(whole["who"])
    # One that fit has not seen is no unknown category.
    new = pd.DataFrame({"who": ["Somebody Else"], "x": [3]})
    assert encoder.transform(new).tolist() == [[3.0]]


def drawn(n, form, size):
    picked = np.random.default_rng(5).choice(size, n, replace=False)
    return pd.Series([form.format(k) for k in picked])


def test_real_identifiers_cannot_be_found_by_trying_all():
    real = drawn(300, "P-{:06d}", 10**6)
    with pytest.warns(UserWarning):
        _, encoder = fit(real)
    tries = np.array([f"P-{k:06d}" for k in range(10**6)], dtype=object)
    stored = [v for v in reachable(encoder) if isinstance(v, int | np.integer)]
    for texts in (tries, np.array([t.encode() for t in tries], dtype=object)):
        found = tries[np.isin(pd.util.hash_array(texts, categorize=False), stored)]
        assert len(found) <= 1
    # New ones are real by chance only, as a guess is: 300 in a million.
    new = set(generated(encoder, 20_000))
    assert len(new & set(real)) < 25


@pytest.mark.parametrize(
    ("form", "rule", "dtype"),
    [
        ("Ann Lee {:06d}", "synthetic", "category"),
        ("+44 20 {:07d}", "synthetic", "string[pyarrow]"),
        ("P-{:06d}", "missing", "category"),
        ("she said {} and left, so", "synthetic", object),
        ("she said {} and left, so", "missing", "string[pyarrow]"),
    ],
)
def test_what_is_kept_of_identifiers_names_none_and_does_not_grow(form, rule, dtype):
    sizes = []
    for n in (300, 3000):
        real = drawn(n, form, 10**6)
        # Of a part of the rows categories name the others too.
        column = pd.concat([real, drawn(n, form + "!", 10**6)]).astype(dtype)[:n]
        _, encoder = fit(column, identifiers={"who": rule})
        texts = texts_of(encoder)
        assert not [word for word in column.astype(str) if word in texts]
        assert not any(line.endswith("!") for line in texts.splitlines())
        sizes.append(sum(1 for _ in reachable(encoder)))
    assert sizes[1] < 1.3 * sizes[0]
