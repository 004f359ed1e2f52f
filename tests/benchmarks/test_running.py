import pandas as pd
import pytest

from benchmarks._running import add_set, collect, half_width, new_parser


def units(calls, names="abc"):
    def compute(name):
        calls.append(name)
        if name == "broken":
            raise RuntimeError("stopped")
        return [{"value": ord(name) + k} for k in range(2)]

    return [
        ({"name": name, "seed": 0, "is_new": True}, lambda name=name: compute(name))
        for name in names
    ]


def test_what_a_file_holds_is_not_computed_again_and_comes_back(tmp_path):
    calls, out = [], tmp_path / "out.csv"
    first = collect(units(calls), out)
    again = collect(units(calls, "cad"), out)
    assert calls == ["a", "b", "c", "d"]
    assert first["name"].tolist() == ["a", "a", "b", "b", "c", "c"]
    # Of a file that holds more, the rows that were asked for.
    assert again["name"].tolist() == ["c", "c", "a", "a", "d", "d"]
    assert again["value"].tolist() == [99, 100, 97, 98, 100, 101]
    assert len(pd.read_csv(out)) == 8


def test_an_interruption_loses_the_unit_that_was_computed_and_no_other(tmp_path):
    calls, out = [], tmp_path / "out.csv"
    with pytest.raises(RuntimeError):
        collect(units(calls, ["a", "broken", "b"]), out)
    assert pd.read_csv(out)["value"].tolist() == [97, 98]


def test_other_settings_are_computed_anew(tmp_path):
    calls, out = [], tmp_path / "out.csv"
    collect(units(calls, "a"), out)
    ((about, compute),) = units(calls, "a")
    found = collect([({**about, "is_new": False}, compute)], out)
    assert calls == ["a", "a"]
    assert found["is_new"].tolist() == [False, False]


def test_the_interval_is_students():
    # t of one degree of freedom, 12.706, times the standard error.
    assert half_width(pd.Series([1.0, 2.0, None])) == pytest.approx(6.353, abs=1e-3)
    assert pd.isna(half_width(pd.Series([1.0])))


def test_a_parameter_that_the_generator_lacks_is_refused(capsys):
    parser = new_parser("experiment", None, seeds=1)
    add_set(parser)
    args = parser.parse_args(["--set", "alpha=0.5", "max_iter=5", "device=cpu"])
    assert dict(args.set) == {"alpha": 0.5, "max_iter": 5, "device": "cpu"}
    with pytest.raises(SystemExit):
        parser.parse_args(["--set", "alhpa=0.5"])
    assert "the generator has no parameter 'alhpa'" in capsys.readouterr().err
