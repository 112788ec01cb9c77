"""Where the API stands in addresses that somebody recorded: ``https://api.openai.com/v1``, a proxy's ``…/v1``, Azure's
``…/openai``. Nobody tells; what is below a root of Assistants calls is kept, all else is another server's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from attrs import frozen

from bridge.wire import azure

CALL: Final = re.compile(r"(?P<root>.*?)(?P<path>/(?:assistants|threads)(?:/.*)?)")
ID: Final = re.compile(r"/(?:assistants/asst_|threads/thread_)\w")
SHAPE: Final = re.compile(r"/assistants|/threads(?:/runs|/[^/]+/(?:messages|runs)(?:/.*)?)?")
USUAL: Final = re.compile(r"/v\d+$|/openai$")


@frozen
class Address:
    """A URL in parts: `server` is scheme, host and port; the path without a deployment of Azure's."""

    server: str
    path: str
    query: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, url: str) -> Address:
        """Raises ValueError."""
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2].lower()
        query = parse_qsl(parts.query, keep_blank_values=True)
        path = re.sub(r"/deployments/[^/]+(?=/)", "", re.sub(r"^/{2,}", "/", unquote(parts.path)))
        kept = tuple((name, value) for name, value in query if name != azure.API_VERSION)
        return cls(f"{parts.scheme}://{host}" if host else "", path, kept)


@frozen
class Root:
    server: str
    path: str

    def below(self, address: Address) -> str | None:
        """The address's path below this root; None where it stands elsewhere."""
        is_below = address.server == self.server and address.path.startswith(self.path + "/")
        return address.path[len(self.path) :] if is_below else None


def found(calls: Iterable[tuple[Address, bool]]) -> tuple[Root, ...]:
    """The roots of Assistants calls, the longest first. `calls` are addresses, and whether the call says that it is one
    of the Assistants API. Other sites have threads too: it takes an id, that word, or failing both the usual shape."""
    sure: Counter[Root] = Counter()
    likely: Counter[Root] = Counter()
    for address, says_so in calls:
        matched = CALL.fullmatch(address.path)
        if matched is None:
            continue
        root = Root(address.server, matched["root"])
        if says_so or ID.match(matched["path"]):
            sure[root] += 1
        elif USUAL.search(root.path) or SHAPE.fullmatch(matched["path"]):
            likely[root] += 1
    return tuple(sorted(sure or likely, key=lambda root: len(root.path), reverse=True))
