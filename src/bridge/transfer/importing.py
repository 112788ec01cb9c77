"""An import from its beginning to its report: read, laid out, put in order, brought."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from attrs import field, frozen

from bridge.store import Store
from bridge.transfer import reading
from bridge.transfer.bringing import Bringer
from bridge.transfer.files import Filer
from bridge.transfer.making import Maker
from bridge.transfer.report import Tally
from bridge.transfer.staging import Staging

Source = Callable[[Staging], None]


@frozen
class Wishes:
    """`dry`: the same report, and nothing is written. `update`: what differs is replaced. `stores`: vector stores by
    their old id, None for one to be left out."""

    dry: bool = False
    update: bool = False
    stores: Mapping[str, str | None] = field(factory=dict)


@frozen
class Steps:
    """What a caller wants to know on the way: how many objects there are, and how many are done with."""

    on_read: Callable[[int], None] = lambda count: None
    on_done: Callable[[int], None] = lambda count: None


@frozen
class Imported:
    staging: Staging
    tally: Tally


@contextmanager
def imported(sources: Iterable[Source], store: Store, wishes: Wishes, steps: Steps | None = None) -> Iterator[Imported]:
    """Everything of the sources in the store; what there is to tell of it, for as long as the block lasts.

    Raises ConfigurationError for a source that is not there, StoreError for a store that cannot be used.
    """
    steps = steps or Steps()
    staging, tally = Staging(), Tally()
    try:
        for source in sources:
            source(staging)
        staging.arrange()
        steps.on_read(sum(n for kind, n in staging.counts().items() if kind != "file"))
        Filer(store, staging, tally, wishes.update, wishes.dry).bring()
        maker = Maker(wishes.stores)
        Bringer(store, staging, tally, maker, wishes.update, wishes.dry, steps.on_done).bring()
        yield Imported(staging, tally)
    finally:
        staging.close()


def of_path(path: Path) -> Source:
    return lambda staging: reading.read(path, staging)
