"""`imsg-sim`: the command line of imsg as far as a gateway uses it, and verbs of our own.

imsg's verbs: rpc, and those of `imsg_verbs`; which version of imsg is played, `--imsg-version` says. Ours: `init`
makes an empty database; `receive` and `note` write messages the way another process would; the others do to a
database what real life does (`database_verbs`). `rpc` goes wrong as its control file says (`faults`). Output is
imsg's: results and errors alike go to stdout, from 0.15.1 on errors to stderr; exit 0 or 1 (imsg protocol 2). Unlike
imsg, `rpc`, `send`, `receive` and `note` create a database that is missing.

`IMSG_VERSION` overrides the printed version; `IMSG_SIM_DB` the default database; the other `IMSG_SIM_*`
knobs are described in `behaviour`.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from actors.simulator import database_verbs, imsg_verbs
from actors.simulator.behaviour import Behaviour, BehaviourError, read_behaviour
from actors.simulator.faults import FAULT_KEYS, NO_RPC_USAGE, Faults
from actors.simulator.frames import RpcError, plain_line
from actors.simulator.generations import PLAYED, SHORT
from actors.simulator.messages_db import MessagesDb
from actors.simulator.methods import carry_out
from actors.simulator.options import Options, UsageError, parse, values_that_matter
from actors.simulator.params import Params
from actors.simulator.schema import DatabaseUnavailableError
from actors.simulator.server import serve

_DEFAULT_DB = "~/Library/Messages/chat.db"
_EVERYWHERE = frozenset({"db", "imsg-version"})
_KNOBS = frozenset(
    {"own-address", "send-delay-ms", "send-ids", "bridge", "poll-rows", "fallback-ms", "flip-ms", "twin-ms"}
)
_KNOWN = {
    verb: _EVERYWHERE | names
    for verb, names in {
        "rpc": _KNOBS | {"log-level", "faults", "fault"},
        "init": frozenset[str](),
        **imsg_verbs.OPTIONS,
        **database_verbs.OPTIONS,
    }.items()
}
_VERSIONS = f"""
Simulator only, for every command: --imsg-version V or IMSG_SIM_VERSION, one of {", ".join(SHORT)} (default 0.9),
or in full: {PLAYED}. Flags win over the environment."""
_RPC_KNOBS = """
Simulator only, each also as IMSG_SIM_OWN_ADDRESS and so on:

  --own-address A      the account's own handle
  --send-delay-ms N    how long Messages takes over a send (default 0)
  --send-ids BOOL      false: own rows keep their text in attributedBody only, so up to 0.9 sends name no row
  --bridge BOOL        true: the bridge is ready: transport bridge, typing, read, tapback; from 0.14 send.tracked and
                       message.send_status (default false)
  --poll-rows N        the most rows of one poll of a watch (default 100)
  --fallback-ms N      the time between its regular polls, which 0.5 does not have (default 5000)
  --flip-ms N          own rows pass for the peer's so long before is_from_me becomes true (default 0: never)
  --twin-ms N          what is sent to the own address arrives so much later as well (default 0: at once)
  --faults PATH, --fault '{..}'   what goes wrong, in a JSON object that may change while the process runs:
"""
_USAGE = {
    "": f"imsg <command> [options]\n\nCommands: rpc, {', '.join(imsg_verbs.OPTIONS)}\nSimulator only: "
    f"{', '.join(['init', *database_verbs.OPTIONS])}",
    "rpc": "imsg rpc [--db PATH] [--log-level L] [-v|--verbose] [--json|-j]\n\n"
    f"Speak JSON-RPC 2.0 over stdin and stdout, one message a line.\n{_RPC_KNOBS}\n{FAULT_KEYS}",
    "init": "imsg init [--db PATH]\n\nMake an empty database.",
    **imsg_verbs.USAGE,
    **database_verbs.USAGE,
}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the exit code. `argv` defaults to the process's own words."""
    words = sys.argv[1:] if argv is None else argv
    try:
        options = parse(words, _KNOWN)
        if "help" in options.switches:
            return _help(options)
        if "version" in options.switches:
            return _say(os.environ.get("IMSG_VERSION", _behaviour(options).generation.version))
        return _VERBS[options.verb](options, _database(options))
    except (UsageError, BehaviourError) as error:
        told = f"Error: {error}"
    except RpcError as error:
        told = error.text
    except DatabaseUnavailableError as error:
        told = f"{error}: {error.path}"
    except sqlite3.Error as error:
        told = f"database error: {error}"
    print(told, file=sys.stderr if _errors_go_to_stderr(words) else sys.stdout)
    return 1


def _errors_go_to_stderr(words: Sequence[str]) -> bool:
    try:
        return read_behaviour(os.environ, values_that_matter(words)).generation.errors_on_stderr
    except BehaviourError:
        return False


def _help(options: Options) -> int:
    if Faults.read(os.environ, options.values).lacks_rpc():
        return _say(NO_RPC_USAGE)
    return _say(f"Usage: {_USAGE.get(options.verb, _USAGE[''])}\n{_VERSIONS}")


def _rpc(options: Options, path: Path) -> int:
    # imsg has no handlers: it dies by the signal, and by SIGPIPE when nobody reads any more.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    behaviour = _behaviour(options)
    faults = Faults.read(os.environ, options.values)
    faults.over(path, behaviour.generation, partial(_late, path, behaviour))
    with open(0, "rb", closefd=False) as stdin:
        return serve(faults.lines(stdin), path, behaviour, faults.writer(1), faults)


def _late(path: Path, behaviour: Behaviour, method: str, params: Params) -> None:
    carry_out(method, params, path, behaviour)


def _imsg(options: Options, path: Path) -> int:
    for line in imsg_verbs.run(options, path, _behaviour(options)):
        _emit(line)
    return 0


def _write(options: Options, path: Path) -> int:
    for written in database_verbs.run(options, path):
        _emit(plain_line(written))
    return 0


def _init(_options: Options, path: Path) -> int:
    MessagesDb.open(path).close()
    return _say(str(path))


def _database(options: Options) -> Path:
    return Path(options.values.get("db", os.environ.get("IMSG_SIM_DB", _DEFAULT_DB))).expanduser()


def _behaviour(options: Options) -> Behaviour:
    return read_behaviour(os.environ, options.values)


def _say(text: str) -> int:
    _emit(f"{text}\n".encode())
    return 0


def _emit(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


_VERBS: dict[str, Callable[[Options, Path], int]] = {
    "rpc": _rpc,
    "init": _init,
    **dict.fromkeys(imsg_verbs.OPTIONS, _imsg),
    **dict.fromkeys(database_verbs.OPTIONS, _write),
}
