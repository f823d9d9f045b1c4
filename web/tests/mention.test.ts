// File mentions with "@".
import { describe, expect, it } from "vitest";
import { mentionAt, withPath } from "../src/features/composer/menus/mention";

describe("mentions", () => {
  it("are found before the cursor only", () => {
    expect(mentionAt("look at @src/ma and more", 15)).toEqual({ from: 8, to: 15, letters: "src/ma" });
    expect(mentionAt("@", 1)?.letters).toBe("");
    expect(mentionAt("(@a", 3)?.letters).toBe("a");
    expect(mentionAt("look at @src and more", 21)).toBe(null);
  });
  it("are no addresses of mails", () => expect(mentionAt("me@example.org", 14)).toBe(null));
  it("become the path, with one blank behind", () => {
    const text = "see @ma please";
    const mention = mentionAt(text, 7)!;
    expect(withPath(text, mention, "src/main.py")).toEqual({ text: "see src/main.py please", cursor: 15 });
    expect(withPath("@m", mentionAt("@m", 2)!, "a b.txt")).toEqual({ text: "`a b.txt` ", cursor: 10 });
  });
});
