from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bridge.candidates import Candidate
from bridge.errors import ConfigurationError
from bridge.lifecycle import Policy
from bridge.settings import NAMES, Options, Settings


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", *map(str.upper, NAMES)):
        monkeypatch.delenv(f"BRIDGE_{name}", raising=False)


def write(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "bridge.toml"
    path.write_text(text)
    return path


def test_nothing_said() -> None:
    settings = Settings.from_environment()
    assert (settings.store, settings.upstream, settings.config) == (None, None, None)
    assert settings.origins == dict.fromkeys(NAMES, "default")
    assert settings.options() == Options()
    assert settings.profile_of("https://api.openai.com/v1").name == "openai"


def test_what_operations_go_by(tmp_path: Path) -> None:
    (tmp_path / "names.json").write_text('{"models": {"old": "new"}}')
    write(tmp_path, '[bridge]\nmodels = "names.json"\nbackground = "on"\nprofile = "vllm"\nbeta_v1 = "refuse"')
    settings = Settings.from_environment()
    assert settings.options() == Options(Policy("auto", {"old": "new"}), background=True, converts_beta_v1=False)
    assert settings.profile_of("https://api.openai.com/v1").name == "vllm"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("BETA_V1", "convert", Options()),
        ("BETA_V1", "refuse", Options(converts_beta_v1=False)),
        ("LOUD_FAILURES", "on", Options(loud_failures=True)),
        ("LOUD_FAILURES", "off", Options()),
        ("MISSING_THREADS", "create", Options(creates_missing_threads=True)),
        ("MISSING_THREADS", "error", Options()),
    ],
)
def test_words_are_the_same_in_file_and_environment(name: str, value: str, expected: Options, tmp_path: Path) -> None:
    assert Settings.from_environment(environment={f"BRIDGE_{name}": value}).options() == expected
    write(tmp_path, f'[bridge]\n{name.lower()} = "{value}"')
    settings = Settings.from_environment()
    assert settings.options() == expected
    assert settings.origins[name.lower()] == str(tmp_path / "bridge.toml")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("BRIDGE_BACKGROUND", "maybe", "on or off"),
        ("BRIDGE_BETA_V1", "on", "`beta_v1` is convert or refuse, not 'on'"),
        ("BRIDGE_LOUD_FAILURES", "yes", "`loud_failures` is on or off"),
        ("BRIDGE_MISSING_THREADS", "on", "`missing_threads` is error or create, not 'on'"),
        ("BRIDGE_PROFILE", "acme", "There is no profile 'acme'. There are: openai"),
        ("BRIDGE_MODELS", "nowhere.json", "off, suggest, auto, or a JSON file"),
    ],
)
def test_what_cannot_work_says_so_at_once(name: str, value: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Settings.from_environment(environment={name: value})


def test_explicit_before_environment_before_file(tmp_path: Path) -> None:
    write(tmp_path, '[bridge]\nstore = "file.db"\nupstream = "http://file/v1"')
    settings = Settings.from_environment(store="mine.db", environment={"BRIDGE_STORE": "env.db"})
    assert (settings.store, settings.origins["store"]) == ("mine.db", "given explicitly")
    settings = Settings.from_environment(environment={"BRIDGE_STORE": "env.db"})
    assert (settings.store, settings.origins["store"]) == ("env.db", "environment variable BRIDGE_STORE")
    settings = Settings.from_environment()
    assert (settings.upstream, settings.origins["upstream"]) == ("http://file/v1", str(tmp_path / "bridge.toml"))


def test_an_empty_variable_says_nothing() -> None:
    assert Settings.from_environment(environment={"BRIDGE_STORE": "", "BRIDGE_CONFIG": ""}).store is None


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ('store = "data/b.db"', "{folder}/data/b.db"),
        ('store = "/abs/b.db"', "/abs/b.db"),
        ('store = "memory"', "memory"),
        ('store = "postgresql://h/db"', "postgresql://h/db"),
        ("", "{folder}/.bridge/bridge.db"),
    ],
)
def test_paths_of_the_file_are_relative_to_it(written: str, meant: str, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    file = write(folder, f"[bridge]\n{written}")
    assert Settings.from_environment(config=file).store == meant.format(folder=folder)


def test_a_script_named_by_the_file_is_relative_to_it(tmp_path: Path) -> None:
    file = write(tmp_path / "a", '[bridge]\nupstream = "scripted:play.yaml"')
    settings = Settings.from_environment(environment={"BRIDGE_CONFIG": str(file)})
    assert settings.upstream == f"scripted:{tmp_path}/a/play.yaml"
    assert settings.is_scripted


@pytest.mark.parametrize(
    ("upstream", "is_scripted"),
    [(None, False), ("scripted", True), ("scripted:x.yaml", True), ("http://scripted/v1", False)],
)
def test_the_offline_upstream_is_known(upstream: str | None, is_scripted: bool) -> None:
    assert Settings(upstream=upstream).is_scripted is is_scripted


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[bridge]\nstroe = "x"', "no setting `stroe`. There are: store, upstream"),
        ("[bridge]\nstore = 1", "`store` must be a string, not 1"),
        ("bridge = 1", "must be a table"),
        ('store = "x"', "`store` is not in the table .bridge."),
        ('[bridge]\n[store]\npath = "x"', "`store` is not in the table .bridge."),
        ("[bridge", "cannot be read"),
        ('shadow = "x"', "must be a table in double brackets: ..shadow.."),
        ("[shadow]\nmodel = 'x'", "must be a table in double brackets: ..shadow.."),
        ("[[shadow]]", r"\[\[shadow\]\] 1: say what is tried: another `model`, another `upstream`, or both"),
        ("[[shadow]]\nmodle = 'x'", "there is no `modle`. There are: name, assistants, percent, model"),
        ("[[shadow]]\nmodel = 1", "`model` must be a string, not 1"),
        ("[[shadow]]\nmodel = 'x'\npercent = 101", "`percent` must be a number from 0 to 100, not 101"),
        ("[[shadow]]\nmodel = 'x'\nseconds = -1", "`seconds` must be a number from 0 up, not -1"),
        ("[[shadow]]\nmodel = 'x'\npercent = true", "`percent` must be a number"),
        ("[[shadow]]\nmodel = 'x'\nassistants = 'asst_a'", "`assistants` must be a list of ids"),
        ("[[shadow]]\nmodel = 'x'\nassistants = []", "`assistants` must be a list of ids"),
        ("[[shadow]]\nmodel = 'x'\nprofile = 'acme'", "There is no profile 'acme'"),
        ("[[shadow]]\nmodel = 'x'\n[[shadow]]\nmodel = 'x'", r"two tables \[\[shadow\]\] are named 'x'"),
    ],
)
def test_files_that_cannot_work(text: str, message: str, tmp_path: Path) -> None:
    write(tmp_path, text)
    with pytest.raises(ConfigurationError, match=message):
        Settings.from_environment()


def test_candidates_of_the_file(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a",
        """
        [bridge]
        store = "memory"
        [[shadow]]
        model = "gpt-6-luna"
        percent = 12.5
        [[shadow]]
        name = "mine"
        upstream = "scripted:play.yaml"
        assistants = ["asst_a", "asst_b"]
        at_once = 2
        """,
    )
    assert Settings.from_environment(config=file).shadows == (
        Candidate("gpt-6-luna", model="gpt-6-luna", percent=12.5),
        Candidate("mine", ("asst_a", "asst_b"), upstream=f"scripted:{tmp_path}/a/play.yaml", at_once=2.0),
    )


def test_a_file_that_is_named_must_be_there() -> None:
    with pytest.raises(ConfigurationError, match="There is no file"):
        Settings.from_environment(config="nowhere.toml")


def test_the_file_beside_the_program_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, '[bridge]\nstore = "memory"')
    beside = write(tmp_path / "app", '[bridge]\nupstream = "scripted"')
    monkeypatch.setattr(sys.modules["__main__"], "__file__", str(tmp_path / "app" / "main.py"))
    assert Settings.from_environment().config == beside
