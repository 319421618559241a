"""``gateway chats`` where no gateway runs: an imsg of its own is asked from this terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from config import Places
from tests.control.conftest import Gateway
from tests.control.test_chats_verb import CHATS, configure
from tests.support.rows import ANN
from tests.support.scripts import python_script

SPEAKS = """
import json, sys
if sys.argv[1:] == ["--version"]:
    print({version!r}); sys.exit()
for line in sys.stdin:
    asked = json.loads(line)
    open({asked!r}, "a").write(line)
    known = asked["method"] == "chats.list"
    said = {answer} if known else {{"error": {{"code": -32601, "message": "Method not found"}}}}
    print(json.dumps({{"jsonrpc": "2.0", "id": asked["id"], **said}}), flush=True)
"""


def imsg(folder: Path, answer: dict[str, Any], version: str = "0.9.0") -> str:
    """A program that answers ``chats.list`` so."""
    asked = str(folder / "asked")
    return python_script(folder / "imsg", SPEAKS.format(version=version, answer=repr(answer), asked=asked))


def test_without_a_gateway_imsg_is_asked_from_here_and_that_is_said(
    cli: Gateway, places: Places, tmp_path: Path
) -> None:
    configure(places, f'cliPath: "{imsg(tmp_path, {"result": {"chats": CHATS}})}", allowFrom: ["{ANN}"]')
    said = cli("chats", "--limit", "7", "--json")
    assert (said.code, said.err, [chat["id"] for chat in said.json["chats"]]) == (0, "", [42, 7])
    assert said.json["accounts"] == [{"id": "default", "where": "this terminal"}]
    requests = [json.loads(line) for line in (tmp_path / "asked").read_text().splitlines()]
    assert [one["params"] for one in requests if one["method"] == "chats.list"] == [{"limit": 7}]
    shown = cli("chats")
    assert "not from the service" in shown.out
    assert "admit 1 of 2" in shown.out


def test_an_imsg_that_is_too_old_lists_its_chats_all_the_same(cli: Gateway, places: Places, tmp_path: Path) -> None:
    configure(places, f'cliPath: "{imsg(tmp_path, {"result": {"chats": CHATS}}, version="0.4.0")}"')
    assert [chat["isGroup"] for chat in cli("chats", "--json").json["chats"]] == [True, False]


def test_what_is_wrong_from_here_is_told_for_each_account(cli: Gateway, places: Places, tmp_path: Path) -> None:
    program = imsg(tmp_path, {"result": {}})
    configure(places, f'cliPath: "/nowhere/imsg", accounts: {{work: {{cliPath: "{program}"}}, no: {{enabled: false}}}}')
    said = cli("chats", "--json")
    assert said.code == 1
    assert {one["id"]: one["error"]["code"] for one in said.json["accounts"]} == {
        "default": "not-installed",
        "work": "no-rpc",
    }
    off = cli("chats", "--account", "no", "--json")
    assert (off.code, off.json["accounts"][0]["error"]["code"]) == (1, "off")
