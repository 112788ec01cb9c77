"""Draws docs/errors.md from the table of errors.py: ``python docs/draw_errors.py > docs/errors.md``."""

from __future__ import annotations

import inspect
from typing import Any, Final

from bridge import errors

SAMPLES: Final[dict[str, Any]] = {
    "kind": "thread",
    "name": "https://legacy.example/v1",
    "id": "thread_abc",
    "file_id": "file-abc",
    "container_id": "cntr_abc",
    "conversation_id": "conv_abc",
    "param": "name",
    "near": None,
    "expected": "a string",
    "value": 5,
    "maximum": 2,
    "minimum": 7,
    "length": 3,
    "count": 17,
    "key": "sk-aBcDeFgHiJkLmNoPqRsTuVwX",
    "pattern": "^[a-zA-Z0-9_-]+$",
    "other": "vector_stores",
    "supported": ["low", "high"],
    "ids": ["file-abc"],
    "expected_ids": ["call_a", "call_b"],
    "got": ["call_a"],
    "levels": 200,
    "thread_id": "thread_abc",
    "run_id": "run_def",
    "status": "completed",
    "code": None,
    "format": "json_schema",
    "model": "m",
    "effort": "huge",
    "extension": ".csv",
    "tool": "code_interpreter",
    "profile": "vllm",
    "error": {"message": "Something is wrong with this file."},
    "reason": "The reason.",
    "method": "GET",
    "path": "/assistant",
    "request_id": "req_0123",
    "message": "Rate limit reached for m.",
    "retry_after": 1.0,
}
"""Arguments of the constructors, by name."""

HEAD: Final = """\
# Errors

What an Assistants client is told, drawn from the table of `bridge/errors.py` by `docs/draw_errors.py`; a test compares.
The texts are the old service's own, since programs match them; those that only bridge needs are marked as such below.

Every answer has the envelope `{"error": {"message", "type", "param", "code"}}` and an `x-request-id`. The SDKs make
their exceptions of the status: 400 `BadRequestError`, 401 `AuthenticationError`, 404 `NotFoundError`, 429
`RateLimitError`, 5xx `InternalServerError`. Request errors come as JSON before any stream begins.

Checks run in the old order: key, path, beta header, unknown keys and types, value limits, existence, state, capability.

| Name | Status | `type` | `code` | Message, for example |
|---|---|---|---|---|
"""

TAIL: Final = """
## Ours

`not_yet` says that a parameter does not carry over ([parity.md](parity.md)), `tool_not_there` that this upstream is
known not to have a tool, `images_not_taken` that it takes no images ([upstreams.md](upstreams.md)), `file_not_kept`
that the bytes of a file are neither in the store nor in their container: the old API had no such errors. Other files
and vector stores are the upstream's: `upstream_refused` is what it said of them, with its own status, type, code and
param, and `upstream_silent` that it could not be asked. `run_ended` is what retrieving a run answers that ended as
`failed`, `expired` or `incomplete`, where the setting `loud_failures` is on ([configuration.md](configuration.md)); its
code is that of `last_error`, else the status. `hook_failed` tells what the program's own function raised
([missing-threads.md](missing-threads.md)). `no_beta_files` is the old text with a way out
([beta-v1.md](beta-v1.md)). The gateway adds 413 for a body that is too large, 502 and 504
for an upstream that cannot be reached by a call it passes on, and 508 for a gateway that is its own upstream.

## Not told yet

`unsupported_file`, `unsupported_parameter`, `unsupported_effort`, `wrong_key`, `rate_limited`, `quota_exceeded` and
`overloaded` stand ready for parts that are to come. Until then what the upstream
says of models, keys and limits ends the run. `store_expired` is the message of such a run's `last_error`.

## Errors of a run

What fails after a run was created does not fail the call that created it: the run ends `failed`, and `last_error` has
`code` and `message`. An upstream that cannot be reached, answers an error, or breaks off in the middle becomes
`server_error`; a rate limit or a spent quota `rate_limit_exceeded`; what the model refuses to read `invalid_prompt`; a
picture that cannot be fetched `invalid_image_url`. The message is the upstream's own.

## In Python

What bridge raises on its own account, outside of any HTTP answer:

| Exception | When |
|---|---|
| `bridge.ConfigurationError` | a setting cannot work; the text says which one, and the way out |
| `bridge.StoreError` | the store cannot be read, or its schema is newer than this version knows |
| `bridge.BridgeError` | the base of both |
"""


def page() -> str:
    return HEAD + "".join(map(_row, errors.TABLE)) + TAIL


def _row(name: str) -> str:
    status, kind, code = errors.TABLE[name]
    shown = f"`{code}`" if code else ""
    return f"| {name} | {status} | `{kind}` | {shown} | {_escaped(_message(name))} |\n"


def _message(name: str) -> str:
    constructor = getattr(errors, name)
    needed = [each for each in inspect.signature(constructor).parameters.values() if each.default is each.empty]
    arguments = {each.name: SAMPLES[each.name] for each in needed}
    if name == "wrong_tool_outputs":
        arguments["expected"] = SAMPLES["expected_ids"]
    if name == "run_ended":
        arguments.update(status="failed", code="server_error", reason="The model crashed.")
    if name == "upstream_refused":
        arguments["status"] = 400
    message: str = constructor(**arguments).message
    return message


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


if __name__ == "__main__":
    print(page(), end="")
