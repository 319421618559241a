"""Every example a person may copy loads without a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

import config
from tests.config.conftest import Load
from tests.config.pages import EXAMPLES


@pytest.mark.parametrize("text", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_an_example_of_a_mission_page_loads(text: str, load_text: Load) -> None:
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())
    assert [account.enabled for account in loaded.accounts] == [True]


def test_the_tailscale_example_gives_the_account_it_describes(load_text: Load, home: Path) -> None:
    (account,) = load_text(EXAMPLES["page-003-chinese-1"]).accounts
    assert account.cli_path == str(home / ".openclaw/scripts/imsg-ssh")
    assert account.remote_host == "bot@mac-mini.tailnet-1234.ts.net"
    assert account.db_path == "/Users/bot/Library/Messages/chat.db"
    assert account.include_attachments is True


def test_the_bot_user_example_has_one_named_account(load_text: Load) -> None:
    (account,) = load_text(EXAMPLES["page-000-german-3"]).accounts
    assert (account.id, account.name, account.cli_path) == ("bot", "Bot", "/path/to/imsg-bot")


def test_the_example_file_loads_without_a_word(load_text: Load) -> None:
    text = (Path(config.__file__).parent / "example.json5").read_text()
    loaded = load_text(text)
    assert (loaded.problems, loaded.warnings) == ((), ())
    assert [account.id for account in loaded.accounts] == ["bot", "default"]


def test_the_example_file_names_every_channel_key() -> None:
    from config.schema.channel import ImessageBlock

    text = (Path(config.__file__).parent / "example.json5").read_text()
    elsewhere = {"streaming", "blockStreamingCoalesce", "contextVisibility", "healthMonitor", "catchup"}
    keys = {info.alias or name for name, info in ImessageBlock.model_fields.items()} - elsewhere
    assert [key for key in sorted(keys) if f"{key}:" not in text] == []


def test_the_example_values_called_defaults_are_the_defaults(load_text: Load) -> None:
    text = (Path(config.__file__).parent / "example.json5").read_text()
    shown = next(account for account in load_text(text).accounts if account.id == "default")
    (plain,) = load_text("{ channels: { imessage: {} } }").accounts
    examples = {"allow_from", "group_allow_from", "groups", "dms", "configured", "origins"}
    different = {
        name
        for name in type(plain).__dataclass_fields__
        if name not in examples and getattr(shown, name) != getattr(plain, name)
    }
    assert different == set()


BLOCKS = {
    "an-openclaw-file": """{
      $schema: "https://example.test/schema.json",
      meta: { lastTouchedVersion: "2026.3.2" }, wizard: { lastRunAt: "x" },
      env: { vars: { A: "b" } }, gateway: { mode: "local", port: 18789, auth: { token: "x" } },
      agents: { defaults: { workspace: "~/w", model: { primary: "a/b", fallbacks: ["c/d"] }, heartbeat: {} },
                list: [{ id: "main", identity: { name: "C", theme: "t" }, subagents: {}, model: "a/b" }] },
      channels: { telegram: { botToken: "x" }, imessage: { enabled: true, actions: { edit: true } } },
      bindings: [{ agentId: "main", match: { channel: "discord", guildId: "1", roles: ["x"] } }],
      messages: { queue: { mode: "collect", byChannel: { imessage: "followup" } }, tts: {} },
      session: { reset: { mode: "idle", idleMinutes: 5 }, sendPolicy: { default: "allow",
                 rules: [{ action: "deny", match: { channel: "imessage", chatType: "group" } }] } },
      logging: { level: "debug", redactPatterns: ["x"] }, plugins: {}, web: {}, models: {} }""",
    "every-reset": """{ session: { resetByType: { dm: { mode: "daily", atHour: 4 }, group: { mode: "none" } },
                      resetByChannel: { imessage: { idleMinutes: 9 } }, resetTriggers: ["/new"] } }""",
    "account-keys-of-newer-versions": """{ channels: { imessage: { contextVisibility: "allowlist",
      healthMonitor: { enabled: false }, catchup: { enabled: true, maxAgeMinutes: 720 },
      blockStreamingCoalesce: { minChars: 1, maxChars: 2, idleMs: 0 }, streaming: { chunkMode: "newline" } } } }""",
    "empty": "{}",
}


@pytest.mark.parametrize("text", BLOCKS.values(), ids=BLOCKS.keys())
def test_what_other_versions_write_loads(text: str, load_text: Load) -> None:
    assert load_text(text).problems == ()
