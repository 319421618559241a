"""Forged identities: nobody speaks because they look like somebody listed, through the whole decision.

What arrives under another name is refused or asked to pair, never admitted; names of chats are nobody's.
"""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from actors.access.policy import Allowed, decide
from actors.access.view import AccessView
from actors.envelopes.identity import Chat
from actors.envelopes.inbound import Admit
from tests.access.builders import ANN, config, row, view
from tests.access.gates import (
    DIRECT,
    EVERYWHERE,
    FALLBACK,
    GROUP,
    KIM,
    LISTED,
    OPEN_GROUPS,
    PAIRED,
    PAIRING,
    admitted_at,
)

FAMILY = "+49301234567"
OTHER = "other@y.org"

SAME_PERSON = [
    ANN,
    " +1 (555) 222-3333\t",
    "+1.555.222.3333",
    "tel:+1-555-222-3333",
    "TEL:+15552223333",
    "imessage:+15552223333",
    "SMS: auto:+15552223333",
    "(555) 222-3333",
    "1-555-222-3333",
    "01115552223333",
    "KIM@X.COM",
    "iMessage:Kim@x.com",
]


@pytest.mark.parametrize("sender", SAME_PERSON)
def test_other_spellings_are_the_same_person(sender: str) -> None:
    assert admitted_at(sender) == EVERYWHERE


FORGED = {
    "full-width digits": "\uff0b\uff11\uff15\uff15\uff15\uff12\uff12\uff12\uff13\uff13\uff13\uff13",
    "one full-width digit": "+1555222333\uff13",
    "Arabic digits": "+1555222\u0663\u0663\u0663\u0663",
    "Persian digits": "+1555222\u06f3\u06f3\u06f3\u06f3",
    "mathematical digits": "+1555222333\U0001d7d1",
    "superscript": "+155522233\u00b33",
    "zero-width space": "+1555\u200b2223333",
    "zero-width joiner": "+15552223333\u200d",
    "byte order mark": "\ufeff+15552223333",
    "soft hyphen": "+1555\u00ad2223333",
    "right-to-left override": "\u202e+15552223333",
    "embedding around it": "\u202a+15552223333\u202c",
    "isolate around it": "\u2068+15552223333\u2069",
    "reversed for an override": "\u202e33332225551+",
    "no-break space": "+1\u00a05552223333",
    "line separator": "+15552223333\u2028",
    "variation selector": "+15552223333\ufe0f",
    "combining mark": "+15552223333\u0301",
    "en dash": "+1\u2013555\u20132223333",
    "full-width plus": "\uff0b15552223333",
    "tel with an extension": "tel:+15552223333;ext=5",
    "extension": "+15552223333;ext=5",
    "extension in letters": "+15552223333x5",
    "extension in words": "+15552223333 ext. 5",
    "comma and digits": "+15552223333,5",
    "phone context": "tel:2223333;phone-context=+1555",
    "subaddress": "+15552223333;isub=1",
    "letter for a digit": "+1555222333E",
    "letter O": "+1555222O333",
    "vanity letters": "+1555BABEEEE",
    "two plus signs": "++15552223333",
    "plus inside": "+1555+2223333",
    "plus at the end": "15552223333+",
    "slash": "+1/555/2223333",
    "one digit more": "+155522233333",
    "one digit less": "+1555222333",
    "prefix upon prefix": "115552223333",
    "trunk zero": "+1 (0) 555 222 3333",
    "other country": "+445552223333",
    "two numbers": "+15552223333 +15552223333",
    "two numbers with a comma": "+15552223333,+15552223333",
    "NUL at the end": "+15552223333\x00",
    "NUL and a name": "+15552223333\x00@evil.org",
    "vertical tab": "+15552223333\x0b",
    "form feed": "\x0c+15552223333",
    "next line": "+15552223333\x85",
    "escape": "\x1b[0m+15552223333",
    "lone surrogate": "+15552223333\ud800",
    "quotes": '"+15552223333"',
    "angle brackets": "<+15552223333>",
    "percent": "%2B15552223333",
    "name and number": "Ann <+15552223333>",
    "e-mail of the number": "+15552223333@x.com",
    "foreign prefix": "whatsapp:+15552223333",
    "prefix that folds to ASCII": "\u017fm\u017f:+15552223333",
    "dotless i in the prefix": "\u0131message:+15552223333",
    "Kelvin sign": "\u212aim@x.com",
    "Cyrillic i": "k\u0456m@x.com",
    "dotless i": "k\u0131m@x.com",
    "Cyrillic domain": "kim@\u0445.com",
    "punycode domain": "kim@xn--x-0sb.com",
    "full-width at": "kim\uff20x.com",
    "ideographic full stop": "kim@x\u3002com",
    "trailing dot": "kim@x.com.",
    "tag": "kim+tag@x.com",
    "dots in the name": "k.im@x.com",
    "comment": "kim(a)@x.com",
    "quoted name": '"kim"@x.com',
    "display name": "Kim <kim@x.com>",
    "mailto": "mailto:kim@x.com",
    "two at signs": "kim@x.com@evil.org",
    "subdomain": "kim@mail.x.com",
    "zero-width in the domain": "kim@x\u200b.com",
    "soft hyphen in the name": "ki\u00adm@x.com",
    "space in the name": "k im@x.com",
    "NUL in the address": "kim@x.com\x00",
    "line break and a second address": "evil@y.org\nkim@x.com",
    "a very long text": "+15552223333" + " " * 100_000 + "x",
    "spaces beyond any address": " " * 400 + ANN,
}


@pytest.mark.parametrize("sender", FORGED.values(), ids=FORGED.keys())
def test_a_forged_sender_speaks_nowhere(sender: str) -> None:
    assert admitted_at(sender) == []


@pytest.mark.parametrize("group", [False, True])
def test_a_forged_sender_who_may_talk_has_nobody_elses_rights(group: bool) -> None:
    commands = {"ownerAllowFrom": [*LISTED], "allowFrom": {"imessage": [*LISTED]}}
    keys = {"dm_policy": "open", "allow_from": ("*",), "group_policy": "open", "groups": OPEN_GROUPS}
    of = view(config(commands=commands), **keys)
    rights = {sender: _authority(sender, of, group) for sender in (*SAME_PERSON, *FORGED.values())}
    assert {rights[sender] for sender in SAME_PERSON} == {"authorised" if group else "owner"}
    assert {rights[sender] for sender in FORGED.values()} == {"known"}


@pytest.mark.parametrize("entry", ["*", "imessage:*", "chat_id:7", f"chat_identifier:{ANN}", "accessGroup:all"])
def test_only_people_are_owners(entry: str) -> None:
    everybody = {"all": {"type": "message.senders", "members": {"imessage": ["*", "chat_id:7"]}}}
    conf = config(commands={"ownerAllowFrom": [entry]}, accessGroups=everybody)
    of = view(conf, dm_policy="open", allow_from=("*",))
    assert _authority(ANN, of, group=False) == "authorised"


def _authority(sender: str, of: AccessView, group: bool) -> str:
    verdict = decide(row(sender=sender, group=group), of, Allowed())
    assert isinstance(verdict, Admit), sender
    return verdict.authority


NAMESPACES = {
    "chat id": "chat_id:7",
    "chat id, short": "chat:7",
    "chat id in digits": "7",
    "chat guid": "chat_guid:iMessage;+;chat7",
    "chat guid itself": "iMessage;+;chat7",
    "chat identifier": "chat_identifier:chat7",
    "chat identifier itself": "chat7",
    "chat identifier of a number": f"chat_identifier:{FAMILY}",
    "number of a chat identifier": FAMILY,
    "service before a chat": "imessage:chat_id:7",
    "access group": "accessGroup:family",
    "name of the access group": "family",
    "wildcard": "*",
    "wildcard with a service": "imessage:*",
    "key of the groups": "groups.7",
}
CHATS = ("chat_id:7", "chat_guid:iMessage;+;chat7", "chat_identifier:chat7", f"chat_identifier:{FAMILY}")


@pytest.mark.parametrize("sender", NAMESPACES.values(), ids=NAMESPACES.keys())
def test_the_name_of_a_chat_is_nobody_in_another_chat(sender: str) -> None:
    direct = view(dm_policy="allowlist", allow_from=CHATS)
    groups = view(group_policy="allowlist", group_allow_from=CHATS, groups=OPEN_GROUPS)
    here = {"chat_id": 8, "guid_of_chat": "iMessage;-;z", "identifier": "z"}
    for of, group in ((direct, False), (groups, True)):
        for allowed in (Allowed(), Allowed(frozenset(CHATS))):
            assert not isinstance(decide(row(sender=sender, group=group, **here), of, allowed), Admit)


@pytest.mark.parametrize("sender", NAMESPACES.values(), ids=NAMESPACES.keys())
def test_names_in_the_pairing_store_are_people(sender: str) -> None:
    message = row(sender=sender, chat_id=8, guid_of_chat="iMessage;-;z", identifier="z")
    assert not isinstance(
        decide(message, PAIRING, Allowed(frozenset({"chat_id:9", "*", "iMessage;-;z"}) - {sender})), Admit
    )


def test_the_identifier_of_a_chat_is_not_its_sender() -> None:
    """Somebody else writes in a chat named by Ann's number: the list of people says no, an entry of the chat yes."""
    guest = row(sender=OTHER, guid_of_chat=f"iMessage;-;{ANN}", identifier=ANN)
    assert not isinstance(decide(guest, DIRECT, Allowed()), Admit)
    assert not isinstance(decide(guest, PAIRING, PAIRED), Admit)
    of_chat = view(dm_policy="allowlist", allow_from=(f"chat_identifier:{ANN}",))
    assert isinstance(decide(guest, of_chat, Allowed()), Admit)
    elsewhere = row(sender=ANN, chat_id=8, guid_of_chat="iMessage;+;chat8", identifier="chat8")
    assert not isinstance(decide(elsewhere, of_chat, Allowed()), Admit)


def test_members_of_a_group_and_its_name_are_not_its_sender() -> None:
    message = row(sender=OTHER, group=True)
    named = replace(message, chat=Chat(7, ANN, KIM, ANN, True, LISTED))
    forged = row(sender=OTHER, group=True, sender_name=ANN, own_handle="")
    for of in (GROUP, FALLBACK):
        assert not isinstance(decide(named, of, Allowed()), Admit)
        assert not isinstance(decide(forged, of, Allowed()), Admit)


def test_a_pairing_and_a_direct_list_open_no_group() -> None:
    groups = view(group_policy="allowlist", group_allow_from=(KIM,), allow_from=(ANN,), groups=OPEN_GROUPS)
    assert not isinstance(decide(row(group=True), groups, PAIRED), Admit)
    assert isinstance(decide(row(), groups, Allowed()), Admit)


def test_a_group_list_opens_no_direct_chat() -> None:
    of = view(dm_policy="allowlist", allow_from=(KIM,), group_allow_from=(ANN,))
    assert not isinstance(decide(row(), of, PAIRED), Admit)


def test_a_number_in_the_groups_registry_is_a_chat_and_nobody() -> None:
    """The key 15552223333 is a chat id: Ann's number is nobody in other chats because of it."""
    of = view(group_policy="allowlist", group_allow_from=(), groups={"15552223333": False, "7": False})
    assert not isinstance(decide(row(group=True), of, Allowed()), Admit)
    assert not isinstance(decide(row(group=False, chat_id=8), of, Allowed()), Admit)


@pytest.mark.parametrize("key", [ANN, "\u0667", "7.0", "0x7", "chat_guid:iMessage;+;chat7", "chat7", "-7", "7\u200b"])
def test_a_key_of_the_groups_that_is_no_chat_id_opens_no_group(key: str) -> None:
    of = view(group_policy="open", groups={key: False})
    assert not isinstance(decide(row(group=True), of, Allowed()), Admit)


@pytest.mark.parametrize(
    "sender", ["", " ", "\t\r\n", "+", "-", "()", "imessage:", "@", "\u200b", " " * 400, "." * 400]
)
def test_what_names_nobody_speaks_not_even_where_everybody_may(sender: str) -> None:
    of = view(dm_policy="open", allow_from=("*",), group_policy="open", groups=OPEN_GROUPS)
    for group in (False, True):
        assert not isinstance(decide(row(sender=sender, group=group), of, Allowed()), Admit)
