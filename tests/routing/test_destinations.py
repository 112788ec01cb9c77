"""The tables [[route]]: what they may say, whose runs they take, and what a server is told of who asks."""

from __future__ import annotations

import pytest

from bridge import routing
from bridge.calls import Call, Credential
from bridge.destinations import Destination
from bridge.errors import ConfigurationError
from bridge.routing.plan import Plan
from bridge.service import Service
from bridge.settings import Settings
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.upstream.assistants import Ask, Server

WRONG = [
    ("[route]", "`route` must be a table in double brackets"),
    ("[[route]]", 'say where the runs go: `to = "bridge"`'),
    ('[[route]]\nto = "legacy.example"', "must be \"bridge\" or a base URL"),
    ('[[route]]\nto = ""', "`to` must be a string"),
    ('[[route]]\nto = "bridge"\nassistants = []', "`assistants` must be a list of ids"),
    ('[[route]]\nto = "bridge"\nassistants = "asst_a"', "`assistants` must be a list of ids"),
    ('[[route]]\nto = "bridge"\npercent = 101', "`percent` must be a number from 0 to 100"),
    ('[[route]]\nto = "bridge"\npercent = true', "`percent` must be a number from 0 to 100"),
    ('[[route]]\nto = "bridge"\ntenants = ["a"]', "there is no `tenants`"),
    ('[[route]]\nto = "bridge"\napi_key_env = "KEY"', "keys are for other servers"),
    ('[[route]]\nto = "http://a/v1"\ncallers_key = "yes"', "`callers_key` is true or false"),
    ('[[route]]\nto = "http://a/v1"\ncallers_key = true\napi_key_env = "KEY"', "exclude each other"),
]  # fmt: skip


@pytest.mark.parametrize(("toml", "text"), WRONG)
def test_what_cannot_be_is_said_at_once(tmp_path, toml, text):
    (tmp_path / "bridge.toml").write_text(toml)
    with pytest.raises(ConfigurationError, match=text):
        Settings.from_environment(config=tmp_path / "bridge.toml", environment={})


def test_the_tables_are_read_in_their_order(tmp_path):
    (tmp_path / "bridge.toml").write_text(
        '[[route]]\nassistants = ["asst_a"]\npercent = 20\nto = "bridge"\n\n'
        '[[route]]\nto = "https://legacy.example/v1"\napi_key_env = "KEY"\n'
    )
    assert Settings.from_environment(config=tmp_path / "bridge.toml", environment={}).routes == (
        Destination("bridge", ("asst_a",), 20),
        Destination("https://legacy.example/v1", api_key_env="KEY"),
    )


def test_without_a_table_there_is_nothing_between_the_door_and_the_service():
    service = Service(MemoryStore(), ScriptedUpstream([]))
    assert routing.before(service, Settings(), service) is service


A, B = "http://a.example/v1", "http://b.example/v1"
ONLY_A = Destination(A, ("asst_1",))
REST_B = Destination(B)
HERE = Destination("bridge", ("asst_1",))

WHERE = [
    ([], "asst_1", None),
    ([ONLY_A], "asst_1", A),
    ([ONLY_A], "asst_2", None),
    ([ONLY_A, REST_B], "asst_1", A),
    ([ONLY_A, REST_B], "asst_2", B),
    ([HERE, ONLY_A, REST_B], "asst_1", None),
    ([Destination(A, percent=0), REST_B], "asst_1", B),
    ([REST_B, ONLY_A], "asst_1", B),
]


@pytest.mark.parametrize(("tables", "assistant_id", "url"), WHERE)
def test_the_first_table_that_fits_decides(tables, assistant_id, url):
    found = Plan(tables).server_of(assistant_id, "thread_a")
    assert (found and found.name) == url


def test_more_percent_are_more_threads_never_others():
    names = [f"thread_{number}" for number in range(2000)]
    few, many = (
        {name for name in names if Destination(A, percent=percent).takes("asst_1", name)} for percent in (20, 60)
    )
    assert few < many
    assert abs(len(few) / len(names) - 0.2) < 0.03
    assert abs(len(many) / len(names) - 0.6) < 0.03


SHARED = [
    ([Destination(A, percent=20), REST_B], True),
    ([Destination(A, percent=0), REST_B], False),
    ([REST_B, Destination(A, percent=20)], False),
    ([Destination(A, ("asst_2",), percent=20), REST_B], False),
    ([], False),
]


@pytest.mark.parametrize(("tables", "is_open"), SHARED)
def test_whether_it_depends_on_the_thread(tables, is_open):
    assert Plan(tables).is_open("asst_1") is is_open


KEEPERS = [
    ([ONLY_A], A),
    ([REST_B], None),
    ([HERE, REST_B], None),
    ([Destination("bridge", ("asst_1",), percent=20), ONLY_A], A),
]


@pytest.mark.parametrize(("tables", "url"), KEEPERS)
def test_an_assistant_is_kept_where_a_table_with_its_name_says(tables, url):
    found = Plan(tables).keeper_of("asst_1")
    assert (found and found.name) == url


# --- who asks

CALLER = Call("GET", "/threads", headers={"openai-beta": "assistants=v2", "cookie": "no"}, credential=Credential(
    {"authorization": "Bearer callers", "openai-organization": "org", "x-own": "no"}
))  # fmt: skip
BETA = {"openai-beta": "assistants=v2"}
AZURE = "https://r.openai.azure.com/openai?api-version=2024-05-01-preview"

TOLD = [
    (Destination(A), {**BETA, "authorization": "Bearer none"}),
    (Destination(A, api_key_env="LEGACY_KEY"), {**BETA, "authorization": "Bearer secret"}),
    (Destination(A, callers_key=True), {**BETA, "authorization": "Bearer callers", "openai-organization": "org"}),
    (Destination(AZURE, api_key_env="LEGACY_KEY"), {**BETA, "api-key": "secret"}),
]


@pytest.mark.parametrize(("destination", "headers"), TOLD)
def test_what_a_server_is_told_of_who_asks(monkeypatch, destination, headers):
    monkeypatch.setenv("LEGACY_KEY", "secret")
    assert Server(destination).credential(CALLER).headers == headers


def test_a_key_that_is_not_there_is_an_error_that_names_it(monkeypatch):
    monkeypatch.delenv("LEGACY_KEY", raising=False)
    with pytest.raises(ConfigurationError, match="the variable LEGACY_KEY is not set"):
        Server(Destination(A, api_key_env="LEGACY_KEY"))


def test_the_query_of_a_base_url_goes_with_each_call(legacy):
    server = Server(Destination(f"{legacy.base_url}?api-version=2024-05-01-preview"))
    try:
        answer = server.ask(Ask(server, "GET", "/assistants", CALLER, query={"limit": "1"}))
    finally:
        server.close()
    assert (answer.status, server.name) == (200, legacy.base_url)
    assert legacy.seen[-1][1:2] == ("/v1/assistants",)
    assert legacy.queries[-1] in ("api-version=2024-05-01-preview&limit=1", "limit=1&api-version=2024-05-01-preview")
