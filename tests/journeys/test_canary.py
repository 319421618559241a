"""Secrets of the config turn up nowhere, whatever is done with it and around it (threat S15).

One gateway lives through starts, messages, good and bad edits, commands from a phone and from the terminal, an agent
that crashes and a kill; then everything it said, wrote and showed is searched.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator

import pytest

from actors.control.cli.main import main
from config.redaction import MARKER
from tests.journeys import canaries
from tests.journeys.canaries import Aviary
from tests.journeys.canary_life import ANN, Life
from tests.journeys.house import House
from tests.support.waiting import wait_for

PLACES = ("agents.list[1].runtime", "models.providers.two", "mcp.servers.files.args[1]", "gateway.auth.token")
READS = """\
status
status --json
logs --limit 5000
logs --json --limit 5000
inspect -c actors
channels list --json
channels status --probe --json
chats --json
held list --json
outbox list --json
dead list --json
pairing list --json
explain last
explain --from +15559998888 --json
message send --target chat_id:1 --message hi --dry-run --json
purge --chat 1 --dry-run --json
uninstall --dry-run --json
setup --yes --dry-run --no-probe --json
config validate
config validate --json
config schema
config file --json
config get
config get --json
config diff --last-good
config set agents.list[1].runtime.model one:small --dry-run --json
config set agents.list[1].runtime.apiKey 7
config set env.vars {}
config unset agents.list[1].runtime --dry-run
config unset gateway.auth --dry-run --json
"""
WRITES = """\
channels add --account default --name x
config unset channels.telegram.botToken
config diff
config diff 1 --json
config rollback --list --json
config rollback --dry-run
config rollback --dry-run --json
"""
REFUSED = (
    ("channels.imessage.dmPolicy", "{}"),
    ("channels.imessage.historyLimit", '"{}"'),
    ("channels.imessage.cliPath", "{};"),
    ("agents.list[1].runtime", '{{ type: "model", apiKey: "{}", nonsense: 1 }}'),
    ("agents.list[1].runtime.apiKey", '{{ value: "{}" }}'),
    ("agents.list[1].runtime.apiKey", '["{}"]'),
    ("agents.list[1].runtime.apikey", "{}"),
    ("gateway.mode", "{}"),
    ("gateway.token", "{}"),
)
"""Paths and values that the terminal does not write."""
ASKED = (
    "/config get agents.list[1].runtime.apiKey",
    "/config set messages.responsePrefix=>>",
    "/config undo",
    "/config set agents.list[1].runtime.model=one:tiny",
    "/config unset agents.list[1].runtime.apiKey",
    "/config unset env.vars",
    "/config set messages.responsePrefix=${FROM_ENV}",
    "/debug set messages.responsePrefix=>>>",
    "/debug set messages.responsePrefix=${CANARY_TOKEN}",
    "/debug show",
    "/debug reset",
    "/allowlist list",
    "/status",
)
SETUP = "--yes --force --dry-run --no-probe --deployment local --allow-from +15550001111 --cli-path /i --db-path /c.db"
TYPED = (
    "/config set agents.list[1].runtime.apiKey={}",
    "/config set agents.list[1].runtime.apiKey {}",
    '/config set agents.list[1].runtime={{type: "model", apiKey: "{}"}}',
    '/config set gateway.auth={{token: "{}"',
    "/config set commands.ownerDisplaySecret = {}",
    "/config set channels.imessage.dmPolicy={}",
    '/config set channels.imessage.historyLimit="{}"',
    "/debug set channels.telegram.botToken={}",
    "/debug set channels.imessage.dmPolicy={}",
    "/config get agents.list[1].runtime.apiKey={}",
    "/config {}",
)
"""What a chat refuses."""


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Life]:
    """A whole life; nothing runs any more."""
    house = House(tmp_path_factory.mktemp("canaries"))
    with pytest.MonkeyPatch.context() as patch:
        try:
            one = Life(house, patch)
            for part in (_ordinary_days, _from_the_terminal, _from_the_phone, _bad_edits, _a_crash_and_a_kill):
                part(one)
            assert house.stop() == 0
        finally:
            house.close()
    one.hear("the gateway's terminal", house.words())
    for bubble in house.sent():
        one.hear("a bubble", bubble)
    yield one


def _ordinary_days(life: Life) -> None:
    life.house.start()
    assert life.ask("hello") == "> answered"
    life.house.db.incoming(life.chat, ANN, "think")
    thinks = life.house.folder / "thinks"
    wait_for("the agent to think", thinks.exists)
    life.look()
    thinks.unlink()
    wait_for("its answer", lambda: len(life.house.sent()) == 2)


def _from_the_terminal(life: Life) -> None:
    for line in READS.splitlines():
        life.verb(*line.split())
    wait_for("a copy to be kept", lambda: list(life.places.gateway.glob("last-good/*/*")))
    for line in WRITES.splitlines():
        assert life.verb(*line.split()) == 0
    put = life.put
    assert life.verb("config", "set", "agents.list[1].runtime.apiKey", typed=put("a new key")) == 0
    assert life.verb("config", "set", "models.providers.one", f'{{ apiKey: "{put("a new key, in an object")}" }}') == 0
    for number, (path, value) in enumerate(REFUSED):
        refused = value.format(put(f"refused in the terminal {number}"))
        for flag in ("--json", "--strict-json"):
            assert life.verb("config", "set", path, refused, flag) in {1, 2}


def _from_the_phone(life: Life) -> None:
    assert MARKER in life.ask("/config show")
    for place in (*life.config, *PLACES):
        life.ask(f"/config show {place}")
    for text in ASKED:
        life.ask(text)
    for number, text in enumerate(TYPED):
        life.ask(text.format(life.put(f"typed on the phone {number}")))


def _bad_edits(life: Life) -> None:
    """Every one is judged in the terminal, every fourth by the running gateway, which is slower."""
    good = life.file.read_text()
    damaged, misplaced = (make(life.config, life.put) for make in (canaries.damaged, canaries.misplaced))
    for number, (what, text) in enumerate((damaged | misplaced).items()):
        life.save("\n" * number + text)
        assert life.verb("config", "validate") == 1
        problems = [line for line in life.heard[-1][1].splitlines() if line.startswith("- ")]
        assert life.verb("config", "set", "messages.responsePrefix", "x") == 1
        if what in damaged:
            life.verb("config", "get")
            life.verb("config", "diff")
        if number % 4 == 0:
            life.wait_refused(problems)
            life.hear(what, life.house.status())
            life.verb("status")
            life.verb("config", "validate", "--json")
            life.ask("/config set messages.responsePrefix=x")
    life.save(good)
    wait_for("it to be mended", lambda: not life.state()["problems"])


def _a_crash_and_a_kill(life: Life) -> None:
    house = life.house
    house.db.incoming(life.chat, ANN, "crash")
    wait_for("the agent to crash", lambda: house.outcomes()["held"])
    for words in (("held", "list", "--json"), ("explain", "last")):
        life.verb(*words)
    house.kill()
    good = life.file.read_text()
    life.save(canaries.damaged(life.config, life.put)["twice"])
    assert life.verb("run") == 78
    life.save(good)
    house.start()
    life.look()
    assert life.ask("hello again") == "> answered"


def test_nothing_that_is_shown_holds_a_secret(life: Life) -> None:
    """Bubbles, the terminal, the command line, the control socket, the words of processes."""
    assert len(life.heard) > 150
    found = {where: places for where, what in life.heard if (places := life.put.found(what))}
    assert found == {}


def test_no_file_but_those_of_the_config_holds_a_secret(life: Life) -> None:
    """Log, audit log, journal, database of Messages, what the agent got; but for what Ann herself wrote."""
    found = {name: {one for one in places if not one.startswith("typed")} for name, places in life.in_files().items()}
    assert {name: places for name, places in found.items() if places} == {}
    assert "PATH=" in (life.house.folder / "agent.txt").read_text()
    for name in ("gateway/journal.db", "gateway/logs/gateway.jsonl", "logs/config-audit.jsonl"):
        assert (life.house.state / name).stat().st_size > 0


def test_a_secret_typed_on_a_phone_stays_in_the_chat(life: Life) -> None:
    """Where it was refused it belongs nowhere."""
    typed = {name: {one for one in places if one.startswith("typed")} for name, places in life.in_files().items()}
    assert {name: places for name, places in typed.items() if places and not name.startswith("chat.db")} == {}


def test_copies_of_the_config_are_for_its_user_alone(life: Life) -> None:
    """However open the file itself is."""
    assert life.file.stat().st_mode & 0o777 == 0o644
    copies = life.copies()
    paths = [*copies, *(inner for copy in copies for inner in copy.rglob("*"))]
    assert len(paths) >= 5 + 5
    for path in (*paths, life.places.gateway, life.places.journal, life.places.log_file):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


@pytest.mark.parametrize(
    "words",
    [
        "config set agents.list[1].runtime.apiKey={}",
        "config set env.vars.X={} x",
        "config get gateway.auth.token={}",
        f"setup {SETUP} --agent command --command '/bin/agent --token {{}}'",
    ],
)
def test_a_secret_among_the_words_of_a_command_is_not_repeated(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    put = Aviary()
    main(shlex.split(words.format(put("typed"))))
    said = capsys.readouterr()
    assert put.found(said.out + said.err) == set()
