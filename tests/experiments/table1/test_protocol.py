import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import skfadm
from skfadm._files import UserError
from skfadm.experiments.table1 import protocol
from skfadm.experiments.table1.methods import METHODS, STEP_SIZES
from skfadm.experiments.table1.protocol import Run, choose, run
from skfadm.experiments.table1.units import FINAL, SELECTION, Protocol, Unit

from .adult_files import RACES

TINY = Protocol(n_generated=80, max_iter=2)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(skfadm.__file__).parents[1])}


@pytest.fixture
def plan(adult, tmp_path):
    return Run(adult, tmp_path, ["majority", "vae"], RACES, 2, 1, TINY)


@pytest.fixture
def computed(monkeypatch):
    """Count the units that are computed."""
    done = []
    compute = protocol.compute

    def counted(unit, *args):
        done.append(unit)
        return compute(unit, *args)

    monkeypatch.setattr(protocol, "compute", counted)
    return done


def accuracies(method, held_out, candidate, scores):
    return [
        {
            "method": method,
            "held_out": "+".join(held_out),
            "candidate": candidate,
            "scored_on": domain,
            "ACC": score,
        }
        for domain, score in scores.items()
    ]


def folds(of_first, of_second):
    """Rows of two candidates: scores by pair of held-out domains, then by domain."""
    rows = []
    for candidate, scores in enumerate((of_first, of_second)):
        for pair, by_domain in scores.items():
            rows += accuracies("vae", pair, candidate, by_domain)
    return pd.DataFrame(rows)


def test_choice_is_by_mean_accuracy_on_source_domains_and_never_on_the_target():
    # The first candidate is far better on target A, and worse on B and C.
    rows = folds(
        {
            ("A", "B"): {"A": 0.99, "B": 0.70},
            ("A", "C"): {"A": 0.99, "C": 0.80},
            ("B", "C"): {"B": 0.10, "C": 0.10},
        },
        {
            ("A", "B"): {"A": 0.10, "B": 0.75},
            ("A", "C"): {"A": 0.10, "C": 0.77},
            ("B", "C"): {"B": 0.90, "C": 0.90},
        },
    )
    choices = choose(rows, ["vae"], ["A", "B"]).set_index("target")
    assert choices.loc["A", "chosen"] == 1
    assert choices.loc["A", "accuracies"] == "0.7500 0.7600"
    # For B the folds are A (held out with B) and C: 0.545 against 0.5.
    assert choices.loc["B", "chosen"] == 0


def test_equal_candidates_go_to_the_first_and_those_that_diverged_are_left_out():
    equal = {("A", "B"): {"A": 0.5, "B": 0.7}, ("A", "C"): {"A": 0.5, "C": 0.8}}
    failed = {**equal, ("A", "C"): {"A": float("nan"), "C": float("nan")}}
    for first, second, chosen in [
        (equal, equal, 0),
        (failed, equal, 1),
        (failed, failed, 0),
    ]:
        assert choose(folds(first, second), ["vae"], ["A"])["chosen"][0] == chosen


def test_selection_trains_on_what_is_left_of_each_pair_once_for_both(plan):
    units = plan.selection_units()
    pairs = [("Black", "Other"), ("Black", "White"), ("Other", "White")]
    expected = [
        Unit(SELECTION, "vae", candidate, pair, 0)
        for candidate in range(len(STEP_SIZES))
        for pair in pairs
    ]
    assert units == expected
    one = replace(plan, targets=["White"]).selection_units()
    assert {unit.held_out for unit in one} == {pairs[1], pairs[2]}
    quick = replace(plan, protocol=replace(TINY, has_selection=False))
    assert quick.selection_units() == []


def test_final_trainings_take_the_chosen_candidate(plan):
    choices = pd.DataFrame(
        {
            "method": ["majority"] * 3 + ["vae"] * 3,
            "target": RACES * 2,
            "chosen": [0, 0, 0, 1, 0, 1],
        }
    )
    units = plan.final_units(choices)
    assert len(units) == 2 * 3 * 2
    of_vae = [(u.held_out, u.candidate, u.seed) for u in units if u.method == "vae"]
    assert of_vae[:3] == [(("Black",), 1, 0), (("Black",), 1, 1), (("Other",), 0, 0)]


def test_two_domains_are_too_few_to_choose(plan, adult):
    kept = adult.domains != "Other"
    fewer = {name: adult[name][kept] for name in ("data", "target", "z", "domains")}
    with pytest.raises(UserError, match="takes three or more"):
        replace(plan, data=type(adult)(**fewer)).selection_units()


def test_what_is_done_is_not_done_again_and_more_seeds_only_add(plan, computed, capsys):
    rows, choices = run(plan)
    n_units = 2 * 3 + 2 * 3 * 2
    assert len(computed) == n_units
    assert len(rows) == 3 * (2 * 2 * 3 + 2 * 3 * 2)
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("[1/18] selection vae 1 of 2, without Black and Other")
    assert lines[-1].startswith("[18/18] final vae")
    assert "left" in lines[0]
    computed.clear()
    again, _ = run(plan)
    assert not computed
    pd.testing.assert_frame_equal(again, rows)
    run(replace(plan, n_seeds=3))
    assert {unit.seed for unit in computed} == {2}
    assert len(computed) == 2 * 3


def test_two_at_a_time_give_the_same_results(plan, tmp_path):
    quick = replace(TINY, has_selection=False)
    plan = replace(plan, methods=["real", "vae"], n_seeds=1, protocol=quick)
    one, _ = run(plan)
    two, _ = run(replace(plan, n_jobs=2, folder=tmp_path / "two"))
    columns = ["method", "scored_on", "classifier", "ACC", "R_DP", "R_EOp"]
    pd.testing.assert_frame_equal(one[columns], two[columns])


def test_results_of_other_settings_are_not_mixed_in(plan, monkeypatch, adult):
    plan = replace(plan, methods=["majority"])
    run(plan)
    other = replace(plan, protocol=replace(TINY, n_generated=81))
    with pytest.raises(UserError, match="of other protocol .*another folder to --out"):
        run(other)
    changed = type(adult)(**adult)
    changed.target = adult.target[::-1]
    with pytest.raises(UserError, match="of other data"):
        run(replace(plan, data=changed))
    monkeypatch.setattr(protocol, "versions", lambda: {"skfadm": "99"})
    with pytest.raises(UserError, match="of other versions"):
        run(plan)
    monkeypatch.undo()
    monkeypatch.setitem(METHODS, "vae", replace(METHODS["vae"], grid=({},)))
    with pytest.raises(UserError, match="of other methods"):
        run(plan)


KILLED = """
import sys
from pathlib import Path
from skfadm.datasets import fetch_adult
from skfadm.experiments.table1.protocol import Run, run
from skfadm.experiments.table1.units import Protocol

adult = fetch_adult(data_home=sys.argv[1])
tiny = Protocol(n_generated=80, max_iter=2)
run(Run(adult, Path(sys.argv[2]), {methods!r}, {races!r}, 2, 1, tiny))
"""


def test_a_run_that_is_killed_loses_at_most_one_training(
    plan, adult_folder, computed, tmp_path
):
    code = KILLED.format(methods=plan.methods, races=RACES)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code, adult_folder, tmp_path],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    # Progress is written after the file: so many trainings are done.
    reported = [process.stderr.readline() for _ in range(4)]
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert reported[-1].startswith("[4/18]"), reported
    finished = {path.name: path.read_bytes() for path in plan.units_folder.glob("*")}
    whole = [name for name in finished if name.endswith(".csv")]
    assert len(whole) in (4, 5)
    time.sleep(0.01)
    rows, _ = run(plan)
    assert len(computed) == 18 - len(whole)
    assert not {unit.file_name for unit in computed} & set(whole)
    for name in whole:
        assert (plan.units_folder / name).read_bytes() == finished[name]
    # The same as without the interruption.
    scores = ["stage", "method", "held_out", "scored_on", "seed", "ACC", "R_DP"]
    straight, _ = run(replace(plan, folder=tmp_path / "straight"))
    pd.testing.assert_frame_equal(rows[scores], straight[scores])


def test_an_interrupted_training_leaves_no_file(plan, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(plan)
    assert list(plan.units_folder.iterdir()) == []


def test_what_a_killed_run_left_half_written_is_in_nobodys_way(plan):
    plan = replace(plan, methods=["majority"])
    plan.units_folder.mkdir()
    name = plan.final_units(choose(pd.DataFrame(), plan.methods, RACES))[0].file_name
    half = plan.units_folder / f".{name}.{os.getpid()}.tmp"
    half.write_text("half")
    rows, _ = run(plan)
    assert len(rows) == 2 * 3 * 3
    assert not half.exists()


def test_units_of_both_stages_have_files_of_their_own(plan):
    plan = replace(plan, methods=list(METHODS))
    choices = choose(pd.DataFrame(), plan.methods, plan.targets)
    units = [*plan.selection_units(), *plan.final_units(choices)]
    assert len({unit.file_name for unit in units}) == len(units)
    assert {unit.stage for unit in units} == {SELECTION, FINAL}
