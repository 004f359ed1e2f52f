"""What `memory` keeps, and when it is computed anew."""

from pathlib import Path

from sklearn.base import clone

import skfadm
from skfadm import _memory
from skfadm.diffusion import training

from .generators import tiny


def n_kept(folder):
    return len(list(folder.rglob("output.pkl")))


def test_training_is_done_once_for_all_strengths(table, tmp_path, monkeypatch):
    calls = []
    real = training.meta_gradients
    monkeypatch.setattr(
        training, "meta_gradients", lambda *a, **k: calls.append(1) or real(*a, **k)
    )
    gen = tiny(memory=str(tmp_path))
    rows = [
        clone(gen).set_params(lambda_y=ly, lambda_z=lz).fit(*table).sample(5)[0]
        for ly in (1.0, 2.0)
        for lz in (0.0, 5.0)
    ]
    assert len(calls) == gen.max_iter
    assert not rows[0].equals(rows[3])


def test_training_is_done_anew_where_it_would_differ(table, tmp_path):
    gen = tiny(memory=str(tmp_path)).fit(*table)
    other = clone(gen).set_params(gamma=0.01).fit(*table)
    assert any((gen.weights_[k] != other.weights_[k]).any() for k in gen.weights_)


def test_what_older_code_has_learned_is_learned_anew(table, tmp_path, monkeypatch):
    gen = tiny(memory=str(tmp_path)).fit(*table)
    kept = n_kept(tmp_path)
    assert kept > 0
    clone(gen).fit(*table)
    assert n_kept(tmp_path) == kept
    monkeypatch.setattr(_memory, "CODE", "newer")
    clone(gen).fit(*table)
    assert n_kept(tmp_path) == 2 * kept


def test_any_change_of_any_file_changes_the_digest(tmp_path):
    (tmp_path / "below").mkdir()
    changes = {"a.py": "x = 1", "below/b.py": "y = 1", "below/c.pyc": "z"}
    seen = {_memory.digest_of(tmp_path)}
    for _ in range(2):
        for name, line in changes.items():
            with (tmp_path / name).open("a") as file:
                file.write(line + "\n")
            seen.add(_memory.digest_of(tmp_path))
    (tmp_path / "a.py").rename(tmp_path / "d.py")
    seen.add(_memory.digest_of(tmp_path))
    assert len(seen) == 8
    # What Python writes when it imports is no change.
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "d.cpython-311.pyc").touch()
    assert _memory.digest_of(tmp_path) in seen


def test_the_digest_is_of_the_whole_package():
    root = Path(skfadm.__file__).parent
    assert _memory.CODE.startswith(_memory.digest_of(root))
    # Nothing is kept without it.
    keepers = [p for p in root.rglob("*.py") if ".cache(" in p.read_text("utf-8")]
    assert keepers == [root / "_memory.py"]
