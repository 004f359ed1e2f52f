"""How often each group is given the positive label, and a display of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binomtest

from .._figures import INK, REAL, SYNTHETIC, axes_for
from .._text import drawable, names_of, printable
from .._validation import as_columns, factorize

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (REAL, SYNTHETIC, "#7a5195", "#b8860b")


def attributes_of(
    z: Any, n_rows: int, argument: str = "z"
) -> list[tuple[str, NDArray[np.int64], NDArray[Any]]]:
    """Return name, group codes and groups of each sensitive attribute."""
    columns = as_columns(argument, z, n_rows)
    found = []
    for j, column in enumerate(columns):
        codes, groups = factorize(argument, column)
        unnamed = "z" if len(columns) == 1 else f"z{j}"
        is_named = isinstance(column.name, str) and column.name
        # Printable, since pandas confuses names that hold NUL.
        name = printable(column.name) if is_named else unnamed
        found.append((name, codes, groups))
    return found


def rates_of_groups(
    chosen: NDArray[np.bool_], codes: NDArray[np.int64], groups: Any
) -> pd.DataFrame:
    """Return for each group how often its rows are chosen.

    Columns: "n", the rows of the group, "rate", "low" and "high", the ends of Wilson's
    95 % interval; NaN of a group without rows.
    """
    n = np.bincount(codes, minlength=len(groups))
    n_chosen = np.bincount(codes[chosen], minlength=len(groups))
    rows = []
    for k, of in zip(n_chosen.tolist(), n.tolist(), strict=True):
        ends = binomtest(k, of).proportion_ci(method="wilson") if of else (np.nan,) * 2
        rows.append((of, k / of if of else np.nan, *ends))
    return pd.DataFrame(rows, list(groups), ["n", "rate", "low", "high"])


class GroupRatesDisplay:
    """Bars of how often each group is given the positive label.

    :meth:`skfadm.metrics.GroupAudit.plot` makes it. Needs matplotlib.

    Parameters
    ----------
    rates : DataFrame of shape (n_groups, n_tables)
        Rates in [0, 1]; a row a group and a column for each table or classifier.
        Levels of the index ("attribute", "label", "group") that hold one value are
        written beside the axes, others beside the bars.

    Attributes
    ----------
    bars_ : list of matplotlib BarContainer
        One a column of `rates`.
    ax_, figure_ : matplotlib Axes, Figure
        Where they are.

    Examples
    --------
    >>> import pandas as pd
    >>> from skfadm.metrics import GroupRatesDisplay
    >>> groups = pd.Index(["f", "m"], name="group")
    >>> rates = pd.DataFrame({"real": [0.2, 0.6]}, index=groups)
    >>> display = GroupRatesDisplay(rates).plot()  # doctest: +SKIP
    """

    def __init__(self, rates: pd.DataFrame):
        self.rates = rates

    def plot(self, ax: Axes | None = None) -> GroupRatesDisplay:
        """Draw the bars.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; None makes a figure that ``plt.show()`` shows.

        Returns
        -------
        self : GroupRatesDisplay

        Raises
        ------
        ImportError
            If matplotlib is not installed.
        """
        n_groups, n_tables = self.rates.shape
        size = (6.4, 1.5 + 0.28 * n_groups * (n_tables + 0.6))
        ax = axes_for("GroupRatesDisplay.plot", ax, figsize=size)
        index = self.rates.index.to_frame(index=False)
        index["group"] = index["group"].astype(object)
        by = index.get("attribute", pd.Series("", index=index.index))
        for attribute, groups in index["group"].groupby(by, sort=False):
            index.loc[groups.index, "group"] = names_of(attribute, groups)
        single = [name for name in index if index[name].nunique() == 1]
        constant = {name: index[name].iloc[0] for name in single if name != "group"}
        names = index.drop(columns=list(constant)).astype(str).agg(": ".join, axis=1)
        height, places = 0.8 / n_tables, np.arange(n_groups)
        self.bars_ = []
        for k, (name, rates) in enumerate(self.rates.items()):
            bars = ax.barh(
                places + (k - (n_tables - 1) / 2) * height,
                rates,
                0.9 * height,
                color=_COLOURS[k % len(_COLOURS)],
                label=drawable(name),
            )
            words = [f"{100 * r:.1f} %" if np.isfinite(r) else "none" for r in rates]
            ax.bar_label(bars, words, fontsize="small", color=INK, padding=3)
            self.bars_.append(bars)
        ax.set_yticks(places, [drawable(name, 24, 3) for name in names])
        ax.invert_yaxis()
        ax.set_ylabel(drawable(constant.get("attribute", "")))
        label = f"share that gets {constant['label']}" if "label" in constant else ""
        ax.set_xlabel(drawable(label))
        ax.xaxis.set_major_formatter(lambda x, _: f"{100 * x:g} %")
        ax.margins(x=0.14)
        ax.set_xlim(left=0.0)
        ax.spines[["top", "right"]].set_visible(False)
        if n_tables > 1:  # above the axes, where no bar can be
            place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, 1)}
            ax.legend(ncols=n_tables, frameon=False, fontsize="small", **place)
        self.ax_ = ax
        self.figure_ = ax.figure
        return self
