// A weather assistant that answers parallel tool calls from a stream: legacy code for openai 4.x (ids as plain arguments).
import { EventEmitter } from "node:events";
import OpenAI from "openai";

const client = new OpenAI();

const assistant = await client.beta.assistants.create({
  model: "gpt-4o",
  instructions: "You tell people about the weather. Call the functions you are given to find out.",
  tools: [
    {
      type: "function",
      function: {
        name: "getCurrentTemperature",
        description: "The temperature at a place, right now",
        parameters: {
          type: "object",
          properties: {
            location: { type: "string", description: "City and state, as in San Francisco, CA" },
            unit: { type: "string", enum: ["Celsius", "Fahrenheit"] },
          },
          required: ["location", "unit"],
        },
      },
    },
    {
      type: "function",
      function: {
        name: "getRainProbability",
        description: "How likely rain is at a place",
        parameters: {
          type: "object",
          properties: { location: { type: "string", description: "City and state" } },
          required: ["location"],
        },
      },
    },
  ],
});

const thread = await client.beta.threads.create();
await client.beta.threads.messages.create(thread.id, {
  role: "user",
  content: "What is the weather in San Francisco today, and will it rain?",
});

const answers = { getCurrentTemperature: "57", getRainProbability: "0.06" };

class Handler extends EventEmitter {
  async onEvent(event) {
    try {
      if (event.event === "thread.run.requires_action") {
        await this.answer(event.data, event.data.id, event.data.thread_id);
      } else if (event.event === "thread.message.delta") {
        process.stdout.write(event.data.delta.content[0].text.value);
      }
      if (event.event === "thread.run.completed") console.log();
    } catch (error) {
      console.error("Error while handling an event:", error);
      process.exitCode = 1;
    }
  }

  async answer(run, runId, threadId) {
    const outputs = run.required_action.submit_tool_outputs.tool_calls.map((tool) => ({
      tool_call_id: tool.id,
      output: answers[tool.function.name],
    }));
    const stream = client.beta.threads.runs.submitToolOutputsStream(threadId, runId, { tool_outputs: outputs });
    for await (const event of stream) this.emit("event", event);
  }
}

const handler = new Handler();
handler.on("event", handler.onEvent.bind(handler));

const stream = await client.beta.threads.runs.stream(thread.id, { assistant_id: assistant.id }, handler);
for await (const event of stream) handler.emit("event", event);
