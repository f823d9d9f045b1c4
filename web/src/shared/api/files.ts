// Finds files by a few letters of their path.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { call } from "./client";
import { useDebounced } from "../hooks/useDebounced";

const SHOWN_MAX = 10;
const FRESH_MS = 4_000;
const NOTHING: readonly string[] = [];

interface Place {
  projectId?: string;
  sessionId?: string;
}

/** Matching paths, best first; none while `letters` is null. */
export function useFiles(place: Place, letters: string | null): readonly string[] {
  const asked = useDebounced(letters);
  const { data } = useQuery({
    queryKey: ["files", place.sessionId ?? place.projectId, asked],
    enabled: asked !== null && Boolean(place.sessionId ?? place.projectId),
    staleTime: FRESH_MS,
    gcTime: FRESH_MS,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => find(place, asked ?? "", signal),
  });
  return letters === null ? NOTHING : (data?.paths ?? NOTHING);
}

function find(place: Place, query: string, signal: AbortSignal) {
  const wanted = { query, limit: SHOWN_MAX };
  if (place.sessionId) return call("GET /api/sessions/{session_id}/files", { path: { session_id: place.sessionId }, query: wanted }, { signal });
  return call("GET /api/projects/{project_id}/files", { path: { project_id: place.projectId ?? "" }, query: wanted }, { signal });
}
