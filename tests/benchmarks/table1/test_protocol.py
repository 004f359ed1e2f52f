import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import skfadm
from benchmarks.table1 import protocol
from benchmarks.table1.protocol import Run, choose, fair_accuracy, run
from benchmarks.table1.settings import METHODS, Method, Protocol
from benchmarks.table1.units import Unit
from skfadm._files import UserError

from .adult_files import RACES

TINY = Protocol(seeds=2, n_generated=80, n_compared=80, max_iter=2)
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(skfadm.__file__).parents[1])}


@pytest.fixture(autouse=True)
def two_candidates(monkeypatch):
    rates = ({"learning_rate": 1e-3}, {"learning_rate": 3e-4})
    monkeypatch.setitem(METHODS, "vae", Method("VAE", "VAE", rates))


@pytest.fixture
def plan(adult, tmp_path):
    return Run(adult, tmp_path, ["majority", "vae"], RACES, 1, TINY)


@pytest.fixture
def computed(monkeypatch):
    """Count the units that are computed."""
    done = []
    compute = protocol.compute

    def counted(units, *args):
        done.extend(units)
        return compute(units, *args)

    monkeypatch.setattr(protocol, "compute", counted)
    return done


def accuracies(method, held_out, candidate, scores, parity=0.5):
    return [
        {
            "method": method,
            "held_out": "+".join(held_out),
            "candidate": candidate,
            "scored_on": domain,
            "ACC": score,
            "R_DP": parity,
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
    choices = choose(rows, ["vae"], ["A", "B"])
    choices = choices[choices["rule"] == "accuracy"].set_index("target")
    assert choices.loc["A", "chosen"] == 1
    assert choices.loc["A", "scores"] == "0.7500 0.7600"
    # For B the folds are A (held out with B) and C: 0.545 against 0.5.
    assert choices.loc["B", "chosen"] == 0


def test_choice_by_fair_accuracy_takes_who_is_fair_before_who_is_accurate():
    pairs = [("A", "B"), ("A", "C")]
    rows = pd.DataFrame(
        [
            row
            for candidate, (accuracy, parity) in enumerate([(0.9, 0.7), (0.8, 0.85)])
            for pair in pairs
            for row in accuracies(
                "vae", pair, candidate, dict.fromkeys(pair, accuracy), parity
            )
        ]
    )
    choices = choose(rows, ["vae"], ["A"]).set_index("rule")
    # A learning rate alone is chosen by accuracy.
    assert choices["chosen"].to_dict() == {"accuracy": 0, "fair_accuracy": 0}
    choices = choose(rows.assign(method="fairgan"), ["fairgan"], ["A"]).set_index(
        "rule"
    )
    assert choices["chosen"].to_dict() == {"accuracy": 0, "fair_accuracy": 1}
    assert choices.loc["fair_accuracy", "scores"].startswith("-0.3000 0.8000")


def test_fair_accuracy_of_a_training_that_diverged_is_missing():
    failed = pd.DataFrame({"ACC": [np.nan], "R_DP": [np.nan]})
    assert fair_accuracy(failed).isna().all()


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
        Unit("vae", candidate, pair, 0) for pair in pairs for candidate in (0, 1)
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
    units = plan.final_units(pd.concat([choices, choices.assign(chosen=0)]))
    of_vae = {(u.held_out[0], u.candidate) for u in units if u.method == "vae"}
    # What both rules choose is trained once.
    assert of_vae == {
        *(("Black", 1), ("Black", 0), ("Other", 0), ("White", 1), ("White", 0))
    }
    assert len(units) == len(set(units)) == (3 + 5) * 2


def test_two_domains_are_too_few_to_choose(plan, adult):
    kept = adult.domains != "Other"
    fewer = {name: adult[name][kept] for name in ("data", "target", "z", "domains")}
    with pytest.raises(UserError, match="takes three or more"):
        replace(plan, data=type(adult)(**fewer)).selection_units()


def test_what_is_done_is_not_done_again_and_more_seeds_only_add(plan, computed, capsys):
    rows, choices = run(plan)
    n_chosen = len(choices.drop_duplicates(["method", "target", "chosen"]))
    n_units = 2 * 3 + 2 * n_chosen
    assert len(computed) == n_units
    # Two methods, targets, seeds, classifiers, rules.
    assert len(rows) == 2 * 3 * 2 * 3 * 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("[1/18] vae 2 of 2, without Black and Other")
    assert lines[-1].startswith(f"[{n_units}/{n_units}] ")
    assert "left" in lines[0]
    computed.clear()
    again, _ = run(plan)
    assert not computed
    pd.testing.assert_frame_equal(again, rows)
    run(replace(plan, protocol=replace(TINY, seeds=3)))
    assert {unit.seed for unit in computed} == {2}
    assert len(computed) == n_chosen


def test_two_at_a_time_give_the_same_results(plan, tmp_path):
    quick = replace(TINY, has_selection=False, seeds=1)
    plan = replace(plan, methods=["real", "gan"], protocol=quick)
    one, _ = run(plan)
    two, _ = run(replace(plan, n_jobs=2, folder=tmp_path / "two"))
    columns = ["method", "scored_on", "classifier", "ACC", "R_DP", "R_EOp"]
    pd.testing.assert_frame_equal(one[columns], two[columns])


def test_only_what_depends_on_a_change_is_done_again(plan, computed, monkeypatch):
    run(plan)
    computed.clear()
    rates = (*METHODS["vae"].train, {"learning_rate": 1e-2})
    monkeypatch.setitem(METHODS, "vae", Method("VAE", "VAE", rates))
    _, choices = run(plan)
    selection = [unit for unit in computed if len(unit.held_out) == 2]
    assert {unit.candidate for unit in selection} == {2}
    assert len(selection) == 3
    assert {unit.method for unit in computed} == {"vae"}


KILLED = """
import sys
from pathlib import Path
from skfadm.datasets import fetch_adult
from benchmarks.table1.protocol import Run, run
from benchmarks.table1.settings import Protocol

adult = fetch_adult(data_home=sys.argv[1])
tiny = Protocol(seeds=2, n_generated=80, n_compared=80, max_iter=2)
run(Run(adult, Path(sys.argv[2]), {methods!r}, {races!r}, 1, tiny))
"""


def test_a_run_that_is_killed_loses_at_most_one_training(
    plan, adult_folder, computed, tmp_path
):
    plan = replace(plan, methods=["majority", "real"])
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
    assert reported[-1].startswith("[4/12]"), reported
    finished = {path.name: path.read_bytes() for path in (tmp_path / "units").glob("*")}
    whole = [name for name in finished if name.endswith(".csv")]
    assert len(whole) in (4, 5)
    time.sleep(0.01)
    rows, _ = run(plan)
    assert len(computed) == 12 - len(whole)
    assert not {plan.file(unit).name for unit in computed} & set(whole)
    for name in whole:
        assert (tmp_path / "units" / name).read_bytes() == finished[name]
    # The same as without the interruption.
    scores = ["rule", "method", "held_out", "scored_on", "seed", "ACC", "R_DP"]
    straight, _ = run(replace(plan, folder=tmp_path / "straight"))
    pd.testing.assert_frame_equal(rows[scores], straight[scores])


def test_an_interrupted_training_leaves_no_file(plan, monkeypatch):
    def interrupt(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(pd.DataFrame, "to_csv", interrupt)
    with pytest.raises(KeyboardInterrupt):
        run(plan)
    assert list((plan.folder / "units").iterdir()) == []


def test_what_a_killed_run_left_half_written_is_in_nobodys_way(plan):
    plan = replace(plan, methods=["majority"])
    (plan.folder / "units").mkdir()
    unit = plan.final_units(choose(pd.DataFrame(), plan.methods, RACES))[0]
    half = plan.folder / "units" / f".{plan.file(unit).name}.{os.getpid()}.tmp"
    half.write_text("half")
    rows, _ = run(plan)
    assert len(rows) == 2 * 3 * 3 * 2
    assert not half.exists()


def test_every_unit_has_a_file_of_its_own(plan):
    plan = replace(plan, methods=list(METHODS))
    choices = choose(pd.DataFrame(), plan.methods, plan.targets)
    units = [*plan.selection_units(), *plan.final_units(choices)]
    assert len({plan.file(unit) for unit in units}) == len(units)
