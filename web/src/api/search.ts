// Search over all transcripts, asked while the person types.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { call } from "./client";

const TYPING_MS = 150; // a person who types on is not asked about
const SHORTEST = 2;

/** The messages that hold what is typed; nothing for less than two letters. */
export function useMessageSearch(typed: string, limit = 20) {
  const words = useSettled(typed.trim());
  return useQuery({
    enabled: words.length >= SHORTEST,
    queryKey: ["search", words, limit],
    queryFn: ({ signal }) => call("GET /api/search", { query: { q: words.slice(0, 200), limit } }, { signal }),
    placeholderData: words.length >= SHORTEST ? keepPreviousData : undefined,
  });
}

/** A value once it has stayed the same for a moment. */
function useSettled(value: string): string {
  const [settled, settle] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => settle(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
