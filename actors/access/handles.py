"""Handles: the one form in which phone numbers and e-mail addresses are compared.

In: the text of a sender or of a list entry. Out: its canonical text. Two texts name the same person exactly when
their canonical texts are equal code point by code point. Promise: only ASCII letters, digits and punctuation are
ever folded, so nothing that merely looks like a listed handle (digits of other scripts, invisible characters,
Cyrillic letters, a letter in a number) becomes equal to it; what is not understood stays what it is.
"""

import re
import string
from functools import lru_cache

BLANKS = " \t\r\n"
"""What may surround a handle. Other white space is part of the text."""

LONGEST = 320
"""Characters of the longest possible e-mail address. A longer text is no handle, and stays as it is."""

LONGEST_KEPT = 64
"""Characters of a text whose canonical form is remembered: strangers choose these texts, and memory is bounded."""

SHORTEST_NUMBER, LONGEST_NUMBER = 7, 15
"""Digits of a number that can belong to a person: below are short codes, above is no phone (E.164)."""
LONGEST_ADDRESS = 254

_SERVICES = re.compile(rf"(?:[{BLANKS}]*(?:imessage|sms|auto):)+", re.ASCII | re.IGNORECASE)
_TEL = re.compile(r"tel:", re.ASCII | re.IGNORECASE)
_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
_NO_DIGIT = re.compile(r"[^0-9]")
_NUMBER = re.compile(r"\+?[0-9]+")
_ADDRESS = re.compile(r"[!-?A-~]+@[!-?A-~]+")
_SEPARATORS = str.maketrans("", "", " \t().-")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def canonical(text: str, region: str | None) -> str:
    """The canonical form of a handle; ``""`` when it holds no letter and no digit.

    ``region`` is the two-letter country (``US``) whose national numbers become E.164, None for none. E-mail
    addresses lose their case, phone numbers their separators; a number without ``+`` that is no possible number
    of the region keeps its digits and gets no ``+``. Any other text is only trimmed. A service prefix
    (``imessage:``, ``sms:``, ``auto:``) says nothing about the person and is dropped.
    """
    if len(text) <= LONGEST_KEPT:
        return _remembered(text, region)
    return _canonical(text, region) if len(text) <= LONGEST else _named(text)


def without_service(text: str) -> str:
    """``text`` trimmed and without its service prefixes, however many there are, in any case."""
    prefix = _SERVICES.match(text)
    return (text[prefix.end() :] if prefix else text).strip(BLANKS)


def ascii_lower(text: str) -> str:
    """``text`` with A-Z in lower case and nothing else: U+212A must not become the letter k."""
    return text.lower() if text.isascii() else text.translate(_LOWER)


def can_be_answered(handle: str) -> bool:
    """Whether a canonical handle is an address a person reads: an e-mail address or a number of seven digits on.

    Short codes, business chats and sender names are not.
    """
    if _NUMBER.fullmatch(handle):
        return SHORTEST_NUMBER <= len(handle.removeprefix("+")) <= LONGEST_NUMBER
    return len(handle) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(handle) is not None


@lru_cache(maxsize=8192)
def _remembered(text: str, region: str | None) -> str:
    return _canonical(text, region)


def _canonical(text: str, region: str | None) -> str:
    text = without_service(text)
    if "@" in text:
        return _named(ascii_lower(text))
    bare = _TEL.sub("", text, count=1) if _TEL.match(text) else text
    number = bare.translate(_SEPARATORS)
    if _NUMBER.fullmatch(number):
        # "+49 (0)30 ..." is how people write a number for both uses; only its country knows whether the 0 stays.
        written_twice = number[0] == "+" and "(0)" in bare
        if number[0] == "+" and not written_twice:
            return number
        return _e164(bare if written_twice else number, region) or number
    return _named(text)


def _named(text: str) -> str:
    """``text`` if it can be a name at all."""
    return text if _LETTER_OR_DIGIT.search(text) else ""


def _e164(number: str, region: str | None) -> str:
    """``number`` as E.164, or ``""`` when it is no possible number: possible, not valid, so +1555... works."""
    if number[0] != "+" and not region:
        return ""
    import phonenumbers as phones  # 20 ms, and only lists with national numbers need it

    region = region.upper() if region else None
    try:
        parsed = phones.parse(number, region)
    except phones.NumberParseException:
        return ""
    if phones.is_possible_number_with_reason(parsed) != phones.ValidationResult.IS_POSSIBLE:
        return ""
    e164 = str(phones.format_number(parsed, phones.PhoneNumberFormat.E164))
    digits = number.translate(_SEPARATORS)
    if digits[0] == "+":
        return e164 if e164 in {digits, number.replace("(0)", "", 1).translate(_SEPARATORS)} else ""
    # The parser takes away prefix after prefix to get at a number; only what is dialled is that number.
    national = _NO_DIGIT.sub("", phones.format_number(parsed, phones.PhoneNumberFormat.NATIONAL))
    written = {national, phones.national_significant_number(parsed), e164[1:]}
    return e164 if digits in written or _dials_abroad(digits.removesuffix(e164[1:]), region or "") else ""


def _dials_abroad(prefix: str, region: str) -> bool:
    """Whether ``prefix`` is what one dials in ``region`` before a number with its country code (``00``, ``011``)."""
    from phonenumbers import PhoneMetadata

    metadata = PhoneMetadata.metadata_for_region(region)
    return bool(metadata and metadata.international_prefix and re.fullmatch(metadata.international_prefix, prefix))
