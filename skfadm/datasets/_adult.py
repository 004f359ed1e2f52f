"""The Adult table of the UCI repository, as the paper's experiment uses it."""

from os import PathLike
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.datasets import fetch_openml
from sklearn.utils import Bunch

_NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
_WORDS = [
    *("workclass", "marital-status", "occupation", "relationship", "native-country")
]
_FEATURES = _NUMBERS + _WORDS
_LABELS = ["<=50K", ">50K"]
_UCI_COLUMNS = [
    *("age", "workclass", "fnlwgt", "education", "education-num", "marital-status"),
    *("occupation", "relationship", "race", "sex", "capital-gain", "capital-loss"),
    *("hours-per-week", "native-country", "income"),
]
_DESCR = """\
Adult (census income)

48,842 people of the 1994 census of the United States. The label tells whether a person
earned more than 50,000 dollars in the year; the sensitive attribute is the sex, the
domain is the race. Left out of the features are both of these, the survey weight
`fnlwgt`, and `education`, which is `education-num` in words. 11 % of the women and 30 %
of the men earned more.

Source: Barry Becker and Ronny Kohavi (1996), UCI Machine Learning Repository,
https://doi.org/10.24432/C5XW20. Licence: CC BY 4.0,
https://creativecommons.org/licenses/by/4.0/.
"""


def fetch_adult(*, data_home: str | PathLike | None = None) -> Bunch:
    """Load the Adult table: income by sex, in the domains of race.

    Parameters
    ----------
    data_home : str or path-like, default=None
        A folder that holds the files ``adult.data`` and ``adult.test`` of the UCI
        repository: read these. Any other folder, or ``None`` for
        scikit-learn's own: download the table from OpenML once and cache it there.

    Returns
    -------
    Bunch
        data : DataFrame of shape (48842, 10)
            Numbers ``age``, ``education-num``, ``capital-gain``, ``capital-loss``,
            ``hours-per-week`` (int64), then words ``workclass``, ``marital-status``,
            ``occupation``, ``relationship``, ``native-country`` (category); three of
            the latter have missing values.
        target : Series of shape (48842,)
            ``"<=50K"`` or ``">50K"``, category, named ``income``.
        z : Series of shape (48842,)
            ``"Female"`` or ``"Male"``, category, named ``sex``.
        domains : Series of shape (48842,)
            One of five races, category, named ``race``.
        frame : DataFrame of shape (48842, 15)
            The whole table in the order of its publication: ``data``, ``target``,
            ``z``, ``domains``, and ``fnlwgt`` and ``education``, which ``data`` leaves
            out.
        feature_names : list of str
            Columns of ``data``.
        DESCR : str
            Description, source and licence (CC BY 4.0).

    Raises
    ------
    FileNotFoundError
        If `data_home` holds one of the two UCI files but not the other.
    ValueError
        If the table lacks a column or holds an unknown label: it is not Adult.

    Notes
    -----
    Both sources hold the same table, except that the order of the rows may differ.

    Examples
    --------
    >>> from skfadm.datasets import fetch_adult
    >>> adult = fetch_adult()  # doctest: +SKIP
    >>> adult.domains.value_counts().to_dict()  # doctest: +SKIP
    {'White': 41762, 'Black': 4685, 'Asian-Pac-Islander': 1519,
     'Amer-Indian-Eskimo': 470, 'Other': 406}
    """
    paths = _uci_files(data_home)
    table = _read_openml(data_home) if paths is None else _read_uci(paths)
    missing = [name for name in _UCI_COLUMNS if name not in table.columns]
    if missing:
        raise ValueError(f"The table is not Adult: it lacks the columns {missing}.")

    frame = pd.DataFrame(
        {
            name: table[name].astype("int64")
            if name in (*_NUMBERS, "fnlwgt")
            else _categories(table[name])
            for name in _UCI_COLUMNS
        }
    )
    # In adult.test the labels end in a period.
    frame["income"] = _categories(frame["income"].astype(object).str.rstrip("."))
    target = frame["income"]
    if list(target.cat.categories) != _LABELS or target.isna().any():
        raise ValueError(
            f"The table is not Adult: the labels are {list(target.cat.categories)}, "
            f"expected {_LABELS}."
        )
    return Bunch(
        data=frame[_FEATURES],
        target=target,
        z=frame["sex"],
        domains=frame["race"],
        frame=frame,
        feature_names=list(_FEATURES),
        DESCR=_DESCR,
    )


def _uci_files(data_home: str | PathLike | None) -> list[Path] | None:
    if data_home is None:
        return None
    paths = [Path(data_home) / name for name in ("adult.data", "adult.test")]
    found = [path for path in paths if path.is_file()]
    if len(found) == 1:
        raise FileNotFoundError(
            f"data_home={str(data_home)!r} holds {found[0].name} alone; both "
            "adult.data and adult.test are needed."
        )
    return paths if found else None


def _read_uci(paths: list[Path]) -> pd.DataFrame:
    options = {"names": _UCI_COLUMNS, "skipinitialspace": True, "na_values": "?"}
    # A comment is the first line of adult.test.
    tables = [pd.read_csv(path, comment="|", **options) for path in paths]
    return pd.concat(tables, ignore_index=True)


def _read_openml(data_home: str | PathLike | None) -> pd.DataFrame:
    home = None if data_home is None else str(data_home)
    table = fetch_openml(
        "adult", version=2, as_frame=True, parser="pandas", data_home=home
    ).frame
    return table.rename(columns={"class": "income"}).reset_index(drop=True)


def _categories(column: pd.Series) -> pd.Series:
    """Make a column of words categorical: sorted, only the words that occur.

    OpenML declares its categories and the UCI files do not; this makes them the same.
    """
    words = column.astype(object).where(column.notna(), np.nan)
    return words.astype("category")
