"""Checks of what makes or changes a vector store, its files or a container (responses-mapping §1, §12)."""

from __future__ import annotations

from typing import Any, Final

from bridge.records import Object
from bridge.upstream.scripted import refusals
from bridge.upstream.scripted.checks import check_metadata

MEMORY: Final = ("1g", "4g", "16g", "64g")
CONTAINER: Final = ("name", "file_ids", "expires_after", "memory_limit", "network_policy", "skills")
"""The fields of POST /containers (openapi-responses.json, CreateContainerBody)."""


def check_container(body: Object) -> None:
    for key in body:
        if key not in CONTAINER:
            raise refusals.unknown(key)
    if body.get("name") is None:
        raise refusals.missing("name")
    limit = body.get("memory_limit")
    if limit is not None and limit not in MEMORY:
        raise refusals.invalid_value("memory_limit", limit, MEMORY)
    if body.get("expires_after") is not None:
        check_expiry(body["expires_after"], "minutes", 20)


def check_body(body: Object, known: tuple[str, ...]) -> None:
    """What the real service refuses of a body that makes or changes a store, its files, or a conversation."""
    for key in body:
        if key not in known:
            raise refusals.unknown(key)
    check_metadata(body.get("metadata"))
    expires = body.get("expires_after")
    if expires is not None:
        check_expiry(expires, "days", 365)
    strategy = body.get("chunking_strategy")
    if strategy is not None:
        check_chunking(strategy)


def check_expiry(expires: Any, unit: str, most: int) -> None:
    if not isinstance(expires, dict):
        raise refusals.invalid_type("expires_after", "an object", expires)
    for key in ("anchor", unit):
        if expires.get(key) is None:
            raise refusals.missing(f"expires_after.{key}")
    if expires["anchor"] != "last_active_at":
        raise refusals.invalid_value("expires_after.anchor", expires["anchor"], ("last_active_at",))
    refusals.check_range(f"expires_after.{unit}", "integer", expires[unit], 1, most)


def check_chunking(strategy: Any) -> None:
    """Static chunks have 100 to 4096 tokens and overlap by half of that at most (responses-mapping §1)."""
    kind = strategy.get("type") if isinstance(strategy, dict) else None
    if kind not in ("auto", "static"):
        raise refusals.invalid_value("chunking_strategy.type", kind, ("auto", "static"))
    if kind == "static":
        place, sizes = "chunking_strategy.static", strategy.get("static") or {}
        for key in ("max_chunk_size_tokens", "chunk_overlap_tokens"):
            if sizes.get(key) is None:
                raise refusals.missing(f"{place}.{key}")
        refusals.check_range(f"{place}.max_chunk_size_tokens", "integer", sizes["max_chunk_size_tokens"], 100, 4096)
        most = sizes["max_chunk_size_tokens"] // 2
        refusals.check_range(f"{place}.chunk_overlap_tokens", "integer", sizes["chunk_overlap_tokens"], 0, most)
