"""The command `skfadm report`, and what `generate` tells of the rows that it made."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from textwrap import fill
from typing import TYPE_CHECKING, Any

from skfadm._files import STREAM, UserError
from skfadm._progress import show_progress

from .inputs import check_none_is_lost, check_page, read_noted, read_rows
from .kept_models import TableModel
from .roles import Roles, Rows, label_of, labels_by_text
from .tables import check_table_path
from .terminal import in_options, problem_of, tell

if TYPE_CHECKING:
    import pandas as pd

    from skfadm.report import FairnessReport

    from .forms import TableForm

#: Rows of each table that the verdict looks at: seconds, not minutes.
VERDICT_ROWS = 10_000
#: A training of so few iterations is a trial.
_FEW_ITERATIONS = 100


def report(args: Namespace) -> None:
    """Run the command; where something has to be changed, nothing is written."""
    roles = Roles.of(args)
    if not roles.sensitive:
        raise UserError("say with --sensitive between which groups to compare")
    check_page(args.report)
    for path in (args.real, args.synthetic, args.holdout):
        check_table_path(path)
    reads = {"the real table": args.real, "the synthetic table": args.synthetic}
    reads["the table of --holdout"] = args.holdout
    check_none_is_lost(reads, {"-o": args.report})
    table, real = read_rows(args.real, args, roles)
    form = table.form
    made = read_noted(args.synthetic, args, roles.names, form).frame
    if roles.label not in made:
        raise UserError(f"{args.synthetic}: has no column {roles.label!r} (--label)")
    # Sensitive columns may have been kept, and are no features.
    made = made.drop(columns=[name for name in roles.left_out if name in made])
    synthetic = Rows(made.drop(columns=roles.label), made[roles.label])
    holdout = None
    if args.holdout is not None:
        holdout = read_rows(args.holdout, args, roles, form)[1]
    labels = labels_by_text(form.columns[roles.label], real.y.drop_duplicates())
    found = judge(
        real,
        synthetic,
        holdout,
        pos_label=label_of(args.positive, labels),
        seed=args.seed,
        settings={"real rows": args.real.name, "synthetic rows": args.synthetic.name},
    )
    found.save_html(args.report)
    if not args.quiet:
        tell(found.to_text(f"open {args.report} in a browser."))


def judge(
    real: Rows,
    synthetic: Rows,
    holdout: Rows | None,
    *,
    seed: int,
    **params: Any,
) -> FairnessReport:
    """Judge tables as :func:`skfadm.report.fairness_report` does."""
    from skfadm.report import fairness_report

    if holdout is not None:
        params |= {"holdout": holdout.X, "y_holdout": holdout.y, "z_holdout": holdout.z}
        params["domains_holdout"] = holdout.domains
    try:
        return fairness_report(
            real.X,
            synthetic.X,
            real.y,
            synthetic.y,
            real.z,
            domains=real.domains,
            random_state=seed,
            **params,
        )
    except (TypeError, ValueError) as error:
        raise UserError(problem_of(error)) from error


@dataclass
class Made:
    """Rows that a model makes, counted as they pass."""

    args: Namespace
    model: TableModel
    seed: int
    n_first: int
    #: How often each label came.
    counts: Counter[Any] = field(default_factory=Counter)
    #: The first batches, with `n_first` rows or more, to be judged.
    first: list[Any] = field(default_factory=list)

    def tables(self, batches: Iterable[Any], n_batches: int) -> Iterator[pd.DataFrame]:
        """Yield batches of rows and labels as tables; show how many are there."""
        import numpy as np

        rng = np.random.default_rng(self.seed)
        with show_progress(n_batches, not self.args.quiet, "sampling") as report:
            for i, (X, y) in enumerate(batches):
                if report is not None:
                    report(i, {}, n_batches)
                if self.counts.total() < self.n_first:
                    self.first.append((X, y))
                self.counts.update(y.tolist())
                more = self._groups(X, rng) if self.args.keep_sensitive else []
                yield self.model.table(X, y, *more)

    def _groups(self, X: pd.DataFrame, rng: Any) -> list[pd.Series]:
        """Draw the sensitive attributes of rows from p(z | x)."""
        import pandas as pd

        from skfadm.fair_control.labels import draw

        control = self.model.generator.fair_control_
        assert control is not None
        columns = zip(
            self.model.sensitive,
            control.predict(X).group,
            self.model.generator.sensitive_classes_,
            strict=True,
        )
        return [
            pd.Series(groups[draw(p, rng.random(len(X)))], name=name, index=X.index)
            for name, p, groups in columns
        ]


def summarise(made: Made, form: TableForm) -> None:
    """Print what was written, and what is predicted where it cannot be judged."""
    args, model, n_rows = made.args, made.model, made.counts.total()
    shares = ", ".join(
        f"{text} {made.counts[label] / n_rows:.1%}"
        for text, label in sorted(model.labels.items())
        if made.counts[label]
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
    left_out = args.roles.left_out if args.data is not None else model.sensitive
    if left_out := [name for name in left_out if name not in form.columns]:
        lines.append(f"left out: {', '.join(left_out)} (sensitive or domain)")
    tradeoff = model.generator.tradeoff_
    if tradeoff is None:
        lines.append(
            "without fair control: no sensitive column was named (--sensitive)"
        )
    elif args.ask:
        lines.append(
            f"fair labels: lambda_yz {model.generator.lambda_yz_:.2f}; labels were "
            "asked for, so nothing is predicted"
        )
    else:
        lines += [in_options(line) for line in str(tradeoff).split("\n")]
    if model.generator.n_iter_ < _FEW_ITERATIONS:
        lines.append(
            f"trained for {model.generator.n_iter_} iterations only: a trial, whose "
            "rows may look like no real ones"
        )
    if args.seed is None:
        lines.append(
            f"seed: {made.seed} (give it as --seed to get the same rows again)"
        )
    # Paths and options are not cut.
    wrap: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}
    text = "\n".join(fill(line, 80, **wrap) for line in lines)
    tell(text, aside=args.output == STREAM)


def judge_rows(made: Made) -> FairnessReport | None:
    """Tell what the first rows teach, and write the page if one is wanted."""
    args, wanted = made.args, made.args.report is not None
    if args.ask or (args.quiet and not wanted and args.card is None):
        return None
    import pandas as pd

    X, y = (pd.concat(parts) for parts in zip(*made.first, strict=True))
    try:
        found = judge(
            args.learnt,
            Rows(X.iloc[:VERDICT_ROWS], y.iloc[:VERDICT_ROWS]),
            args.held_out,
            pos_label=args.pos_label,
            seed=0,
            max_rows=VERDICT_ROWS,
            settings={"seed of the rows": made.seed},
            generator=made.model.generator if wanted else None,
        )
    except UserError as error:
        if wanted:
            raise
        tell(f"not judged: {error}", aside=args.output == STREAM)
        return None
    if wanted:
        found.save_html(args.report)
    if not args.quiet:
        text = f"\n{found.to_text(_next_step(args, found))}"
        tell(text, aside=args.output == STREAM)
    return found


def _next_step(args: Namespace, found: FairnessReport) -> str:
    if not found.is_fair and args.fairness_target is None and args.lambda_yz is None:
        return "--fairness-target 0.8 asks for four fifths, at a price."
    if args.report is not None:
        return f"open {args.report} in a browser."
    if args.holdout is None:
        return "--holdout TABLE judges by rows not learnt from; --report PAGE.html"
    return "--report PAGE.html shows all of it to a colleague."
