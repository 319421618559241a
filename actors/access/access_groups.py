"""Access groups: the people behind ``accessGroup:<name>``, as far as this channel knows them.

In: the config's ``accessGroups``. Out: for each name the entries that count here, still as the person wrote them.
Members of other channels never count, and a group of a type other than message senders has no members here.
"""

from actors.access.handles import BLANKS
from config.schema.access_groups import SENDERS
from config.schema.root import Config

CHANNEL, EVERY_CHANNEL = "imessage", "*"


def members(config: Config) -> dict[str, tuple[str, ...]]:
    """The entries of each group by its name, blanks around it cut off; of two alike names the first counts.

    A group that is there and has nobody for this channel is there with no entries.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, group in config.access_groups.items():
        lists = group.members if group.type == SENDERS else {}
        entries = (*lists.get(CHANNEL, ()), *lists.get(EVERY_CHANNEL, ()))
        found.setdefault(name.strip(BLANKS), tuple(dict.fromkeys(entries)))
    return found
