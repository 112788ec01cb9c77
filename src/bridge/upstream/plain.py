"""Clients of the openai package that are never bridged, whatever is installed: those that talk to the upstream."""

from __future__ import annotations

import openai


class PlainOpenAI(openai.OpenAI):
    """Stays what it is under `bridge.install()`."""


class PlainAsyncOpenAI(openai.AsyncOpenAI):
    """The same, async."""


PLAIN = (PlainOpenAI, PlainAsyncOpenAI)
