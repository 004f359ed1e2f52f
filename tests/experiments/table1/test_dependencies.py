from pathlib import Path

import pytest

from skfadm.experiments.table1 import dependencies
from skfadm.experiments.table1.dependencies import code_hash, imported


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of four modules, of which `a` imports `b`, and that `c`."""
    files = {
        "__init__.py": "from . import d",
        "a.py": "import json\nfrom .room import b\n",
        "room/__init__.py": "",
        "room/b.py": "from typing import Any\nfrom ..c import f\n",
        "c.py": "def f():\n    'Say it.'\n    return 1  # one\n",
        "d.py": "",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(dependencies, "_ROOT", tmp_path)
    code_hash.cache_clear()
    yield tmp_path
    code_hash.cache_clear()


def changed(path: Path, text: str) -> bool:
    before = code_hash("skfadm.a")
    path.write_text(text)
    code_hash.cache_clear()
    return code_hash("skfadm.a") != before


def test_what_a_module_imports_counts_and_what_it_does_not_import_does_not(package):
    expected = {"skfadm.a", "skfadm.room", "skfadm.room.b", "skfadm.c"}
    assert imported("skfadm.a") == expected
    assert changed(package / "c.py", "def f():\n    return 2\n")
    assert not changed(package / "d.py", "x = 1\n")


def test_words_and_layout_do_not_count(package):
    assert not changed(package / "c.py", 'def f():\n    """Tell."""\n    return (1)\n')


def test_baselines_do_not_depend_on_fair_control():
    assert "skfadm.generator" not in imported("skfadm.baselines._vae")
    assert {"skfadm.generator", "skfadm.fair_control.labels"} <= imported(
        "skfadm.baselines._fadm"
    )
