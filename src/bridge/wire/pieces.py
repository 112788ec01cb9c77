"""The parts that several requests share: tools, resources, contents, formats (assistants-wire §2-§5)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from bridge.wire import fields
from bridge.wire.fields import array_of, between, by_type, items, length, string_or_array, tag, words
from bridge.wire.validate import Shape

Metadata = Annotated[dict[str, str], fields.metadata()]
AssistantId = Annotated[str, fields.id_of("assistant")]
Model = Annotated[str, length(minimum=1)]
Instructions = Annotated[str, length(256_000)]
Name = Annotated[str, fields.name()]
Ids = Annotated[list[str], array_of("strings")]
Temperature = Annotated[float, between(0, 2)]
TopP = Annotated[float, between(0, 1)]
Effort = Annotated[Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"], words()]
Budget = Annotated[int, between(256)]

# --- tools


class CodeInterpreter(Shape):
    type: Literal["code_interpreter"]


class RankingOptions(Shape):
    ranker: Annotated[Literal["auto", "default_2024_08_21"], words()] = "auto"
    score_threshold: Annotated[float, between(0, 1)]
    hybrid_search: None = None  # no setting of this API, but every answer has it: programs send back what they read


class FileSearchOptions(Shape):
    max_num_results: Annotated[int, between(1, 50)] = 20
    ranking_options: RankingOptions | None = None


class FileSearch(Shape):
    type: Literal["file_search"]
    file_search: FileSearchOptions = FileSearchOptions()


class FunctionDefinition(Shape):
    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Function(Shape):
    type: Literal["function"]
    function: FunctionDefinition


Tool = Annotated[
    Annotated[CodeInterpreter, Tag("<code_interpreter>")]
    | Annotated[Function, Tag("<function>")]
    | Annotated[FileSearch, Tag("<file_search>")],
    Discriminator(tag),
    by_type("code_interpreter", "function", "file_search"),
]
Tools = Annotated[list[Tool], array_of("objects"), items(128)]
"""128 for runs too: an assistant's tools may be given to its runs (§11)."""

# --- tool_resources


class FileIds(Shape):
    file_ids: Annotated[Ids, items(20)] = Field(default_factory=list)


class VectorStoreIds(Shape):
    vector_store_ids: Annotated[Ids, items(1)] = Field(default_factory=list)


class Resources(Shape):
    """Of what is there already. The SDK's `model_dump` has null for the tools that have none."""

    code_interpreter: FileIds | None = None
    file_search: VectorStoreIds | None = None


class AutoChunking(Shape):
    type: Literal["auto"]


class Chunks(Shape):
    max_chunk_size_tokens: Annotated[int, between(100, 4096)]
    chunk_overlap_tokens: Annotated[int, between(0)]


class StaticChunking(Shape):
    type: Literal["static"]
    static: Annotated[Chunks, fields.overlapping()]


class NewVectorStore(Shape):
    file_ids: Ids = Field(default_factory=list)
    chunking_strategy: (
        Annotated[
            Annotated[AutoChunking, Tag("<auto>")] | Annotated[StaticChunking, Tag("<static>")],
            Discriminator(tag),
            by_type("auto", "static"),
        ]
        | None
    ) = None
    metadata: Metadata | None = None


class NewVectorStores(VectorStoreIds):
    vector_stores: Annotated[list[NewVectorStore], array_of("objects"), items(1)] = Field(default_factory=list)


class NewResources(Shape):
    """Those that create calls take: they may make a vector store."""

    code_interpreter: FileIds | None = None
    file_search: Annotated[NewVectorStores, fields.one_of("vector_store_ids", "vector_stores")] | None = None


# --- messages


class TextPart(Shape):
    type: Literal["text"]
    text: Annotated[str, length(256_000, minimum=1)]


class ImageUrl(Shape):
    url: Annotated[str, fields.url()]
    detail: Annotated[Literal["auto", "low", "high"], words()] = "auto"


class ImageUrlPart(Shape):
    type: Literal["image_url"]
    image_url: ImageUrl


class ImageFile(Shape):
    file_id: Annotated[str, fields.id_of("file")]
    detail: Annotated[Literal["auto", "low", "high"], words()] = "auto"


class ImageFilePart(Shape):
    type: Literal["image_file"]
    image_file: ImageFile


Part = Annotated[
    Annotated[TextPart, Tag("<text>")]
    | Annotated[ImageUrlPart, Tag("<image_url>")]
    | Annotated[ImageFilePart, Tag("<image_file>")],
    Discriminator(tag),
    by_type("text", "image_url", "image_file"),
]
Content = Annotated[
    Annotated[str, length(256_000, minimum=1), Tag("<string>")]
    | Annotated[list[Part], items(minimum=1), Tag("<array>")],
    Discriminator(tag),
    string_or_array(),
]


class FileSearchOnly(Shape):
    """As in attachments, where there is nothing to set."""

    type: Literal["file_search"]


class Attachment(Shape):
    file_id: Annotated[str, fields.id_of("file")]
    tools: Annotated[
        list[
            Annotated[
                Annotated[CodeInterpreter, Tag("<code_interpreter>")] | Annotated[FileSearchOnly, Tag("<file_search>")],
                Discriminator(tag),
                by_type("code_interpreter", "file_search"),
            ]
        ],
        array_of("objects"),
    ]


# --- how to answer


class TextFormat(Shape):
    type: Literal["text"]


class JsonObjectFormat(Shape):
    type: Literal["json_object"]


class JsonSchema(Shape):
    name: Name
    description: str | None = None
    schema_: dict[str, Any] | None = Field(None, alias="schema")
    strict: bool | None = None


class JsonSchemaFormat(Shape):
    type: Literal["json_schema"]
    json_schema: JsonSchema


ResponseFormat = Annotated[
    Annotated[Literal["auto"], Tag("<string>")]
    | Annotated[TextFormat, Tag("<text>")]
    | Annotated[JsonObjectFormat, Tag("<json_object>")]
    | Annotated[JsonSchemaFormat, Tag("<json_schema>")],
    Discriminator(tag),
    fields.word_or_object(("auto",), ("json_object", "json_schema", "text")),
]


class FunctionName(Shape):
    name: str


class NamedFunction(Shape):
    type: Literal["function"]
    function: FunctionName


ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], Tag("<string>")]
    | Annotated[NamedFunction, Tag("<function>")]
    | Annotated[CodeInterpreter, Tag("<code_interpreter>")]
    | Annotated[FileSearchOnly, Tag("<file_search>")],
    Discriminator(tag),
    fields.word_or_object(("none", "auto", "required"), ("function", "code_interpreter", "file_search")),
]


class AutoTruncation(Shape):
    type: Literal["auto"]
    last_messages: Annotated[int, between(1)] | None = None


class LastMessages(Shape):
    type: Literal["last_messages"]
    last_messages: Annotated[int, between(1)]


Truncation = Annotated[
    Annotated[AutoTruncation, Tag("<auto>")] | Annotated[LastMessages, Tag("<last_messages>")],
    Discriminator(tag),
    by_type("auto", "last_messages"),
]
