"""The config blocks of the mission pages, by page and number.

Page 000 (German) and 004 (English) show the same six blocks, and so do 001 (Danish) and 002 (Dutch) with trailing
commas. Page 003 (Chinese) shows two.
"""

from __future__ import annotations

PLAIN = (
    """
{
  channels: {
    imessage: {
      enabled: true,
      cliPath: "/usr/local/bin/imsg",
      dbPath: "/Users/<you>/Library/Messages/chat.db"
    }
  }
}
""",
    """
{
  channels: { imessage: { configWrites: false } }
}
""",
    """
{
  channels: {
    imessage: {
      enabled: true,
      accounts: {
        bot: {
          name: "Bot",
          enabled: true,
          cliPath: "/path/to/imsg-bot",
          dbPath: "/Users/<bot-macos-user>/Library/Messages/chat.db"
        }
      }
    }
  }
}
""",
    """
{
  channels: {
    imessage: {
      cliPath: "~/imsg-ssh",                     // a script
      remoteHost: "user@gateway-host",           // for scp
      includeAttachments: true
    }
  }
}
""",
    """
{
  channels: {
    imessage: {
      enabled: true,
      cliPath: "~/.openclaw/scripts/imsg-ssh",
      remoteHost: "bot@mac-mini.tailnet-1234.ts.net",
      includeAttachments: true,
      dbPath: "/Users/bot/Library/Messages/chat.db"
    }
  }
}
""",
    """
{
  channels: {
    imessage: {
      groupPolicy: "allowlist",
      groupAllowFrom: ["+15555550123"],
      groups: {
        "42": { "requireMention": false }
      }
    }
  }
}
""",
)

TRAILING = (
    """
{
  channels: {
    imessage: {
      enabled: true,
      cliPath: "/usr/local/bin/imsg",
      dbPath: "/Users/<you>/Library/Messages/chat.db",
    },
  },
}
""",
    """
{
  channels: { imessage: { configWrites: false } },
}
""",
    """
{
  channels: {
    imessage: {
      enabled: true,
      accounts: {
        bot: {
          name: "Bot",
          enabled: true,
          cliPath: "/path/to/imsg-bot",
          dbPath: "/Users/<bot-macos-user>/Library/Messages/chat.db",
        },
      },
    },
  },
}
""",
    """
{
  channels: {
    imessage: {
      cliPath: "~/imsg-ssh", // a script
      remoteHost: "user@gateway-host", // for scp
      includeAttachments: true,
    },
  },
}
""",
    """
{
  channels: {
    imessage: {
      enabled: true,
      cliPath: "~/.openclaw/scripts/imsg-ssh",
      remoteHost: "bot@mac-mini.tailnet-1234.ts.net",
      includeAttachments: true,
      dbPath: "/Users/bot/Library/Messages/chat.db",
    },
  },
}
""",
    """
{
  channels: {
    imessage: {
      groupPolicy: "allowlist",
      groupAllowFrom: ["+15555550123"],
      groups: {
        "42": { requireMention: false },
      },
    },
  },
}
""",
)

NO_WRITES = """
{
  channels: {
    imessage: {
      configWrites: false,
    },
  },
}
"""

MINIMAL, WRITES, BOT_USER, REMOTE, TAILSCALE, GROUPISH = (
    {"000": PLAIN[number], "001": TRAILING[number], "002": TRAILING[number], "004": PLAIN[number]}
    for number in range(6)
)
TAILSCALE["003"] = TRAILING[4]
WRITES["003"] = NO_WRITES

EXAMPLES: dict[str, str] = {
    f"page {page}, block {number}": text
    for number, blocks in enumerate((MINIMAL, WRITES, BOT_USER, REMOTE, TAILSCALE, GROUPISH), 1)
    for page, text in blocks.items()
}
