"""A command agent that answers in parts: what goes out when, with real programs that wait for the test."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from actors.agents.base import AgentError
from actors.agents.base import Said as Answer
from actors.agents.command import GRACE_SECONDS
from tests.agents.programs import Programs
from tests.support.actors import wait_until
from tests.support.scripts import lives


@pytest.fixture
def programs(tmp_path: Path) -> Programs:
    """Programs in a folder of the test, with a pipe ``go`` they can wait for."""
    os.mkfifo(tmp_path / "go")
    return Programs(tmp_path)


class Running:
    """An agent at work on a thread of its own."""

    def __init__(self, programs: Programs, script: str, timeout: float = 10.0) -> None:
        self.job = programs.job()
        self.answer: Answer | None = None
        self.error = ""
        self._agent = programs.agent(script, timeout)
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.answer = self._agent.answer(self.job)
        except AgentError as error:
            self.error = str(error)

    @property
    def is_done(self) -> bool:
        """Whether there is an answer, or an error."""
        return self.answer is not None or self.error != ""

    def wait(self) -> None:
        """Until it is done."""
        self._thread.join(20.0)
        assert not self._thread.is_alive()


def test_a_part_goes_out_while_the_program_goes_on(programs: Programs, tmp_path: Path) -> None:
    running = Running(
        programs,
        f"""
        echo '{{"text": "wait a moment", "final": false}}'
        cat {tmp_path}/go >/dev/null
        echo '{{"text": "done"}}'
        """,
    )
    wait_until(lambda: programs.parts == [("wait a moment", ())], what="the first part")
    assert not running.is_done
    (tmp_path / "go").write_text("go")
    running.wait()
    assert running.answer == Answer("done")
    assert len(programs.parts) == 1


def test_an_answer_that_is_complete_goes_out_though_its_program_goes_on(programs: Programs, tmp_path: Path) -> None:
    running = Running(
        programs,
        f"""
        echo '{{"text": "done", "media": "a.jpg", "final": true}}'
        cat {tmp_path}/go >/dev/null
        echo 'whatever comes later'
        exit 3
        """,
    )
    wait_until(lambda: bool(programs.parts), what="the answer")
    assert programs.parts == [("done", (f"{Path.cwd()}/a.jpg",))]
    (tmp_path / "go").write_text("go")
    running.wait()
    assert (running.answer, running.error) == (Answer(""), "")


def test_a_program_that_goes_on_too_long_is_ended(programs: Programs, tmp_path: Path) -> None:
    started = time.monotonic()
    running = Running(
        programs,
        f"""
        echo $$ > {tmp_path}/pid
        echo '{{"text": "done", "final": true}}'
        exec 1>&- 2>&-
        read line < {tmp_path}/go
        """,
    )
    running.wait()
    assert GRACE_SECONDS <= time.monotonic() - started < GRACE_SECONDS + 3
    assert (running.answer, programs.parts) == (Answer(""), [("done", ())])
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: not lives(pid), what="its end")


def test_a_program_that_ends_at_once_after_its_answer_is_one_answer(programs: Programs) -> None:
    answer = programs.agent("""echo '{"text": "done", "media": ["/a"], "final": true}'; exit 3""").answer(
        programs.job()
    )
    assert (answer, programs.parts) == (Answer("done", ("/a",)), [])


def test_a_failure_after_a_part_is_a_failure(programs: Programs) -> None:
    script = """echo '{"text": "one", "final": false}'; echo '{"text": "two"}'; exit 3"""
    with pytest.raises(AgentError, match="exited with code 3"):
        programs.run(script)
    assert programs.parts == [("one", ())]


def test_plain_text_after_a_part_is_a_failure_and_never_said(programs: Programs) -> None:
    with pytest.raises(AgentError, match="line 2 of its output"):
        programs.run("""echo '{"text": "one", "final": false}'; echo 'Traceback: oops'""")
    assert programs.parts == [("one", ())]


def test_blank_parts_are_not_said(programs: Programs) -> None:
    assert programs.run("""printf '{"text": " ", "final": false}\\n{"final": false}\\n{"text": "x"}\\n'""") == "x"
    assert programs.parts == []


def test_paths_are_seen_from_the_workspace(programs: Programs, tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    agent = programs.agent("""echo '{"media": ["a.jpg", "/b.jpg"]}'""", workspace=str(tmp_path / "work"))
    assert agent.answer(programs.job()) == Answer("", (f"{tmp_path}/work/a.jpg", "/b.jpg"))


def test_the_deadline_holds_between_parts(programs: Programs, tmp_path: Path) -> None:
    with pytest.raises(AgentError, match=r"timed out after 0\.3 s"):
        programs.run(f"""echo '{{"text": "one", "final": false}}'; cat {tmp_path}/go""", timeout=0.3)
    assert programs.parts == [("one", ())]


def test_an_answer_that_is_complete_at_the_deadline_is_one(programs: Programs, tmp_path: Path) -> None:
    assert programs.run(f"""echo '{{"text": "one", "final": true}}'; cat {tmp_path}/go""", timeout=1.0) == ""
    assert programs.parts == [("one", ())]


def test_a_complete_answer_is_not_lost_when_the_turn_is_cancelled(programs: Programs, tmp_path: Path) -> None:
    running = Running(programs, f"""echo '{{"text": "one", "final": true}}'; cat {tmp_path}/go""")
    wait_until(lambda: bool(programs.parts), what="the answer")
    programs.cancelled.set()
    running.wait()
    assert (running.answer, running.error) == (Answer(""), "")
