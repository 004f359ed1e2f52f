"""What `import skfadm` gives, and which way imports point inside it."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import skfadm

SUBMODULES = [
    "baselines",
    "datasets",
    "metrics",
    "model_selection",
    "report",
]


def test_import_skfadm_reaches_every_public_name_first():
    code = f"""
import sys
for name in {[*skfadm.__all__, *SUBMODULES]}:
    for module in [m for m in sys.modules if m.split(".")[0] == "skfadm"]:
        del sys.modules[module]
    import skfadm
    assert getattr(skfadm, name).__name__.endswith(name), name
    assert name in dir(skfadm), name
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_unknown_names_are_attribute_errors():
    with pytest.raises(AttributeError, match="no attribute 'fairness'"):
        skfadm.fairness  # noqa: B018


def test_a_wheel_holds_every_file_that_the_package_reads():
    root = Path(skfadm.__file__).parent
    project = tomllib.loads((root.parent / "pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["skfadm"]
    packed = {path for pattern in patterns for path in root.glob(pattern)}
    files = {path for path in root.rglob("*") if path.is_file()}
    code = {path for path in files if path.suffix in (".py", ".pyc")}
    assert files - code - packed == set()


#: Every room with those that it may import from, beside itself and the ones below it.
FLOORS = [
    {"cli"},
    {"report"},
    {"classifier", "baselines"},
    {"generator", "model_selection"},
    {"_sampling"},
    {"_base", "metrics", "fair_control"},
    {"_memory", "_progress"},
    {"encoding", "diffusion", "datasets"},
    {"_validation", "_files", "_figures"},
]


def rooms_imported(path):
    """Yield the rooms of skfadm that a file imports, other than for types."""
    here = path.relative_to(Path(skfadm.__file__).parent).parts
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        parts = (node.module or "").split(".") if node.module else []
        if node.level:
            parts = [*here[: len(here) - node.level], *parts]
        elif parts[:1] == ["skfadm"]:
            parts = parts[1:] or [alias.name for alias in node.names][:1]
        else:
            continue
        if parts:
            yield parts[0]


def test_imports_point_down():
    root = Path(skfadm.__file__).parent
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    wrong = []
    for path in sorted(root.rglob("*.py")):
        room = path.relative_to(root).parts[0].removesuffix(".py")
        if room == "__init__":
            continue
        for other in rooms_imported(path):
            if other in floor and other != room and floor[other] <= floor[room]:
                wrong.append(f"{path.relative_to(root)} imports {other}")
    assert not wrong


@pytest.mark.parametrize(
    "folder", [Path(skfadm.__file__).parent, Path(__file__).parent]
)
def test_no_module_needs_what_windows_lacks_to_be_imported(folder):
    lacking = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {
                    getattr(node, "module", None)
                }
                assert not names & lacking, path
