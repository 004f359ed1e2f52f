"""What `skfadm generate` tells at its end: what it wrote, and what that is good for."""

from __future__ import annotations

from argparse import Namespace
from textwrap import fill
from typing import TYPE_CHECKING, Any

from skfadm._files import STREAM, UserError

from .kept_models import TableModel
from .report import judge
from .roles import Rows
from .rows import Tables
from .terminal import in_options, tell

if TYPE_CHECKING:
    from skfadm.report import FairnessReport

    from .forms import TableForm

#: Rows of each table that the verdict looks at: seconds, not minutes.
VERDICT_ROWS = 10_000
#: A training of so few iterations is a trial.
_FEW_ITERATIONS = 100


def summarise(
    args: Namespace, model: TableModel, form: TableForm, tables: Tables, seed: int
) -> None:
    """Print what was written, and what is predicted where it cannot be judged."""
    counts = tables.counts
    n_rows = counts.total()
    shares = ", ".join(
        f"{text} {counts[label] / n_rows:.1%}"
        for text, label in model.labels_by_text(sorted(counts)).items()
    )
    output = "standard output" if args.output == STREAM else args.output
    lines = [
        f"{output}: {n_rows} rows, {len(form.columns)} columns; {model.label}: {shares}"
    ]
    if args.data is not None and args.model is not None:
        lines.append(f"{args.model}: the fitted model")
    if args.keep_sensitive:
        names = ", ".join(model.sensitive)
        lines.append(f"{names}: drawn from what the features tell of it")
    left_out = args.roles.left_out if args.data is not None else list(model.sensitive)
    if left_out := [name for name in left_out if name not in form.columns]:
        lines.append(f"left out: {', '.join(left_out)} (sensitive or domain)")
    lines += _of_fairness(args, model)
    if model.generator.n_iter_ < _FEW_ITERATIONS:
        lines.append(
            f"trained for {model.generator.n_iter_} iterations only: a trial, whose "
            "rows may look like no real ones"
        )
    if args.seed is None:
        lines.append(f"seed: {seed} (give it as --seed to get the same rows again)")
    # Paths and options are not cut.
    wrap: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    text = "\n".join(fill(line, 80, **wrap) for line in lines)
    tell(text, aside=args.output == STREAM)


def _of_fairness(args: Namespace, model: TableModel) -> list[str]:
    if not model.sensitive:
        return ["without fair control: no sensitive column was named (--sensitive)"]
    tradeoff = model.generator.tradeoff_
    if tradeoff is None:
        return ["without fair control: nothing is predicted of fairness"]
    if args.ask:
        strength = model.generator.lambda_yz_
        return [
            f"fair labels: lambda_yz {strength:.2f}; labels were asked for, so nothing "
            "is predicted"
        ]
    return [in_options(line) for line in str(tradeoff).split("\n")]


def judge_rows(args: Namespace, model: TableModel, tables: Tables, seed: int) -> None:
    """Tell what the first rows teach, and write the page if one is wanted."""
    if args.ask or (args.quiet and args.report is None):
        return
    import pandas as pd

    X, y = (pd.concat(parts) for parts in zip(*tables.first, strict=True))
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
        tell(f"not judged: {error}", aside=args.output == STREAM)
        return
    if wanted:
        found.save_html(args.report)
    if not args.quiet:
        text = f"\n{found.to_text(_next_step(args, found))}"
        tell(text, aside=args.output == STREAM)


def _next_step(args: Namespace, found: FairnessReport) -> str:
    if not found.is_fair and args.fairness_target is None and args.lambda_yz is None:
        return "--fairness-target 0.8 asks for four fifths, at a price."
    if args.report is not None:
        return f"open {args.report} in a browser."
    if args.holdout is None:
        return "--holdout TABLE judges by rows not learnt from; --report PAGE.html"
    return "--report PAGE.html shows all of it to a colleague."
