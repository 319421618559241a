"""The briefing: what an agent is to be reminded of before a turn, and all it is told of it. Pure, made of one config.

``recall`` says what to ask the journal for, ``context`` puts what came back together with the messages. Both go by the
config alone; a turn without a memory is told without a past.
"""

from collections.abc import Iterable
from datetime import tzinfo

from actors.access.commands import KNOWN, OWNER
from actors.agents.briefing import context_parts as parts
from actors.agents.briefing.context import UNTRUSTED, TurnContext
from actors.agents.briefing.context_parts import iso
from actors.agents.briefing.envelope_text import envelope_text
from actors.agents.briefing.envelope_times import Style, zone_of
from actors.agents.briefing.quotes import named
from actors.agents.briefing.remembering import Mind, Place
from actors.agents.briefing.telling import Telling, files
from actors.attachments.roots import Roots
from actors.conversation.keys import is_group
from actors.envelopes.inbound import Admitted
from actors.envelopes.outbound import Turn
from actors.envelopes.session import Recall, Recalled
from config.account import Account
from config.schema.agents import AgentDefaults
from config.schema.root import Config


class Briefing:
    """What agents are told under one config. Immutable; any thread may ask."""

    def __init__(self, config: Config, accounts: Iterable[Account], style: Style) -> None:
        self._config = config
        self._places = {account.id: Place.of(account, config) for account in accounts}
        self._minds = {agent.id: Mind.of(agent) for agent in config.agents.list or (config.default_agent(),)}
        self._style = style

    @classmethod
    def of(cls, config: Config, accounts: Iterable[Account], local: tzinfo | None = None) -> "Briefing":
        """The briefing under ``config``; ``local`` is the zone of this computer (None: as the system says)."""
        return cls(config, accounts, style_of(config.agents.defaults, local))

    def recall(self, session: str, agent: str, messages: tuple[Admitted, ...]) -> Recall:
        """What ``agent`` is to be reminded of before it answers ``messages``, which are of one chat, oldest first."""
        last = messages[-1]
        quotes = dict.fromkeys(quote.guid for one in messages if (quote := named(one.row)) and quote.guid)
        turns, heard = self._limits(session, agent, last)
        address = last.address
        return Recall(session, address.source, address.chat_id, messages[0].seq, turns, heard, tuple(quotes))

    def roots(self, account: str) -> Roots:
        """Where files of an account may be read from: nowhere for one that is not in the config."""
        return self._place(account).roots

    def context(self, turn: Turn) -> TurnContext:
        """All an agent is told of ``turn``."""
        last, row = turn.message, turn.message.row
        place, mind = self._place(row.account), self._minds.get(turn.agent, Mind())
        memory = turn.memory or Recalled(turn.session, turn.messages[0].seq)
        turns, heard = self._limits(turn.session, turn.agent, last)
        present = tuple(dict.fromkeys(one.row.sender for one in turn.messages))
        telling = Telling(place, memory, present)
        messages = tuple(map(telling.message, turn.messages))
        history, reactions = telling.history(heard), telling.reactions()
        chat = parts.Chat(
            id=row.chat.id,
            guid=row.chat.guid,
            identifier=row.chat.identifier,
            name=row.chat.name,
            is_group=is_group(turn.session),
            participants=row.chat.participants,
        )
        return TurnContext(
            session=turn.session,
            turn=turn.number,
            agent=turn.agent,
            account=row.account,
            text="\n".join(one.words for one in turn.messages),
            sender=row.sender,
            sender_name=row.sender_name,
            guid=row.guid,
            sent_at=row.sent_at,
            mentioned=any(one.mentioned for one in turn.messages),
            reply_to_guid=next((one.row.reply_to_guid for one in reversed(turn.messages) if one.row.reply_to_guid), ""),
            chat=chat,
            attachments=tuple(files(turn.messages)),
            messages=messages,
            sender_is_owner=all(one.authority == OWNER for one in turn.messages),
            command_authorized=all(one.authority != KNOWN for one in turn.messages),
            reply_to=next((one.reply_to for one in reversed(messages) if one.reply_to), None),
            media=tuple(file for one in messages for file in one.media),
            history=history,
            reactions=reactions,
            transcript=telling.transcript(turns),
            system_prompt=place.prompt(row.chat.id) if chat.is_group else "",
            agent_prompt=mind.prompt,
            envelope=envelope_text(chat, messages, history, reactions, self._style, memory.last_at),
            identity=parts.Identity(name=mind.identity.name or "", emoji=mind.identity.emoji or ""),
            started_at=iso(memory.started_at),
            number=memory.number,
            context_tokens=mind.tokens or self._config.agents.defaults.context_tokens,
            untrusted=UNTRUSTED,
        )

    def _place(self, account: str) -> Place:
        # The account of a turn that began under another config may be gone.
        return self._places.get(account) or Place.of(Account(id=account, attachment_roots=()), self._config)

    def _limits(self, session: str, agent: str, message: Admitted) -> tuple[int, int]:
        """Earlier turns, and unanswered messages of the group, that are told at most."""
        place = self._place(message.row.account)
        if not is_group(session):
            return place.in_direct(message.row.sender), 0
        limit = place.in_groups(self._minds.get(agent, Mind()))
        return limit, limit


def style_of(defaults: AgentDefaults, local: tzinfo | None = None) -> Style:
    """How envelopes say times (inbound 2.3)."""
    zone = zone_of(defaults.envelope_timezone, defaults.user_timezone, local)
    return Style(zone, defaults.envelope_timestamp == "on", defaults.envelope_elapsed == "on")
