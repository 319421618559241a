"""What the mission pages show and say about the config file, page by page."""

from __future__ import annotations

import pytest

from actors.access.allowed import Allowed
from actors.access.policy import decide
from actors.access.view import AccessView
from actors.envelopes.inbound import Admit, Challenge, Dropped, Verdict
from config import Account, Config
from config.safety import DEFAULT_ROOT
from tests.access.builders import row
from tests.config.conftest import Load
from tests.config.pages import BOT_USER, EXAMPLES, GROUPISH, MINIMAL, REMOTE, TAILSCALE, WRITES

ANN, BEN = "+15555550123", "+15555550124"
ECHO = 'agents: { list: [{ id: "main", runtime: { type: "echo" } }] }'
PAGES = ("000", "001", "002", "003", "004")


def only_account(load_text: Load, text: str) -> Account:
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())
    (account,) = loaded.accounts
    assert loaded.default_account == account
    return account


def judge(load_text: Load, text: str, sender: str, **chat: object) -> Verdict:
    """The verdict about a message under a file; an echo agent answers."""
    loaded = load_text(text.rstrip().rstrip("}").rstrip().rstrip(",") + f", {ECHO} }}")
    assert loaded.problems == ()
    assert loaded.config is not None
    view = AccessView.build(loaded.accounts[0], loaded.config)
    return decide(row(sender=sender, identifier=sender, **chat), view, Allowed())


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_every_block_loads_and_runs_one_account(text: str, load_text: Load) -> None:
    assert only_account(load_text, text).enabled is True


def test_there_are_blocks_of_every_page() -> None:
    counts = {page: sum(name.startswith(f"page {page}") for name in EXAMPLES) for page in PAGES}
    assert counts == {"000": 6, "001": 6, "002": 6, "003": 2, "004": 6}


@pytest.mark.parametrize("text", MINIMAL.values(), ids=MINIMAL.keys())
def test_the_minimal_block_names_program_and_database(text: str, load_text: Load) -> None:
    account = only_account(load_text, text)
    assert (account.id, account.cli_path) == ("default", "/usr/local/bin/imsg")
    assert account.db_path == "/Users/<you>/Library/Messages/chat.db"


@pytest.mark.parametrize("text", MINIMAL.values(), ids=MINIMAL.keys())
def test_by_default_strangers_are_offered_a_code_and_groups_are_shut(text: str, load_text: Load) -> None:
    assert isinstance(judge(load_text, text, ANN), Challenge)
    verdict = judge(load_text, text, ANN, group=True, chat_id=42)
    assert isinstance(verdict, Dropped)
    assert verdict.config_key == "channels.imessage.allowFrom"


@pytest.mark.parametrize("text", WRITES.values(), ids=WRITES.keys())
def test_writing_from_the_chat_is_on_and_can_be_switched_off(text: str, load_text: Load) -> None:
    assert only_account(load_text, text).config_writes is False
    loaded = load_text("{ channels: { imessage: {} } }")
    assert loaded.config is not None
    assert (loaded.accounts[0].config_writes, loaded.config.commands.config) == (True, False)


@pytest.mark.parametrize("text", BOT_USER.values(), ids=BOT_USER.keys())
def test_the_bot_user_is_an_account_of_its_own(text: str, load_text: Load) -> None:
    account = only_account(load_text, text)
    assert (account.id, account.name, account.cli_path) == ("bot", "Bot", "/path/to/imsg-bot")
    assert account.db_path == "/Users/<bot-macos-user>/Library/Messages/chat.db"


@pytest.mark.parametrize("text", REMOTE.values(), ids=REMOTE.keys())
def test_files_of_another_mac_come_from_the_named_host(text: str, load_text: Load) -> None:
    account = only_account(load_text, text)
    assert (account.remote_host, account.include_attachments) == ("user@gateway-host", True)
    assert account.cli_path.endswith("/home/imsg-ssh")


@pytest.mark.parametrize("text", TAILSCALE.values(), ids=TAILSCALE.keys())
def test_a_mac_in_the_tailnet(text: str, load_text: Load) -> None:
    account = only_account(load_text, text)
    assert account.cli_path.endswith("/home/.openclaw/scripts/imsg-ssh")
    assert account.remote_host == "bot@mac-mini.tailnet-1234.ts.net"
    assert (account.db_path, account.include_attachments) == ("/Users/bot/Library/Messages/chat.db", True)


@pytest.mark.parametrize("text", GROUPISH.values(), ids=GROUPISH.keys())
def test_a_thread_that_is_named_counts_as_a_group(text: str, load_text: Load) -> None:
    listed = judge(load_text, text, ANN, chat_id=42, group=False)
    assert isinstance(listed, Admit)
    assert listed.session == "agent:main:imessage:group:42"
    assert isinstance(judge(load_text, text, BEN, chat_id=42, group=False), Dropped)
    assert isinstance(judge(load_text, text, ANN, chat_id=43, group=True), Dropped)
    assert isinstance(judge(load_text, text, ANN, chat_id=43, group=False), Challenge)


def channel(load_text: Load, inside: str, rest: str = "") -> tuple[Account, Config]:
    """The first account and the config of a channel block."""
    loaded = load_text(f"{{ channels: {{ imessage: {{ {inside} }} }}, {rest} }}")
    assert loaded.problems == ()
    assert loaded.config is not None
    return loaded.accounts[0], loaded.config


def test_the_reference_of_the_pages_is_complete(load_text: Load) -> None:
    """Pages 000, 001, 002, 004: the list of options; page 003 adds the attachment roots."""
    account, config = channel(
        load_text,
        """enabled: true, cliPath: "imsg", dbPath: "/x/chat.db", remoteHost: "user@gateway-host", service: "sms",
           region: "DE", dmPolicy: "open", allowFrom: ["+15555550123", "user@example.com", "chat_id:7", "*"],
           groupPolicy: "open", groupAllowFrom: ["+15555550123"], historyLimit: 0, dmHistoryLimit: 9,
           dms: { "user@example.com": { historyLimit: 3 } }, groups: { "*": { requireMention: false } },
           includeAttachments: true, mediaMaxMb: 5, textChunkLimit: 100, chunkMode: "newline",
           attachmentRoots: ["/a"], remoteAttachmentRoots: ["/b"]""",
        """agents: { list: [{ id: "main", groupChat: { mentionPatterns: ["@bot"] } }] },
           messages: { groupChat: { mentionPatterns: ["@all"] }, responsePrefix: "[bot]" }""",
    )
    assert (account.service, account.region, account.dm_policy, account.group_policy) == ("sms", "DE", "open", "open")
    assert account.allow_from == ("+15555550123", "user@example.com", "chat_id:7", "*")
    assert (account.history_limit, account.dm_history_limit) == (0, 9)
    assert account.dms["user@example.com"].history_limit == 3
    assert (account.media_max_mb, account.text_chunk_limit, account.chunk_mode) == (5, 100, "newline")
    assert account.attachment_roots == ("/a", DEFAULT_ROOT)
    assert account.remote_attachment_roots == ("/b", "/a", DEFAULT_ROOT)
    assert account.response_prefix == "[bot]"
    assert config.agents.list[0].group_chat is not None
    assert config.agents.list[0].group_chat.mention_patterns == ("@bot",)


def test_the_defaults_of_the_pages(load_text: Load) -> None:
    account, config = channel(load_text, "")
    assert (account.dm_policy, account.group_policy) == ("pairing", "allowlist")
    assert (account.text_chunk_limit, account.chunk_mode, account.media_max_mb) == (4000, "length", 16)
    assert (account.include_attachments, account.config_writes, account.service) == (False, True, "auto")
    assert account.attachment_roots == account.remote_attachment_roots == (DEFAULT_ROOT,)
    assert config.session.dm_scope == "main"


def test_open_needs_a_star(load_text: Load) -> None:
    """Pages 000 to 004: `open` requires "*"."""
    (problem,) = load_text('{ channels: { imessage: { dmPolicy: "open", allowFrom: ["a@b.c"] } } }').problems
    assert problem.path == "channels.imessage.allowFrom"
    assert channel(load_text, 'dmPolicy: "open", allowFrom: ["*"]')[0].enabled is True


def test_without_a_group_list_the_direct_one_counts(load_text: Load) -> None:
    """Page 003: the fallback of `groupAllowFrom`."""
    text = f'{{ channels: {{ imessage: {{ allowFrom: ["{ANN}"] }} }} }}'
    assert isinstance(judge(load_text, text, ANN, group=True, chat_id=42), Admit)
    assert isinstance(judge(load_text, text, BEN, group=True, chat_id=42), Dropped)


def test_an_account_may_override_each_of_these(load_text: Load) -> None:
    """Page 003: several accounts."""
    account, _ = channel(
        load_text,
        """cliPath: "a", dbPath: "/a", allowFrom: ["a@x.y"], groupPolicy: "open", mediaMaxMb: 1, historyLimit: 1,
           dmHistoryLimit: 1, attachmentRoots: ["/a"],
           accounts: { default: { cliPath: "b", dbPath: "/b", allowFrom: ["b@x.y"], groupPolicy: "disabled",
             mediaMaxMb: 2, historyLimit: 2, dmHistoryLimit: 2, attachmentRoots: ["/b"] } }""",
    )
    assert (account.cli_path, account.db_path, account.allow_from) == ("b", "/b", ("b@x.y",))
    assert (account.group_policy, account.media_max_mb) == ("disabled", 2)
    assert (account.history_limit, account.dm_history_limit) == (2, 2)
    assert account.attachment_roots == ("/b", "/a", DEFAULT_ROOT)
