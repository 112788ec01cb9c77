// A weather assistant that answers parallel tool calls by polling: code for openai 5 and later (ids inside the parameters).
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

const onRequiresAction = async (run) => {
  const outputs = run.required_action.submit_tool_outputs.tool_calls.map((tool) => ({
    tool_call_id: tool.id,
    output: answers[tool.function.name],
  }));
  run = await client.beta.threads.runs.submitToolOutputsAndPoll(run.id, {
    thread_id: thread.id,
    tool_outputs: outputs,
  });
  console.log("Tool outputs submitted successfully.");
  return onStatus(run);
};

const onStatus = async (run) => {
  if (run.status === "completed") {
    const messages = await client.beta.threads.messages.list(thread.id);
    console.log(messages.data[0].content[0].text.value);
    return messages.data;
  }
  if (run.status === "requires_action") {
    console.log(run.status);
    return onRequiresAction(run);
  }
  console.error("Run did not complete:", run);
};

const run = await client.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
await onStatus(run);
