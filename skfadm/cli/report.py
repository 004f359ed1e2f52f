"""The command `skfadm report`, and how both commands judge a table."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from skfadm._files import UserError

from .inputs import check_none_is_lost, check_page, read_noted, read_rows
from .labels import label_of, labels_by_text
from .roles import Roles, Rows
from .tables import check_table_path
from .terminal import problem_of, tell

if TYPE_CHECKING:
    from skfadm.report import FairnessReport


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
