// What a person chose for the conflicts of an apply: a side of a whole file, or block by block.
import type { BlockChoiceInput, FileConflict, FileChoiceInput } from "../../shared/api/generated";

export type Side = "user" | "agent" | "both";

export interface BlockChoice {
  /** A side, or null for `text`. */
  take: Side | null;
  text: string;
}

export interface FileChoice {
  /** For the whole file; null where the blocks say it. */
  take: Side | null;
  blocks: readonly (BlockChoice | undefined)[];
}

export type Choices = Readonly<Record<string, FileChoice>>;

export function keyOf(file: FileConflict): string {
  return `${file.path_coded ? "coded" : "text"} ${file.path}`;
}

/** The choices after one for a whole file. */
export function takeFile(choices: Choices, file: FileConflict, take: Side): Choices {
  return { ...choices, [keyOf(file)]: { take, blocks: [] } };
}

/** The choices after one for a block. */
export function takeBlock(choices: Choices, file: FileConflict, index: number, choice: BlockChoice): Choices {
  const before = choices[keyOf(file)]?.blocks ?? [];
  return { ...choices, [keyOf(file)]: { take: null, blocks: file.regions.map((_, place) => (place === index ? choice : before[place])) } };
}

/** Whether blocks can be chosen: all of them are listed. */
export function hasBlocks(file: FileConflict): boolean {
  return file.regions.length > 0 && file.more === 0;
}

export function isChosen(file: FileConflict, choices: Choices): boolean {
  const choice = choices[keyOf(file)];
  if (!choice) return false;
  return choice.take !== null || (choice.blocks.length === file.regions.length && choice.blocks.every(Boolean));
}

/** The request's files; only those whose choice is complete. */
export function choiceInputs(files: readonly FileConflict[], choices: Choices): FileChoiceInput[] {
  return files.filter((file) => isChosen(file, choices)).map((file) => {
    const { take, blocks } = choices[keyOf(file)] as FileChoice;
    return { path: file.path, path_coded: file.path_coded, take, blocks: take ? [] : file.regions.map((region, index) => blockInput(region, blocks[index] as BlockChoice)) };
  });
}

function blockInput(region: FileConflict["regions"][number], { take, text }: BlockChoice): BlockChoiceInput {
  return { user: region.ours, agent: region.theirs, take, text: take ? "" : text };
}
