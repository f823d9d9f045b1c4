// A session as a file: long texts, what tools were given and gave, and messages of many parts are whole in it.
import { afterEach, expect, test, vi } from "vitest";
import { type ExportedChat, sessionMarkdown, wholeMessage } from "../src/shared/session/exportSession";

afterEach(() => vi.unstubAllGlobals());

test("the rest of a long text is fetched, by characters", async () => {
  vi.stubGlobal("location", new URL("http://127.0.0.1/"));
  const whole = `${"🙂".repeat(20)}${"x".repeat(300_000)}end`;
  const asked: number[] = [];
  vi.stubGlobal("fetch", async (address: string) => {
    const offset = Number(new URL(address, "http://127.0.0.1").searchParams.get("offset"));
    asked.push(offset);
    const characters = Array.from(whole);
    return Response.json({ offset, text: characters.slice(offset, offset + 262_144).join(""), total_chars: characters.length });
  });
  const part = { part: 0, kind: "text", data: null, text: "🙂".repeat(10), text_chars: 300_023 };
  const short = { ...part, part: 1, text: "short", text_chars: 5 };
  const message = { id: "1", role: "agent", agent: "a", created_at: "now", text: "", part_count: 2, parts: [part, short] } as unknown as ExportedChat["messages"][number];
  const made = await wholeMessage(message);
  expect(asked).toEqual([10, 262_154]);
  expect(made.parts.map(({ text }) => text)).toEqual([whole, "short"]);
  const markdown = sessionMarkdown({ title: "t", created_at: "now" }, [{ chat: {} as ExportedChat["chat"], messages: [made] }]);
  expect(markdown).toContain("xend\n");
});

test("the parts that a page had no room for are fetched", async () => {
  vi.stubGlobal("location", new URL("http://127.0.0.1/"));
  const parts = Array.from({ length: 450 }, (_, part) => ({ part, kind: "text", data: null, text: `${part}`, text_chars: `${part}`.length }));
  vi.stubGlobal("fetch", async (address: string) => {
    const { pathname, searchParams } = new URL(address, "http://127.0.0.1");
    expect(pathname).toBe("/api/messages/1/parts");
    const after = Number(searchParams.get("after"));
    return Response.json(parts.slice(after + 1, after + 201));
  });
  const message = { id: "1", text: "", part_count: 450, parts: parts.slice(0, 200) } as unknown as ExportedChat["messages"][number];
  expect((await wholeMessage(message)).parts.map(({ part }) => part)).toEqual(parts.map(({ part }) => part));
});

test("what a tool was given and what it gave are whole, though the one began and the other ended inline", async () => {
  vi.stubGlobal("location", new URL("http://127.0.0.1/"));
  const texts = { input: `begin${"i".repeat(20_000)}`, output: `${"o".repeat(300_000)}end` };
  vi.stubGlobal("fetch", async (address: string) => {
    const { searchParams } = new URL(address, "http://127.0.0.1");
    const text = texts[searchParams.get("field") as "input" | "output"];
    const offset = Number(searchParams.get("offset"));
    return Response.json({ offset, text: text.slice(offset, offset + 262_144), total_chars: text.length });
  });
  const data = { name: "bash", input: texts.input.slice(0, 16_384), input_chars: 20_005, output: texts.output.slice(-16_384), output_chars: 300_003 };
  const part = { part: 0, kind: "tool_call", data, text: "", text_chars: 0 };
  const message = { id: "1", text: "", part_count: 1, parts: [part] } as unknown as ExportedChat["messages"][number];
  expect((await wholeMessage(message)).parts[0]?.data).toEqual({ ...data, ...texts });
});
