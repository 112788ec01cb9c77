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

Objects keep the name they were given: `assistant.model` and `run.model` show what the program said. Where another
model answers, the answer that made the object names `model` in its `bridge-degraded` header, and the log says once
which one. `bridge explain` says it, too.

Fine-tuned models (`ft:…`) end with the model they were made of; what was trained is lost with them. Models that never
answered threads (embeddings, speech, pictures, moderation) are a 400 `unsupported_model` under the same conditions.

## Names of your own

The file is TOML where its name ends in `.toml`, JSON otherwise. What it names is replaced from now on and on every
server, whether it has ended or not; names match as a whole.

```toml
[models]
"gpt-4-turbo" = "gpt-5.5"
"ft:gpt-3.5-turbo-0125:acme::abc" = "gpt-5.4-mini"
```

```json
{"models": {"gpt-4-turbo": "gpt-5.5"}}
```

## What changes with the model

Most replacements think before they answer. They take no `temperature` and no `top_p`, which are then left out (and
told), and what they think counts against `max_completion_tokens`, so small budgets end runs as `incomplete`. Those of
the pro models are asked as they are, without the pro mode that OpenAI recommends beside them.

## The table

A replacement that has ended itself is followed to one that has not. Replacements are OpenAI's own recommendations, of
two that of the model which thinks as little as the one that ends. Those with a dagger are our choice, because no
recommendation could be read: the newest of the same size.

| Ends on | Model | Replaced by |
|---|---|---|
"""


def page() -> str:
    return HEAD + "".join(map(row, lifecycle.ENDINGS))


def row(ending: lifecycle.Ending) -> str:
    models = ", ".join(f"`{model}`" for model in ending.models)
    return f"| {ending.day} | {models} | `{ending.replacement}`{' †' if ending.is_chosen else ''} |\n"


if __name__ == "__main__":
    print(page(), end="")
