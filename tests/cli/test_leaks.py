"""An attacker reads what the command line leaves: model, page, and a cache of fits."""

import io
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest

from skfadm import FairDiffusionGenerator
from skfadm.cli import main
from skfadm.cli.kept_models import load_model

from ..reachable import texts_of

N = 300
pytest.importorskip("skops")
pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def people():
    """Give a table with identifiers of four kinds, and free text."""
    rng = np.random.default_rng(0)
    first, last = (rng.choice(10**4, N, replace=False) for _ in range(2))
    table = {
        "name": [f"Ann{a:04d} Lee{b:04d}" for a, b in zip(first, last, strict=True)],
        "phone": [f"+44 20 {k:07d}" for k in rng.choice(10**7, N, replace=False)],
        "pin": [f"{k:05d}" for k in rng.choice(10**5, N, replace=False)],
        "note": [f"she said {k} and left" for k in rng.choice(10**6, N, replace=False)],
        "pay": rng.normal(40, 9, N).round(2),
        "sex": rng.choice(["F", "M"], N),
        "hired": rng.choice(["yes", "no"], N),
    }
    return pd.DataFrame(table)


@pytest.fixture(scope="module")
def read_out(people, tmp_path_factory):
    """Give all text that is found in each file, unpacked."""
    folder = tmp_path_factory.mktemp("people")
    people.to_csv(folder / "people.csv", index=False)
    argv = ["generate", str(folder / "people.csv"), "--label", "hired", "-q"]
    argv += ["--sensitive", "sex", "--max-iter", "2", "--seed", "0", "-n", "100"]
    argv += ["-o", str(folder / "new.csv"), "--report", str(folder / "page.html")]
    assert main([*argv, "--model", str(folder / "m.skops")]) == 0
    with zipfile.ZipFile(folder / "m.skops") as archive:
        parts = [archive.read(name) for name in archive.namelist()]
    texts = "\n".join(_text(part) for part in parts)
    found = {
        "model": texts + texts_of(load_model(folder / "m.skops")),
        "page": (folder / "page.html").read_text(encoding="utf-8"),
        "table": (folder / "new.csv").read_text(encoding="utf-8"),
    }
    cache = folder / "cache"
    generator = FairDiffusionGenerator(max_iter=2, memory=str(cache), random_state=0)
    with pytest.warns(UserWarning, match="rare"):
        X = people.drop(columns=["sex", "hired"])
        generator.fit(X, people["hired"], people["sex"])
    results = [texts_of(joblib.load(path)) for path in cache.rglob("output.pkl")]
    assert results
    others = [p for p in cache.rglob("*") if p.is_file() and p.name != "output.pkl"]
    found["cache"] = "\n".join([*results, *map(Path.read_text, others)])
    return found


def _text(part):
    """Return a part of an archive as text, arrays of text a value a line."""
    if not part.startswith(b"\x93NUMPY"):
        return part.decode("latin-1")
    values = np.load(io.BytesIO(part), allow_pickle=False)
    return "\n".join(map(str, values.ravel())) if values.dtype.kind in "US" else ""


@pytest.mark.parametrize("file", ["model", "cache", "page", "table"])
@pytest.mark.parametrize("column", ["name", "phone", "pin", "note"])
def test_no_identifier_is_read_out_of_a_file(people, read_out, file, column):
    text = read_out[file]
    # Five digits may stand by chance among those of a number, and of a new PIN.
    if column == "pin":
        words = set(text.replace(",", "\n").split("\n"))
        by_chance = {"table": 3, "page": 1}.get(file, 0)
        assert len(words & set(people["pin"])) <= by_chance
    else:
        assert not [word for word in people[column] if word in text]
