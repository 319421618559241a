"""Two gateways on one Messages database are noticed, with real locks between real processes."""

import json
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from actors.rpc import claim as claims
from actors.rpc.claim import Claim, runtime_folder
from actors.rpc.openclaw import Whereabouts
from tests.support.actors import wait_until
from tests.support.scripts import lives, open_descriptors

DATABASE = "/Users/me/Library/Messages/chat.db"
HOLD = """
import sys
from pathlib import Path
from actors.rpc.claim import Claim
claim = Claim(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
print(claim.take(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    return tmp_path / "runtime"


@pytest.fixture
def where(tmp_path: Path) -> Whereabouts:
    """No OpenClaw anywhere."""
    return Whereabouts(tmp_path / "home", (tmp_path / "tmp",), os.getuid())


@pytest.fixture
def claim(runtime: Path, where: Whereabouts) -> Iterator[Claim]:
    """Ours."""
    made = Claim(DATABASE, Path("/ours"), runtime, where)
    yield made
    made.release()


@contextmanager
def another(identity: str, state: Path, runtime: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has the claim."""
    command = [sys.executable, "-c", HOLD, identity, str(state), str(runtime)]
    environment = {**os.environ, "HOME": str(runtime.parent), "TMPDIR": str(runtime.parent)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "None\n"
        yield process
        process.kill()


def test_a_free_database_is_ours_and_stays_ours(claim: Claim, runtime: Path) -> None:
    assert claim.take() is None
    before = open_descriptors()
    assert claim.take() is None
    assert open_descriptors() == before
    (file,) = runtime.iterdir()
    assert json.loads(file.read_text()) == {"pid": os.getpid(), "state": "/ours"}
    assert (stat.S_IMODE(runtime.stat().st_mode), stat.S_IMODE(file.stat().st_mode)) == (0o700, 0o600)


def test_another_gateway_is_named_with_the_way_over_and_back(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "their state"
    before = open_descriptors()
    with another(DATABASE, theirs, runtime) as process:
        problem = claim.take()
        assert problem is not None
        assert problem.code == "another-gateway"
        assert f"(process {process.pid}, state folder {theirs})" in problem.reason
        assert DATABASE in problem.reason
        assert f"kill {process.pid}" in problem.remedy
        assert "goes on by itself" in problem.remedy
        assert f"OPENCLAW_STATE_DIR='{theirs}'" in problem.remedy
        process.kill()
        process.wait()
        assert claim.take() is None
    claim.release()
    assert open_descriptors() <= before + 1


def test_it_is_free_when_released(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    assert claim.take() is None
    claim.release()
    claim.release()
    assert list(runtime.iterdir()) == []
    with another(DATABASE, tmp_path, runtime):
        assert claim.take() is not None


def test_another_database_is_another_claim(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    with another("/Users/you/Library/Messages/chat.db", tmp_path, runtime):
        assert claim.take() is None


def test_two_accounts_of_one_gateway_are_told_apart_from_two_gateways(
    claim: Claim, runtime: Path, where: Whereabouts
) -> None:
    second = Claim(DATABASE, Path("/ours"), runtime, where)
    assert claim.take() is None
    problem = second.take()
    assert problem is not None
    assert "another account of this gateway" in problem.reason
    assert "dbPath" in problem.remedy


def test_a_child_does_not_inherit_it(claim: Claim, runtime: Path, where: Whereabouts) -> None:
    assert claim.take() is None
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False) as child:
        claim.release()
        second = Claim(DATABASE, Path("/other"), runtime, where)
        assert second.take() is None
        second.release()
        assert child.poll() is None
        assert child.stdin is not None
        child.stdin.close()


def test_a_claim_that_was_swept_away_is_taken_anew(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    assert claim.take() is None
    (file,) = runtime.iterdir()
    file.unlink()
    assert claim.take() is None
    assert [one.name for one in runtime.iterdir()] == [file.name]
    file.unlink()
    with another(DATABASE, tmp_path, runtime):
        assert claim.take() is not None


@pytest.mark.parametrize("text", ["", "scribble", "[]", '{"pid": "x", "state": 3}', "[" * 4000])
def test_a_file_nobody_signed_tells_nothing(claim: Claim, runtime: Path, tmp_path: Path, text: str) -> None:
    with another(DATABASE, tmp_path, runtime):
        (file,) = runtime.iterdir()
        file.write_text(text)
        problem = claim.take()
        assert problem is not None
        assert "a process that has not signed yet" in problem.reason


def test_a_folder_others_may_enter_is_closed(claim: Claim, runtime: Path) -> None:
    runtime.mkdir(mode=0o755)
    runtime.chmod(0o777)
    assert claim.take() is None
    assert stat.S_IMODE(runtime.stat().st_mode) == 0o700


def test_a_folder_that_is_not_ours_is_not_used(
    claim: Claim, runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    problem = claim.take()
    assert problem is not None
    assert f"{runtime} must be a folder of this user's" in problem.reason
    assert "XDG_RUNTIME_DIR" in problem.remedy
    monkeypatch.undo()
    runtime.rmdir()
    runtime.symlink_to(tmp_path)
    assert claim.take() is not None
    runtime.unlink()
    assert claim.take() is None


def test_a_link_in_its_place_is_not_followed(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    assert claim.take() is None
    (file,) = runtime.iterdir()
    claim.release()
    file.symlink_to(tmp_path / "precious")
    problem = claim.take()
    assert problem is not None
    assert str(file) in problem.reason
    assert not (tmp_path / "precious").exists()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path, where: Whereabouts) -> None:
    (tmp_path / "file").write_text("")
    problem = Claim(DATABASE, Path("/ours"), tmp_path / "file" / "runtime", where).take()
    assert problem is not None
    assert problem.reason.startswith("cannot find out whether another gateway reads this database: ")


def test_a_claim_dies_with_its_process(claim: Claim, runtime: Path, tmp_path: Path) -> None:
    with another(DATABASE, tmp_path, runtime) as process:
        process.kill()
        wait_until(lambda: not lives(process.pid), what="the end of the other")
        assert claim.take() is None


def test_claims_lie_where_the_session_keeps_such_things(tmp_path: Path) -> None:
    own = f"imessage-gateway-{os.getuid()}"
    assert runtime_folder({"XDG_RUNTIME_DIR": f" {tmp_path} "}) == tmp_path / own
    assert runtime_folder({"XDG_RUNTIME_DIR": str(tmp_path / "gone")}).name == own


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_without_a_session_every_gateway_of_a_user_finds_the_same_folder(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = f"imessage-gateway-{os.getuid()}"
    monkeypatch.setattr(claims, "PLATFORM", platform)
    monkeypatch.setattr(claims, "darwin_folder", lambda name: str(tmp_path) if name == 65538 else "")
    monkeypatch.setattr(claims, "_is_ours", lambda folder: folder != Path("/not/ours"))
    expected = {"darwin": tmp_path / own, "linux": Path(f"/run/user/{os.getuid()}") / own}
    assert runtime_folder({}) == runtime_folder({"XDG_RUNTIME_DIR": "/not/ours"}) == expected[platform]


def test_the_last_resort_is_the_folder_for_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claims, "_is_ours", lambda _: False)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(tmp_path))
    assert runtime_folder({}) == tmp_path / f"imessage-gateway-{os.getuid()}"
