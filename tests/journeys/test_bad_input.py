"""Bad input of every kind: one clear message with the remedy, the right exit code, nothing lost, no traceback."""

import json

import pytest

from tests.journeys.house import House
from tests.support.waiting import wait_for

HANDLE = "+15550001234"


def explained(house: House, *words: str) -> None:
    """All ``words`` appear on the terminal within the deadline, and no traceback does."""
    wait_for(f"the words {words}", lambda: all(word in house.words() for word in words), 20)
    assert "Traceback" not in house.words()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, ["openclaw.json", "create it with"]),
        ("{ channels: { imessage: { dmPolicie: 'open' } } }", ["channels.imessage.dmPolicie", "dmPolicy", "line 1"]),
        ("{ channels: { imessage: { textChunkLimit: '5' } } }", ["channels.imessage.textChunkLimit", "line 1"]),
        ("{ channels: { imessage: { dmPolicy: 'open' } } }", ["channels.imessage.allowFrom", "*"]),
        ("{ channels: ", ["line 1"]),
        ("[]", ["<root>"]),
    ],
)
def test_a_config_that_cannot_be_used(house: House, content: str | None, words: list[str]) -> None:
    """Exit 78, every problem with its path and line."""
    if content is not None:
        (house.state / "openclaw.json").write_text(content)
    ended = house.command("run")
    assert ended.returncode == 78, ended.stderr
    for word in words:
        assert word.lower() in ended.stderr.lower()
    assert "Traceback" not in ended.stderr


def test_a_config_that_cannot_be_read(house: House) -> None:
    """Exit 78 with the path; a folder in its place cannot be read by anyone, root included."""
    (house.state / "openclaw.json").mkdir()
    ended = house.command("run")
    assert ended.returncode == 78
    assert "openclaw.json" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_no_channel_means_idle(house: House) -> None:
    """A valid file without channels.imessage: the gateway runs and says that it has nothing to do."""
    (house.state / "openclaw.json").write_text("{}")
    house.start()
    explained(house, "idle", "channels.imessage")
    assert house.stop() == 0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'unknown command rpc' >&2; exit 1", ["no rpc subcommand", "unknown command rpc", "update"]),
        ("echo 'imsg - send and read messages'; exit 0", ["without speaking JSON-RPC", "update imsg"]),
        ("echo 'Permission Error: grant Full Disk Access'; exit 1", ["Full Disk Access", "System Settings"]),
        ("kill -9 $$", ["signal 9"]),
    ],
)
def test_a_program_that_is_no_imsg(house: House, script: str, words: list[str]) -> None:
    """What it said and what to do; the gateway stays up and stops cleanly."""
    house.cli.write_text(f"#!/bin/sh\n{script}\n")
    house.configure()
    house.start(ready=False)
    explained(house, *words)
    status = wait_for("status", house.status)
    assert (status["state"], bool(status["reason"]), bool(status["remedy"])) == ("down", True, True)
    assert house.stop() == 0


def test_garbage_on_stdout_is_passed_over(house: House) -> None:
    """A bare null, arrays, broken JSON, binary, a banner: the next valid line is processed."""
    real = house.cli.with_name("real-imsg")
    house.cli.rename(real)
    house.cli.write_text(
        "#!/bin/sh\n"
        'printf \'Welcome to imsg\\nnull\\n[]\\n5\\n\\n{\\"jsonrpc\\":\\n\\377\\376\\000\\n'
        '{\\"method\\":\\"message\\",\\"params\\":null}\\n\'\n'
        f'exec "{real}" "$@"\n'
    )
    house.cli.chmod(0o755)
    house.configure()
    chat = house.db.direct_chat(HANDLE)
    house.start()
    house.db.incoming(chat, HANDLE, "through")
    wait_for("the answer", lambda: house.sent(chat))
    assert house.sent(chat) == ["echo: through"]
    explained(house, "no JSON-RPC")
    assert house.stop() == 0


def test_a_newer_journal_is_refused(house: House) -> None:
    """Never touched: the message says who wrote it and what to do."""
    import sqlite3

    house.configure()
    house.db.direct_chat(HANDLE)
    house.start()
    house.stop()
    connection = sqlite3.connect(house.state / "gateway" / "journal.db")
    connection.execute("PRAGMA user_version = 999")
    connection.commit()
    connection.close()
    ended = house.command("run")
    assert ended.returncode == 78
    assert "999" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_validate_finds_what_run_refuses(house: House) -> None:
    """One validator: the same report, exit 1 for validate and 78 for run."""
    (house.state / "openclaw.json").write_text('{"channels": {"imessage": {"historyLimit": -1}}}')
    validated, ran = house.command("config", "validate", "--json"), house.command("run")
    assert (validated.returncode, ran.returncode) == (1, 78)
    report = json.loads(validated.stdout)
    assert report["valid"] is False
    assert "channels.imessage.historyLimit" in ran.stderr
