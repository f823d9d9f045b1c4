// The service's settings, and changes of its settings file.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../../shared/api/client";

const KEY = ["settings"];

export function useSettings() {
  return useQuery({ queryKey: KEY, queryFn: ({ signal }) => call("GET /api/settings", {}, { signal }), retry: false });
}

/** Changes settings by name; null removes one from the file. */
export function useChangeSettings() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (changes: Record<string, unknown>) => call("PATCH /api/settings", { body: { changes } }),
    onSuccess: (overview) => client.setQueryData(KEY, overview),
  });
}
