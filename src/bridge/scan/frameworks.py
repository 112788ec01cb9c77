"""Frameworks whose classes call the Assistants API inside: where such a class is imported from, and what comes after.

Looked up in the packages themselves: langchain 0.1.20, langchain-community 0.2.19, llama-index-agent-openai 0.4.12,
autogen-ext 0.7.5, pyautogen 0.2.35, semantic-kernel 1.29.0, agency-swarm 0.7.2, marvin 2.3.8, langroid 0.50.0, litellm
1.60.0, astra-assistants 2.2.13, phidata 2.7.10, griptape 1.5.0; npm: langchain 0.1.37, ai 3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from attrs import frozen

from bridge.scan.findings import Finding
from bridge.scan.languages import Source
from bridge.scan.python.values import Sureness
from bridge.scan.rules import RULES


@frozen
class Framework:
    """`imported` matches the dotted path of an import in Python, or ``module name`` in JavaScript. `after` is what
    takes its place, "" if nothing is known."""

    name: str
    imported: re.Pattern[str]
    after: str = ""
    sureness: Sureness = "certain"


def _framework(name: str, pattern: str, after: str = "", sureness: Sureness = "certain") -> Framework:
    return Framework(name, re.compile(pattern), after, sureness)


PYTHON: Final = (
    _framework(
        "LangChain's OpenAIAssistantRunnable",
        r"langchain\w*(\.\w+)*\.OpenAIAssistant(V2)?Runnable",
        "ChatOpenAI(use_responses_api=True) and an agent",
    ),
    _framework("LlamaIndex's OpenAIAssistantAgent", r"llama_index(\.\w+)*\.OpenAIAssistantAgent", "FunctionAgent"),
    _framework(
        "AutoGen's GPTAssistantAgent",
        r"(autogen|ag2)\.agentchat\.contrib\.gpt_assistant_agent(\.GPTAssistantAgent)?",
        "AssistantAgent",
    ),
    _framework("AutoGen's OpenAIAssistantAgent", r"autogen_ext(\.\w+)*\.OpenAIAssistantAgent", "OpenAIAgent"),
    _framework(
        "Semantic Kernel's assistant agent",
        r"semantic_kernel\.agents(\.\w+)*\.((Azure|OpenAI)Assistant(Agent|Thread)|AssistantAgentThread)",
        "OpenAIResponsesAgent",
    ),
    _framework(
        "Agency Swarm (before 1.0 on the Assistants API)", r"agency_swarm(\.\w+)*\.(Agent|Agency)", "1.0", "possible"
    ),
    _framework("Marvin's assistants", r"marvin\.beta(\.\w+)*\.(Assistant|Application|Thread|Run|AIFlow)", "Marvin 3"),
    _framework("Langroid's OpenAIAssistant", r"langroid(\.\w+)*\.OpenAIAssistant(Config)?", "ChatAgent"),
    _framework("phidata's OpenAIAssistant", r"phi\.assistant\.openai(\.\w+)*", "Agno's Agent"),
    _framework("Griptape's OpenAiAssistantDriver", r"griptape(\.\w+)*\.\w*OpenAiAssistantDriver", "its prompt drivers"),
    _framework("astra-assistants", r"astra_assistants(\.\w+)*"),
)

LITELLM: Final = frozenset(
    {"create_assistants", "delete_assistant", "get_assistants", "create_thread", "get_thread", "add_message"}
    | {"get_messages", "run_thread", "run_thread_stream"}
)
"""Functions of litellm that pass calls of the Assistants API on; each has an async one that begins with a."""

JAVASCRIPT: Final = (
    _framework(
        "LangChain's OpenAIAssistantRunnable",
        r"langchain\S* OpenAIAssistantRunnable",
        "ChatOpenAI with useResponsesApi and an agent",
    ),
    _framework("Vercel's AssistantResponse", r"ai AssistantResponse", "streamText with openai.responses"),
    _framework("Vercel's useAssistant", r"(ai/\w+|@ai-sdk/\w+) (experimental_)?useAssistant", "useChat"),
    _framework("LlamaIndex's OpenAIAssistant", r"llamaindex\S* OpenAIAssistant\w*"),
)

IMPORT: Final = re.compile(
    r"import\s*(?:type\s*)?\{(?P<names>[^{}]{1,2000})\}\s*from\s*[\"'](?P<module>[^\"'\n]+)[\"']"
    r"|\{(?P<taken>[^{}]{1,2000})\}\s*=\s*(?:await\s+import|require)\(\s*[\"'](?P<required>[^\"'\n]+)[\"']"
)


def of_python(path: str) -> Framework | None:
    """Whose class or function this is, by its dotted path."""
    return next((each for each in PYTHON if each.imported.fullmatch(path)), _litellm(path))


def _litellm(path: str) -> Framework | None:
    package, _, name = path.rpartition(".")
    is_one = package.split(".")[0] == "litellm" and (name in LITELLM or name.removeprefix("a") in LITELLM)
    return Framework(f"litellm.{name}", re.compile(""), "litellm.responses") if is_one else None


def of_javascript(module: str, name: str) -> Framework | None:
    return next((each for each in JAVASCRIPT if each.imported.fullmatch(f"{module} {name}")), None)


def findings(source: Source) -> Iterator[Finding]:
    """What a file of JavaScript imports of them."""
    if source.language.name not in ("javascript", "markup"):
        return
    for match in IMPORT.finditer(source.uncommented()):
        module, names = match["module"] or match["required"], match["names"] or match["taken"]
        for name in re.findall(r"\w+", names):
            known = of_javascript(module, name)
            if known is not None:
                rule, place = RULES["framework"], source.place(match.start())
                yield Finding(rule.id, rule.severity, known.sureness, place, known.name, rule.cure)
