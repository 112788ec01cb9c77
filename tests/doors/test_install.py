"""No edit at all: `install`, `uninstall` and `wrap`, by the SDK's own clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from fakes import FakeService

import bridge
from bridge import client as doors
from bridge.errors import ConfigurationError
from bridge.testing import MemoryStore, ScriptedUpstream
from bridge.upstream import family
from bridge.upstream.plain import PlainOpenAI

pytestmark = pytest.mark.slow

http = family.installed()
KEY: Any = {"api_key": "sk-1", "base_url": "http://up.test/v1", "max_retries": 0}


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    yield
    bridge.uninstall()


@pytest.fixture
def service() -> FakeService:
    return FakeService()


def is_bridged(client: Any) -> bool:
    return doors.behind(client._client)[1] is not None


class Subclass(openai.OpenAI):
    """As frameworks make them: imported before, with a constructor of its own."""

    def __init__(self, team: str) -> None:
        self.team = team
        super().__init__(**KEY)


def refuse_network(request: Any) -> Any:
    raise AssertionError(f"{request.method} {request.url} left the machine")


CLIENTS: list[Any] = [
    pytest.param(lambda: openai.OpenAI(**KEY), id="OpenAI"),
    pytest.param(lambda: openai.AsyncOpenAI(**KEY), id="AsyncOpenAI"),
    pytest.param(lambda: Subclass("a"), id="subclass"),
    pytest.param(lambda: openai.AzureOpenAI(api_key="k", api_version="v", azure_endpoint="http://az.test"), id="Azure"),
    pytest.param(
        lambda: openai.AsyncAzureOpenAI(api_key="k", api_version="v", base_url="http://az.test/openai"), id="AsyncAzure"
    ),
    pytest.param(lambda: openai.OpenAI(**KEY).with_options(timeout=3), id="copy"),
    pytest.param(lambda: openai.OpenAI(**KEY, http_client=http.Client()), id="http_client"),
]


@pytest.mark.parametrize("make", CLIENTS)
def test_every_client_made_while_it_is_installed_is_bridged(service: FakeService, make: Any) -> None:
    before = make()
    bridge.install(bridge=service)
    during = make()
    bridge.uninstall()
    after = make()
    assert [is_bridged(client) for client in (before, during, after)] == [False, True, False]
    assert type(before) is type(during) is type(after)
    answer = during.beta.threads.retrieve("thread_abc")
    assert (asyncio.run(_awaited(answer)) if isinstance(during, openai.AsyncOpenAI) else answer).id == "thread_abc"
    assert [call.path for call in service.calls] == ["/threads/thread_abc"]


async def _awaited(answer: Any) -> Any:
    return await answer


def test_installing_twice_and_uninstalling_twice_changes_nothing_more() -> None:
    original = openai.OpenAI.__init__
    first, second = FakeService(), FakeService()
    bridge.install(bridge=first)
    bridge.install(bridge=second)
    openai.OpenAI(**KEY).beta.threads.retrieve("thread_abc")
    assert (len(first.calls), len(second.calls)) == (0, 1)
    bridge.uninstall()
    bridge.uninstall()
    assert openai.OpenAI.__init__ is original


def test_uninstalling_leaves_what_others_have_wrapped_meanwhile(service: FakeService) -> None:
    """Libraries that observe wrap the constructor, too, and may put back what they found whenever they like."""
    original = openai.OpenAI.__init__
    bridge.install(bridge=service)
    found = openai.OpenAI.__init__
    seen = []

    def observing(self: Any, **options: Any) -> None:
        seen.append(options)
        found(self, **options)

    openai.OpenAI.__init__ = observing  # type: ignore[method-assign]
    try:
        bridge.uninstall()
        assert not is_bridged(openai.OpenAI(**KEY))
        assert seen == [KEY]
        openai.OpenAI.__init__ = found  # type: ignore[method-assign]
        assert not is_bridged(openai.OpenAI(**KEY))
        bridge.install(bridge=service)
        assert is_bridged(openai.OpenAI(**KEY))
        bridge.uninstall()
    finally:
        openai.OpenAI.__init__ = original  # type: ignore[method-assign]


def test_installing_again_where_somebody_put_back_the_constructor(service: FakeService) -> None:
    original = openai.OpenAI.__init__
    bridge.install(bridge=service)
    openai.OpenAI.__init__ = original  # type: ignore[method-assign]
    assert not is_bridged(openai.OpenAI(**KEY))
    bridge.install(bridge=service)
    assert is_bridged(openai.OpenAI(**KEY))
    bridge.uninstall()
    assert openai.OpenAI.__init__ is original


def test_a_drop_in_keeps_its_own_wishes(service: FakeService) -> None:
    bridge.install(bridge=FakeService(lambda call: pytest.fail("the installed one was asked")))
    bridge.OpenAI(**KEY, bridge=service).with_options(timeout=3).beta.threads.retrieve("thread_abc")
    assert len(service.calls) == 1


def test_the_clients_that_talk_to_the_upstream_stay_plain(service: FakeService) -> None:
    bridge.install(bridge=service)
    assert not is_bridged(PlainOpenAI(**KEY))
    assert not is_bridged(PlainOpenAI(**KEY).with_options(timeout=3))


def test_installed_runs_go_up_through_the_programs_own_http_client() -> None:
    """The whole way, so that an upstream client that was bridged itself would be noticed."""
    seen: list[str] = []

    def answer(request: Any) -> Any:
        seen.append(request.url.path)
        return http.Response(500, json={"error": {"message": "no"}})

    bridge.install(store="memory")
    client = openai.OpenAI(**KEY, http_client=http.Client(transport=http.MockTransport(answer)))
    assistant = client.beta.assistants.create(model="gpt-4o")
    run = client.beta.threads.create_and_run_poll(
        assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "Hello"}]}
    )
    assert (run.status, set(seen)) == ("failed", {"/v1/responses"})


def test_settings_that_cannot_work_are_told_when_installing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_CONFIG", "nowhere.toml")
    with pytest.raises(ConfigurationError, match=r"There is no file .*nowhere\.toml"):
        bridge.install()
    assert not is_bridged(openai.OpenAI(**KEY))


def test_offline_without_a_key() -> None:
    bridge.install(upstream="scripted", store="memory")
    client = openai.OpenAI()
    run = client.beta.threads.create_and_run_poll(
        assistant_id=client.beta.assistants.create(model="gpt-4o").id,
        thread={"messages": [{"role": "user", "content": "Hello"}]},
    )
    assert run.status == "completed"


def test_clients_made_by_many_threads_at_once(service: FakeService) -> None:
    made: list[Any] = []
    bridge.install(bridge=service)
    threads = [threading.Thread(target=lambda: made.append(openai.OpenAI(**KEY))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(made) == 20 and all(map(is_bridged, made))


# --- wrap


@pytest.mark.parametrize("make", CLIENTS)
def test_a_client_that_exists_is_wrapped_in_place(service: FakeService, make: Any) -> None:
    client = make()
    assert bridge.wrap(client, bridge=service) is client
    answer = client.beta.threads.retrieve("thread_abc")
    assert (asyncio.run(_awaited(answer)) if isinstance(client, openai.AsyncOpenAI) else answer).id == "thread_abc"
    if not isinstance(client, Subclass):  # the SDK cannot copy a client whose constructor is another
        assert is_bridged(client.with_options(timeout=3))


def test_wrapping_again_changes_what_is_wished_and_nothing_else(service: FakeService) -> None:
    outside = http.MockTransport(lambda request: http.Response(200, json={"object": "list", "data": []}))
    client = openai.OpenAI(**KEY, http_client=http.Client(transport=outside))
    real = client._client
    bridge.wrap(client, bridge=FakeService(lambda call: pytest.fail("the first service was asked")))
    bridge.wrap(client, bridge=service)
    bridge.wrap(client)
    client.beta.threads.retrieve("thread_abc")
    assert len(service.calls) == 1
    assert doors.behind(client._client)[0] is real
    assert client.models.list().data == []


COPIES: dict[str, Any] = {
    "base_url": lambda: {"base_url": "http://elsewhere.test/v1"},
    "http_client": lambda: {"http_client": http.Client(transport=http.MockTransport(refuse_network))},
    "both": lambda: {"base_url": "http://elsewhere.test/v1", "http_client": http.Client()},
    "neither": lambda: {"timeout": 3},
}


@pytest.mark.parametrize("options", COPIES.values(), ids=COPIES)
def test_copies_of_a_wrapped_client_are_bridged_whatever_they_change(service: FakeService, options: Any) -> None:
    client = bridge.wrap(openai.OpenAI(**KEY), bridge=service)
    copies = [client.copy(**options()), client.with_options(**options()), client.copy(max_retries=1).copy(**options())]
    for copy in copies:
        assert copy.beta.threads.retrieve("thread_abc").id == "thread_abc"
    assert len(service.calls) == 3
    assert client.base_url == "http://up.test/v1/"


def test_wrapping_that_fails_leaves_a_client_as_it_was(service: FakeService, monkeypatch: pytest.MonkeyPatch) -> None:
    client = bridge.wrap(openai.OpenAI(**KEY), bridge=service)
    monkeypatch.setenv("BRIDGE_PROFILE", "nonsense")
    with pytest.raises(ConfigurationError):
        bridge.wrap(client, bridge=service)
    assert is_bridged(client)


def test_a_wrapped_client_asks_the_upstream_with_its_own_options() -> None:
    seen: list[Any] = []

    def answer(request: Any) -> Any:
        seen.append(request)
        return http.Response(400, json={"error": {"message": "no", "type": "invalid_request_error"}})

    client = openai.OpenAI(
        **{**KEY, "organization": "org-1", "project": "proj-1", "default_headers": {"X-Team": "a"}},
        default_query={"tier": "1"},
        http_client=http.Client(transport=http.MockTransport(answer)),
    )
    bridge.wrap(client, store=MemoryStore())
    client.beta.threads.create_and_run_poll(
        assistant_id=client.beta.assistants.create(model="gpt-4o").id,
        thread={"messages": [{"role": "user", "content": "Hello"}]},
    )
    headers = seen[0].headers
    assert str(seen[0].url) == "http://up.test/v1/responses?tier=1"
    assert headers["authorization"] == "Bearer sk-1"
    assert (headers["openai-organization"], headers["openai-project"], headers["x-team"]) == ("org-1", "proj-1", "a")


def test_a_key_that_is_made_anew_for_each_call() -> None:
    """Newer SDKs take a function as `api_key`."""
    import inspect

    if "Callable" not in str(inspect.signature(openai.OpenAI.__init__).parameters["api_key"].annotation):
        pytest.skip("this SDK takes keys as text only")
    keys = iter(f"sk-{number}" for number in range(1000))
    scripted = ScriptedUpstream([{"say": "Hi"}])
    client = bridge.wrap(openai.OpenAI(api_key=lambda: next(keys)), upstream=scripted, store=MemoryStore())
    client.beta.threads.create_and_run_poll(
        assistant_id=client.beta.assistants.create(model="gpt-4o").id,
        thread={"messages": [{"role": "user", "content": "Hello"}]},
    )
    assert scripted.credentials[0].headers["authorization"].startswith("Bearer sk-")


@pytest.mark.parametrize("thing", [None, "client", http.Client, openai.OpenAI])
def test_what_is_no_client_is_refused(thing: Any) -> None:
    with pytest.raises(TypeError, match=r"wrap\(\) takes a client of the openai package, not"):
        bridge.wrap(thing)
