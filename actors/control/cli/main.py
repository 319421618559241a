"""The ``gateway`` command: reads the command line, imports the module of one verb, runs it, returns its exit code.

Exit codes: 0 ok, 1 error, 2 usage, 3 not running, 75 another gateway runs, 78 config, 130 interrupted. A person never
sees a traceback, unless ``GATEWAY_DEBUG=1`` asks for it.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper

from actors.control.cli.exits import ERROR, INTERRUPTED, OK, USAGE, VerbError
from actors.control.cli.paragraphs import Paragraphs

VERBS = {
    "setup": ("actors.control.cli.setup", "write a config file, question by question, and see whether it works"),
    "run": ("actors.control.cli.run", "run the gateway in the foreground"),
    "demo": ("actors.control.cli.demo", "talk to a gateway with a pretend iMessage, no Mac needed"),
    "status": ("actors.control.cli.status", "is it running, is it well, what waits"),
    "logs": ("actors.control.cli.logs", "what it did, also while it is not running"),
    "pairing": ("actors.control.cli.pairing", "who asks for access, and letting them in"),
    "explain": ("actors.control.cli.explain", "why a message was answered or not, rule by rule"),
    "chats": ("actors.control.cli.chats", "the conversations, their chat_id, and who may speak there"),
    "channels": ("actors.control.cli.channels", "the accounts: is imsg there, and what may it do"),
    "held": ("actors.control.cli.held", "messages set aside for you to release or discard"),
    "sessions": ("actors.control.cli.sessions", "the conversations with agents, and what was said"),
    "outbox": ("actors.control.cli.outbox", "what was sent, what is still to be sent, and why not"),
    "dead": ("actors.control.cli.dead", "answers that did not go out: send them again or give them up"),
    "message": ("actors.control.cli.message", "see how a message would be sent"),
    "config": ("actors.control.cli.config", "read, check and change the config file"),
    "inspect": ("actors.control.cli.inspect", "look inside a running gateway"),
    "extras": ("actors.control.cli.extras", "add what model and coding agents need"),
    "purge": ("actors.control.cli.purge", "forget a chat or a person for good"),
    "uninstall": ("actors.control.cli.uninstall", "remove what the gateway keeps, and say what it leaves"),
}

FIRST_STEPS = """\
first steps:
  gateway demo                     see it work, without a Mac or a config
  gateway setup                    write a config file, question by question
  gateway config validate          is the config file right?
  gateway run                      start; stop it with Ctrl-C
  gateway status                   is it well? (from another terminal)
  gateway channels status --probe  is imsg there, and may it read? (also before the first run)
  gateway chats                    which chat has which number, and who may speak there?
  gateway pairing list             someone wrote and got a code: who?
  gateway pairing approve CODE     let that person in
  gateway held list                messages that wait for your word
  gateway sessions show KEY        what was said with whom (gateway sessions list)
  gateway explain last             why was it answered, or not?

`gateway VERB --help` tells more about each.
The config file: --config FILE, else $OPENCLAW_CONFIG_PATH, else $OPENCLAW_STATE_DIR/openclaw.json, else \
~/.openclaw/openclaw.json. Everything the gateway remembers lies in $OPENCLAW_STATE_DIR (~/.openclaw).
Exit codes: 0 ok, 1 error, 2 wrong usage, 3 not running, 75 another gateway runs, 78 config not valid.
"""


class _Version(argparse.Action):
    """``--version``, put together only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from actors.control.version import describe

        print(describe())
        parser.exit()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; its exit code. ``argv`` defaults to the process's own words. Raises nothing."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _run(words)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _forget_stdout()
        return OK
    except VerbError as error:
        return _say(str(error), error.code)
    except Exception as error:  # the last resort: one line instead of a traceback
        return _failed(error)
    return code


def _run(words: list[str]) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    config, words = take_config(words)
    verb = verb_of(words)
    parser = _parser(verb)
    try:
        args = parser.parse_args(words)
        if config == "":
            parser.error("argument --config: expected a file")
    except SystemExit as leaving:  # argparse has said what is to be said
        return leaving.code if isinstance(leaving.code, int) else OK
    if verb is None:
        parser.print_help(sys.stderr)
        return USAGE
    args.config = config
    code: int = import_module(VERBS[verb][0]).execute(args)
    return code


def take_config(words: Sequence[str]) -> tuple[str | None, list[str]]:
    """The value of ``--config`` wherever it stands, empty when it has none, and the other words."""
    config: str | None = None
    others: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--config":
            config = next(rest, "")
        elif word.startswith("--config="):
            config = word.partition("=")[2]
        else:
            others.append(word)
    return config, others


def verb_of(words: Sequence[str]) -> str | None:
    """The verb of a command line without ``--config``; None when it does not begin with a known one."""
    return words[0] if words and words[0] in VERBS else None


def _parser(verb: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gateway",
        description="An iMessage gateway: people write to a Mac, agents answer.",
        epilog=FIRST_STEPS,
        formatter_class=Paragraphs,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="version, commit, formats")
    parser.add_argument("--config", metavar="FILE", help="the config file to use")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", dest="verb")
    for name, (module, summary) in VERBS.items():
        if name == verb:
            import_module(module).add(verbs)
        else:
            verbs.add_parser(name, help=summary, add_help=False)
    return parser


def _forget_stdout() -> None:
    """Nobody reads on: what is still buffered goes nowhere, and Python does not complain about it at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _failed(error: Exception) -> int:
    if os.environ.get("GATEWAY_DEBUG") == "1":
        import traceback

        traceback.print_exception(error)
        return ERROR
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return _say(
        f"unexpected error: {what}. This is a bug; `gateway logs` may tell more, GATEWAY_DEBUG=1 tells where", 1
    )


def _say(text: str, code: int) -> int:
    shown = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    print(f"gateway: {shown}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
