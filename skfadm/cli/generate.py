"""The command `skfadm generate`: a fair table from a biased one, or from a model."""

from __future__ import annotations

import secrets
import tempfile
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

from .inputs import (
    check_card,
    check_none_is_lost,
    check_page,
    read_rows,
    read_target,
)
from .kept_models import TableModel, check_model_path, load_model, save_model
from .report import VERDICT_ROWS, Made, judge_rows, summarise
from .roles import Roles, Rows, asked_labels, label_of, labels_by_text
from .tables import check_table_path, write_table
from .terminal import in_options, problem_of

if TYPE_CHECKING:
    import pandas as pd

    from .forms import TableForm

#: Options that say how a table is read, and what is learnt from it.
_FOR_READING = ("sep", "encoding", "missing")
_FOR_LEARNING = (
    *("label", "sensitive", "domain", "identifiers", "min_frequency", "max_iter"),
    *("holdout", "report", "drop_missing"),
)
#: Options that act on groups, by themselves or where there is a kept model.
_FOR_KEPT_GROUPS = ("positive", "adapt", "keep_sensitive")
_FOR_GROUPS = (
    *("lambda_z", "lambda_yz", "fairness_target", "report"),
    *_FOR_KEPT_GROUPS,
)
#: Options that are parameters of the generator.
_PARAMETERS = (
    *("lambda_y", "lambda_z", "lambda_yz", "fairness_target"),
    *("max_iter", "min_frequency"),
)
#: Rows that are written at a time: a few seconds' work, so that progress is seen.
BATCH_SIZE = 1 << 14
#: Rows with which it is tried whether a file can be written.
_PROBE_ROWS = 1000


def generate(args: Namespace) -> None:
    """Run the command.

    Where something has to be changed, nothing is written, except for a model that was
    fitted before sampling failed.
    """
    _check_options(args)
    seed = secrets.randbelow(2**31) if args.seed is None else args.seed
    given = {name: getattr(args, name) for name in _PARAMETERS}
    params = {name: value for name, value in given.items() if value is not None}
    try:
        if args.data is not None:
            model = _fit(args, seed, params)
        else:
            model = _load(args, params)
        n_rows = args.rows or model.n_rows
        batches = model.generator.sample_batches(
            n_rows,
            asked_labels(args.ask, model.labels),
            batch_size=BATCH_SIZE,
            random_state=seed,
        )
        n_first = VERDICT_ROWS if args.data is not None else 0
        made = Made(args, model, seed, n_first)
        form = model.written(keep_sensitive=args.keep_sensitive)
        tables = made.tables(batches, -(-n_rows // BATCH_SIZE))
        write_table(tables, form, args.output)
    except (UserError, OSError, MemoryError):
        raise
    except (TypeError, ValueError, FloatingPointError) as error:
        raise UserError(problem_of(error)) from error
    except Exception as error:  # a damaged model may raise anything
        if args.data is not None:
            raise
        raise UserError(
            f"{args.model}: cannot be sampled from ({type(error).__name__}: {error}); "
            "the file may be damaged: learn from the table again"
        ) from error
    if not args.quiet:
        summarise(made, form)
    judged = None
    if args.data is not None and args.sensitive:
        judged = judge_rows(made)
    if args.card is not None:
        from skfadm.report import data_card

        card = data_card(model.generator, n_rows, report=judged, seed=seed)
        card.save(args.card)


def _check_options(args: Namespace) -> None:
    """Check what can be known without reading the table."""
    if args.table is not None and args.data is not None:
        raise UserError(
            f"the table is given twice, {args.table} and --data {args.data}"
        )
    args.data = args.table if args.data is None else args.data
    if args.data is not None:
        args.roles = Roles.of(args)
        if not args.sensitive:
            _refuse(args, _FOR_GROUPS, "has nothing to act on without --sensitive")
        if args.report is not None and args.ask:
            raise UserError(
                "--report needs labels with their shares, which --ask changes"
            )
    elif args.model is None:
        raise UserError("give a table to learn from, or --model with a kept model")
    else:
        unused = _FOR_READING if args.adapt is None else ()
        reason = "needs a table to learn from; a kept model has been fitted"
        _refuse(args, (*_FOR_LEARNING, *unused), reason)
    for path in (args.data, args.adapt, args.holdout):
        check_table_path(path)
    check_table_path(args.output, exists=False)
    check_page(args.report)
    check_card(args.card)
    reads = {
        "the table that is read": args.data,
        "the table of --adapt": args.adapt,
        "the table of --holdout": args.holdout,
    }
    writes = {"-o": args.output, "--report": args.report, "--card": args.card}
    if args.model is not None:
        check_model_path(args.model, exists=args.data is None)
        (writes if args.data else reads)["--model"] = args.model
    check_none_is_lost(reads, writes)


def _refuse(args: Namespace, names: Iterable[str], reason: str) -> None:
    """Refuse options that are given."""
    for name in names:
        if getattr(args, name):
            raise UserError(f"--{name.replace('_', '-')} {reason}")


def _fit(args: Namespace, seed: int, params: dict[str, Any]) -> TableModel:
    roles: Roles = args.roles
    table, args.learnt = read_rows(args.data, args, roles)
    frame, X, y = table.frame, args.learnt.X, args.learnt.y
    if X.shape[1] == 0:
        raise UserError(f"{args.data}: no columns are left to learn from")
    form = table.form.of(name for name in frame if name != roles.domain)
    by_text = labels_by_text(form.columns[roles.label], y.drop_duplicates())
    asked_labels(args.ask, by_text)
    args.pos_label = label_of(args.positive, by_text)
    args.held_out = None
    if args.holdout is not None:
        args.held_out = read_rows(args.holdout, args, roles, table.form)[1]
    _check_few(args, args.learnt)
    identifiers = _identifiers(args, list(X))
    target = read_target(args, form, list(X), roles.names)
    few = frame[list(form.columns)].iloc[:_PROBE_ROWS]
    _check_can_be_written(args, few, form)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    generator = FairDiffusionGenerator(verbose=int(not args.quiet), random_state=seed)
    generator.set_params(identifiers=identifiers, pos_label=args.pos_label)
    generator.set_params(**params)
    generator.fit(X, y, args.learnt.z, args.learnt.domains)
    model = TableModel(generator, roles.label, roles.sensitive, len(frame), form)
    if args.model is not None:
        save_model(model, args.model)
    if target is not None:
        generator.adapt(target)
    return model


def _load(args: Namespace, params: dict[str, Any]) -> TableModel:
    """Load a kept model and set what the options say."""
    model = load_model(args.model)
    if not model.sensitive:
        reason = f"has nothing to act on: {args.model} was fitted without --sensitive"
        _refuse(args, _FOR_KEPT_GROUPS, reason)
    model.generator.set_params(**params)
    if args.positive is not None:
        model.generator.set_params(pos_label=label_of(args.positive, model.labels))
    target = read_target(args, model.form, model.features, ())
    if target is not None:
        model.generator.adapt(target)
    return model


def _identifiers(args: Namespace, features: list[str]) -> str | dict[str, str]:
    """Return what --identifiers says as the generator takes it."""
    rules = dict(args.identifiers)
    for name in rules:
        if name is not None and name not in features:
            raise UserError(
                f"--identifiers {name}={rules[name]}: there is no feature {name!r}; "
                f"the features are {', '.join(map(repr, features[:10]))}"
            )
    if None in rules and len(args.identifiers) > 1:
        raise UserError("--identifiers is one rule for all columns, or rules for some")
    rule: str = rules.pop(None, "synthetic")
    return rules or rule


def _check_few(args: Namespace, rows: Rows) -> None:
    """Check that groups and labels are few enough, and rows enough for a report."""
    from skfadm._validation import what_is_in_the_way
    from skfadm.report._tables import MIN_ROWS

    if rows.z is not None:
        groups = tuple(rows.z.nunique())
        if obstacle := what_is_in_the_way(groups, rows.y.nunique()):
            raise UserError(in_options(obstacle))
    if args.report is None:
        return
    numbers = {"-n": args.rows or len(rows.y), "the table": len(rows.y)}
    if args.held_out is not None:
        numbers["--holdout"] = len(args.held_out.y)
    for what, n in numbers.items():
        if n < MIN_ROWS:
            raise UserError(
                f"--report needs {MIN_ROWS} rows or more to judge, {what} gives {n}"
            )


def _check_can_be_written(args: Namespace, few: pd.DataFrame, form: TableForm) -> None:
    """Write some rows to nowhere, so that nothing is trained in vain."""
    with tempfile.TemporaryDirectory() as folder:
        write_table([few], form, Path(folder) / args.output.name)
