"""A caller on a stage, the child's input under test, and somebody who asks."""

import json
from typing import Any

from actors.envelopes.control import Ref
from actors.envelopes.link import Answer, Call, Connected, Response
from actors.rpc.caller import RpcCaller
from actors.rpc.health import LinkHealth
from tests.support.actors import Probe, Stage

PATIENCE = 10.0


class Pipe:
    """Stands in for the child's input: keeps what is written, and breaks when told to."""

    def __init__(self) -> None:
        self.writes: list[bytes] = []
        self.broken = False
        self.closed = False

    def write(self, data: bytes) -> bool:
        if self.broken or self.closed:
            return False
        self.writes.append(data)
        return True

    def close(self) -> None:
        self.closed = True

    @property
    def requests(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in b"".join(self.writes).splitlines()]


class Desk:
    """A caller on a stage with a child (number 1) and one who asks."""

    def __init__(self, stage: Stage, connect: bool = True) -> None:
        self.stage = stage
        self.pipe = Pipe()
        self.asker = Probe("asker")
        self.health = LinkHealth()
        self.ref: Ref = RpcCaller.start(stage.context("caller"), self.health)
        stage.settle()
        if connect:
            stage.tell(self.ref, Connected(1, self.pipe))

    def call(
        self, tag: object, patience: float = PATIENCE, method: str = "send", raw: bool = False, **params: object
    ) -> Call:
        return Call(method, params, self.asker.ref, tag, patience, raw)

    def calls(self, *tags: object, patience: float = PATIENCE) -> None:
        self.stage.tell(self.ref, *(self.call(tag, patience) for tag in tags))

    def answer(self, number: object, result: bytes = b'{"ok":true}', error: bytes = b"") -> None:
        self.stage.tell(self.ref, Response(number, result, error))

    def answers(self) -> list[Answer]:
        return self.asker.all(Answer)

    def tags(self) -> list[Any]:
        return [answer.tag for answer in self.answers()]
