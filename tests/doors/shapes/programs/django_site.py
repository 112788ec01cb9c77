"""A Django project in one file, with a sync view and an async one, each with its module's client."""

from __future__ import annotations

import asyncio
from typing import Any

import django
from common import aassistant_of, aconverse, assistant_of, at_once, converse, say
from django.conf import settings
from django.http import JsonResponse
from django.urls import path

from bridge import AsyncOpenAI, OpenAI

client, async_client = OpenAI(), AsyncOpenAI()


def sync_view(request: Any, name: str) -> JsonResponse:
    return JsonResponse({"thread": converse(client, assistant_of(client), name)})


async def async_view(request: Any, name: str) -> JsonResponse:
    return JsonResponse({"thread": await aconverse(async_client, await aassistant_of(async_client), name, 1)})


urlpatterns = [path("sync/<name>", sync_view), path("async/<name>", async_view)]


def main() -> None:
    settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"], SECRET_KEY="none", DATABASES={})
    django.setup()
    from django.test import AsyncClient, Client

    async def story() -> list[Any]:
        """Under ASGI: the sync view runs in a thread, the async one here."""
        browser = AsyncClient()
        return await asyncio.gather(
            *[browser.get(f"/{kind}/{kind}{n}") for n in range(4) for kind in ("sync", "async")]
        )

    # Under WSGI: the sync view runs here, the async one on a loop made for the call.
    wsgi = at_once(lambda number: Client().get(f"/{('sync', 'async')[number % 2]}/w{number}"), 8)
    answers = [*wsgi, *asyncio.run(story())]
    assert {answer.status_code for answer in answers} == {200}
    say("threads", len({answer.json()["thread"] for answer in answers}))
    client.close()
    asyncio.run(async_client.close())


if __name__ == "__main__":
    main()
