"""What an expression may be found to be. Nothing is run: a value is what can be read from the file alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from attrs import evolve, field, frozen

if TYPE_CHECKING:
    import libcst as cst

    from bridge.scan.python.scopes import Scope

Sureness = Literal["certain", "likely", "possible"]
"""certain: the client was traced to the package that it is from. likely: ``….beta.threads`` or ``….beta.assistants`` of
something unknown. possible: by the name of the method alone."""

SURENESS: Final[tuple[Sureness, ...]] = ("certain", "likely", "possible")

SEES_THROUGH: Final = ("with_raw_response", "with_streaming_response")
"""Parts of a resource that have the resource's own methods."""

MAKERS: Final = {
    "OpenAI": False,
    "AzureOpenAI": False,
    "BedrockOpenAI": False,
    "Client": False,
    "AsyncOpenAI": True,
    "AsyncAzureOpenAI": True,
    "AsyncBedrockOpenAI": True,
    "AsyncClient": True,
}
"""The SDK's classes of clients, and whether they are async."""

PACKAGES: Final = ("openai", "bridge", "langfuse.openai", "posthog.ai.openai")
"""Packages whose classes of these names are the SDK's clients. Others (langchain_openai, say) name other things so."""


@frozen
class Named:
    """What an import names: ``openai.OpenAI``, ``openai``, ``myapp.clients.client``."""

    path: str


@frozen
class Client:
    """A client, or a part of it: `path` is what was read of it (``beta.threads``). `is_async` is None where nothing
    says. `package` is whose client it is, as far as known."""

    path: str = ""
    is_async: bool | None = None
    sureness: Sureness = "certain"
    why: str = ""
    package: str | None = None

    def part(self, name: str) -> Client:
        if name in SEES_THROUGH:
            return self
        return evolve(self, path=f"{self.path}.{name}" if self.path else name)


@frozen
class Made:
    """What an operation gives: `what` is its name in the table (``run``, ``list of message``, ``stream``), `path` what
    was read of it (``usage.prompt_tokens``; ``[]`` for an element). `call` is where it comes from, if that is known."""

    what: str
    path: str = ""
    call: cst.Call | None = field(default=None, eq=False, repr=False)

    def part(self, name: str) -> Made:
        return evolve(self, path=f"{self.path}.{name}" if self.path else name)

    def element(self) -> Made:
        """One of a list; of the list itself, or of its ``data``."""
        if self.what.startswith("list of ") and self.path in ("", "data"):
            return Made(self.what.removeprefix("list of "), "", self.call)
        return evolve(self, path=f"{self.path}[]")


@frozen
class Defined:
    """A class or function of this file (`is_made`: an object of the class)."""

    scope: Scope = field(eq=id, repr=False)
    is_made: bool = False


@frozen
class Several:
    """A list or dict of such things."""

    each: Value


@frozen
class Constant:
    """A literal value."""

    value: Any = field(eq=repr)


Value: TypeAlias = Named | Client | Made | Defined | Several | Constant


def client_of(path: str) -> Client | None:
    """What calling the thing of this name gives, if it is a class of clients."""
    package, _, name = path.rpartition(".")
    if name not in MAKERS or not any(package == each or package.startswith(f"{each}.") for each in PACKAGES):
        return None
    return Client("", MAKERS[name], "certain", f"made by {path}", package.partition(".")[0])
