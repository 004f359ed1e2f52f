"""Files are written whole or not at all, and stay as private as they were."""

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import skfadm
from skfadm._files import HtmlPage, UserError, check_can_write, written_whole

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")


def write(path, data=b"all", **options):
    with written_whole(path, **options) as file:
        file.write(data)


def mode_of(path):
    return stat.S_IMODE(os.stat(path).st_mode)


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_a_file_that_is_replaced_keeps_its_permissions_and_a_link_its_place(
    tmp_path, mode
):
    (tmp_path / "real").mkdir()
    path = tmp_path / "real" / "table.csv"
    path.touch()
    path.chmod(mode)
    link = tmp_path / "link.csv"
    link.symlink_to(path)
    write(link)
    assert link.is_symlink()
    assert path.read_bytes() == b"all"
    assert mode_of(path) == mode
    # A new one has the usual ones, or is private.
    (tmp_path / "plain").touch()
    for private in (False, True):
        write(tmp_path / f"new{private}", private=private)
    assert mode_of(tmp_path / "newFalse") == mode_of(tmp_path / "plain")
    assert mode_of(tmp_path / "newTrue") == 0o600


def test_what_others_write_beside_it_stays(tmp_path):
    others = tmp_path / f".table.csv.{os.getpid()}.tmp"
    others.write_text("another's")
    with written_whole(tmp_path / "table.csv") as file:
        file.write(b"all")
        write(tmp_path / "table.csv", b"of the second")
    assert others.read_text() == "another's"
    assert (tmp_path / "table.csv").read_bytes() == b"all"
    assert sorted(os.listdir(tmp_path)) == [others.name, "table.csv"]


@posix
def test_what_a_killed_run_has_left_is_removed_by_the_next_of_the_same_file(tmp_path):
    code = """
import sys, time
from pathlib import Path
from skfadm._files import written_whole
with written_whole(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    print("half", flush=True)
    time.sleep(600)
"""
    path = tmp_path / "table.csv"
    root = str(Path(skfadm.__file__).parents[1])
    run = subprocess.Popen(
        [sys.executable, "-c", code, path],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert run.stdout.readline() == b"half\n"
    write(path)
    # What is being written by another run stays.
    assert len(os.listdir(tmp_path)) == 2
    run.send_signal(signal.SIGKILL)
    run.communicate()
    write(tmp_path / "other.csv")
    assert len(os.listdir(tmp_path)) == 3
    write(path)
    assert sorted(os.listdir(tmp_path)) == ["other.csv", "table.csv"]


class Page(HtmlPage):
    def _html(self):
        return "new page"


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_nothing_is_left_of_what_fails(tmp_path, monkeypatch, error):
    path = tmp_path / "page.html"
    path.write_text("old page")
    with pytest.raises(error), written_whole(path) as file:
        file.write(b"half")
        raise error
    monkeypatch.setattr("os.fsync", lambda file: (_ for _ in ()).throw(error))
    with pytest.raises(error):
        Page().save_html(path)
    assert os.listdir(tmp_path) == ["page.html"]
    assert path.read_text() == "old page"


@posix
def test_pipes_and_devices_are_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    check_can_write(pipe)
    found = []
    reader = threading.Thread(target=lambda: found.append(pipe.read_bytes()))
    reader.start()
    write(pipe)
    reader.join(60)
    assert found == [b"all"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    write(Path("/dev/null"))
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert os.listdir(tmp_path) == ["pipe.csv"]


@pytest.mark.parametrize("name", ["n" * 240, "ä" * 120, "n" * 251 + ".csv"])
def test_names_as_long_as_the_file_system_takes_them(tmp_path, name):
    check_can_write(tmp_path / name)
    write(tmp_path / name)
    write(tmp_path / name, b"again")
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"again"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="is root")
def test_a_write_protected_file_is_not_replaced(tmp_path):
    path = tmp_path / "table.csv"
    path.touch(mode=0o444)
    with pytest.raises(UserError, match="write-protected"):
        check_can_write(path)
