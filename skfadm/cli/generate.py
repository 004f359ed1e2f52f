"""The command `skfadm generate`: a fair table from a biased one, or from a model."""

from __future__ import annotations

import re
import secrets
import sys
import tempfile
from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

from .kept_models import (
    TableModel,
    check_can_be_kept,
    check_model_path,
    load_model,
    save_model,
)
from .report import (
    VERDICT_ROWS,
    Rows,
    check_page_path,
    judge,
    label_of,
    read_holdout,
    save_page,
)
from .roles import Roles
from .tables import (
    ReadOptions,
    TableForm,
    check_table_path,
    read_table,
    write_table,
)

if TYPE_CHECKING:
    import pandas as pd

    from skfadm.report import FairnessReport

#: Options that say something of a table to learn from.
_FOR_TRAINING = (
    "label",
    "sensitive",
    "domain",
    "max_iter",
    "sep",
    "encoding",
    "missing",
    "holdout",
    "positive",
    "report",
)
#: Options that are parameters of the generator.
_STRENGTHS = ("lambda_y", "lambda_z", "lambda_yz", "fairness_target")
#: Rows that are written at a time: a few seconds' work, so that progress is seen.
BATCH_SIZE = 1 << 14
#: Rows with which it is tried whether a file can be written.
_PROBE_ROWS = 1000


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
        name: value for name in _STRENGTHS if (value := getattr(args, name)) is not None
    }
    try:
        if args.data is not None:
            model = _fit(args, seed, strengths)
        else:
            model = load_model(args.model)
            model.generator.set_params(**strengths)
        n_rows = args.rows or model.n_rows
        labels = model.generator.classes_.tolist()
        asked = asked_labels(args.ask, labels, model.label_texts(labels))
        batches = model.generator.sample_batches(
            n_rows, asked, batch_size=BATCH_SIZE, random_state=seed
        )
        counts: Counter[Any] = Counter()
        first: list[Any] = []
        tables = _counted(model, batches, counts, first)
        write_table(tables, model.form, args.output)
    except (TypeError, ValueError, FloatingPointError) as error:
        raise UserError(_in_options(str(error))) from error
    if not args.quiet:
        _summarise(args, model, counts, seed)
    if args.data is not None and args.sensitive:
        _judge(args, model, first, seed)


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
        args.roles = Roles.of(args)
        for name in ("lambda_z", "lambda_yz", "fairness_target"):
            if getattr(args, name) is not None and not args.sensitive:
                option = name.replace("_", "-")
                raise UserError(f"--{option} has nothing to act on without --sensitive")
        if args.report is not None:
            if not args.sensitive:
                raise UserError("--report compares groups; name them with --sensitive")
            if args.ask:
                raise UserError(
                    "--report needs labels with their shares, which --ask changes"
                )
            check_page_path(args.report)
        if args.holdout is not None:
            check_table_path(args.holdout, exists=True)
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
    roles: Roles = args.roles
    options = ReadOptions(args.sep, args.encoding, args.missing, roles.names)
    table = read_table(args.data, options)
    if not args.quiet:
        for note in table.notes:
            print(f"skfadm: note: {note}", file=sys.stderr)
    frame = table.frame
    y, z, domains = roles.columns(frame)
    kept = frame.drop(columns=roles.left_out)
    X = kept.drop(columns=roles.label)
    if X.shape[1] == 0:
        raise UserError(f"{args.data}: no columns are left to learn from")
    form = table.form.of(kept.columns)
    args.learnt = Rows(X, y, z, domains)
    args.held_out = read_holdout(args, roles)
    args.pos_label = label_of(args.positive, y, form)
    labels = y.drop_duplicates()
    asked_labels(args.ask, labels.tolist(), form.columns[roles.label].texts(labels))
    _check_can_be_written(args, kept, form)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    generator = FairDiffusionGenerator(verbose=int(not args.quiet), random_state=seed)
    generator.set_params(pos_label=args.pos_label, **strengths)
    if args.max_iter is not None:
        generator.set_params(max_iter=args.max_iter)
    if args.model is not None:
        _check_can_be_kept(X, y)
    generator.fit(X, y, z, domains)
    position = kept.columns.get_loc(roles.label)
    model = TableModel(generator, roles.label, position, len(frame), form)
    if args.model is not None:
        save_model(model, args.model)
    return model


def _check_can_be_written(args: Namespace, kept: pd.DataFrame, form: TableForm) -> None:
    """Write the first rows to nowhere, so that nothing is trained in vain."""
    few = kept.iloc[:_PROBE_ROWS]
    with tempfile.TemporaryDirectory() as folder:
        write_table([few], form, Path(folder) / args.output.name)


def _check_can_be_kept(X: pd.DataFrame, y: pd.Series) -> None:
    """Keep and load what the first rows teach, so that nothing is trained in vain."""
    from skfadm.encoding import TabularEncoder

    encoder = TabularEncoder(random_state=0).fit(X.iloc[:_PROBE_ROWS])
    check_can_be_kept([encoder, y.drop_duplicates().to_numpy()])


def asked_labels(asked: list[str], labels: Sequence[Any], texts: Sequence[str]) -> Any:
    """Turn the texts of --ask into what `sample` takes: None, a label or shares.

    Parameters
    ----------
    asked : list of str
        A label, or labels with their shares, as "yes=0.5".
    labels, texts : sequence
        The labels, and how each stands in the file.
    """
    by_text = dict(zip(texts, labels, strict=True))
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


def _in_options(message: str) -> str:
    """Say what a parameter must be in terms of the option that sets it."""
    found = re.fullmatch(
        r"The '(\w+)' parameter of \w+ must be (.*)\. Got (.*) instead\.", message
    )
    if found is None:
        return message
    name, expected, given = found.groups()
    return f"--{name.replace('_', '-')} is {given}; expected {expected}"


def _judge(args: Namespace, model: TableModel, first: list[Any], seed: int) -> None:
    """Tell what the first rows teach, and write the page if one is wanted."""
    if args.ask or (args.quiet and args.report is None):
        return
    import pandas as pd

    X, y = (pd.concat(parts) for parts in zip(*first, strict=True))
    wanted = args.report is not None
    try:
        found = judge(
            args.learnt,
            Rows(X.iloc[:VERDICT_ROWS], y.iloc[:VERDICT_ROWS]),
            args.held_out,
            pos_label=args.pos_label,
            seed=0,
            max_rows=VERDICT_ROWS,
            settings={"seed of the rows": seed},
            generator=model.generator if wanted else None,
        )
    except UserError as error:
        if wanted:
            raise
        print(f"not judged: {error}")
        return
    if wanted:
        save_page(found, args.report)
    if not args.quiet:
        print(f"\n{found.to_text(_next_step(args, found))}")


def _next_step(args: Namespace, found: FairnessReport) -> str:
    if not found.is_fair and args.fairness_target is None and args.lambda_yz is None:
        return "--fairness-target 0.8 asks for four fifths, at a price."
    if args.report is not None:
        return f"open {args.report} in a browser."
    if args.holdout is None:
        return "--holdout TABLE judges by rows not learnt from; --report PAGE.html"
    return "--report PAGE.html shows all of it to a colleague."


def _counted(
    model: TableModel,
    batches: Iterable[Any],
    counts: Counter[Any],
    first: list[Any],
) -> Iterator[pd.DataFrame]:
    """Yield the batches as tables; count their labels and keep the first rows."""
    for X, y in batches:
        if counts.total() < VERDICT_ROWS:
            first.append((X, y))
        counts.update(y.tolist())
        yield model.table(X, y)


def _summarise(
    args: Namespace, model: TableModel, counts: Counter[Any], seed: int
) -> None:
    n_rows = counts.total()
    labels = sorted(counts)
    shares = ", ".join(
        f"{text} {counts[label] / n_rows:.1%}"
        for label, text in zip(labels, model.label_texts(labels), strict=True)
    )
    n_columns = len(model.form.columns)
    print(f"{args.output}: {n_rows} rows, {n_columns} columns; {model.label}: {shares}")
    if args.data is not None and args.sensitive:
        left_out = ", ".join(args.roles.left_out)
        print(f"left out: {left_out} (sensitive or domain)")
    elif args.data is not None:
        print("without fair control: no sensitive column was named (--sensitive)")
    if model.generator.tradeoff_ is not None:
        print(f"fair control: lambda_yz {model.generator.lambda_yz_:.2f}")
    if args.data is not None and args.model is not None:
        print(f"{args.model}: the fitted model")
    if args.seed is None:
        print(f"seed: {seed} (give it as --seed to get the same rows again)")
