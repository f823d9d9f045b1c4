// Search in all transcripts while typing.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useDebounced } from "../hooks/useDebounced";
import { call } from "./client";
import type { SearchHit } from "./generated";

const PAUSE_MS = 150;
const SHORTEST = 2;

/** The messages that match what is typed; none for fewer than two letters. */
export function useMessageSearch(typed: string, limit = 20) {
  const words = useDebounced(typed.trim(), PAUSE_MS);
  return useQuery({
    enabled: words.length >= SHORTEST,
    queryKey: ["search", words, limit],
    queryFn: ({ signal }) => call("GET /api/search", { query: { q: words.slice(0, 200), limit } }, { signal }),
    placeholderData: words.length >= SHORTEST ? keepPreviousData : undefined,
  });
}

/** The page address that shows a found message. */
export function hitPath(hit: SearchHit): string {
  return `/sessions/${hit.session_id}?message=${hit.message_id}`;
}
