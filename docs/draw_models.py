"""Draws docs/models.md from the table of lifecycle.py: ``python docs/draw_models.py > docs/models.md``."""

from __future__ import annotations

from typing import Final

from bridge import lifecycle

HEAD: Final = """\
# Retired models

Most assistants name a model that is gone by now. Drawn from the table of `bridge/lifecycle.py` by
`docs/draw_models.py`; the module says where days and replacements come from.

The setting `models` (`BRIDGE_MODELS`, in `bridge.toml` `models`) decides:

| Value | A model that is gone | A model that will be |
|---|---|---|
| (not set) | runs as its replacement, on OpenAI's own server only | one line in the log |
| `auto` | runs as its replacement, on every server | one line in the log |
| `suggest` | is asked for as it is, which fails; one line in the log | one line in the log |
| `off` | 400 `model_not_found` when an assistant or a run is made | one line in the log |
| a path | as `auto`, after the names in the file, which are always replaced | one line in the log |

The file is JSON, `{"my-old-model": "my-new-model"}`, in an object `models` if you like. Objects keep the name they were
given: `assistant.model` and `run.model` show what the program said. Where another model answers, the answer that made
the object names `model` in its `bridge-degraded` header, and the log says once which one.

Models that never answered threads (embeddings, speech, pictures) are a 400 `unsupported_model` under the same
conditions. Fine-tuned models (`ft:…`) end with the model they were made of. A replacement that has ended itself is
followed on.

The replacements think before they answer: they take no `temperature` and no `top_p`, which are then left out (and
told), and need more of a `max_completion_tokens`.

| Ends on | Model | Replaced by |
|---|---|---|
"""


def page() -> str:
    return HEAD + "".join(f"| {day} | {_listed(names)} | `{new}` |\n" for day, new, names in lifecycle.ENDS)


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(page(), end="")
