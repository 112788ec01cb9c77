from __future__ import annotations

import subprocess
import sys

import pytest

import bridge

HEAVY = ("sqlalchemy", "starlette", "uvicorn", "openai", "pydantic", "httpx", "httpx2", "anyio", "orjson", "attr")


def modules_after(code: str) -> set[str]:
    """Names of the packages that a fresh interpreter has loaded after `code`."""
    program = f"import sys\n{code}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_bridge_imports_nothing_else() -> None:
    assert not modules_after("import bridge") & {*HEAVY}


@pytest.mark.slow
def test_a_client_without_calls_of_ours_needs_no_store_and_no_server() -> None:
    code = "import bridge; bridge.OpenAI(api_key='k').close()"
    assert not modules_after(code) & {"sqlalchemy", "starlette", "uvicorn", "yaml"}


@pytest.mark.parametrize("name", bridge.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(bridge, name) is not None
    assert name in dir(bridge)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="module 'bridge' has no attribute 'nonsense'"):
        _ = bridge.nonsense  # type: ignore[attr-defined]


def test_without_the_extra_the_gateway_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    import bridge.gateway as gateway

    for name in [name for name in sys.modules if name.startswith(("starlette", "bridge.gateway."))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(bridge.ConfigurationError, match=r"needs starlette.*assistants-bridge\[server\]"):
        _ = gateway.create_app
