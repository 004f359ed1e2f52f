"""The command `skfadm generate`: a fair table from a biased one, or from a model."""

from __future__ import annotations

import secrets
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError
from skfadm._progress import show_progress

from .inputs import check_none_is_lost, check_page, read_rows, read_target
from .kept_models import (
    TableModel,
    check_can_be_kept,
    check_model_path,
    load_model,
    save_model,
)
from .roles import Roles, Rows
from .rows import Tables, asked_labels, label_of
from .summary import VERDICT_ROWS, judge_rows, summarise
from .tables import check_table_path, write_table
from .terminal import in_options, problem_of

if TYPE_CHECKING:
    import pandas as pd

    from .forms import TableForm

#: Options that say something of a table to learn from.
_FOR_LEARNING = (
    *("label", "sensitive", "domain"),
    *("identifiers", "min_frequency", "max_iter"),
)
_FOR_JUDGING = ("holdout", "report", "drop_missing")
#: Options that say how a table is read.
_FOR_READING = ("sep", "encoding", "missing")
#: Options that act on groups.
_FOR_STRENGTH = ("lambda_z", "lambda_yz", "fairness_target")
_FOR_GROUPS = (*_FOR_STRENGTH, "positive", "adapt", "keep_sensitive")
#: Options that are parameters of the generator.
_STRENGTHS = ("lambda_y", "lambda_z", "lambda_yz", "fairness_target")
#: Rows that are written at a time: a few seconds' work, so that progress is seen.
BATCH_SIZE = 1 << 14
#: Rows with which it is tried whether a file can be written.
_PROBE_ROWS = 1000
#: More rows than this are not made only because a model file says so.
_MOST_ROWS = 10_000_000


def generate(args: Namespace) -> None:
    """Run the command.

    Where something has to be changed, nothing is written, except for a model that was
    fitted before sampling failed.
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
            model = _load(args, strengths)
        n_rows = args.rows or model.n_rows
        labels = model.labels_by_text(model.generator.classes_)
        batches = model.generator.sample_batches(
            n_rows,
            asked_labels(args.ask, labels),
            batch_size=BATCH_SIZE,
            random_state=seed,
        )
        tables = Tables(
            model,
            _with_progress(batches, -(-n_rows // BATCH_SIZE), args.quiet),
            keep_sensitive=args.keep_sensitive,
            n_first=VERDICT_ROWS if args.data is not None else 0,
            seed=seed,
        )
        form = model.written(keep_sensitive=args.keep_sensitive)
        write_table(tables, form, args.output)
    except (UserError, OSError, MemoryError):
        raise
    except Exception as error:
        if isinstance(error, TypeError | ValueError | FloatingPointError):
            raise UserError(problem_of(error)) from error
        if args.data is not None:
            raise
        raise UserError(
            f"{args.model}: cannot be sampled from ({type(error).__name__}: {error}); "
            "the file may be damaged: learn from the table again"
        ) from error
    if not args.quiet:
        summarise(args, model, form, tables, seed)
    if args.data is not None and args.sensitive:
        judge_rows(args, model, tables, seed)


def _with_progress(
    batches: Iterable[Any], n_batches: int, quiet: bool
) -> Iterator[Any]:
    """Yield batches of rows; show how many are there."""
    with show_progress(n_batches, not quiet, "sampling") as report:
        for i, batch in enumerate(batches):
            if report is not None:
                report(i, {}, n_batches)
            yield batch


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


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
        others = _FOR_READING if args.adapt is None else ()
        for name in (*_FOR_LEARNING, *_FOR_JUDGING, *others):
            if getattr(args, name):
                raise UserError(
                    f"{_option(name)} needs a table to learn from; a kept model has "
                    "been fitted"
                )
    else:
        args.roles = Roles.of(args)
        for name in _FOR_GROUPS:
            if getattr(args, name) and not args.sensitive:
                raise UserError(
                    f"{_option(name)} has nothing to act on without --sensitive"
                )
        if args.report is not None and not args.sensitive:
            raise UserError("--report compares groups; name them with --sensitive")
        if args.report is not None and args.ask:
            raise UserError(
                "--report needs labels with their shares, which --ask changes"
            )
    if args.fairness_target is not None and isinstance(args.lambda_yz, float):
        raise UserError(
            "--fairness-target is what --lambda-yz auto aims at; leave one of them out"
        )
    for path in (args.data, args.adapt, args.holdout):
        check_table_path(path)
    check_table_path(args.output, exists=False)
    check_page(args.report)
    reads = {
        "the table that is read": args.data,
        "the table of --adapt": args.adapt,
        "the table of --holdout": args.holdout,
    }
    writes = {"-o": args.output, "--report": args.report}
    if args.model is not None:
        check_model_path(args.model, exists=args.data is None)
        (writes if args.data else reads)["--model"] = args.model
    check_none_is_lost(reads, writes)


def _fit(args: Namespace, seed: int, strengths: dict[str, Any]) -> TableModel:
    roles: Roles = args.roles
    table, args.learnt = read_rows(args.data, args, roles)
    frame, X, y = table.frame, args.learnt.X, args.learnt.y
    if X.shape[1] == 0:
        raise UserError(f"{args.data}: no columns are left to learn from")
    _check_few(args.learnt)
    identifiers = _identifiers(args.identifiers, list(X))
    form = table.form.of(name for name in frame if name != roles.domain)
    labels = y.drop_duplicates()
    by_text = dict(
        zip(form.columns[roles.label].texts(labels), labels.tolist(), strict=True)
    )
    asked_labels(args.ask, by_text)
    args.pos_label = label_of(args.positive, by_text)
    args.held_out = None
    if args.holdout is not None:
        args.held_out = read_rows(args.holdout, args, roles, table.form)[1]
    if args.report is not None:
        _check_can_be_judged(args, args.rows or len(frame))
    target = read_target(args, form, list(X), roles.names)
    few = frame[list(form.columns)].iloc[:_PROBE_ROWS]
    _check_can_be_written(args, few, form)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    generator = FairDiffusionGenerator(verbose=int(not args.quiet), random_state=seed)
    generator.set_params(identifiers=identifiers)
    generator.set_params(pos_label=args.pos_label, **strengths)
    for name in ("max_iter", "min_frequency"):
        if (value := getattr(args, name)) is not None:
            generator.set_params(**{name: value})
    if args.model is not None:
        _check_can_be_kept(X, y)
    generator.fit(X, y, args.learnt.z, args.learnt.domains)
    model = TableModel(generator, roles.label, roles.sensitive, len(frame), form)
    if args.model is not None:
        save_model(model, args.model)
    if target is not None:
        generator.adapt(target)
    return model


def _check_few(rows: Rows) -> None:
    """Check that there are few enough groups and labels to make their rates alike."""
    if rows.z is None:
        return
    from skfadm.fair_control.control import what_is_in_the_way

    obstacle = what_is_in_the_way(tuple(rows.z.nunique()), rows.y.nunique())
    if obstacle:
        raise UserError(in_options(obstacle))


def _identifiers(
    given: Sequence[tuple[str | None, str]], features: Sequence[str]
) -> str | dict[str, str]:
    """Return what --identifiers says as the generator takes it."""
    rules = dict(given)
    for name in rules:
        if name is not None and name not in features:
            raise UserError(
                f"--identifiers {name}={rules[name]}: there is no feature {name!r}; "
                f"the features are {', '.join(map(repr, features[:10]))}"
            )
    if None in rules and len(given) > 1:
        raise UserError("--identifiers is one rule for all columns, or rules for some")
    named = {name: rule for name, rule in rules.items() if name is not None}
    return rules.get(None, named or "synthetic")


def _load(args: Namespace, strengths: dict[str, Any]) -> TableModel:
    """Load a kept model and set what the options say."""
    model = load_model(args.model)
    for name in ("adapt", "positive", "keep_sensitive"):
        if getattr(args, name) and not model.sensitive:
            raise UserError(
                f"{_option(name)} has nothing to act on: {args.model} was fitted "
                "without --sensitive"
            )
    if args.rows is None and model.n_rows > _MOST_ROWS:
        raise UserError(
            f"{args.model}: was learnt from {model.n_rows} rows; say with -n how many "
            "to make"
        )
    model.generator.set_params(**strengths)
    if args.positive is not None:
        labels = model.labels_by_text(model.generator.classes_)
        model.generator.set_params(pos_label=label_of(args.positive, labels))
    target = read_target(args, model.form, model.features, ())
    if target is not None:
        model.generator.adapt(target)
    return model


def _check_can_be_judged(args: Namespace, n_rows: int) -> None:
    from skfadm.report._tables import MIN_ROWS

    for what, n in (
        ("-n", n_rows),
        ("the table", len(args.learnt.y)),
        ("--holdout", MIN_ROWS if args.held_out is None else len(args.held_out.y)),
    ):
        if n < MIN_ROWS:
            raise UserError(
                f"--report needs {MIN_ROWS} rows or more to judge, {what} gives {n}"
            )


def _check_can_be_written(args: Namespace, few: pd.DataFrame, form: TableForm) -> None:
    """Write some rows to nowhere, so that nothing is trained in vain."""
    with tempfile.TemporaryDirectory() as folder:
        write_table([few], form, Path(folder) / args.output.name)


def _check_can_be_kept(X: pd.DataFrame, y: pd.Series) -> None:
    """Keep and load what the first rows teach, so that nothing is trained in vain."""
    from skfadm.encoding import TabularEncoder

    encoder = TabularEncoder(random_state=0).fit(X.iloc[:_PROBE_ROWS])
    check_can_be_kept([encoder, y.drop_duplicates().to_numpy()])
