// The order of the queue before the service answers.
import { describe, expect, it } from "vitest";
import { behind, inOrder, moved } from "../src/shared/queue/order";

const tasks = [
  { id: "a", place: 3 },
  { id: "b", place: 7 },
  { id: "c", place: 8 },
];
const ids = (list: readonly { id: string }[]) => list.map((one) => one.id).join("");

describe("order of the queue", () => {
  it("is the order of places", () => expect(ids(inOrder([...tasks].reverse()))).toBe("abc"));
  it("moves before another one, keeping the places", () => {
    const after = moved(tasks, "c", "a");
    expect(ids(after)).toBe("cab");
    expect(after.map((one) => one.place)).toEqual([3, 7, 8]);
  });
  it("moves to the end", () => expect(ids(moved(tasks, "a", null))).toBe("bca"));
  it("stays where it is told to come before itself or is unknown", () => {
    expect(ids(moved(tasks, "b", "b"))).toBe("abc");
    expect(ids(moved(tasks, "x", "b"))).toBe("abc");
  });
  it("names what comes behind", () => {
    expect(behind(tasks, 0, 1)).toBe("c");
    expect(behind(tasks, 0, 2)).toBe(null);
    expect(behind(tasks, 2, 0)).toBe("a");
    for (const [from, to] of [[0, 1], [1, 0], [2, 1], [0, 2]] as const) {
      const one = tasks[from]!;
      expect(moved(tasks, one.id, behind(tasks, from, to))[to]!.id).toBe(one.id);
    }
  });
});
