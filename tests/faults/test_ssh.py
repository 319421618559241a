"""imsg on another Mac: the wrappers of the documentation over an ``ssh`` that misbehaves as real ones do.

The ``ssh`` is a small program on PATH that runs the command here and carries its bytes; which weather there is, a
file says: ``banner``, ``refused``, ``denied``, ``unknown``, ``persist``. SIGUSR1 breaks its connection, SIGUSR2 lets it
take bytes and bring none back.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress

import pytest

from tests.faults.cases import Build, Cases
from tests.faults.town import Town, wait_for
from tests.support.scripts import lives, python_script, shell_script

case = Cases()
SHORT = 'exec ssh -T bot@gateway-host imsg "$@"'
LONG = """set -eu
# Run an interactive SSH once first to accept host keys:
#   ssh bot@localhost true
exec ssh -o BatchMode=yes -o ConnectTimeout=5 -T bot@localhost \\
  "imsg" "$@\""""
SSH = """
    import os, signal, subprocess, sys, threading
    FOLDER = os.environ["SSH_FOLDER"]
    WORDS = {
        "refused": "ssh: connect to host gateway-host port 22: Connection refused",
        "denied": "bot@gateway-host: Permission denied (publickey,password).",
        "unknown": "Host key verification failed.",
    }
    words = sys.argv[1:]
    while words[0].startswith("-"):
        words = words[2 if words[0] == "-o" else 1 :]
    with open(FOLDER + "/ssh-weather") as file:
        weather = file.read()
    if weather in WORDS:
        sys.exit(os.write(2, (WORDS[weather] + "\\r\\n").encode()) and 255)
    if weather == "banner":
        os.write(2, b"This system is for authorised use only.\\r\\n")
        os.write(1, b"Last login: Fri Nov 20 09:00:00 on ttys001\\nYou have mail.\\n")
    if weather == "persist":
        # The master of a shared connection leaves the session and keeps what it inherited open.
        master = subprocess.Popen(["sleep", "600"], start_new_session=True)
        with open(FOLDER + "/masters", "a") as file:
            file.write(f"{master.pid}\\n")
    far = subprocess.Popen(["/bin/sh", "-c", " ".join(words[1:])], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    silent = threading.Event()

    def lose(*_):
        far.kill()
        os.write(2, b"Connection to gateway-host closed by remote host.\\r\\n")
        os._exit(255)

    def carry(source, to, last=lambda: None):
        while data := os.read(source, 65536):
            if to != 1 or not silent.is_set():
                os.write(to, data)
        last()

    signal.signal(signal.SIGUSR1, lose)
    signal.signal(signal.SIGUSR2, lambda *_: silent.set())
    threading.Thread(target=carry, args=(0, far.stdin.fileno(), far.stdin.close), daemon=True).start()
    back = threading.Thread(target=carry, args=(far.stdout.fileno(), 1), daemon=True)
    back.start()
    while far.poll() is None:
        back.join(0.05)
    back.join()
    os._exit(far.returncode)
"""


def _far(build: Build, wrapper: str = SHORT, weather: str = "", version: str = "0.9") -> Town:
    """A town whose imsg is reached by ssh."""
    town = build(version, program=wrapper)
    tools = town.folder / "bin"
    tools.mkdir()
    python_script(tools / "ssh", SSH)
    shell_script(tools / "imsg", f'exec {town.imsg} "$@" {town.options}\n')
    town.environment |= {"PATH": f"{tools}:{town.environment['PATH']}", "SSH_FOLDER": str(town.folder)}
    _weather(town, weather)
    return town


def _weather(town: Town, word: str) -> None:
    (town.folder / "ssh-weather").write_text(word)


@case("0.9", "0.15")
def documented(build: Build, version: str) -> None:
    """The wrappers of the documentation just work."""
    for wrapper in (SHORT, LONG):
        town = _far(build, wrapper, version=version).settle_in()
        town.write_and_wait("from afar")
        assert town.stop() == 0


@case("0.9")
def chatty(build: Build, version: str) -> None:
    """What a login prints comes before the first line: it is passed over."""
    town = _far(build, weather="banner", version=version).settle_in()
    town.write_and_wait("after the greeting")
    assert len(town.children()) == 1


@case("0.9", "0.15")
def cut_off(build: Build, version: str) -> None:
    """The connection is lost, comes back refused, then works: told in ssh's words, and no message is lost."""
    town = _far(build, version=version).settle_in()
    town.write_and_wait("before")
    _weather(town, "refused")
    town.kill_child(signal.SIGUSR1)
    assert "closed by remote host" in town.wait_problem("exited")["reason"]
    town.writes("meanwhile")
    wait_for("the next attempt", lambda: "Connection refused" in (town.account().get("lastError") or ""))
    assert town.problem() == "exited"
    _weather(town, "")
    town.wait_answers("before", "meanwhile")
    assert len(town.children()) == 3


@case("0.9")
def locked_out(build: Build, version: str) -> None:
    """Refused from the start: not taken for an imsg without rpc, and it goes on by itself."""
    for weather, words in (("denied", "Permission denied"), ("unknown", "Host key verification failed")):
        town = _far(build, weather=weather, version=version).settle_in(ready=False)
        assert words in town.wait_problem("exited")["reason"]
        code, account = town.channels("--probe")
        assert code == 1
        assert account["problem"]["code"] == "exited"
        _weather(town, "")
        town.wait_well()


@case("0.9", "0.15")
def half_closed(build: Build, version: str) -> None:
    """Bytes go in and none come back: found out by a probe, ended, and begun again where it stopped."""
    town = _far(build, version=version).settle_in()
    town.write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    town.kill_child(signal.SIGUSR2)
    town.writes("into the void")
    town.wait_problem("hanging")
    assert not town.answers()["into the void"]
    town.wait_answers("before", "into the void")
    assert len(town.children()) == 2


@case("0.9")
def shared(build: Build, version: str) -> None:
    """A connection that outlives its session holds the pipes open: the end is seen all the same."""
    town = _far(build, weather="persist", version=version).settle_in()
    town.write_and_wait("before")
    wait_for("the send to be answered", town.all_answered)
    try:
        town.kill_child(signal.SIGKILL)
        town.wait_problem("exited", seconds=5)
        town.writes("meanwhile")
        town.wait_answers("before", "meanwhile")
        assert all(lives(pid) for pid in _masters(town))
        assert town.stop() == 0
    finally:
        for pid in _masters(town):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _masters(town: Town) -> list[int]:
    return [int(line) for line in (town.folder / "masters").read_text().split()]


@pytest.mark.parametrize("name", case.names())
def test_an_imsg_behind_ssh_that_is(outcome: Callable[[str], None], name: str) -> None:
    """Each of the cases above."""
    outcome(name)
