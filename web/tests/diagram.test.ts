// Diagrams: what is drawn when, and what is too large to be shown.
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { diagramAnswer } from "../src/shared/diagram/messages";

interface Program {
  asked: { id: number; code: string }[];
  port: MessagePort | null;
  removed: boolean;
}

let programs: Program[];

beforeEach(() => {
  programs = [];
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.stubGlobal("document", {
    createElement: () => {
      const program: Program = { asked: [], port: null, removed: false };
      programs.push(program);
      const contentWindow = {
        postMessage: (_text: string, _origin: string, [port]: [MessagePort]) => {
          program.port = port;
          port.onmessage = ({ data }) => program.asked.push(data);
        },
      };
      return { contentWindow, setAttribute: () => undefined, remove: () => (program.removed = true) };
    },
    body: { append: (frame: { onload: () => void }) => queueMicrotask(() => frame.onload()) },
  });
});
afterEach(() => {
  for (const { port } of programs) port?.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test("each has its own time, and what takes too long is replaced", async () => {
  const { drawDiagram } = await import("../src/shared/diagram/drawDiagram");
  const first = drawDiagram("endless", false);
  const second = drawDiagram("short", false);
  await vi.waitFor(() => expect(programs[0]?.asked.map(({ code }) => code)).toEqual(["endless"]));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await first).toMatchObject({ error: "Drawing took too long." });
  expect(programs[0]?.removed).toBe(true);
  await vi.waitFor(() => expect(programs[1]?.asked.map(({ code }) => code)).toEqual(["short"]));
  await vi.advanceTimersByTimeAsync(19_000);
  programs[1]?.port?.postMessage({ id: programs[1].asked[0]?.id, svg: "<svg/>", width: 10, height: 10 });
  expect(await second).toMatchObject({ svg: "<svg/>" });
  expect(programs[1]?.removed).toBe(false);
});

test("too large a diagram is not shown", () => {
  const answer = (svg: string, width: number, height: number) => diagramAnswer({ id: 1, svg, width, height });
  expect(answer("<svg/>", 20_000, 20_000)).toMatchObject({ svg: "<svg/>" });
  for (const large of [answer("<svg/>", 20_001, 10), answer("<svg/>", 10, 30_000), answer("x".repeat(2_000_001), 10, 10), answer("<svg/>", NaN, 10)]) {
    expect(large).toEqual({ id: 1, error: "It is too large to be shown." });
  }
});
