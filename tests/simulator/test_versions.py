"""One table for all versions: what is sent, and what each of them answers to it (imsg protocol 1, 4, 12)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from actors.simulator.generations import SHORT, generation
from tests.simulator.harness import ANNA, DIRECT, TEAM, Rpc, furnish, imsg

VERSIONS = ("0.5", "0.6", "0.9", "0.15")
OLD = ("0.5", "0.6", "0.9")
OK = {"ok": True}


class Case(NamedTuple):
    """A request, and for each version what the answer is: an error's code and data, or a result (None: anything)."""

    method: str
    params: dict[str, Any]
    answers: dict[str, Any]


def missing(method: str) -> tuple[int, str]:
    return -32601, method


def each(old: object, new: object) -> dict[str, Any]:
    """The same up to 0.9, another from 0.14 on."""
    return dict.fromkeys(OLD, old) | {"0.15": new}


def only(known: dict[str, Any], method: str) -> dict[str, Any]:
    """Known to some, no method to the others."""
    return dict.fromkeys(VERSIONS, missing(method)) | known


CASES = [
    Case("initialize", {}, only({"0.15": None}, "initialize")),
    Case("status", {}, only({"0.15": None}, "status")),
    Case("nope", {}, dict.fromkeys(VERSIONS, missing("nope"))),
    Case("typing.start", {"chat_id": DIRECT}, only({"0.5": OK}, "typing.start")),
    Case("typing.stop", {"to": ANNA}, only({"0.5": OK}, "typing.stop")),
    Case("typing.start", {}, only({"0.5": (-32602, "to is required")}, "typing.start")),
    Case("typing", {}, only(
        {"0.9": (-32602, "to is required"), "0.15": (-32602, "to is required for direct sends")}, "typing")),
    Case("messages.after", {"since_rowid": 99}, only(
        {"0.15": {"messages": [], "next_rowid": 99, "has_more": False}}, "messages.after")),
    Case("messages.search", {"query": "nowhere"}, only({"0.15": {"messages": []}}, "messages.search")),
    Case("send.tracked", {}, only({"0.15": (-32602, "attempt_id must be a UUID")}, "send.tracked")),
    Case("chats.get", {"chat_id": 1}, only({}, "chats.get")),
    Case("watch.unsubscribe", {"subscription": 4711}, dict.fromkeys(VERSIONS, OK)),
    Case("watch.unsubscribe", {"subscription": "7"},
         each(OK, (-32602, "subscription must be an integer"))),
    Case("watch.unsubscribe", {"subscription": 7, "other": 1},
         each(OK, (-32602, "unknown watch.unsubscribe param: other"))),
    Case("watch.unsubscribe", {"subscription": None},
         each((-32602, "subscription is required"), (-32602, "subscription must not be null"))),
    Case("watch.unsubscribe", {"subscription": 0},
         each(OK, (-32602, "subscription must be a positive integer"))),
    Case("watch.subscribe", {"debounce_ms": -1},
         {"0.5": {"subscription": 1}} | dict.fromkeys(
             ("0.6", "0.9", "0.15"), (-32602, "debounce_ms must be a non-negative integer"))),
    Case("watch.subscribe", {"debounce_ms": 1, "debounceMs": 1, "chat_id": TEAM},
         {"0.15": (-32602, "use only one of debounce_ms, debounceMs")} | {
             "0.5": {"subscription": 2}, "0.6": {"subscription": 1}, "0.9": {"subscription": 1}}),
    Case("messages.history", {}, dict.fromkeys(VERSIONS, (-32602, "chat_id is required"))),
    Case("messages.history", {"chat_id": 1, "start": "soon"},
         each((-32603, "Invalid ISO8601 date: soon"), (-32602, "Invalid ISO8601 date: soon"))),
    Case("messages.history", {"chat_id": -7},
         each({"messages": []}, (-32602, "chat_id must be a positive integer"))),
    Case("messages.history", {"chat_id": 99, "limit": 0},
         each({"messages": []}, (-32602, "limit must be a positive integer"))),
    Case("messages.history", {"chat_id": 99, "participants": "a,b"},
         each({"messages": []}, (-32602, "participants must be an array of strings"))),
    Case("messages.history", {"chat_id": 99, "attachments": 1},
         each({"messages": []}, (-32602, "attachments must be a boolean"))),
    Case("send", {"text": "x"}, dict.fromkeys(VERSIONS, (-32602, "to is required for direct sends"))),
    Case("send", {"to": ANNA}, dict.fromkeys(VERSIONS, (-32602, "text or file is required"))),
    Case("send", {"to": ANNA, "chat_id": 1, "text": "x"},
         each((-32602, "use to or chat_*; not both"),
              (-32602, "use to or exactly one chat selector; not both"))),
    Case("send", {"chat_id": 99, "chat_guid": "g", "text": "x"},
         each((-32602, "unknown chat_id 99"),
              (-32602, "exactly one of chat_id, chat_identifier, or chat_guid is required"))),
    Case("send", {"chat_id": 99, "text": "x"}, dict.fromkeys(VERSIONS, (-32602, "unknown chat_id 99"))),
    Case("send", {"to": "", "text": "x"},
         each((-32602, "to is required for direct sends"), (-32602, "to must be a non-empty string"))),
    Case("send", {"chat_id": 99, "text": "x", "transport": "pigeon"},
         {"0.5": (-32602, "unknown chat_id 99"), "0.6": (-32602, "unknown chat_id 99"),
          "0.9": (-32602, "invalid transport"), "0.15": (-32602, "invalid transport")}),
    Case("send", {"chat_id": TEAM, "text": "x", "transport": "applescript", "reply_to": "G"},
         each(None, (-32602, "reply_to requires bridge transport; AppleScript cannot send threaded replies"))),
    Case("send", {"chat_id": TEAM, "text": "x", "text_formatting": ["bold"]},
         each(None, (-32602, "text_formatting must be an array of objects"))),
]  # fmt: skip


@pytest.fixture(scope="module")
def rpcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Rpc]]:
    running = {}
    for version in VERSIONS:
        path = tmp_path_factory.mktemp("versions") / "chat.db"
        furnish(path)
        running[version] = Rpc(path, "--imsg-version", version)
    yield running
    for rpc in running.values():
        assert rpc.end() == 0


def ask(rpc: Rpc, method: str, **params: object) -> dict[str, Any]:
    """The answer, whatever the subscriptions of other cases have to say meanwhile."""
    rpc.request(method, "asked", **params)
    return rpc.answer("asked")


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.method} {case.params}")
def test_each_version_answers_as_it_does(rpcs: dict[str, Rpc], case: Case, version: str) -> None:
    answer = ask(rpcs[version], case.method, **case.params)
    expected = case.answers[version]
    if expected is None:
        assert "result" in answer
    elif isinstance(expected, dict):
        assert answer.get("result") == expected
    else:
        assert (answer["error"]["code"], answer["error"]["data"]) == expected


RESULT_KEYS = {
    "0.5": {"ok"},
    "0.6": {"ok", "id", "guid"},
    "0.8.0": {"ok", "id", "guid"},
    "0.8.1": {"ok", "transport", "id", "guid"},
    "0.9": {"ok", "transport", "id", "guid"},
    "0.14.2": {"ok", "transport", "id", "guid", "message_id", "chat_guid", "service"},
    "0.15": {"ok", "transport", "id", "guid", "message_id", "chat_guid", "service"},
}


@pytest.mark.parametrize(("version", "keys"), RESULT_KEYS.items())
def test_a_send_result_carries_what_its_version_tells(tmp_path: Path, version: str, keys: set[str]) -> None:
    furnish(tmp_path / "chat.db")
    with Rpc(tmp_path / "chat.db", "--imsg-version", version) as rpc:
        assert rpc.call("send", chat_id=TEAM, text="x")["result"].keys() == keys


OLD_KEYS = {
    "id", "chat_id", "guid", "sender", "is_from_me", "text", "created_at", "attachments", "reactions",
    "destination_caller_id", "chat_identifier", "chat_guid", "chat_name", "participants", "is_group",
}  # fmt: skip


@pytest.mark.parametrize("version", VERSIONS)
def test_a_message_and_a_chat_carry_the_fields_of_their_version(rpcs: dict[str, Rpc], version: str) -> None:
    strict = version == "0.15"
    (message,) = ask(rpcs[version], "messages.history", chat_id=DIRECT, limit=1)["result"]["messages"]
    assert message.keys() == OLD_KEYS | ({"is_read"} if strict else set())
    chats = ask(rpcs[version], "chats.list")["result"]["chats"]
    direct = next(chat for chat in chats if chat["id"] == DIRECT)
    assert direct["name"] == (ANNA if strict else "")
    assert ({"account_id", "account_login", "last_addressed_handle", "unread_count"} <= direct.keys()) is strict


def test_short_versions_stand_for_full_ones_and_others_are_refused() -> None:
    assert {short: generation(short).version for short in VERSIONS} == SHORT
    assert generation("0.8.5").methods == generation("0.8.2").methods
    for unknown in ("0.4.0", "0.10.0", "0.13.4", "0.16.0", "1.0", "0.15.x", ""):
        with pytest.raises(ValueError, match="not a version played here"):
            generation(unknown)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_command_line_tells_the_number(version: str) -> None:
    assert imsg("--version", "--imsg-version", version).stdout == f"{SHORT[version]}\n"
    assert imsg("rpc", "-V", environment={"IMSG_SIM_VERSION": version}).stdout == f"{SHORT[version]}\n"
    assert "imsg rpc" in imsg("rpc", "--help", "--imsg-version", version).stdout


def test_the_help_lists_versions_and_knobs() -> None:
    told = imsg("rpc", "--help").stdout
    for word in (
        *VERSIONS,
        "--imsg-version",
        "--bridge",
        "--poll-rows",
        "--fallback-ms",
        "--flip-ms",
        "--twin-ms",
        "IMSG_SIM_VERSION",
    ):
        assert word in told


def test_a_version_that_is_not_played_is_named() -> None:
    done = imsg("--version", "--imsg-version", "0.12")
    assert done.returncode == 1
    assert done.stdout == (
        "Error: imsg-version: '0.12' is not a version played here: "
        "0.5, 0.6, 0.9, 0.15, or in full 0.5.0 to 0.9.x or 0.14.0 to 0.15.x\n"
    )
