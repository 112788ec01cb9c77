"""Scripts out of YAML, JSON or Python data. Whatever cannot work is a ConfigurationError that names the place.

The format is described in docs/scripted-upstream.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Final, TypeAlias

import orjson

from bridge.errors import ConfigurationError
from bridge.upstream.scripted.actions import ACTIONS
from bridge.upstream.scripted.quirks import OF_SERVERS, QUIRKS
from bridge.upstream.scripted.script import ENDINGS, Action, Answer, Cut, Error, Rule, Script, Wait, When
from bridge.upstream.scripted.values import expect, mapping, seconds, text, tokens, wrong

Source: TypeAlias = Script | Mapping[str, Any] | Sequence[Mapping[str, Any]] | str


def weather() -> Script:
    """The default script: the weather assistant of the function calling guide. JSON: a bare install reads it."""
    return read(orjson.loads(files(__package__).joinpath("weather.json").read_bytes()))


def read_file(path: str | Path) -> Script:
    """The script in a YAML (or JSON) file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"The script {path} cannot be read: {error.strerror}.") from error
    data = orjson.loads(text) if str(path).endswith(".json") else parse_yaml(text)
    return read(data)


def parse_yaml(text: str) -> Any:
    """Imported on use: YAML comes with the extras `server` and `tools`, not with the core."""
    try:
        import yaml
    except ImportError as error:
        raise ConfigurationError(
            "A scripted upstream reads YAML: pip install 'assistants-bridge[tools]', or give it Python data or .json."
        ) from error
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"The script is not YAML: {error}") from error


def read(source: Source) -> Script:
    """A script of Python data or of YAML text. A list is a list of rules."""
    if isinstance(source, Script):
        return source
    data = parse_yaml(source) if isinstance(source, str) else source
    if isinstance(data, Sequence) and not isinstance(data, str):
        data = {"rules": data}
    table = mapping(data, "the script", {"rules", "strict", "quirks", "window", "ingestion", "container_seconds"})
    lives = table.get("container_seconds")
    return Script(
        rules=rules(table.get("rules") or [], "rules"),
        strict=expect(table.get("strict", False), bool, "strict"),
        quirks=quirks(table.get("quirks") or [], "quirks"),
        window=None if table.get("window") is None else tokens(table["window"], "window"),
        ingestion=seconds(table.get("ingestion", 0), "ingestion"),
        container_seconds=None if lives is None else seconds(lives, "container_seconds"),
    )


def rules(data: Any, place: str) -> tuple[Rule, ...]:
    return tuple(rule(each, f"{place}[{index}]") for index, each in enumerate(expect(data, list, place)))


def rule(data: Any, place: str) -> Rule:
    table = mapping(data, place, {"when", "times", *ANSWER})
    times = table.get("times")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise wrong(f"{place}.times", "a whole number of at least 1", times)
    return Rule(place, when(table.get("when", "always"), f"{place}.when"), answer(table, place), times)


def when(data: Any, place: str) -> When:
    words = text(data, place)
    return When(None if words == "always" else words)


def answer(table: Mapping[str, Any], place: str) -> Answer:
    actions = action_list(table, place)
    for action in actions[:-1]:
        if isinstance(action, ENDINGS) and not isinstance(action, Cut):  # what is cut off goes on in the background
            raise ConfigurationError(f"{place}: nothing can follow {type(action).__name__.lower()}.")
    if isinstance(actions[-1], Error) and not all(isinstance(action, Wait) for action in actions[:-1]):
        raise ConfigurationError(f"{place}: an error is the whole answer; only wait can stand before it.")
    result = Answer(actions, follow_ups(table.get("then"), f"{place}.then"), own_quirks(table, place))
    if result.then and not result.calls:
        raise ConfigurationError(f"{place}: then is for tool outputs, and nothing is called here.")
    return result


def action_list(table: Mapping[str, Any], place: str) -> tuple[Action, ...]:
    """The actions of a rule: its own keys, in their order, or the one-key tables of its list `do`."""
    own = [(name, value) for name, value in table.items() if name in ACTIONS]
    if "do" in table and own:
        raise ConfigurationError(f"{place}: give either do or {own[0][0]}, not both.")
    for index, each in enumerate(expect(table.get("do", []), list, f"{place}.do")):
        step = mapping(each, f"{place}.do[{index}]", set(ACTIONS))
        own.extend(step.items())
    if not own:
        raise ConfigurationError(f"{place}: says and does nothing; give one of {', '.join(ACTIONS)}.")
    return tuple(ACTIONS[name](value, f"{place}.{name}") for name, value in own)


def follow_ups(data: Any, place: str) -> tuple[Rule, ...]:
    """One answer, or rules that look at the outputs."""
    if data is None:
        return ()
    return (rule(data, place),) if isinstance(data, Mapping) else rules(data, place)


ANSWER: Final = (*ACTIONS, "do", "then", "quirks")


def own_quirks(table: Mapping[str, Any], place: str) -> frozenset[str]:
    """Those of one answer."""
    found = quirks(table.get("quirks") or [], place)
    for name in sorted(found & {*OF_SERVERS}):
        raise ConfigurationError(f"{place}: {name} is a quirk of a server, not of an answer; give it to the script.")
    return found


def quirks(data: Any, place: str) -> frozenset[str]:
    for name in data:
        if name not in QUIRKS:
            raise ConfigurationError(f"{place}: there is no quirk {name!r}; known are {', '.join(QUIRKS)}.")
    return frozenset(data)
