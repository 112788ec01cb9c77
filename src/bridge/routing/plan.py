"""The tables of bridge.toml with the servers they name: where a run goes, and who is asked about what is not here."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.destinations import Destination
from bridge.records import Run
from bridge.upstream.assistants import Server


class Plan:
    """`servers` are those that the tables name, each once, in the order of the tables."""

    def __init__(self, destinations: Sequence[Destination]) -> None:
        self._destinations = destinations
        self._by_url: dict[str, Server] = {}
        for one in destinations:
            if not one.is_here and one.to not in self._by_url:
                self._by_url[one.to] = Server(one)

    @property
    def servers(self) -> list[Server]:
        return list(self._by_url.values())

    def server_of(self, assistant_id: str, thread_id: str) -> Server | None:
        """Where a run of the assistant on the thread goes; None is bridge."""
        return next((self._server(one) for one in self._destinations if one.takes(assistant_id, thread_id)), None)

    def is_open(self, assistant_id: str) -> bool:
        """Whether some threads of the assistant go elsewhere than others."""
        shares = [one.percent for one in self._destinations if one.names(assistant_id) and one.percent > 0]
        return bool(shares) and shares[0] < 100

    def keeper_of(self, assistant_id: str) -> Server | None:
        """The server that a table names for this very assistant: what is true of the assistant stands there."""
        named = (one for one in self._destinations if assistant_id in one.assistants and not one.is_here)
        return next((self._server(one) for one in named), None)

    def kept_elsewhere(self) -> list[tuple[str, Server]]:
        """The assistants that have a keeper, each once."""
        names = dict.fromkeys(name for one in self._destinations for name in one.assistants)
        found = ((name, self.keeper_of(name)) for name in names)
        return [(name, server) for name, server in found if server is not None]

    def holder_of(self, run: Run) -> Server | None:
        """The server that a run which has not ended is at, where it is at one of these."""
        return next((server for server in self.servers if server.runs_at == run.upstream), None)

    def close(self) -> None:
        for server in self.servers:
            server.close()

    def _server(self, destination: Destination) -> Server | None:
        return None if destination.is_here else self._by_url[destination.to]
