"""What is fed to the gateway, and under which config. Pure."""

from typing import Any, NamedTuple

from tests.benchmarks.feeder import FRIEND


class Scenario(NamedTuple):
    """``rows`` messages over ``chats`` chats, at most ``window`` unanswered (0: no limit); ``kind`` as the feeder's,
    or ``pure``: no process is fed, only who may speak is decided (``decisions``)."""

    name: str
    rows: int
    chats: int
    window: int = 0
    kind: str = "direct"

    @property
    def answers(self) -> int:
        """How many are to be answered; among strangers only the last message is a friend's."""
        return min(self.rows, 1) if self.kind == "strangers" else self.rows

    @property
    def allowed(self) -> str:
        """The one sender who is answered; empty: everybody is."""
        return FRIEND if self.kind == "strangers" else ""

    def variables(self, events: str) -> dict[str, str]:
        """The feeder's environment."""
        return {
            "FEEDER_ROWS": str(self.rows),
            "FEEDER_CHATS": str(self.chats),
            "FEEDER_WINDOW": str(self.window),
            "FEEDER_KIND": self.kind,
            "FEEDER_EVENTS": events,
        }

    def config(self, imsg: str) -> dict[str, Any]:
        """The gateway's config file."""
        channel: dict[str, Any] = {"cliPath": imsg, "groupPolicy": "open"}
        if self.allowed:
            channel |= {"dmPolicy": "allowlist", "allowFrom": [self.allowed]}
        else:
            channel |= {"dmPolicy": "open", "allowFrom": ["*"]}
        return {
            "channels": {"imessage": channel},
            "agents": {"list": [{"id": "main", "runtime": {"type": "echo"}}]},
        }


def scenarios(burst: int = 10_000) -> tuple[Scenario, ...]:
    """All scenarios; ``burst`` is the size of the burst, the others are in proportion."""
    sessions = max(1, burst // 2)
    return (
        Scenario("idle", 0, 1),
        Scenario("burst", burst, 50),
        Scenario("refused", 3 * burst + 1, 50, kind="strangers"),
        Scenario("single", max(1, burst // 5), 50, window=1),
        Scenario("sessions", 2 * sessions, sessions, kind="groups"),
        Scenario("long", 10 * burst, 50, window=256),
        Scenario("decisions", 100 * burst, 200, kind="pure"),
    )
