"""Tables and columns of any library as those of pandas and NumPy, and back."""

from __future__ import annotations

from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd

# Integers up to here are exact as floats, which can be missing.
_EXACT = 2**53
#: Dtypes of pandas that no file and no database gives, and what to convert them by.
_REFUSED = {
    pd.SparseDtype: "sparse values; expected dense ones: convert them by "
    ".sparse.to_dense().",
    pd.PeriodDtype: "periods; expected times: convert them by .dt.to_timestamp().",
}


def to_pandas(name: str, values: Any) -> Any:
    """Return a table or a column of whatever library as one of pandas or NumPy.

    - Masked values become missing ones.
    - What is big-endian gets the byte order of the machine.
    - NumPy's StringDType becomes objects.
    - Tensors, and all else that NumPy takes, become arrays.
    - Tables and columns of polars, Arrow and whatever else narwhals knows become ones
      of pandas; those that are lazy are collected.

    Lists and all else are returned as they are. Sparse columns and periods are a
    TypeError. `name` is the argument, for errors.
    """
    if isinstance(values, pd.DataFrame):
        for label, dtype in values.dtypes.items():
            _refuse(f"Column {label!r} of {name}", dtype)
        foreign = [j for j, dtype in enumerate(values.dtypes) if _is_foreign(dtype)]
        if foreign:
            values = values.copy(deep=False)
            for j in foreign:
                values.isetitem(j, _native(values.iloc[:, j]))
        return values
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        _refuse(name, values.dtype)
        return _native(values) if _is_foreign(values.dtype) else values
    if isinstance(values, np.ndarray):
        return _plain_array(name, values)
    if hasattr(values, "detach"):  # a tensor that may track gradients, or be on a GPU
        values = values.detach().cpu()
        if not hasattr(values.dtype, "kind") and "bfloat16" in str(values.dtype):
            values = values.float()
        return np.asarray(values)
    found = _narwhals(values)
    if isinstance(found, nw.LazyFrame):
        found = found.collect()
    if isinstance(found, nw.DataFrame | nw.Series):
        return _of_narwhals(name, found)
    if hasattr(values, "__array__") and not isinstance(values, type):
        return _plain_array(name, np.asarray(values))
    return values


def library_of(values: Any) -> str:
    """Name the library whose kind of table `to_pandas` changes, "" if it is pandas."""
    found = _narwhals(values)
    if not isinstance(found, nw.DataFrame | nw.LazyFrame | nw.Series):
        return ""
    # What comes from elsewhere goes out as a table of pandas.
    library = found.implementation
    if library.is_pyarrow():
        return "pyarrow"
    return "polars" if library.is_polars() else ""


def from_pandas(values: Any, library: str) -> Any:
    """Return a DataFrame or Series as one of the library that `library_of` named."""
    if not library:
        return values
    import pyarrow as pa

    frame = values.to_frame() if isinstance(values, pd.Series) else values
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    # Field by field, since two columns may have one name.
    arrays = [pa.array(column.array, from_pandas=True) for column in columns]
    table = pa.table(arrays, names=[str(label) for label in frame.columns])
    if library == "pyarrow":
        return table.column(0) if isinstance(values, pd.Series) else table
    found = nw.DataFrame.from_arrow(table, backend=nw.Implementation.POLARS)
    # polars hands out its Enum as the one kind of dictionary that has an order.
    enums = {
        field.name: nw.Enum(table[field.name].combine_chunks().dictionary.to_pylist())
        for field in table.schema
        if pa.types.is_dictionary(field.type) and field.type.ordered
    }
    found = found.with_columns(nw.col(k).cast(v) for k, v in enums.items())
    if isinstance(values, pd.Series):
        column = found[found.columns[0]]
        return column.alias("" if values.name is None else values.name).to_native()
    return found.to_native()


def factorize(values: Any) -> tuple[np.ndarray, Any]:
    """Do what `pandas.factorize` does, with words that differ after a NUL apart.

    pandas takes an array of strings for ones of C, which end there. One more object,
    which is no string, is taken for what it is.
    """
    if values.dtype != object:
        return pd.factorize(values)
    array = np.empty(len(values) + 1, dtype=object)
    array[:-1], array[-1] = values, object()
    codes, found = pd.factorize(array)
    return codes[:-1], found[:-1]


def _narwhals(values: Any) -> Any:
    """Return a table or a column of narwhals, or what it does not know as it is."""
    if type(values).__module__.partition(".")[0] == "pyarrow":
        import pyarrow as pa

        if isinstance(values, pa.RecordBatch):
            values = pa.Table.from_batches([values])
        elif isinstance(values, pa.Array):
            values = pa.chunked_array([values])
    return nw.from_native(values, allow_series=True, pass_through=True)


def _of_narwhals(name: str, found: nw.DataFrame | nw.Series) -> Any:
    if found.implementation.is_pandas_like():
        return to_pandas(name, found.to_pandas())
    try:
        import pyarrow as pa
    except ImportError as error:
        raise ImportError(
            f"{name} is a table of {found.implementation}, which is read by way of "
            "Arrow; install it: pip install 'skfadm[parquet]'."
        ) from error
    if isinstance(found, nw.DataFrame):
        return found.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
    values = found.to_arrow()
    chunks = pa.chunked_array(values) if isinstance(values, pa.Array) else values
    return pd.Series(pd.arrays.ArrowExtensionArray(chunks), name=found.name or None)


def _refuse(what: str, dtype: Any) -> None:
    for kind, problem in _REFUSED.items():
        if isinstance(dtype, kind):
            raise TypeError(f"{what} holds {problem}")


def _is_foreign(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and not dtype.isnative


def _native(values: Any) -> Any:
    return values.astype(values.dtype.newbyteorder("="))


def _plain_array(name: str, values: np.ndarray) -> np.ndarray:
    if values.dtype.names:
        raise TypeError(
            f"{name} is an array with the fields {', '.join(values.dtype.names[:3])}; "
            "expected a table or plain columns, such as a DataFrame: "
            f"pandas.DataFrame({name})."
        )
    if isinstance(values, np.ma.MaskedArray):
        values = _unmasked(values)
    if values.dtype.kind == "T":
        return values.astype(object)
    return _native(values) if _is_foreign(values.dtype) else values


def _unmasked(values: np.ma.MaskedArray) -> np.ndarray:
    mask, found = np.ma.getmaskarray(values), np.array(values.data)
    kind, gap = found.dtype.kind, np.array(None)
    if not mask.any():
        return found
    if kind in "mM":
        gap = np.array("NaT", dtype=found.dtype)
    elif kind in "iu":
        shown = np.abs(found[~mask].astype(object))
        gap = np.array(np.nan if shown.max(initial=0) <= _EXACT else None)
    elif kind in "fc":
        gap = np.array(np.nan, dtype=found.dtype)
    return np.where(mask, gap, found)
