"""What the model is shown by each program: the conversations, of which every request is a beginning."""

from __future__ import annotations

Conversation = list[str]

CALLED = ['call {"city":"Paris"}', "output 21 degrees", "assistant It is 21 degrees in Paris."]
WEATHER = ["user How is the weather in Paris?", *CALLED]
NOW = ["user And the weather now?", *CALLED]
WHICH = ["user Which city was that?", "assistant You asked about Paris."]
DOG = ["user What colour is the dog?", "assistant It is brown【0:0†dog.txt】."]
PLOT = ["user Plot the temperatures.", "assistant The numbers are in sandbox:/mnt/data/table.csv"]
COUNT = ["user Count the rows of the table.", "assistant There is one row."]
SO = ["user Is that so?", 'assistant You said "Is that so?".']
COLLEAGUE = [
    "user Please ask your colleague.",
    'call {"recipient":"Forecaster","my_primary_instructions":"text","message":"Tell the weather."}',
    "output It is 21 degrees in Paris.",
    "assistant My colleague says: It is 21 degrees in Paris.",
]
JSON = ["user Tell it in JSON.", 'assistant {"city": "Paris", "degrees": 21}']
CANCELLED = ["user What is the time?", "unanswered call"]
CRASH = ["user Crash.", "assistant Let me"]

SHOWN: dict[str, list[Conversation]] = {
    "agency_swarm_agency": [
        [*WEATHER, *WHICH, *DOG, *COUNT, *COLLEAGUE, *NOW, *JSON, *CANCELLED, *SO, *CRASH],
        ["user Tell the weather.", *CALLED],
        [*WEATHER, *DOG],
    ],
    "autogen_agent": [[*WEATHER, *WHICH, *PLOT, "user input_image", *DOG, *CRASH, *SO], WEATHER],
    "langchain_1_classic": [[*WEATHER, *WHICH], [*WEATHER, *WHICH], DOG],
    "langchain_community_v2": [[*DOG, *SO], DOG, [*WEATHER, *WHICH]],
    "langchain_executor": [[*WEATHER, *WHICH, *NOW, *CRASH], [*WEATHER, *WHICH], WEATHER, PLOT],
    "llama_index_chat": [[*WEATHER, *WHICH, *NOW, *WEATHER], CRASH, ["user The file of the dog.", *DOG, *PLOT]],
    "pyautogen_gpt_assistant": [[*WEATHER, *WHICH, *PLOT], DOG],
    "semantic_kernel_1_20": [[*WEATHER, *WHICH, *DOG, *PLOT, "user input_image", *WEATHER]],
    "semantic_kernel_agent": [[*WEATHER, *WHICH, *NOW, *WEATHER, *CRASH], PLOT, PLOT, DOG],
    "semantic_kernel_azure": [[*WEATHER, *WHICH]],
    "semantic_kernel_azure_resource": [[*WEATHER, *WHICH]],
}

LENT = {
    "agency_swarm_agency": {"table.csv"},
    "autogen_agent": {"table.csv"},
    "semantic_kernel_1_20": {"table.csv"},
    "semantic_kernel_agent": {"table.csv"},
}
"""The uploaded files that a container of the code interpreter was given."""


def requests(conversations: list[Conversation]) -> list[Conversation]:
    """What is asked: everything that was said before each thing the model says. A call that nobody answered is not
    shown again."""
    return [
        [item for item in said[:place] if not item.startswith("unanswered ")]
        for said in conversations
        for place, item in enumerate(said)
        if item.startswith(("assistant ", "call ", "unanswered "))
    ]
