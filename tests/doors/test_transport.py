from __future__ import annotations

import asyncio
import gc
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from fakes import SSE, THREAD, Events, FakeService, refusal, reply

import bridge
from bridge import client as doors
from bridge.calls import Reply
from bridge.client.inner import patient
from bridge.client.making import NO_KEY
from bridge.client.requests import Door, credential
from bridge.testing import ScriptedUpstream
from bridge.upstream import family
from doors.surface import sdk

http = family.installed()
BASE = "http://up.test/v1"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("BRIDGE_STORE", "BRIDGE_UPSTREAM", "BRIDGE_CONFIG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def service() -> FakeService:
    return FakeService()


class Outside:
    """What the network behind the user's HTTP client sees."""

    def __init__(self) -> None:
        self.requests: list[Any] = []

    def __call__(self, request: Any) -> Any:
        self.requests.append(request)
        if request.url.path.endswith("/models"):
            return http.Response(200, json={"object": "list", "data": []})
        return http.Response(200, json={"seen": request.url.path})


def sync_client(service: FakeService, **options: Any) -> bridge.OpenAI:
    return bridge.OpenAI(**{"api_key": "sk-1", "base_url": BASE, "bridge": service, "max_retries": 0, **options})


def async_client(service: FakeService, **options: Any) -> bridge.AsyncOpenAI:
    return bridge.AsyncOpenAI(**{"api_key": "sk-1", "base_url": BASE, "bridge": service, "max_retries": 0, **options})


def mocked(outside: Callable[[Any], Any], **options: Any) -> Any:
    return http.Client(transport=http.MockTransport(outside), **options)


# --- in


def test_what_the_service_is_told(service: FakeService) -> None:
    client = sync_client(service, organization="org-1", default_headers={"X-Team": "a"}, timeout=8)
    client.beta.threads.messages.create("thread_abc", role="user", content="süß")
    (call,) = service.calls
    assert (call.method, call.path, call.query) == ("POST", "/threads/thread_abc/messages", ())
    assert json.loads(call.body) == {"role": "user", "content": "süß"}
    assert call.headers["openai-beta"] == "assistants=v2"
    assert call.credential.headers == {
        "authorization": "Bearer sk-1",
        "openai-organization": "org-1",
        "x-team": "a",
    }
    assert call.read_timeout == 8


def test_a_query_arrives_as_pairs(service: FakeService) -> None:
    client = sync_client(service)
    include: Any = "step_details.tool_calls[*].file_search.results[*].content"
    steps = client.beta.threads.runs.steps
    asked: Any = {"include": [include]} if sdk.INCLUDES_RESULTS else {"extra_query": {"include[]": include}}
    steps.list("run_1", thread_id="thread_1", limit=2, order="asc", **asked)
    assert set(service.calls[0].query) == {("limit", "2"), ("order", "asc"), ("include[]", include)}


def test_a_query_meant_for_a_proxy_is_left_out(service: FakeService) -> None:
    client = sync_client(service, default_query={"api-version": "1", "order": "asc", "deep": {"a": 1}})
    client.beta.threads.messages.list("thread_1")
    assert service.calls[0].query == (("order", "asc"),)


def test_poll_headers_and_no_timeout(service: FakeService) -> None:
    client = sync_client(service, timeout=None)
    client.beta.threads.retrieve("thread_abc", extra_headers={"X-Stainless-Poll-Helper": "true"})
    (call,) = service.calls
    assert call.headers["x-stainless-poll-helper"] == "true"
    assert call.read_timeout is None
    assert set(call.credential.headers) == {"authorization"}


@pytest.mark.parametrize(
    ("base", "url", "path"),
    [
        ("http://up/v1/", "http://up/v1/threads/t", "/threads/t"),
        ("http://up/v1", "http://up/v1/threads", "/threads"),
        ("http://up/", "http://up/threads", "/threads"),
        ("http://up/openai/", "http://up/openai/threads/a%20b", "/threads/a b"),
        ("http://up/v1/", "http://up/v1/chat/completions", None),
        ("http://up/v1/", "http://up/v1threads", None),
        ("http://up/v1/", "http://up/v2/threads", None),
        ("http://up/v1/", "http://other/v1/threads", None),
        ("http://up/v1/", "http://up:8000/v1/threads", None),
        ("http://up/v1/", "https://up/v1/threads", None),
    ],
)
def test_which_requests_are_ours(base: str, url: str, path: str | None, service: FakeService) -> None:
    door, request = Door(service, lambda: http.URL(base)), http.Request("GET", url)
    assert door.owns(request) is (path is not None)
    if path is not None:
        assert door.call(request, b"").path == path


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        ({"authorization": "Bearer k", "api-key": "a"}, True),
        ({"openai-organization": "o", "openai-project": "p", "x-mine": "1", "bridge-hop": "x"}, True),
        ({"user-agent": "my-app/1"}, True),
        ({"user-agent": "OpenAI/Python 3.54.0"}, False),
        ({"user-agent": "AsyncOpenAI/Python 1.66.0"}, False),
        ({"user-agent": "python-httpx2/2.1"}, False),
        ({"x-stainless-lang": "python", "accept": "*/*", "content-type": "application/json"}, False),
        ({"content-length": "1", "host": "h", "connection": "close", "idempotency-key": "i", "cookie": "c"}, False),
        ({"openai-beta": "assistants=v2", "transfer-encoding": "chunked"}, False),
    ],
)
def test_what_counts_as_credential(headers: dict[str, str], kept: bool) -> None:
    assert credential(headers).headers == (headers if kept else {})


def test_a_base_url_that_is_changed_later(service: FakeService) -> None:
    client = sync_client(service, http_client=mocked(Outside()))
    client.base_url = "http://else.test/v9"  # type: ignore[assignment]
    client.beta.threads.create()
    assert service.calls[0].path == "/threads"


# --- out


def test_an_object_comes_back(service: FakeService) -> None:
    thread = sync_client(service).beta.threads.create()
    assert thread.id == "thread_abc"
    assert getattr(thread, "_request_id", "req_" + "0" * 32) == "req_" + "0" * 32  # 1.21 tells none
    assert asyncio.run(async_client(service).beta.threads.create()).id == "thread_abc"


ERRORS = [
    (400, openai.BadRequestError),
    (401, openai.AuthenticationError),
    (404, openai.NotFoundError),
    (429, openai.RateLimitError),
    (500, openai.InternalServerError),
]


@pytest.mark.parametrize(("status", "kind"), ERRORS)
def test_errors_are_the_sdks(status: int, kind: type[openai.APIStatusError]) -> None:
    service = FakeService(lambda call: refusal(status, "No thread found with id 'thread_x'."))
    with pytest.raises(kind, match="No thread found") as caught:
        sync_client(service).beta.threads.retrieve("thread_x")
    assert caught.value.request_id == "req_" + "0" * 32
    with pytest.raises(kind):
        asyncio.run(async_client(service).beta.threads.retrieve("thread_x"))
    assert len(service.calls) == 2


def test_server_errors_are_retried_as_ever() -> None:
    answers: Iterator[Reply] = iter([refusal(500, "…", ("retry-after-ms", "1")), reply(THREAD)])
    service = FakeService(lambda call: next(answers))
    assert sync_client(service, max_retries=1).beta.threads.create().id == "thread_abc"
    assert len(service.calls) == 2


RUN = {"id": "run_1", "object": "thread.run", "status": "queued", "thread_id": "thread_1"}
FRAMES = [
    b"event: thread.run.created\ndata: " + json.dumps(RUN).encode() + b"\n\n",
    b"event: done\ndata: [DONE]\n\n",
]


def streaming(events: Events) -> FakeService:
    return FakeService(lambda call: Reply(200, SSE, stream=events))


def test_a_stream_comes_back_event_by_event() -> None:
    events = Events(*FRAMES)
    with sync_client(streaming(events)).beta.threads.runs.create("thread_1", assistant_id="a", stream=True) as stream:
        assert [event.event for event in stream] == ["thread.run.created"]
    assert events.closed.is_set()


def test_a_stream_comes_back_event_by_event_async() -> None:
    async def main(events: Events) -> list[str]:
        client = async_client(streaming(events))
        async with await client.beta.threads.runs.create("thread_1", assistant_id="a", stream=True) as stream:
            return [event.event async for event in stream]

    events = Events(*FRAMES)
    assert asyncio.run(main(events)) == ["thread.run.created"]
    assert events.closed.is_set()


def test_leaving_a_stream_closes_it() -> None:
    events = Events(FRAMES[0], open_end=True)
    stream = sync_client(streaming(events)).beta.threads.runs.create("thread_1", assistant_id="a", stream=True)
    assert next(stream).event == "thread.run.created"  # a frame is handed on before the next one is there
    assert not events.closed.is_set()
    stream.close()
    assert events.closed.is_set()


def test_leaving_a_stream_closes_it_async() -> None:
    async def main(events: Events) -> None:
        client = async_client(streaming(events))
        stream = await client.beta.threads.runs.create("thread_1", assistant_id="a", stream=True)
        assert (await stream.__anext__()).event == "thread.run.created"
        await stream.close()

    events = Events(FRAMES[0], open_end=True)
    asyncio.run(main(events))
    assert events.closed.is_set()


def test_stream_helpers() -> None:
    with sync_client(streaming(Events(*FRAMES))).beta.threads.runs.stream(thread_id="t", assistant_id="a") as stream:
        assert stream.get_final_run().id == "run_1"


def test_raw_and_streamed_responses(service: FakeService) -> None:
    client = sync_client(service)
    raw = client.beta.threads.with_raw_response.create()
    assert (raw.headers["x-request-id"], raw.parse().id) == ("req_" + "0" * 32, "thread_abc")
    with client.beta.threads.with_streaming_response.create() as response:
        assert json.loads(response.read()) == THREAD


# --- what is not ours


def test_other_calls_go_through_the_users_client(service: FakeService) -> None:
    outside = Outside()
    hooked: list[str] = []
    users = mocked(
        outside,
        headers={"X-Proxy": "p"},
        event_hooks={"request": [lambda request: hooked.append(request.url.path)]},
    )
    client = sync_client(service, http_client=users)
    client.models.list()
    client.beta.threads.create()
    (request,) = outside.requests
    assert (request.url.path, request.headers["x-proxy"]) == ("/v1/models", "p")
    assert request.headers["authorization"] == "Bearer sk-1"
    assert hooked == ["/v1/models", "/v1/threads"]
    assert service.calls[0].credential.headers["x-proxy"] == "p"


def test_other_calls_go_through_the_users_client_async(service: FakeService) -> None:
    async def main() -> None:
        users = http.AsyncClient(transport=http.MockTransport(outside))
        async with async_client(service, http_client=users) as client:
            await client.models.list()
            await client.beta.threads.create()

    outside = Outside()
    asyncio.run(main())
    assert [request.url.path for request in outside.requests] == ["/v1/models"]
    assert len(service.calls) == 1


def test_an_answer_from_outside_is_the_very_same(service: FakeService) -> None:
    response = http.Response(200, headers={"content-type": "application/json"}, content=b'{"data": []}')
    client = sync_client(service, http_client=mocked(lambda request: response))
    assert client.models.with_raw_response.list().http_response is response


def test_a_transport_by_itself(service: FakeService) -> None:
    module = __import__(f"bridge.client.{http.__name__}", fromlist=["Transport"])
    door = Door(service, lambda: http.URL(BASE))
    with http.Client(transport=module.Transport(door, Outside())) as client:
        assert client.post(f"{BASE}/threads", json={}).json() == THREAD
        assert client.get(f"{BASE}/models").json() == {"object": "list", "data": []}

    async def main() -> Any:
        async def outside(request: Any) -> Any:
            return http.Response(200, json={"seen": request.url.path})

        async with http.AsyncClient(transport=module.AsyncTransport(door, outside)) as client:
            return [(await client.get(f"{BASE}{path}")).json() for path in ("/threads/t", "/files")]

    assert asyncio.run(main()) == [THREAD, {"seen": "/v1/files"}]


@pytest.mark.skipif(http.__name__ != "httpx2", reason="openai below 3 takes httpx clients only")
def test_an_httpx_client_given_to_an_httpx2_sdk(service: FakeService) -> None:
    import httpx

    seen: list[str] = []

    def outside(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.path)
        return httpx.Response(200, json={"object": "list", "data": []})

    client = sync_client(service, http_client=httpx.Client(transport=httpx.MockTransport(outside)))
    client.models.list()
    assert client.beta.threads.create().id == "thread_abc"
    assert seen == ["/v1/models"]
    client.close()


# --- the client


def test_it_is_the_sdks_client(service: FakeService) -> None:
    assert isinstance(sync_client(service), openai.OpenAI)
    assert isinstance(async_client(service), openai.AsyncOpenAI)


def test_a_copy_keeps_the_service_and_the_real_client() -> None:
    users = mocked(Outside())
    client = bridge.OpenAI(api_key="sk-1", base_url=BASE, http_client=users)
    for copy in (client.copy(), client.with_options(timeout=3, api_key="sk-2"), client.with_options().with_options()):
        assert isinstance(copy, bridge.OpenAI)
        assert copy._client is not users
        assert doors.behind(copy._client)[0] is users
        assert door(copy).service is door(client).service


def test_a_copy_with_its_own_key_is_another_credential(service: FakeService) -> None:
    client = sync_client(service)
    client.with_options(api_key="sk-2", default_headers={"X-A": "1"}).beta.threads.create()
    assert service.calls[0].credential.headers == {"authorization": "Bearer sk-2", "x-a": "1"}


def test_a_copy_for_another_server_has_another_service() -> None:
    client = bridge.OpenAI(api_key="sk-1", base_url=BASE)
    assert door(client.copy(base_url="http://else/v1")).service is not door(client).service


def door(client: Any) -> Door:
    found = doors.behind(client._client)[1]
    assert found is not None
    return found


def test_closing_closes_ours_and_theirs() -> None:
    users = mocked(Outside())
    with bridge.OpenAI(api_key="k", base_url=BASE, http_client=users) as client:
        assert not client.is_closed()
    assert client.is_closed()
    assert users.is_closed
    with pytest.raises((RuntimeError, openai.APIConnectionError)):
        client.beta.threads.create()


def test_a_service_made_elsewhere_is_not_closed(service: FakeService) -> None:
    sync_client(service).close()
    asyncio.run(async_client(service).close())
    assert service.closed == 0


def test_nothing_is_left_open(service: FakeService) -> None:
    client = sync_client(service)
    client.beta.threads.create()
    real = doors.behind(client._client)[0]
    assert not real.is_closed
    del client
    gc.collect()
    # Warnings are errors here: an unclosed socket or client would have failed the test.


SDK_ERRORS: list[dict[str, Any]] = [{}, {"base_url": BASE}]


@pytest.mark.parametrize("options", SDK_ERRORS)
def test_a_missing_key_is_told_in_the_sdks_words(options: dict[str, Any]) -> None:
    for ours, theirs in ((bridge.OpenAI, openai.OpenAI), (bridge.AsyncOpenAI, openai.AsyncOpenAI)):
        with pytest.raises(openai.OpenAIError) as expected:
            theirs(**options)
        with pytest.raises(openai.OpenAIError, match=f"^{re.escape(str(expected.value))}$"):
            ours(**options)


def test_unknown_options_are_refused_as_by_the_sdk() -> None:
    with pytest.raises(TypeError, match="nonsense"):
        bridge.OpenAI(api_key="k", nonsense=1)


# --- the offline upstream


@pytest.mark.parametrize("options", [{"upstream": "scripted"}, {}])
def test_offline_needs_no_key(options: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    if not options:
        monkeypatch.setenv("BRIDGE_UPSTREAM", "scripted")
    client = bridge.OpenAI(**options)
    assert client.api_key == NO_KEY
    assert client.with_options(timeout=1).api_key == NO_KEY
    with pytest.raises(openai.NotFoundError):
        client.files.retrieve("file-nowhere")


OFFLINE: Any = [
    {"when": "dog", "search": {"results": [{"filename": "dog.txt", "text": "Brown."}]}, "say": "Brown{cite[0]}."},
    {"when": "always", "say": "Hello."},
]


def test_offline_other_calls_are_answered_by_the_same_upstream() -> None:
    """So a program with attachments runs without a key, unchanged."""
    client: Any = bridge.OpenAI(upstream=ScriptedUpstream(OFFLINE), store="memory")
    file = client.files.create(file=("dog.txt", b"The dog is brown."), purpose="assistants")
    batch = client.files.create(file=("b.jsonl", b"{}"), purpose="batch")
    assert client.with_options(timeout=9).files.content(batch.id).read() == b"{}"
    with pytest.raises(openai.BadRequestError, match="Not allowed to download files of purpose: assistants"):
        client.files.content(file.id)
    attached = [{"file_id": file.id, "tools": [{"type": "file_search"}]}]
    message = {"role": "user", "content": "The dog?", "attachments": attached}
    assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}])
    thread = client.beta.threads.create(messages=[message])
    (store_id,) = thread.tool_resources.file_search.vector_store_ids
    assert sdk.vector_stores(client).retrieve(store_id).file_counts.completed == 1
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    assert run.status == "completed"
    answer = client.beta.threads.messages.list(thread.id).data[0].content[0].text
    assert (answer.value, len(answer.annotations)) == ("Brown【0:0†dog.txt】.", 1)


@sdk.needs(hasattr(openai.OpenAI(api_key="k"), "responses"), "responses")
def test_offline_responses_are_whole_or_streamed() -> None:
    async def main() -> list[str]:
        async with bridge.AsyncOpenAI(upstream=ScriptedUpstream(OFFLINE), store="memory") as client:
            whole = await client.responses.create(model="gpt-4o", input="Hi")
            stream = await client.responses.create(model="gpt-4o", input="Hi", stream=True)
            ended = [event.response.output_text async for event in stream if event.type == "response.completed"]
            return [whole.output_text, *ended]

    assert asyncio.run(main()) == ["Hello.", "Hello."]
    client = bridge.OpenAI(upstream=ScriptedUpstream(OFFLINE), store="memory")
    with pytest.raises(openai.BadRequestError, match="Unknown parameter"):
        client.responses.create(model="gpt-4o", input="Hi", extra_body={"nonsense": 1})


def test_offline_with_a_key_passes_other_calls_on() -> None:
    outside = Outside()
    bridge.OpenAI(api_key="sk-1", upstream="scripted", base_url=BASE, http_client=mocked(outside)).models.list()
    assert len(outside.requests) == 1


# --- how a service is made


class Made(FakeService):
    def __init__(self, settings: Any, upstream: Any, on_callers_loop: bool) -> None:
        super().__init__()
        self.settings, self.upstream, self.on_callers_loop = settings, upstream, on_callers_loop


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Made]:
    """The services that `bridge.service.connect` was asked for."""
    services: list[Made] = []

    def connect(settings: Any, upstream: Any, *, on_callers_loop: bool = False) -> Made:
        services.append(Made(settings, upstream, on_callers_loop))
        return services[-1]

    monkeypatch.setattr("bridge.service.connect", connect)
    return services


def test_the_service_is_made_at_the_first_call_of_ours(made: list[Made], tmp_path: Path) -> None:
    client = bridge.OpenAI(api_key="k", base_url=BASE, store=tmp_path / "s.db", http_client=mocked(Outside()))
    client.models.list()
    assert made == []
    client.beta.threads.create()
    client.with_options(timeout=1).beta.threads.create()
    (service,) = made
    assert service.settings.store == str(tmp_path / "s.db")
    assert service.upstream.name == BASE
    assert service.on_callers_loop is False
    client.close()
    assert service.closed == 1


def test_settings_come_from_the_environment(made: list[Made], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_STORE", "memory")
    monkeypatch.setenv("BRIDGE_UPSTREAM", "http://else/v1")
    with bridge.OpenAI(api_key="k", base_url=BASE) as client:
        client.beta.threads.create()
    assert (made[0].settings.store, made[0].upstream.name) == ("memory", "http://else/v1")


def test_offline_the_upstream_is_scripted(made: list[Made]) -> None:
    with bridge.OpenAI(upstream="scripted") as client:
        client.beta.threads.create()
    assert made[0].upstream.name == "scripted"


def test_legs_stay_on_the_loop_of_the_users_async_client(made: list[Made]) -> None:
    async def main(**options: Any) -> None:
        async with bridge.AsyncOpenAI(api_key="k", base_url=BASE, **options) as client:
            await client.beta.threads.create()

    asyncio.run(main())
    asyncio.run(main(http_client=http.AsyncClient()))
    assert [service.on_callers_loop for service in made] == [False, True]
    assert [service.closed for service in made] == [1, 1]


def test_legs_go_through_the_users_client(made: list[Made]) -> None:
    seen: list[Any] = []

    def outside(request: Any) -> Any:
        seen.append(request)
        return http.Response(200, headers={"content-type": "text/event-stream"}, content=b'data: {"type":"x"}\n\n')

    client = bridge.OpenAI(
        api_key="k",
        base_url=BASE,
        timeout=5,
        http_client=mocked(outside),
        default_headers={"X-Team": "a"},
        default_query={"api-version": "2"},
        max_retries=0,
    )
    client.beta.threads.create()
    (service,) = made
    assert list(service.upstream.open({"model": "m"}, service.calls[0].credential)) == [{"type": "x"}]
    (request,) = seen
    assert (request.url.path, dict(request.url.params)) == ("/v1/responses", {"api-version": "2"})
    assert request.headers.get_list("authorization") == ["Bearer k"]
    assert request.headers.get_list("x-team") == ["a"]
    assert request.extensions["timeout"] == {"connect": 5, "read": 600, "write": 5, "pool": 5}
    client.close()


@pytest.mark.parametrize(
    ("timeout", "read"),
    [(5, 600), (900, 900), (None, None), (openai.Timeout(1, read=2), 600), (openai.Timeout(None), None)],
)
def test_a_leg_has_patience(timeout: Any, read: float | None) -> None:
    found = patient(timeout)
    assert (None if found is None else found.read) == read


# --- the twins


def test_the_two_families_have_the_same_door() -> None:
    folder = Path(doors.__file__).parent
    one, other = ((folder / name).read_text().split("\n", 1)[1] for name in ("httpx.py", "httpx2.py"))
    assert re.sub(r"\bhttpx2\b", "httpx", other) == one
