"""Agency Swarm 0.7: two agents of which one calls the other, tools, files, streaming, and a second start."""

import json
from pathlib import Path

from agency_swarm import Agency, AgencyEventHandler, Agent
from agency_swarm.tools import BaseTool
from pydantic import BaseModel, Field
from typing_extensions import override


def tell(fact, value):
    print(json.dumps([fact, value]), flush=True)


class GetWeather(BaseTool):
    """The weather in a city."""

    city: str = Field(..., description="The city.")

    def run(self):
        tell("tool", {"city": self.city})
        return "21 degrees"


class GetTime(BaseTool):
    """The time, which is the answer itself: the run is cancelled."""

    class ToolConfig:
        output_as_result = True

    def run(self):
        return "noon"


class Place(BaseModel):
    city: str
    degrees: int


class Handler(AgencyEventHandler):
    @override
    def on_text_created(self, text) -> None:
        tell("text of", self.recipient_agent_name)

    @override
    def on_text_delta(self, delta, snapshot) -> None:
        deltas.append(delta.value)

    @override
    def on_tool_call_done(self, tool_call) -> None:
        tell("tool call", tool_call.type)

    @override
    @classmethod
    def on_all_streams_end(cls):
        tell("end", "".join(deltas))


deltas = []
Path("files").mkdir(exist_ok=True)
if not any(Path("files").iterdir()):
    Path("files/dog.txt").write_text("The dog is brown.")
    Path("files/table.csv").write_text("1,2\n")


def agency():
    ceo = Agent(
        name="CEO", description="Talks to the user.", instructions="You are kind.", tools=[GetTime], model="gpt-4o"
    )
    forecaster = Agent(
        name="Forecaster",
        description="Knows the weather.",
        instructions="Forecast.",
        tools=[GetWeather],
        files_folder=str(Path("files").resolve()),
        model="gpt-4o",
    )
    return Agency([ceo, forecaster, [ceo, forecaster]], shared_instructions="Speak English.", temperature=0.3)


first = agency()
forecaster = first.agents[1]
tell("answer", first.get_completion("How is the weather in Paris?", recipient_agent=forecaster))
tell("answer", first.get_completion("Which city was that?", recipient_agent=forecaster))
tell("answer", first.get_completion("What colour is the dog?", recipient_agent=forecaster))
tell("answer", first.get_completion("Count the rows of the table.", recipient_agent=forecaster))
for message in first.get_completion("Please ask your colleague.", yield_messages=True):
    tell("message", [message.msg_type, message.sender_name, message.receiver_name])
tell("answer", first.get_completion_stream("And the weather now?", Handler, recipient_agent=forecaster))
messages = first.main_thread.client.beta.threads.messages.list(first.main_thread.id, order="asc")
tell("messages", [message.role for message in messages])

tell("parsed", first.get_completion_parse("Tell it in JSON.", response_format=Place).model_dump())
tell("answer", first.get_completion("What is the time?"))
tell("answer", first.get_completion("Is that so?"))
try:
    first.get_completion("Crash.")
except Exception as error:
    tell("failed", error.args)

# what was made is found again by settings.json
second = agency()
tell("the same", [one.id == two.id for one, two in zip(first.agents, second.agents, strict=True)])
tell("answer", second.get_completion("How is the weather in Paris?", recipient_agent=second.agents[1]))
tell("answer", second.get_completion("What colour is the dog?", recipient_agent=second.agents[1]))
