"""What `bridge doctor --probe` found: what the upstream answered when asked what it can do, beside its profile."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Final

from bridge.cli import judging, options
from bridge.cli.findings import Finding, Level
from bridge.cli.judging import Heard
from bridge.profiles import Profile
from bridge.settings import Settings

WORDS: Final = {True: "yes", False: "no", None: "not known"}
SHOWN: Final = 200
"""Characters of an answer that is none."""


def probed(settings: Settings, model: str | None = None) -> Iterator[Finding]:
    """What the upstream answers when it is asked what it can do (cli/probing.py), beside its profile."""
    from bridge.cli.probing import Probe

    if settings.is_scripted:
        yield _finding("note", "probe", "not asked", "the offline upstream is in this process")
        return
    url = options.upstream(settings)[0]
    profile = settings.profile_of(url)
    with Probe(url, os.environ.get("OPENAI_API_KEY")) as probe:
        model = model or probe.model(profile)
        if model is None:
            yield _finding("wrong", "probe", "not asked", "the upstream lists no models: name one with --model")
            return
        heard = dict(probe.answers(model))
    yield from _answered(heard, model)
    if "streamed" in heard:
        yield from _beside(judging.profile(heard), profile)


def _answered(heard: Mapping[str, Heard], model: str) -> Iterator[Finding]:
    """Whether the one thing works that has to: POST /responses, whole and streamed."""
    for name, works in (("whole", judging.works), ("streamed", judging.streams)):
        if name not in heard:
            continue
        if works(heard[name]):
            yield _finding("ok", "responses", name, f"asked {model}")
        else:
            status = f"HTTP {heard[name].status}" if heard[name].status else "no answer"
            yield _finding("wrong", "responses", f"{name}: {status}", " ".join(heard[name].said.split())[:SHOWN])


def _beside(found: Profile, profile: Profile) -> Iterator[Finding]:
    """Each ability that could be asked for, and what the profile in force says of it."""
    different = judging.differences(found, profile)
    for name in judging.JUDGES:
        said, expected = found.abilities()[name], profile.abilities()[name]
        remark = f"{profile.name} says: {'tried' if expected is None else WORDS[expected]}"
        yield _finding("note" if name in different else "ok", name, WORDS[said], remark)
    nearest = judging.nearest(found)
    missed = judging.differences(found, nearest)
    remark = f"but for {', '.join(missed)}" if missed else "agrees in all that was found"
    if nearest is not profile and not missed:
        remark += f": BRIDGE_PROFILE={nearest.name}"
    elif different:
        remark += "; BRIDGE_PROFILE=generic tries everything"
    yield _finding("ok", "nearest profile", nearest.name, remark)


def _finding(level: Level, subject: str, value: str, remark: str) -> Finding:
    return Finding("probe", level, subject, value, remark)
