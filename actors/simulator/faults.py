"""Faults of one `imsg-sim rpc`: what goes wrong, changed at will while the process runs.

In: a JSON control file (`--faults PATH` or `IMSG_SIM_FAULTS`), re-read when it changes and allowed to be
missing; an inline object (`--fault '{..}'` or `IMSG_SIM_FAULT`) whose keys the file overrides. Out: answers
to the server and the watches, wrapped method handlers, and a line writer that misbehaves. What happens once or
counts, does so anew with every change of the file. Without either source nothing here costs anything.

The thread that runs a wrapped handler must also be the one that writes its answer.

Keys (`N`, `MS` and `TIMES` are whole numbers, `*` stands for every method):

- `start`: `"exit:N"`, `"signal:N"`; `"hang"` (reads, never answers); `"no-rpc"` (an imsg older than 0.3);
  `"banner"` (the help text on stdout and exit 1 of imsg up to 0.8.1); `"no-access"` (no Full Disk Access, as
  the generation shows it); `"contacts-prompt"` (blocks before the first line until the file changes; 0.13 and
  older).
- `hang`: `true` or a list of methods: the request is taken and not answered; when the fault is lifted it
  is carried out, late.
- `slow`: `{METHOD: MS}`, before the method begins; a change counts from the same moment.
- `fail`: `{METHOD: {"code", "message", "data", "times"}}`: an error answer, nothing carried out.
- `send`: a word, or `{"do": WORD, "times": TIMES, "every": N, "ms": MS, "how": "exit:1"}`. Words: `fail-before`,
  `fail-after` (own row written, then an error that cannot tell); `lost-answer`, `duplicate-answer`, `string-id`,
  `null-result`, `no-ids` (row written, answer bent); `ok-false` (nothing written); `exit-before`, `exit-after` the
  row is written (`how`); `ghost` (imsg protocol 7); `no-automation` (-1743), `no-chat` (-1728), `busy`
  (-32000): nothing written; `late-row` (row `ms` after the answer); `still-in-flight` (14+: every later
  mutation is refused with -32004; its row comes `ms` later; before 0.14 a time-out of the Apple event).
- `exit_after`: `{"requests": N}` answers or `{"rows": N}` message notifications, then `"how"` (`exit:1`).
- `stall`: `"stdin"` (stops reading), `"stdout"` (stops writing).
- `output`: a list, written between lines once: `{"text": ".."}`, `{"line_mb": N}` (a message notification with
  that much text), `{"bytes_hex": ".."}`, `{"two_objects": true}`, `{"unknown_response": ID}`, `{"both": ID}`
  (result and error); `{"split": true}` cuts the next line with multibyte characters inside them.
- `stderr_lines`: N lines of diagnostics, once; stdout waits for them.
- `watch`: `"silent"` (subscribed, nothing delivered), `"error"` (one stream ends with an `error` notification,
  once), `"half-rows"` (0.9 and older: rows without their chat).
- `access`: `false` while the permission to read is lost; `true` gives it back.
"""

import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from actors.simulator.faulty_control import Control
from actors.simulator.faulty_ends import die
from actors.simulator.faulty_output import FaultyWriter
from actors.simulator.faulty_sends import SENDS, Handler, Late, SendFaults
from actors.simulator.faulty_weather import ANY_METHOD, Death, Weather, parse_object
from actors.simulator.frames import RpcError, unlocalised
from actors.simulator.generations import DEFAULT, Generation
from actors.simulator.writer import LineWriter

_SQLITE_IOERR = 10
_BLOW_S = 0.05
_BANNER = """\
unable to open database file (code: 14)

Permission Error: cannot read the Messages database
imsg needs Full Disk Access: System Settings, Privacy & Security, Full Disk Access, then add your terminal
and start it anew.
"""
NO_RPC_USAGE = "Usage: imsg <command> [options]\n\nCommands: chats, history, send, watch"
FAULT_KEYS = (__doc__ or "").partition("every method):")[2].strip()


class Faults:
    """The faults of this process; `none()` is a process that has no control file."""

    def __init__(self, control: Control | None) -> None:
        self._control = control
        self._writer: FaultyWriter | None = None
        self._path = Path()
        self._late: Late = _nothing
        self._played = DEFAULT
        self._changing = Lock()

    @classmethod
    def none(cls) -> "Faults":
        """A run in which nothing goes wrong."""
        return cls(None)

    @classmethod
    def read(cls, environment: Mapping[str, str], flags: Mapping[str, str]) -> "Faults":
        """Read the control file and the inline object. Raises BehaviourError, which names key and value."""
        path = flags.get("faults", environment.get("IMSG_SIM_FAULTS", ""))
        inline = flags.get("fault", environment.get("IMSG_SIM_FAULT", ""))
        if not path and not inline:
            return cls.none()
        value = parse_object(inline, "--fault") if inline else {}
        return cls(Control(value, Path(path).expanduser() if path else None))

    def writer(self, descriptor: int) -> LineWriter:
        """The way out of this process; called once."""
        if self._control is None:
            return LineWriter(descriptor)
        self._writer = FaultyWriter(descriptor, self._control)
        return self._writer

    def over(self, path: Path, played: Generation, late: Late) -> None:
        """The database, the version, and what carries a request out later, on a thread and a connection of its own."""
        self._path = path
        self._played = played
        self._late = late

    def lines(self, source: Iterable[bytes]) -> Iterable[bytes]:
        """The lines of the input, held back while stdin is stalled."""
        return source if self._control is None else _held(source, self._control)

    def lacks_rpc(self) -> bool:
        """Whether this imsg is one without `rpc`: the caller prints `NO_RPC_USAGE` for its help."""
        return self._control is not None and self._control.now().start == "no-rpc"

    def at_start(self, version_is_strict: bool) -> None:
        """Before the first line is read: may exit, die by a signal, hang or print."""
        if self._control is None:
            return
        self._start(self._control, self._control.now().start, version_is_strict)
        self._blow()
        Thread(target=self._keep_blowing, name="weather", daemon=True).start()

    def wrap(self, table: dict[str, Handler]) -> dict[str, Handler]:
        """The same methods, going wrong as told."""
        if self._control is None or self._writer is None:
            return table
        control, writer = self._control, self._writer
        sends = SendFaults(writer, self._path, self._late, self._played)
        return {method: self._wrapped(control, writer, sends, method, handler) for method, handler in table.items()}

    def watch_silent(self) -> bool:
        """Whether watches deliver nothing just now; they stay subscribed."""
        return self._control is not None and self._control.now().watch == "silent"

    def watch_ends(self) -> str | None:
        """The text of an `error` notification that ends the asking stream; once for each change."""
        if self._control is None or self._control.now().watch != "error":
            return None
        return unlocalised("SQLite.Result", _SQLITE_IOERR) if self._control.counted("watch", 1) else None

    def has_access(self) -> bool:
        """Whether the database may be read (Full Disk Access)."""
        if self._control is None:
            return True
        weather = self._control.now()
        return weather.access and weather.start != "no-access"

    def _start(self, control: Control, start: str | Death, strict: bool) -> None:
        if isinstance(start, Death):
            die(start)
        elif start == "hang":
            for _line in sys.stdin.buffer:
                pass
            control.hold_while(lambda _weather: True)
        elif start == "no-rpc":
            _leave(f'Error: unknown command "rpc"\n\n{NO_RPC_USAGE}\n')
        elif start == "banner":
            _leave(_BANNER)
        elif start == "contacts-prompt" and not strict:
            control.hold_while(lambda weather: weather.start == "contacts-prompt")

    def _wrapped(
        self, control: Control, writer: FaultyWriter, sends: SendFaults, method: str, handler: Handler
    ) -> Handler:
        def carry_out(params: Any) -> dict[str, Any]:
            self._blow()
            writer.bend_next_answer(None)
            sends.refuse_if_poisoned(method)
            control.hold_while(lambda weather: method in weather.hang or ANY_METHOD in weather.hang)
            _dawdle(control, method)
            weather = control.now()
            _fail(control, weather, method)
            fault = weather.send if method in SENDS else None
            if fault is None or not isinstance(params, dict) or not control.counted("send", fault.times, fault.every):
                return handler(params)
            return sends.go_wrong(fault, method, handler, params)

        return carry_out

    def _blow(self) -> None:
        """Write what a change of the file asks for, before anything that comes after the change."""
        if self._control is None or self._writer is None:
            return
        with self._changing:
            weather = self._control.now()
            if (weather.output or weather.stderr_lines) and self._control.counted("output", 1):
                self._writer.disturb(weather)

    def _keep_blowing(self) -> None:
        while True:
            time.sleep(_BLOW_S)
            self._blow()


def _fail(control: Control, weather: Weather, method: str) -> None:
    for key in (method, ANY_METHOD):
        failure = weather.fail.get(key)
        if failure is not None and control.counted(f"fail.{key}", failure.times):
            raise RpcError(failure.code, failure.message, failure.data)


def _dawdle(control: Control, method: str) -> None:
    started = time.monotonic()
    control.hold_while(lambda weather: (time.monotonic() - started) * 1000 < _slow_ms(weather, method))


def _slow_ms(weather: Weather, method: str) -> int:
    return weather.slow.get(method, weather.slow.get(ANY_METHOD, 0))


def _held(source: Iterable[bytes], control: Control) -> Iterator[bytes]:
    for line in source:
        control.hold_while(lambda weather: weather.stall == "stdin")
        yield line


def _leave(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
    os._exit(1)


def _nothing(_method: str, _params: dict[str, Any]) -> None:
    return None
