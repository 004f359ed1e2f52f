"""Which code of the package a result depends on."""

from __future__ import annotations

import ast
import hashlib
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import skfadm

_ROOT = Path(skfadm.__file__).parent


@cache
def code_hash(*modules: str) -> str:
    """Return a hash of the sources of modules and of all that they import.

    Comments, docstrings and the layout of the text do not count.

    Parameters
    ----------
    *modules : str
        Full names, such as "skfadm.baselines._vae".
    """
    digest = hashlib.sha256()
    for name in sorted(imported(*modules)):
        tree = ast.parse(_file(name).read_text())  # type: ignore[union-attr]
        digest.update(f"{name}\n{ast.dump(_without_docstrings(tree))}\n".encode())
    return digest.hexdigest()[:16]


def imported(*modules: str) -> set[str]:
    """Return the names of modules and of all of skfadm that they import, in turn."""
    found: set[str] = set()
    left = list(modules)
    while left:
        name = left.pop()
        # The package itself imports nothing until it is asked for a name.
        if name not in found and name != "skfadm" and _file(name) is not None:
            found.add(name)
            left += _imports(name)
    return found


def _imports(name: str) -> list[str]:
    """Return what a module imports from: modules, and names that may be some."""
    file = _file(name)
    assert file is not None
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    out = []
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            out += [base, *(f"{base}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            out += [alias.name for alias in node.names]
    return out


def _file(name: str) -> Path | None:
    """Return the file of a module of this package; None if there is none."""
    first, *parts = name.split(".")
    if first != "skfadm":
        return None
    path = _ROOT.joinpath(*parts)
    files = (path / "__init__.py", path.with_suffix(".py"))
    return next((file for file in files if file.is_file()), None)


def _without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body = node.body[1:]
    return tree
