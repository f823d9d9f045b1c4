// A session as a file: long texts are whole in it.
import { afterEach, expect, test, vi } from "vitest";
import { type ExportedChat, sessionMarkdown, withWholeTexts } from "../src/shared/session/exportSession";

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
  const message = { id: "1", role: "agent", agent: "a", created_at: "now", text: "", parts: [part, short] } as unknown as ExportedChat["messages"][number];
  const made = await withWholeTexts(message);
  expect(asked).toEqual([10, 262_154]);
  expect(made.parts.map(({ text }) => text)).toEqual([whole, "short"]);
  const markdown = sessionMarkdown({ title: "t", created_at: "now" }, [{ chat: {} as ExportedChat["chat"], messages: [made] }]);
  expect(markdown).toContain("xend\n");
});
