"""JSON-RPC lines of imsg (imsg protocol 3, 12.2): reading requests, writing answers, and the error codes.

Pure. A line in is one request or a `BadRequestError`, by the rules of before 0.14 or of since; a line out is
bytes with its newline, `/` written `\\/` and other characters unescaped, the way the platform's encoder of imsg
does it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

# The curly apostrophe of the platform's own sentences, kept out of sight of look-alike checks.
_APOSTROPHE = "\u2019"
_NOT_JSON = f"The data couldn{_APOSTROPHE}t be read because it isn{_APOSTROPHE}t in the correct format."
WRITE_FAILED = b'{"jsonrpc":"2.0","error":{"code":-32603,"message":"write failed"}}\n'

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder()


class RpcError(Exception):
    """An error answer: `code`, `message` and `data`, which is an object for the typed errors of 0.14+."""

    def __init__(self, code: int, message: str, data: str | Mapping[str, Any]) -> None:
        super().__init__(data)
        self.code = code
        self.message = message
        self.data = data

    @property
    def text(self) -> str:
        """What a person is told."""
        return self.data if isinstance(self.data, str) else str(self.data.get("detail", self.message))


def parse_error() -> RpcError:
    """-32700: not JSON, or a bare scalar."""
    return RpcError(-32700, "Parse error", _NOT_JSON)


def invalid_request(data: str) -> RpcError:
    """-32600: JSON, but no request."""
    return RpcError(-32600, "Invalid Request", data)


def method_not_found(method: str) -> RpcError:
    """-32601: `data` is the method's name."""
    return RpcError(-32601, "Method not found", method)


def invalid_params(data: str) -> RpcError:
    """-32602: the caller's fault."""
    return RpcError(-32602, "Invalid params", data)


def internal_error(data: str) -> RpcError:
    """-32603: everything else."""
    return RpcError(-32603, "Internal error", data)


def unlocalised(kind: str, number: int) -> str:
    """The sentence the platform makes of an error type without a text of its own."""
    return f"The operation couldn{_APOSTROPHE}t be completed. ({kind} error {number}.)"


class Request(NamedTuple):
    """One request. `wants_answer` is false without an `id`: then only errors are sent, with id null, and
    from 0.14 on not even those. `params` is an object up to 0.13; from then on the method's reader sees to it.
    """

    method: str
    params: Any
    id: Any
    wants_answer: bool


class BadRequestError(Exception):
    """A line that is no request: the error to answer it with, and the `id` to answer to."""

    def __init__(self, error: RpcError, request_id: object) -> None:
        super().__init__(error.data)
        self.error = error
        self.request_id = request_id


def read_request(line: str) -> Request:
    """Read one trimmed, non-empty line, as up to 0.13. Raises BadRequestError."""
    value = _decode(line)
    request_id = value.get("id")
    version = value.get("jsonrpc")
    if isinstance(version, str) and version != "2.0":
        raise BadRequestError(invalid_request("jsonrpc must be 2.0"), request_id)
    params = value.get("params")
    return Request(_method(value, request_id), params if isinstance(params, dict) else {}, request_id, "id" in value)


def read_strict_request(line: str) -> Request:
    """Read one trimmed, non-empty line, as from 0.14 on; `params` is as sent. Raises BadRequestError."""
    value = _decode(line)
    request_id = value.get("id")
    if isinstance(request_id, bool) or not isinstance(request_id, str | int | float | None):
        raise BadRequestError(invalid_request("id must be a string, number, or null"), None)
    if value.get("jsonrpc") != "2.0":
        raise BadRequestError(invalid_request("jsonrpc must be exactly 2.0"), request_id)
    return Request(_method(value, request_id), value.get("params", {}), request_id, "id" in value)


def _decode(line: str) -> dict[str, Any]:
    try:
        value = _decoder.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError) as error:
        raise BadRequestError(parse_error(), None) from error
    if isinstance(value, dict):
        return value
    raise BadRequestError(
        invalid_request("request must be an object") if isinstance(value, list) else parse_error(), None
    )


def _method(value: dict[str, Any], request_id: object) -> str:
    method = value.get("method")
    if not isinstance(method, str) or not method:
        raise BadRequestError(invalid_request("method is required"), request_id)
    return method


def response(request_id: object, result: object) -> bytes:
    """The line of a successful answer."""
    return _line({"jsonrpc": "2.0", "id": request_id, "result": result})


def failure(request_id: object, error: RpcError) -> bytes:
    """The line of an error answer."""
    body = {"code": error.code, "message": error.message, "data": error.data}
    return _line({"jsonrpc": "2.0", "id": request_id, "error": body})


def notification(method: str, params: Mapping[str, object]) -> bytes:
    """The line of a notification."""
    return _line({"jsonrpc": "2.0", "method": method, "params": params})


def plain_line(value: object, *, escape_slashes: bool = True) -> bytes:
    """One JSON value as a line, as the command line prints it (imsg protocol 2)."""
    encoded = _encoder.encode(value)
    # A slash occurs only inside strings, so the replacement cannot touch anything else.
    return (encoded.replace(b"/", b"\\/") if escape_slashes else encoded) + b"\n"


def _line(value: object) -> bytes:
    try:
        return plain_line(value)
    except (UnicodeEncodeError, RecursionError, TypeError, ValueError):
        # An answer that cannot be written must not take the process with it; imsg sends this, without an id.
        return WRITE_FAILED
