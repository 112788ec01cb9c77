"""The proofs of `bridge codemod --prove`: what is run, said before, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from attrs import define, field

from bridge.cli import output
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.codemod.files import Patch
    from bridge.codemod.proving import Evidence, Proving

SCRIPTED: Final = "scripted"


@define
class Proofs:
    """By file. Files without a whole conversion have none: nothing of them changes but comments."""

    how: Proving
    found: dict[Path, Evidence] = field(factory=dict)

    @classmethod
    def of(cls, upstream: str, tape: Path | None, stdin: Path | None) -> Proofs:
        """Raises ConfigurationError for what cannot be read."""
        from bridge.codemod.proving import Proving

        text = "" if stdin is None else _read(stdin)
        return cls(Proving(_script(upstream, tape), stdin=text))

    def run(self, patches: list[Patch]) -> None:
        from bridge.codemod.proving import prove

        for patch in patches:
            if patch.converted.is_done and patch.is_change:
                output.tell(f"{patch.path}: runs `bridge run {patch.path}`, then the patched program")
                evidence = self.found[patch.path] = prove(patch.path, patch.converted.code, self.how)
                self._tell(patch.path, evidence)

    def _tell(self, path: Path, evidence: Evidence) -> None:
        asked = len(evidence.before.requests) if evidence.before is not None else 0
        output.tell(f"{path}: {evidence.verdict}, {asked} requests to the model")
        for sentence in (*evidence.findings, *evidence.remarks):
            output.tell(f"    {sentence}")

    def allows(self, patch: Patch) -> bool:
        """Comments need no proof, a conversion does."""
        evidence = self.found.get(patch.path)
        return evidence is None or evidence.verdict == "proved"

    @property
    def is_good(self) -> bool:
        return all(each.verdict == "proved" for each in self.found.values())

    def document(self) -> list[dict[str, Any]]:
        """The evidence as JSON: one object a file."""
        from attrs import asdict

        return [{"file": str(path), **asdict(evidence)} for path, evidence in self.found.items()]


def _script(upstream: str, tape: Path | None) -> Any:
    from bridge.codemod.proving import tapes
    from bridge.upstream.scripted import reading

    if tape is not None:
        return tapes.script(tape)
    if upstream == SCRIPTED:
        return None
    if not upstream.startswith(f"{SCRIPTED}:"):
        raise ConfigurationError(
            f"--upstream is scripted or scripted:FILE, not {upstream!r}: a model answers otherwise each time."
        )
    return reading.read_file(upstream.partition(":")[2])


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
