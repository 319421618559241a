"""One connection of the simulated model server: HTTP in, and out what a step of the script says."""

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

from actors.simulator.model_script import Answer, Body, Garbage, Half, Refusal, Stall, Step

MODEL = "simulated"
CREATED = 1_800_000_000
"""When every answer was made, in unix seconds."""
LOOK_SECONDS = 0.02
"""How often a held answer looks whether its reader is still there."""


class Connection(BaseHTTPRequestHandler):
    """``take`` says what to do with a request, ``hung_up`` is called when the reader of an answer goes away."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def __init__(self, *of: Any, take: Callable[[Body, dict[str, str]], Step], hung_up: Callable[[], None]) -> None:
        self._take = take
        self._hung_up = hung_up
        self._streams = False
        super().__init__(*of)

    def do_GET(self) -> None:
        """``/models``."""
        if self.path.rstrip("/").endswith("/models"):
            self._json(200, {"object": "list", "data": [{"id": MODEL, "object": "model", "created": CREATED}]})
        else:
            self._refuse(Refusal(404, f"there is no {self.path}"))

    def do_POST(self) -> None:
        """``/chat/completions``."""
        try:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
        except ValueError:
            return self._refuse(Refusal(400, "the body is no JSON"))
        if not self.path.endswith("/chat/completions") or not isinstance(body, dict):
            return self._refuse(Refusal(404, f"there is no {self.path}"))
        self._streams = bool(body.get("stream"))
        step = self._take(body, {name.lower(): value for name, value in self.headers.items()})
        try:
            self._carry_out(step, body)
        except OSError:
            self._hung_up()
            self.close_connection = True

    def _carry_out(self, step: Step, body: Body) -> None:
        match step:
            case Answer():
                self._stream(step, body) if self._streams else self._whole(step, body)
            case Refusal():
                self._refuse(step)
            case Garbage(body=data, content_type=content_type):
                self._send(200, data, "text/event-stream" if self._streams else content_type)
            case Half(pieces) | Stall(pieces):
                if pieces and self._streams:
                    self._begin()
                    for piece in pieces:
                        self._event(chunk(body, {"content": piece}))
                elif pieces:
                    self._send(200, b'{"id": "half', "application/json", more=1000)
                self._end_badly(step)

    def _end_badly(self, step: Half | Stall) -> None:
        self.close_connection = True
        if isinstance(step, Half):
            self.connection.shutdown(socket.SHUT_RDWR)
        elif self.connection.recv(1) == b"":  # waits until the reader goes away, or the server closes
            self._hung_up()

    def _whole(self, answer: Answer, body: Body) -> None:
        self._hold(answer)
        message: Body = {"role": "assistant", "content": answer.text or None}
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        if answer.tool:
            message["tool_calls"] = [call(answer.tool)]
        choice = {"index": 0, "message": message, "finish_reason": answer.finish}
        whole = head(body, "chat.completion") | {"choices": [choice], "usage": usage(answer)}
        self._json(200, whole)

    def _stream(self, answer: Answer, body: Body) -> None:
        self._begin()
        for number, delta in enumerate(deltas(answer)):
            if number:
                self._hold(answer)
            self._event(chunk(body, delta))
        self._event(chunk(body, {}, answer.finish))
        if (body.get("stream_options") or {}).get("include_usage"):
            self._event(head(body, "chat.completion.chunk") | {"choices": [], "usage": usage(answer)})
        self._chunk(b"data: [DONE]\n\n")
        self._chunk(b"")

    def _hold(self, answer: Answer) -> None:
        """Wait for the gate of an answer. OSError when nobody reads it any more."""
        while answer.gate is not None and not answer.gate.wait(LOOK_SECONDS):
            try:
                gone = self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
            except BlockingIOError:
                gone = False
            if gone:
                raise BrokenPipeError

    def _begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _event(self, event: Body) -> None:
        self._chunk(b"data: " + json.dumps(event).encode() + b"\n\n")

    def _chunk(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def _refuse(self, step: Refusal) -> None:
        error = {"message": step.message, "type": "simulated", "code": step.code, "param": None}
        self._json(step.status, {"error": error}, step.headers)

    def _json(self, status: int, value: Body, headers: Mapping[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), "application/json", headers=headers)

    def _send(
        self, status: int, data: bytes, content_type: str, more: int = 0, headers: Mapping[str, str] | None = None
    ) -> None:
        """A whole response; ``more`` is how many bytes of it are promised and never come."""
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(data) + more))
        self.end_headers()
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Nothing is printed."""


def head(body: Body, kind: str) -> Body:
    """What every object of an answer begins with."""
    return {"id": "chatcmpl-1", "object": kind, "created": CREATED, "model": body.get("model") or MODEL}


def chunk(body: Body, delta: Body, finish: str | None = None) -> Body:
    """One event of a stream."""
    return head(body, "chat.completion.chunk") | {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def deltas(answer: Answer) -> Iterator[Body]:
    """What a stream says, piece by piece."""
    if answer.reasoning:
        yield {"role": "assistant", "reasoning_content": answer.reasoning}
    for piece in answer.pieces:
        yield {"role": "assistant", "content": piece}
    if answer.tool:
        yield {"tool_calls": [{"index": 0, **call(answer.tool)}]}


def call(tool: str) -> Body:
    """A call of a tool without arguments."""
    return {"id": "call_1", "type": "function", "function": {"name": tool, "arguments": "{}"}}


def usage(answer: Answer) -> Body:
    """What an answer took."""
    total = answer.input_tokens + answer.output_tokens
    return {"prompt_tokens": answer.input_tokens, "completion_tokens": answer.output_tokens, "total_tokens": total}
