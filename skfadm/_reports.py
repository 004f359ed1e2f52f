"""Who hears of each iteration: the user's terminal, scikit-learn's callbacks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, SupportsFloat

from sklearn.callback import CallbackContext

from ._progress import TrainingProgress

__all__ = ["CallbackTasks", "Report", "training_report"]

#: Called as report(iteration, losses) after each iteration.
Report = Callable[[int, Mapping[str, SupportsFloat]], None]

# scikit-learn keeps every task of a fit, and its bar adds them all up again whenever
# one ends: thousands of iterations are told to it as so many runs of iterations.
MAX_TASKS = 100


class CallbackTasks:
    """Tell scikit-learn's callbacks of a training, in at most 100 tasks.

    Parameters
    ----------
    estimator : estimator
        The one being fitted.
    context : CallbackContext
        The root context of its fit, made with ``max_subtasks=count(max_iter)``.
    max_iter : int
        Number of iterations of the training.
    """

    def __init__(self, estimator: Any, context: CallbackContext, max_iter: int):
        self.estimator, self.context, self.max_iter = estimator, context, max_iter
        self._task: CallbackContext | None = None

    @staticmethod
    def count(max_iter: int) -> int:
        """Return the number of tasks that a training is told in."""
        return min(max_iter, MAX_TASKS)

    def __call__(self, iteration: int, losses: Mapping[str, SupportsFloat]) -> None:
        """Take note of an iteration that has ended; the losses are not passed on."""
        if self._task is None:
            self._task = self.context.subcontext(task_name="iterations")
            self._task.call_on_fit_task_begin(estimator=self.estimator)
        n_tasks = self.count(self.max_iter)
        ended = [done * n_tasks // self.max_iter for done in (iteration, iteration + 1)]
        if ended[1] > ended[0]:
            self._task.call_on_fit_task_end(estimator=self.estimator)
            self._task = None


@contextmanager
def training_report(
    estimator: Any, context: CallbackContext, max_iter: int
) -> Iterator[Report | None]:
    """Give the `report` that an estimator's verbosity and callbacks ask for.

    Parameters
    ----------
    estimator : estimator
        With `verbose` and, if callbacks were set, those.
    context : CallbackContext
        The root context of its fit.
    max_iter : int
        Number of iterations of the training.

    Yields
    ------
    callable or None
        To be called as ``report(iteration, losses)``; None if nobody listens.
    """
    reports: list[Report] = []
    with ExitStack() as stack:
        if estimator.verbose:
            progress = TrainingProgress(max_iter)
            reports.append(stack.enter_context(progress))
        if getattr(estimator, "_skl_callbacks", None):
            reports.append(CallbackTasks(estimator, context, max_iter))

        def report(iteration: int, losses: Mapping[str, SupportsFloat]) -> None:
            for one in reports:
                one(iteration, losses)

        yield report if reports else None
