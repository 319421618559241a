"""Routing: which agent answers where, and in which session."""

from __future__ import annotations

from typing import Any

import pytest

from actors.conversation.routing import Routes
from config.schema.root import Config

ANN = "+15552223333"


def routes(account: str, *bindings: dict[str, Any], **blocks: Any) -> Routes:
    agents = {"list": [{"id": "main"}, {"id": "work", "default": True}, {"id": "home"}]}
    document = {"agents": agents, "bindings": list(bindings), **blocks}
    return Routes.build(account, "US", Config.model_validate(document, strict=False))


def bind(agent: str, **match: Any) -> dict[str, Any]:
    return {"agentId": agent, "match": {"channel": "imessage", **match}}


def peer(kind: str, ident: str) -> dict[str, str]:
    return {"kind": kind, "id": ident}


def direct(of: Routes, sender: str = ANN) -> str:
    return of.agent(False, 7, sender)


def test_without_bindings_the_default_agent_answers() -> None:
    assert direct(routes("default")) == "work"
    assert routes("default").agent(True, 7, ANN) == "work"


def test_the_nearest_tier_wins_whatever_the_order() -> None:
    bindings = (
        bind("main", accountId="*"),
        bind("work", accountId="default"),
        bind("home", peer=peer("dm", "(555) 222-3333")),
    )
    for order in (bindings, bindings[::-1]):
        of = routes("default", *order)
        assert direct(of) == "home"
        assert direct(of, "+15554445555") == "work"
        assert direct(routes("other", *order)) == "main"


def test_the_first_binding_of_a_tier_wins() -> None:
    of = routes(
        "default",
        bind("main", peer=peer("direct", ANN)),
        bind("home", peer=peer("dm", ANN)),
        bind("home"),
        bind("main", accountId="default"),
    )
    assert direct(of) == "main"
    assert of.fallback == "home"


@pytest.mark.parametrize(("kind", "ident"), [("group", "42"), ("channel", "42"), ("group", "chat_id:42")])
def test_a_group_is_bound_by_its_chat_id(kind: str, ident: str) -> None:
    of = routes("default", bind("home", peer=peer(kind, ident)))
    assert of.agent(True, 42, ANN) == "home"
    assert of.agent(True, 43, ANN) == "work"
    assert of.agent(False, 42, ANN) == "work"


def test_a_star_peer_stands_for_all_of_its_kind() -> None:
    of = routes("default", bind("home", peer=peer("group", "*")), bind("main", peer=peer("group", "42")))
    assert of.agent(True, 7, ANN) == "home"
    assert of.agent(True, 42, ANN) == "main"
    assert direct(of) == "work"


def test_a_binding_without_account_is_one_of_the_default_account() -> None:
    accounts: dict[str, dict[str, Any]] = {"imessage": {"accounts": {"Bot": {}, "zed": {}}}}
    bindings = (bind("home"), bind("main", peer=peer("dm", "kim@x.com")))
    bot, zed = (routes(account, *bindings, channels=accounts) for account in ("bot", "zed"))
    assert (direct(bot), direct(zed)) == ("home", "work")
    assert (direct(bot, "kim@x.com"), direct(zed, "kim@x.com")) == ("main", "work")
    chosen = {"imessage": {**accounts["imessage"], "defaultAccount": "ZED"}}
    assert direct(routes("zed", *bindings, channels=chosen)) == "home"


def test_a_peer_and_its_account_must_both_fit() -> None:
    of = (
        bind("home", accountId="Bot", peer=peer("dm", ANN)),
        bind("main", accountId="*", peer=peer("dm", "kim@x.com")),
    )
    assert direct(routes("bot", *of)) == "home"
    assert direct(routes("default", *of)) == "work"
    assert direct(routes("anything", *of), "kim@x.com") == "main"


@pytest.mark.parametrize(
    "binding",
    [
        bind("home", guildId="1"),
        bind("home", teamId="1"),
        bind("home", roles=["r"]),
        {"agentId": "home", "match": {"channel": "telegram"}},
        {**bind("home"), "type": "acp"},
        bind("home", peer=peer("dm", "chat_id:7")),
        bind("home", peer=peer("group", "family")),
    ],
)
def test_bindings_of_other_channels_and_unusable_ones_never_fit(binding: dict[str, Any]) -> None:
    of = routes("default", binding)
    assert (direct(of), of.agent(True, 7, ANN)) == ("work", "work")


def test_a_binding_to_an_unknown_agent_leads_to_the_default_one() -> None:
    assert direct(routes("default", bind("ghost", peer=peer("dm", ANN)), bind("home"))) == "work"


def test_a_person_with_several_handles_is_one_session() -> None:
    links = {"Ann": ["imessage:(555) 222-3333", "ann@x.com", "telegram:1", "chat_id:7"], "Ben": [ANN]}
    of = routes("default", session={"dmScope": "per-peer", "identityLinks": links})
    assert of.session("main", False, 7, ANN) == "agent:main:direct:ann"
    assert of.session("main", False, 7, "ann@x.com") == "agent:main:direct:ann"
    assert of.session("main", False, 7, "telegram:1") == "agent:main:direct:telegram:1"
    assert of.session("main", True, 7, ANN) == "agent:main:imessage:group:7"


def test_by_default_all_direct_chats_share_the_main_session() -> None:
    of = routes("default")
    assert of.session("work", False, 7, ANN) == of.session("work", False, 8, "kim@x.com") == "agent:work:main"
