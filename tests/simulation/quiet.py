"""Ten thousand small worlds are mostly garbage that refers to itself: it is collected now and then, not always."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet() -> Iterator[None]:
    """Without the collector's frequent looks at everything that was there before."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 5, 1000)
    try:
        yield
    finally:
        gc.set_threshold(700, 10, 10)
        gc.unfreeze()
