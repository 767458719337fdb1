"""`orebloc doctor` says whether a class can be hosted, and what to do where not."""

import shutil
import socket

import pytest

import orebloc
from experiments.commands import doctor
from viz.classroom.preflight import PAGES, STATIC, check_classroom, check_files, check_network, check_room


def test_the_doctor_has_a_line_for_each_need_of_a_class(capsys, monkeypatch):
    """Libraries, port, pages, network and disk each have a line; what fails has a remedy."""
    monkeypatch.setattr("viz.classroom.preflight.addresses", lambda port: [])
    assert orebloc.main(["doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    for need in ("segno", "websockets", "free port from 8080", "files of its pages", "MB free"):
        assert any(need in line for line in lines), need
    (network,) = [line for line in lines if "no address in a network" in line]
    assert network.startswith("FAIL") and "hotspot" in network


def test_a_missing_page_or_script_is_named(tmp_path):
    """The shipped files are all there; with one script and one page gone, both are named."""
    assert check_files()[0]
    shutil.copytree(STATIC / "classroom", tmp_path / "static" / "classroom")
    shutil.copy(STATIC / "inter-latin.woff2", tmp_path / "static")
    shutil.copytree(PAGES, tmp_path / "page")
    assert check_files(tmp_path / "static", tmp_path / "page")[0]
    (tmp_path / "static" / "classroom" / "wall.js").unlink()
    (tmp_path / "page" / "join.html").unlink()
    well, what, remedy = check_files(tmp_path / "static", tmp_path / "page")
    assert not well and "join.html" in what and "wall.js" in what and remedy


def test_every_file_that_the_pages_load_is_checked(tmp_path):
    """A page's own style and scripts are among the files that the check wants."""
    import re

    for page in PAGES.glob("*.html"):
        for name in re.findall(r'(?:src|href)="/assets/classroom/([^"]+)"', page.read_text("utf-8")):
            copy = tmp_path / page.stem / name
            shutil.copytree(STATIC / "classroom", copy / "classroom")
            (copy / "classroom" / name).unlink()
            assert name in check_files(copy)[1], (page.name, name)


def test_network_and_disk():
    """An address is shown as people type it; pages, network and disk are all asked."""
    assert check_network(["http://192.168.1.7:8080/"]) == (
        True, "classroom: other devices would open http://192.168.1.7:8080/ (try it with a telephone)", "")  # fmt: skip
    assert len(check_classroom()) == 3


def test_room_on_the_disk(tmp_path):
    """What is free is asked of the nearest folder there is, and compared with what is needed."""
    free = shutil.disk_usage(tmp_path).free
    assert check_room(tmp_path / "not" / "yet", needed=free // 2)[0]
    well, what, remedy = check_room(tmp_path, needed=free * 2)
    assert not well and "MB free" in what and "Make room" in remedy


def test_taken_ports_fail(monkeypatch):
    """With every port from the usual one on in use, the line fails and says so."""
    held = []
    for port in range(18080, 18100):
        one = socket.socket()
        try:
            one.bind(("0.0.0.0", port))
        except OSError:
            one.close()
            continue
        one.listen()
        held.append(one)
    monkeypatch.setattr(doctor, "CLASS_PORT", 18080)
    try:
        well, what, _ = doctor.classroom_checks()[-1]
    finally:
        for one in held:
            one.close()
    assert not well and "all taken" in what


@pytest.mark.parametrize("name", ["segno", "websockets"])
def test_a_missing_library_fails_with_a_remedy(monkeypatch, name):
    """Where a library is not installed, its line fails and says how to install it."""
    found = doctor.find_spec
    monkeypatch.setattr(doctor, "find_spec", lambda one: None if one == name else found(one))
    (line,) = [one for one in doctor.classroom_checks() if name in one[1]]
    assert not line[0] and "make play" in line[2]
