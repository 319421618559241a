"""A config with a canary in every place where a secret can stand, ways to break it there, and the search for them.

A canary is a word that occurs nowhere else, another one for each place, so that one that turns up says where it is
from. It looks like no credential of anybody: only the place it stands in tells that it is a secret. Half of one is
looked for, too, for a secret is not shown in part either.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

HALF = 12
_LETTERS = "abcdefghijklmnop"


def canary(place: str) -> str:
    """The word of a place."""
    digits = hashlib.sha256(place.encode()).hexdigest()[: 2 * HALF]
    return "".join(_LETTERS[int(digit, 16)] for digit in digits)


class Aviary:
    """Hands out canaries, and finds them again."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}
        """The place of each half of a canary."""

    def __call__(self, place: str) -> str:
        """The canary of a place."""
        word = canary(place)
        self._places[word[:HALF]] = self._places[word[HALF:]] = place
        return word

    def found(self, what: str | bytes) -> set[str]:
        """The places of the canaries in a text, or in the content of a file."""
        text = (what.decode("latin-1") if isinstance(what, bytes) else what).lower()
        return {place for half, place in self._places.items() if half in text}

    def found_below(self, folder: Path, besides: Iterable[Path] = ()) -> dict[str, set[str]]:
        """The places of the canaries in each file below a folder, and in its name; files that hold none are left out.

        Nothing of the files and folders ``besides`` is looked at.
        """
        allowed = tuple(besides)
        paths = [path for path in folder.rglob("*") if not any(map(path.is_relative_to, allowed))]
        seen = {path: self.found(path.name) for path in paths}
        for path in filter(Path.is_file, paths):
            seen[path] |= self.found(path.read_bytes())
        return {str(path.relative_to(folder)): places for path, places in seen.items() if places}


def secrets(put: Aviary) -> dict[str, Any]:
    """Blocks of a config with canaries; ``${FROM_ENV}`` and ``${FROM_DOTENV}`` stand for two more."""
    return {
        "env": {"vars": {"INNER": put("env.vars"), "OTHER_TOKEN": put("env.vars token")}, "FLAT": put("env flat")},
        "gateway": {
            "auth": {"mode": "token", "token": put("gateway.auth.token"), "password": put("gateway.auth.password")},
            "remote": {"url": f"wss://me:{put('url')}@host.example", "token": put("gateway.remote.token")},
            "reload": {"debounceMs": 50},
        },
        "channels": {
            "telegram": {
                "botToken": put("channels.telegram.botToken"),
                "accounts": {"two": {"botToken": put("channels.telegram.accounts")}},
            },
            "slack": {"appToken": put("channels.slack.appToken"), "signingSecret": put("channels.slack.signingSecret")},
            "discord": {"token": put("channels.discord.token")},
            "bluebubbles": {"password": put("channels.bluebubbles.password")},
        },
        "tools": {"web": {"search": {"apiKey": put("tools.web.search.apiKey")}}},
        "plugins": {
            "entries": {"voice": {"config": {"authToken": put("plugins.authToken")}, "env": {"X": put("plugins.env")}}}
        },
        "skills": {"entries": {"maps": {"apiKey": put("skills.apiKey"), "env": {"Y": put("skills.env")}}}},
        "hooks": {"token": put("hooks.token"), "headers": {"X-Own": put("hooks.headers")}},
        "talk": {"apiKey": put("talk.apiKey")},
        "mcp": {"servers": {"files": {"command": "mcp", "args": ["--api-key", put("mcp.args"), "--verbose"]}}},
        "models": {
            "providers": {
                "one": {
                    "apiKey": put("models.apiKey"),
                    "headers": {"Authorization": f"Bearer {put('models.headers')}"},
                },
                "two": {"apiKey": "${FROM_ENV}", "clientSecret": put("models.clientSecret")},
                "three": {"apiKey": "${INNER}", "baseUrl": f"https://me:{put('models.baseUrl')}@host.example"},
            }
        },
    }


def agents(put: Aviary, program: Path) -> dict[str, Any]:
    """A program that answers, and agents that hold secrets."""

    def model(key: str, **more: Any) -> dict[str, Any]:
        return {"type": "model", "model": "one:large", "apiKey": key} | more

    return {
        "list": [
            {
                "id": "main",
                "runtime": {"type": "command", "command": [str(program)], "acknowledgeNoSandbox": True},
            },
            {"id": "plain", "runtime": model(put("agents.apiKey"))},
            {
                "id": "variable",
                "runtime": model("${FROM_ENV}", baseUrl=f"https://me:{put('agents.baseUrl')}@host.example"),
            },
            {"id": "dotenv", "runtime": model("${FROM_DOTENV}")},
            {"id": "inner", "runtime": model("Bearer ${INNER}")},
        ]
    }


def variables(put: Aviary) -> dict[str, str]:
    """The environment the gateway is started with."""
    return {"FROM_ENV": put("environment"), "CANARY_TOKEN": put("environment, not referred to")}


def dotenv(put: Aviary) -> str:
    """A ``.env`` file."""
    return f"FROM_DOTENV={put('.env')}\nNOT_USED='{put('.env, not referred to')}'\n"


def damaged(config: Mapping[str, Any], put: Aviary) -> dict[str, str]:
    """Texts that cannot be used, for something is wrong right at a secret, by what is wrong."""
    good = json.dumps(config, indent=2)
    key, token = (json.dumps(put(place)) for place in ("agents.apiKey", "gateway.auth.token"))

    def at(old: str, new: str) -> str:
        assert good.count(old) == 1, old
        return good.replace(old, new)

    return {
        "an object in its place": at(f'"apiKey": {key}', f'"apiKey": {{"value": {key}}}'),
        "a list in its place": at(f'"apiKey": {key}', f'"apiKey": [{key}]'),
        "beside its key": at(f'"apiKey": {key}', f'"apiKeys": {key}'),
        "twice": at(f'"apiKey": {key}', f'"apiKey": {key}, "apiKey": {key}'),
        "without quotes": at(f'"apiKey": {key}', f'"apiKey": {key[1:-1]}'),
        "without its last quote": at(f'"apiKey": {key}', f'"apiKey": {key[:-1]}'),
        "without a colon": at(f'"token": {token}', f'"token" {token}'),
        "with half a character": at(key, f'{key[:-1]}\\ud800"'),
        "with an escape that is none": at(key, f'{key[:-1]}\\u12"'),
        "behind the end": good + key,
        "cut off in it": good[: good.index(key) + HALF],
    }


def misplaced(config: Mapping[str, Any], put: Aviary) -> dict[str, str]:
    """Texts with a secret where none belongs, by what belongs there. Whoever is shown that place sees it."""
    good = json.dumps(config, indent=2)
    word = json.dumps(put("in the wrong place"))
    return {
        "a number": good.replace('"debounceMs": 50', f'"debounceMs": {word}'),
        "a word": good.replace('"type": "command"', f'"type": {word}'),
        "an object": good.replace('"commands": {', f'"session": {word}, "commands": {{'),
        "a program": good.replace('"cliPath": "', f'"cliPath": "{word[1:-1]};'),
    }
