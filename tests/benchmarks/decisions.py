"""How fast it is decided who may speak: the pure decision alone, in a process and on a core of its own.

``python -m tests.benchmarks.decisions gateway|floor ROWS`` judges so many messages of 20,000 people (more than any
cache of handles holds) in direct chats and groups, under lists of 1,000 entries each, and prints ``{"seconds": s,
"rss": bytes, "admitted": n}``. The floor does the least that could be called a decision: it finds the sender in a
set, and the chat in another one.
"""

import json
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import psutil

from actors.access.policy import Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Admit, Inbound
from config.account import Account
from config.schema.root import Config
from tests.benchmarks.scenarios import Scenario
from tests.benchmarks.subject import Sample
from tests.benchmarks.verify import WrongError

ROOT = Path(__file__).resolve().parents[2]
ENTRIES = 1_000
PEOPLE = 20_000
GROUPS = 200
OWN = "+15550009999"
QUIET = {"requireMention": False}


def number(person: int) -> str:
    """A person's number, as Messages writes it."""
    return f"+1555{person:07d}"


def view() -> AccessView:
    """A thousand people may write, another thousand in groups; half of the groups want to be asked for."""
    config = Config.model_validate(
        {
            "agents": {
                "list": [
                    {
                        "id": "main",
                        "runtime": {"type": "echo"},
                        "groupChat": {"mentionPatterns": [r"@?assistant\b", r"\bbot\b"]},
                    }
                ]
            },
            "channels": {
                "imessage": {"groups": {"*": {}, **{str(n): {"requireMention": False} for n in range(1, 101)}}}
            },
        },
        strict=False,
    )
    channel = config.channels.imessage
    assert channel is not None and channel.groups is not None
    account = Account(
        id="default",
        allow_from=tuple(map(number, range(ENTRIES))),
        group_allow_from=tuple(map(number, range(ENTRIES // 2, ENTRIES + ENTRIES // 2))),
        groups=channel.groups,
    )
    return AccessView.build(account, config)


def messages() -> list[Inbound]:
    """One message of everybody, every other one in a group."""
    return [message(person) for person in range(PEOPLE)]


def message(person: int) -> Inbound:
    """Of this person; the text of every third one speaks to the agent."""
    sender, group = number(person), person % 2 == 1
    chat = 1 + person % GROUPS if group else 1_000 + person
    name = f"chat{chat}" if group else sender
    return Inbound(
        account="default",
        source=1,
        rowid=person + 1,
        guid=f"{person:032X}",
        chat=Chat(chat, f"iMessage;{'+' if group else '-'};{name}", name, "", group, ()),
        sender=sender,
        sender_name="",
        own_handle=OWN,
        is_from_me=False,
        text="assistant, what is for dinner?" if person % 3 else "see you at seven, then, and bring the photos",
        attachments=(),
        reply_to_guid="",
        is_reaction=False,
        sent_at=0.0,
        received_at=0.0,
        raw=b"",
    )


def judge(rows: int) -> tuple[float, int]:
    """Seconds for so many decisions, and how many were admitted."""
    of, allowed, admitted = view(), Allowed(frozenset(map(number, range(5_000, 5_000 + ENTRIES)))), 0
    stream = islice(cycle(messages()), rows)
    begun = time.perf_counter()
    for row in stream:
        admitted += type(decide(row, of, allowed)) is Admit
    return time.perf_counter() - begun, admitted


def floor(rows: int) -> tuple[float, int]:
    """The same by two look-ups."""
    direct, groups, admitted = set(map(number, range(ENTRIES))), set(map(number, range(500, 1_500))), 0
    stream = islice(cycle(messages()), rows)
    begun = time.perf_counter()
    for row in stream:
        admitted += row.sender in (groups if row.chat.is_group else direct)
    return time.perf_counter() - begun, admitted


def run_decisions(scenario: Scenario, _: Path) -> Sample:
    """The gateway's decision. Raises WrongError."""
    return _run("gateway", scenario.rows)


def run_lookups(scenario: Scenario, _: Path) -> Sample:
    """The floor's. Raises WrongError."""
    return _run("floor", scenario.rows)


def _run(which: str, rows: int) -> Sample:
    command = [sys.executable, "-m", "tests.benchmarks.decisions", which, str(rows)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise WrongError(f"decisions: {which} ended with {done.returncode}: {done.stderr[-500:]}")
    said = json.loads(done.stdout)
    if not 0 < said["admitted"] < rows:
        raise WrongError(f"decisions: {which} admitted {said['admitted']} of {rows}")
    return Sample(rows, seconds=said["seconds"], cpu=said["seconds"], rss=said["rss"])


def main(which: str, rows: str) -> None:
    """One run in this process."""
    seconds, admitted = (judge if which == "gateway" else floor)(int(rows))
    print(json.dumps({"seconds": seconds, "rss": psutil.Process().memory_info().rss, "admitted": admitted}))


if __name__ == "__main__":
    main(*sys.argv[1:3])
