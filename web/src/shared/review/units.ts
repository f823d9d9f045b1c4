// Splitting, joining and editing units of the change.
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { EditInput, SplitInput, UnitParts } from "../api/generated";

const DRAWN_FRAMES = 120; // two seconds

/** Load the review again and keep the keyboard where the unit was: its parts are drawn by other components. */
function useReshaped() {
  const client = useQueryClient();
  return async (done: UnitParts) => {
    await client.invalidateQueries({ queryKey: ["review"] });
    const first = done.selected[0] ?? done.units[0] ?? "";
    focusOnceDrawn(`[data-unit="${CSS.escape(first)}"]`);
  };
}

/** Focus what is drawn some frames after its data came, unless the focus goes elsewhere meanwhile. */
function focusOnceDrawn(selector: string) {
  const before = document.activeElement;
  let frames = DRAWN_FRAMES;
  const look = () => {
    const { activeElement } = document;
    if (activeElement !== before && activeElement !== document.body) return;
    const found = document.querySelector<HTMLElement>(selector);
    if (found) found.focus({ preventScroll: true });
    else if (frames-- > 0) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** Split a unit. */
export function useSplit(changeId: string) {
  const onSuccess = useReshaped();
  return useMutation({
    mutationFn: (body: SplitInput) => call("POST /api/changes/{change_id}/split", { path: { change_id: changeId }, body }),
    onSuccess,
  });
}

/** Make the parts of a unit one again. */
export function useJoin(changeId: string) {
  const onSuccess = useReshaped();
  return useMutation({
    mutationFn: (unit: string) => call("POST /api/changes/{change_id}/join", { path: { change_id: changeId }, body: { unit } }),
    onSuccess,
  });
}

/** Accept a unit with a text of one's own. */
export function useEditUnit(changeId: string) {
  return useAction((body: EditInput) => call("POST /api/changes/{change_id}/edit", { path: { change_id: changeId }, body }), ["review"]);
}
