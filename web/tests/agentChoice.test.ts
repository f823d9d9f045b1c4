// A chat keeps its agent, whatever the catalogue says while it loads.
import { expect, test } from "vitest";
import { NO_CHOICE, resolveChoice } from "../src/features/composer/pickers/agentChoice";
import type { AgentInfo, Chat } from "../src/shared/api/generated";

const agent = (name: string, state: AgentInfo["state"]) => ({ name, state }) as AgentInfo;
const chat = { agent: "own", model: "m", mode: null, thinking: null } as Chat;
const remembered = { ...NO_CHOICE, agent: "claude" };
const CATALOGUES = [
  undefined,
  [],
  [agent("claude", "ready")],
  [agent("own", "loading"), agent("claude", "ready")],
  [agent("own", "unavailable"), agent("claude", "ready")],
  [agent("own", "error"), agent("opencode", "ready")],
  [agent("own", "ready"), agent("claude", "ready")],
];

test("a chat keeps its agent and model while the catalogue loads, and when it lacks the agent", () => {
  for (const agents of CATALOGUES) {
    expect(resolveChoice({ picked: null, chat, remembered, agents })).toMatchObject({ agent: "own", model: "m" });
  }
});

test("a new chat takes what was picked last, and another agent only when the catalogue is complete", () => {
  const choose = (agents: AgentInfo[] | undefined) => resolveChoice({ picked: null, chat: undefined, remembered, agents }).agent;
  expect(choose(undefined)).toBe("claude");
  expect(choose([agent("claude", "loading"), agent("own", "ready")])).toBe("claude");
  expect(choose([agent("claude", "ready"), agent("own", "ready")])).toBe("claude");
  expect(choose([agent("claude", "unavailable"), agent("own", "ready")])).toBe("own");
});

test("what was picked here wins", () => {
  const picked = { ...NO_CHOICE, agent: "goose" };
  expect(resolveChoice({ picked, chat, remembered, agents: [] })).toBe(picked);
});
