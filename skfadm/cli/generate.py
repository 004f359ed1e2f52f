"""The command `skfadm generate`: a fair table from a biased one, or from a model."""

from __future__ import annotations

import secrets
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import pandas as pd

from skfadm._files import (
    TableModel,
    UserError,
    check_model_path,
    check_table_path,
    load_model,
    read_table,
    save_model,
    write_table,
)

_FOR_TRAINING = ("label", "sensitive", "domain", "max_iter")


def generate(args: Namespace) -> None:
    """Run the command.

    Parameters
    ----------
    args : Namespace
        As parsed by :mod:`skfadm.cli`.

    Raises
    ------
    UserError
        If something has to be changed; nothing has been written then, except for a
        model that was fitted before sampling failed.
    """
    _check_options(args)
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    strengths = {
        name: value
        for name in ("lambda_y", "lambda_z", "lambda_yz", "fairness_target")
        if (value := getattr(args, name)) is not None
    }
    try:
        if args.data is not None:
            model = _fit(args, seed, strengths)
        else:
            model = load_model(args.model)
            model.generator.set_params(**strengths)
        n_rows = args.rows or model.n_rows
        asked = _asked_labels(args.ask, model.generator.classes_)
        batches = model.generator.sample_batches(n_rows, asked, random_state=seed)
        counts: Counter[Any] = Counter()
        example = model.example()
        write_table(_counted(model, batches, counts), example, args.output)
    except (TypeError, ValueError, FloatingPointError) as error:
        raise UserError(str(error)) from error
    if not args.quiet:
        _summarise(args, counts, example.shape[1], model.label, seed)
        _tell_fair_control(model.generator)


def _check_options(args: Namespace) -> None:
    """Check what can be known without reading the table."""
    if args.table is not None and args.data is not None:
        raise UserError(
            f"the table is given twice, {args.table} and --data {args.data}"
        )
    args.data = args.table if args.data is None else args.data
    if args.data is None and args.model is None:
        raise UserError("give a table to learn from, or --model with a kept model")
    if args.data is None:
        given = [name for name in _FOR_TRAINING if getattr(args, name)]
        if given:
            option = given[0].replace("_", "-")
            raise UserError(
                f"--{option} needs a table to learn from; a kept model has been fitted"
            )
    else:
        if args.label is None:
            raise UserError("say with --label which column of the table is the label")
        for name in ("lambda_z", "lambda_yz", "fairness_target"):
            if getattr(args, name) is not None and not args.sensitive:
                option = name.replace("_", "-")
                raise UserError(f"--{option} has nothing to act on without --sensitive")
        check_table_path(args.data, exists=True)
        if args.data.resolve() == args.output.resolve():
            raise UserError(f"-o {args.output} would replace the table that is read")
    if args.fairness_target is not None and isinstance(args.lambda_yz, float):
        raise UserError(
            "--fairness-target is what --lambda-yz auto aims at; leave one of them out"
        )
    check_table_path(args.output, exists=False)
    if args.model is not None:
        check_model_path(args.model, exists=args.data is None)


def _fit(args: Namespace, seed: int, strengths: dict[str, Any]) -> TableModel:
    table = read_table(args.data)
    y = _column(table, args.label, "--label")
    _check_labels(y)
    sensitive = [_column(table, name, "--sensitive") for name in args.sensitive]
    for column in sensitive:
        if column.nunique() < 2:
            raise UserError(
                f"column {column.name!r} (--sensitive) holds only {column[0]!r}; there "
                "is nothing to be fair between, leave the option out"
            )
    domains = _column(table, args.domain, "--domain") if args.domain else None
    if args.label in (*args.sensitive, args.domain):
        raise UserError(f"column {args.label!r} is the label and cannot be more")
    kept = table.drop(columns=_left_out(args))
    X = kept.drop(columns=args.label)
    if X.shape[1] == 0:
        raise UserError(f"{args.data}: no columns are left to learn from")
    _asked_labels(args.ask, y.unique().tolist())

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    generator = FairDiffusionGenerator(verbose=int(not args.quiet), random_state=seed)
    generator.set_params(**strengths)
    if args.max_iter is not None:
        generator.set_params(max_iter=args.max_iter)
    z = pd.concat(sensitive, axis=1) if sensitive else None
    generator.fit(X, y, z, domains)
    model = TableModel(
        generator, args.label, kept.columns.get_loc(args.label), len(table)
    )
    if args.model is not None:
        save_model(model, args.model)
    return model


def _left_out(args: Namespace) -> list[str]:
    return list(dict.fromkeys([*args.sensitive, *([args.domain] * bool(args.domain))]))


def _column(table: pd.DataFrame, name: str, option: str) -> pd.Series:
    if name not in table:
        columns = table.columns.tolist()
        close = get_close_matches(name, columns, n=3, cutoff=0.5)
        shown = ", ".join(map(repr, close or columns[:10]))
        hint = "did you mean" if close else "it has"
        more = "" if close or len(columns) <= 10 else f" and {len(columns) - 10} more"
        raise UserError(
            f"the table has no column {name!r} ({option}); {hint} {shown}{more}"
        )
    column = table[name]
    n_missing = int(column.isna().sum())
    if n_missing:
        raise UserError(
            f"column {name!r} ({option}) has {n_missing} missing values; fill them in "
            "or drop these rows"
        )
    return column


def _check_labels(y: pd.Series) -> None:
    if y.nunique() < 2:
        raise UserError(
            f"column {y.name!r} (--label) holds only {y[0]!r}; two labels are needed"
        )
    if pd.api.types.is_float_dtype(y.dtype) and (y % 1 != 0).any():
        example = y[y % 1 != 0].iloc[0]
        raise UserError(
            f"column {y.name!r} (--label) holds numbers such as {example:g}; turn them "
            "into labels first, say above and below a threshold"
        )


def _asked_labels(asked: list[str], labels: Iterable[Any]) -> Any:
    """Turn the texts of --ask into what `sample` takes: None, a label or shares."""
    by_text = {str(label): label for label in labels}
    if not asked:
        return None
    if len(asked) == 1 and asked[0] in by_text:
        return by_text[asked[0]]
    shares = {}
    for text in asked:
        # A label may hold "=" itself, as "<=50K" does.
        name, _, share = text.rpartition("=")
        if name not in by_text:
            raise UserError(
                f"--ask {text}: there is no label {name or text!r}; the labels are "
                f"{', '.join(map(repr, sorted(by_text)))}"
            )
        try:
            shares[by_text[name]] = float(share)
        except ValueError:
            raise UserError(
                f"--ask {text}: {share!r} is no share; write it as {name}=0.5"
            ) from None
    if not abs(sum(shares.values()) - 1.0) <= 1e-6 or min(shares.values()) < 0:
        raise UserError(
            f"--ask: shares are positive and sum to 1; found {list(shares.values())}"
        )
    return shares


def _tell_fair_control(generator: Any) -> None:
    if generator.tradeoff_ is None:
        return
    strength = generator.lambda_yz_
    predicted = generator.tradeoff_.at(strength)
    parity = predicted["demographic_parity"]
    opportunity = predicted["equal_opportunity"]
    print(
        f"fair control: lambda_yz {strength:.2f}; predicted for a classifier of these "
        f"rows: demographic parity {parity:.2f}, equal opportunity {opportunity:.2f}"
    )


def _counted(
    model: TableModel, batches: Iterable[Any], counts: Counter[Any]
) -> Iterator[pd.DataFrame]:
    """Yield the batches as tables; count their labels."""
    for X, y in batches:
        counts.update(y.tolist())
        yield model.table(X, y)


def _summarise(
    args: Namespace, counts: Counter[Any], n_columns: int, label: str, seed: int
) -> None:
    n_rows = counts.total()
    shares = ", ".join(f"{name} {counts[name] / n_rows:.1%}" for name in sorted(counts))
    print(f"{args.output}: {n_rows} rows, {n_columns} columns; {label}: {shares}")
    if args.data is not None and args.sensitive:
        print(f"left out: {', '.join(_left_out(args))} (sensitive or domain)")
    elif args.data is not None:
        print("without fair control: no sensitive column was named (--sensitive)")
    if args.data is not None and args.model is not None:
        print(f"{args.model}: the fitted model")
    if args.seed is None:
        print(f"seed: {seed} (give it as --seed to get the same rows again)")
