"""The command `skfadm generate`: a fair table from a biased one, or from a model."""

from __future__ import annotations

import secrets
import tempfile
from argparse import Namespace
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError
from skfadm._progress import show_progress

from .kept_models import (
    TableModel,
    check_can_be_kept,
    check_model_path,
    load_model,
    save_model,
)
from .report import (
    VERDICT_ROWS,
    check_page_path,
    label_of,
    read_holdout,
    read_noted,
)
from .roles import Roles
from .rows import Tables, asked_labels
from .summary import judge_rows, summarise
from .tables import TableForm, check_table_path, write_table
from .words import in_options

if TYPE_CHECKING:
    import pandas as pd

#: Options that say something of a table to learn from.
_FOR_TRAINING = (
    "label",
    "sensitive",
    "domain",
    "identifiers",
    "max_iter",
    "sep",
    "encoding",
    "missing",
    "holdout",
    "report",
)
#: Options that act on groups.
_FOR_GROUPS = (
    "lambda_z",
    "lambda_yz",
    "fairness_target",
    "positive",
    "adapt",
    "keep_sensitive",
)
#: Options that are parameters of the generator.
_STRENGTHS = ("lambda_y", "lambda_z", "lambda_yz", "fairness_target")
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
    strengths = {
        name: value for name in _STRENGTHS if (value := getattr(args, name)) is not None
    }
    try:
        if args.data is not None:
            model = _fit(args, seed, strengths)
        else:
            model = _load(args, strengths)
        n_rows = args.rows or model.n_rows
        labels = model.generator.classes_.tolist()
        asked = asked_labels(args.ask, labels, model.texts(model.label, labels))
        batches = model.generator.sample_batches(
            n_rows, asked, batch_size=BATCH_SIZE, random_state=seed
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
    except (TypeError, ValueError, FloatingPointError) as error:
        raise UserError(in_options(str(error))) from error
    except (UserError, OSError):
        raise
    except Exception as error:
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
        reads = ("sep", "encoding", "missing") if args.adapt is not None else ()
        names = [name for name in _FOR_TRAINING if name not in reads]
        given = [name for name in names if getattr(args, name)]
        if given:
            option = given[0].replace("_", "-")
            raise UserError(
                f"--{option} needs a table to learn from; a kept model has been fitted"
            )
    else:
        args.roles = Roles.of(args)
        for name in _FOR_GROUPS:
            if getattr(args, name) and not args.sensitive:
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
    if args.adapt is not None:
        check_table_path(args.adapt, exists=True)
    check_table_path(args.output, exists=False)
    if args.model is not None:
        check_model_path(args.model, exists=args.data is None)


def _fit(args: Namespace, seed: int, strengths: dict[str, Any]) -> TableModel:
    roles: Roles = args.roles
    table = read_noted(args.data, args, roles.names)
    frame = table.frame
    args.learnt = rows = roles.rows(frame)
    X, y = rows.X, rows.y
    if X.shape[1] == 0:
        raise UserError(f"{args.data}: no columns are left to learn from")
    identifiers = _identifiers(args.identifiers, list(X))
    form = table.form.of(name for name in frame if name != roles.domain)
    labels = y.drop_duplicates()
    texts = form.columns[roles.label].texts(labels)
    asked_labels(args.ask, labels.tolist(), texts)
    args.held_out = read_holdout(args, roles, table.form)
    args.pos_label = label_of(args.positive, y, form)
    target = _target_rows(args, form, list(X), roles.names)
    few = frame[list(form.columns)].iloc[:_PROBE_ROWS]
    _check_can_be_written(args, few, form)

    # Imports torch, which takes seconds: not before all of the above is right.
    from skfadm.generator import FairDiffusionGenerator

    generator = FairDiffusionGenerator(verbose=int(not args.quiet), random_state=seed)
    generator.set_params(identifiers=identifiers)
    generator.set_params(pos_label=args.pos_label, **strengths)
    if args.max_iter is not None:
        generator.set_params(max_iter=args.max_iter)
    if args.model is not None:
        _check_can_be_kept(X, y)
    generator.fit(X, y, rows.z, rows.domains)
    model = TableModel(generator, roles.label, roles.sensitive, len(frame), form)
    if args.model is not None:
        save_model(model, args.model)
    if target is not None:
        generator.adapt(target)
    return model


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
    for option in ("adapt", "positive", "keep_sensitive"):
        if getattr(args, option) and not model.sensitive:
            raise UserError(
                f"--{option.replace('_', '-')} has nothing to act on: {args.model} was "
                "fitted without --sensitive"
            )
    model.generator.set_params(**strengths)
    if args.positive is not None:
        import pandas as pd

        labels = pd.Series(model.generator.classes_, name=model.label)
        pos_label = label_of(args.positive, labels, model.form)
        model.generator.set_params(pos_label=pos_label)
    target = _target_rows(args, model.form, model.features)
    if target is not None:
        model.generator.adapt(target)
    return model


def _target_rows(
    args: Namespace,
    form: TableForm,
    features: Sequence[str],
    labels: Collection[str] = (),
) -> pd.DataFrame | None:
    """Read the unlabelled rows of --adapt, if any, like the table learnt from."""
    if args.adapt is None:
        return None
    table = read_noted(args.adapt, args, labels, form)
    missing = [name for name in features if name not in table.frame]
    if missing:
        raise UserError(
            f"{args.adapt} has no column {missing[0]!r}, which the model has learnt"
        )
    return table.frame[list(features)]


def _check_can_be_written(args: Namespace, few: pd.DataFrame, form: TableForm) -> None:
    """Write some rows to nowhere, so that nothing is trained in vain."""
    with tempfile.TemporaryDirectory() as folder:
        write_table([few], form, Path(folder) / args.output.name)


def _check_can_be_kept(X: pd.DataFrame, y: pd.Series) -> None:
    """Keep and load what the first rows teach, so that nothing is trained in vain."""
    from skfadm.encoding import TabularEncoder

    encoder = TabularEncoder(random_state=0).fit(X.iloc[:_PROBE_ROWS])
    check_can_be_kept([encoder, y.drop_duplicates().to_numpy()])
