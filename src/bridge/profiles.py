"""What kinds of Responses servers can do, as data. How they were found to differ: responses-mapping §16, upstreams.md.

`openai` and `azure` are known by their base URLs, every other server is `generic`, from which nothing is withheld,
until the setting `profile` names another one.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from attrs import asdict, fields, frozen

from bridge.errors import ConfigurationError


@frozen
class Profile:
    """One kind of server. Abilities are True, False, or None: not known, so it is tried.

    conversations         /conversations, and `conversation` in a request
    previous_ids          previous_response_id really continues what was stored
    background            a background response that is streamed; `resumes`: from a sequence number on
    encrypted_reasoning   gives reasoning.encrypted_content, and takes it back
    file_search, code_interpreter   really runs the hosted tool; `file_search_items`: takes its calls as input
    input_tokens          POST /responses/input_tokens
    containers, vector_stores, files   the calls of these names
    images                input_image
    structured_output     text.format is followed
    tool_choice           a choice other than auto is followed
    metadata              takes metadata
    streams_unasked       streams where `stream` is not in the request; we always send it

    `fields` are the fields of POST /responses that it knows; None is all of them.
    """

    name: str = "generic"
    conversations: bool | None = None
    previous_ids: bool | None = None
    background: bool | None = None
    resumes: bool | None = None
    encrypted_reasoning: bool | None = None
    file_search: bool | None = None
    file_search_items: bool | None = None
    code_interpreter: bool | None = None
    input_tokens: bool | None = None
    containers: bool | None = None
    vector_stores: bool | None = None
    files: bool | None = None
    images: bool | None = None
    structured_output: bool | None = None
    tool_choice: bool | None = None
    metadata: bool | None = None
    streams_unasked: bool | None = None
    fields: frozenset[str] | None = None

    def takes(self, field: str) -> bool:
        """Whether this field of a request is worth sending: known, and not known to be ignored."""
        ability = getattr(self, FIELDS[field]) if field in FIELDS else None
        return ability is not False and (self.fields is None or field in self.fields)

    def abilities(self) -> dict[str, bool | None]:
        """Every ability by its name."""
        return {name: value for name, value in asdict(self).items() if name in ABILITIES}


ABILITIES: Final = tuple(each.name for each in fields(Profile) if each.name not in ("name", "fields"))

FIELDS: Final = {"metadata": "metadata", "text": "structured_output", "tool_choice": "tool_choice"}
"""Fields of a request that stand for an ability."""

_EVERYTHING: Final[dict[str, Any]] = {**dict.fromkeys(ABILITIES, True), "streams_unasked": False}

GENERIC: Final = Profile()
"""A server nobody told of, or a proxy before one: everything is tried, and learnt from (engine/lessons.py)."""

OPENAI: Final = Profile("openai", **_EVERYTHING)
"""The reference: mapping §14-§16."""

AZURE: Final = Profile(
    "azure",
    conversations=True,  # mapping §16, as the next three; that a stream can be resumed is not recorded
    previous_ids=True,
    background=True,
    streams_unasked=False,
    encrypted_reasoning=True,  # the models are OpenAI's
    containers=None,  # reports of 404s when files of containers are fetched: tried
)

VLLM: Final = Profile(
    "vllm",
    conversations=False,  # 404 (upstreams.md, "What works where")
    previous_ids=None,  # only with VLLM_ENABLE_RESPONSES_API_STORE=1, else 404 (mapping §14)
    background=None,  # likewise
    resumes=True,  # likewise, where it is there: background stream + starting_after worked
    encrypted_reasoning=False,  # 400 "Encrypted content is not supported" (mapping §13)
    file_search=False,  # the tool is ignored, its items are refused (upstreams.md)
    file_search_items=False,
    code_interpreter=False,  # ignored
    images=False,  # refused
    structured_output=True,  # enforced, as tool_choice
    tool_choice=True,
    streams_unasked=False,
)

OGX: Final = Profile(
    "ogx",
    conversations=True,  # upstreams.md, "What works where", as all that follows
    previous_ids=True,
    background=False,  # can be polled, but with `stream` it is a 400
    resumes=False,
    file_search=True,
    code_interpreter=False,  # 400
    vector_stores=True,  # mapping §16
    files=True,
    streams_unasked=False,
)

LITELLM: Final = Profile(
    "litellm",
    conversations=False,  # 404
    previous_ids=False,  # ignored without a database
    background=False,  # ignored where it bridges to chat, an empty stream where it passes on
    resumes=False,
    streams_unasked=False,
    # The hosted tools depend on the provider behind the model: tried. Where it bridges, they are ignored.
)

TRANSFORMERS: Final = Profile(
    "transformers",
    conversations=False,
    previous_ids=False,  # ignored, as background, tool_choice and text (mapping §16)
    background=False,
    resumes=False,
    encrypted_reasoning=False,
    file_search=False,  # ignored; its items are refused (mapping §13)
    file_search_items=False,
    code_interpreter=False,
    structured_output=False,
    tool_choice=False,
    metadata=False,
    streams_unasked=True,
    # Unknown fields are a 422, and so are, depending on the version, those it knows but does not use.
    fields=frozenset(
        ("model", "input", "instructions", "tools", "stream", "temperature", "top_p", "max_output_tokens")
    ),
)

SCRIPTED: Final = Profile("scripted", **{**_EVERYTHING, "previous_ids": False})
"""The offline upstream is as able as the one it stands for."""

PROFILES: Final = {
    profile.name: profile for profile in (OPENAI, AZURE, VLLM, OGX, LITELLM, TRANSFORMERS, GENERIC, SCRIPTED)
}

HOSTS: Final = {"openai": ("api.openai.com",), "azure": (".openai.azure.com", ".services.ai.azure.com")}
"""Host names, whole or (with a leading dot) as the end of one. OpenAI's regional hosts are such: eu.api.openai.com."""


def named(name: str) -> Profile:
    """Raises ConfigurationError for a name that is none."""
    if name not in PROFILES:
        raise ConfigurationError(f"There is no profile {name!r}. There are: {', '.join(PROFILES)}.")
    return PROFILES[name]


def guess(base_url: str) -> Profile:
    """The profile of a server by its base URL; ``scripted`` and ``scripted:FILE`` are the offline one's."""
    if base_url.partition(":")[0] == "scripted":
        return SCRIPTED
    host = (urlsplit(base_url).hostname or "").lower()
    for name, hosts in HOSTS.items():
        if any(host == each or host.endswith("." + each.lstrip(".")) for each in hosts):
            return PROFILES[name]
    return GENERIC
