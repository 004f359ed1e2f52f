"""What `import skfadm` gives, and which way imports point inside it."""

import ast
import subprocess
import sys
import tomllib
from collections import defaultdict
from graphlib import TopologicalSorter
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


#: The rooms of the house by floor, from the top: a room imports from lower floors only.
FLOORS = [
    {"benchmarks", "cli"},
    {"__init__"},
    {"baselines", "classifier"},
    {"generator"},
    {"_sampling", "_training", "report"},
    {"_base", "datasets", "fair_control", "metrics", "model_selection"},
    {
        "_figures",
        "_files",
        "_progress",
        "_validation",
        "diffusion",
        "encoding",
    },
    {"_containers", "_text"},
]

PACKAGE = Path(skfadm.__file__).parent
FILES = sorted([*PACKAGE.rglob("*.py"), *(PACKAGE.parent / "benchmarks").rglob("*.py")])


def module_of(path):
    """Return the full name of a file's module."""
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def room_of(module):
    """Return the room that a module, or a name of it, belongs to."""
    package, _, rest = module.partition(".")
    room = rest.partition(".")[0]
    if package != "skfadm":
        return package
    is_room = (PACKAGE / room).is_dir() or (PACKAGE / f"{room}.py").is_file()
    return room if room and is_room else "__init__"


def imported(path):
    """Yield the modules that a file imports, or their names, other than for types."""
    package = module_of(path).split(".")
    if path.name != "__init__.py":
        package.pop()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            node.body.clear()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            parts = [*base, *(node.module or "").split(".")]
            for alias in node.names:
                yield ".".join([*filter(None, parts), alias.name])
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def arrows():
    """Return which room imports from which, with the files that do."""
    found = defaultdict(set)
    for path in FILES:
        room = room_of(module_of(path))
        for module in imported(path):
            if module.split(".")[0] in ("skfadm", "benchmarks"):
                found[room, room_of(module)].add(str(path.relative_to(PACKAGE.parent)))
    # The face of the package imports when it is asked for a name.
    return {pair: files for pair, files in found.items() if pair[0] != pair[1]}


def test_every_room_has_a_floor():
    rooms = {room_of(module_of(path)) for path in FILES}
    assert rooms == set().union(*FLOORS)


def test_imports_point_down():
    floor = {room: i for i, rooms in enumerate(FLOORS) for room in rooms}
    wrong = [
        f"{', '.join(sorted(files))}: {room} imports {other}"
        for (room, other), files in arrows().items()
        if floor[other] <= floor[room]
    ]
    assert not wrong


def test_no_circle_of_imports():
    graph = defaultdict(set)
    for room, other in arrows():
        graph[room].add(other)
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("folder", [PACKAGE, Path(__file__).parent])
def test_no_module_needs_what_windows_lacks_to_be_imported(folder):
    lacking = {"fcntl", "grp", "pty", "pwd", "resource", "termios", "tty"}
    for path in folder.rglob("*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                names = {alias.name for alias in node.names} | {
                    getattr(node, "module", None)
                }
                assert not names & lacking, path
