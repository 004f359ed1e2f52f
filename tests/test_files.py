"""Files are written whole or not at all."""

import os

import pytest

from skfadm._files import written_whole


def test_written_whole_keeps_links_and_the_usual_permissions(tmp_path):
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.csv"
    link.symlink_to(tmp_path / "real" / "file.csv")
    with written_whole(link) as file:
        file.write(b"all")
    assert link.is_symlink()
    assert link.read_bytes() == b"all"
    (tmp_path / "plain").touch()
    assert link.stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_written_whole_leaves_what_others_write_beside_it(tmp_path):
    # Two containers that share a volume may have the same process number.
    others = tmp_path / f".table.csv.{os.getpid()}.tmp"
    others.write_text("another's")
    with written_whole(tmp_path / "table.csv") as file:
        file.write(b"all")
        with written_whole(tmp_path / "table.csv") as second:
            second.write(b"of the second")
    assert others.read_text() == "another's"
    assert (tmp_path / "table.csv").read_bytes() == b"all"
    assert sorted(os.listdir(tmp_path)) == [others.name, "table.csv"]


@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_written_whole_leaves_nothing_of_what_fails(tmp_path, error):
    (tmp_path / "table.csv").write_text("old")
    with pytest.raises(error), written_whole(tmp_path / "table.csv") as file:
        file.write(b"half")
        raise error
    assert os.listdir(tmp_path) == ["table.csv"]
    assert (tmp_path / "table.csv").read_text() == "old"
