"""Access groups: the people behind ``accessGroup:<name>``, as far as this channel knows them.

In: the config's ``accessGroups``. Out: for each name the entries that count here, still as the person wrote them.
Members of other channels never count, and a group of a type other than message senders has no members here.
"""

from actors.access.channel_keys import everyones, ours
from actors.access.handles import BLANKS
from config.schema.access_groups import SENDERS
from config.schema.root import Config


def members(config: Config) -> dict[str, tuple[str, ...]]:
    """The entries of each group by its name, blanks around it cut off; of two alike names the first counts.

    A group that is there and has nobody for this channel is there with no entries.
    """
    found: dict[str, tuple[str, ...]] = {}
    for name, group in config.access_groups.items():
        lists = group.members if group.type == SENDERS else {}
        keys = (*ours(lists)[:1], *everyones(lists)[:1])
        found.setdefault(name.strip(BLANKS), tuple(dict.fromkeys(entry for key in keys for entry in lists[key])))
    return found
