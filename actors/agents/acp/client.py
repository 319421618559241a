"""What an ACP agent may ask of us, and what it is told: nobody sits here who could be asked.

In: requests of the agent, read by the protocol's library. Out: permission is never given, files and terminals are not
offered. What was refused is logged.
"""

from typing import TYPE_CHECKING, Any, NoReturn

from loguru import logger

if TYPE_CHECKING:
    from acp.schema import PermissionOption, RequestPermissionResponse, ToolCallUpdate


class Refusing:
    """The client's side of one connection. Methods are the protocol's, with the names the library gives them."""

    def __init__(self, name: str) -> None:
        self._log = logger.bind(actor=name)

    async def request_permission(
        self, options: "list[PermissionOption]", tool_call: "ToolCallUpdate", **_: Any
    ) -> "RequestPermissionResponse":
        """The option that rejects this once; where there is none, the question counts as cancelled."""
        from acp.schema import AllowedOutcome, DeniedOutcome, RequestPermissionResponse

        what = tool_call.title or tool_call.tool_call_id
        rejecting = next((option for option in options if option.kind == "reject_once"), None)
        self._log.warning("asked for permission and was refused (nobody is there to ask): {}", what)
        if rejecting is None:
            return RequestPermissionResponse(outcome=DeniedOutcome(outcome="cancelled"))
        chosen = AllowedOutcome(option_id=rejecting.option_id, outcome="selected")
        return RequestPermissionResponse(outcome=chosen)

    # The library answers terminal requests with an empty success where these are missing.

    async def create_terminal(self, **_: Any) -> None:
        """Refused."""
        self._refuse("terminal/create")

    async def terminal_output(self, **_: Any) -> None:
        """Refused."""
        self._refuse("terminal/output")

    async def release_terminal(self, **_: Any) -> None:
        """Refused."""
        self._refuse("terminal/release")

    async def wait_for_terminal_exit(self, **_: Any) -> None:
        """Refused."""
        self._refuse("terminal/wait_for_exit")

    async def kill_terminal(self, **_: Any) -> None:
        """Refused."""
        self._refuse("terminal/kill")

    async def read_text_file(self, **_: Any) -> None:
        """Refused."""
        self._refuse("fs/read_text_file")

    async def write_text_file(self, **_: Any) -> None:
        """Refused."""
        self._refuse("fs/write_text_file")

    def _refuse(self, method: str) -> NoReturn:
        from acp import RequestError

        self._log.warning("asked for {} and was refused: it is not offered", method)
        raise RequestError.method_not_found(method)
