// Less frequent actions on a change: publish, revert rejected parts, reject all of it.
import { useState } from "react";
import { useRejectChange, useTakeBack } from "../../shared/review/queries";
import type { ReviewSummary } from "../../shared/api/generated";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { Menu, MenuItem } from "../../shared/ui/Menu";
import { showError, showToast } from "../../shared/ui/Toasts";
import { setPanel } from "../../shared/session/panel";

type Asked = "take_back" | "reject" | null;

export function ChangeMenu({ review, onReopen }: { review: ReviewSummary; onReopen: () => void }) {
  const [asked, ask] = useState<Asked>(null);
  const takeBack = useTakeBack(review.change_id);
  const reject = useRejectChange(review.change_id);
  const close = () => ask(null);
  const confirmed = () => {
    close();
    if (asked === "reject") return reject.mutate(undefined, { onSuccess: () => showToast("Rejected. The agent's copy keeps its files."), onError: showError });
    takeBack.mutate([], {
      onSuccess: (done) => showToast(`Reverted ${done.units === 1 ? "1 part" : `${done.units} parts`} in ${done.paths.length === 1 ? "1 file" : `${done.paths.length} files`}.`),
      onError: showError,
    });
  };
  return (
    <>
      <Menu label="More actions for the change">
        <MenuItem onClick={() => setPanel({ dialog: "publish" })}>Publish…</MenuItem>
        <MenuItem disabled={review.accepted + review.rejected === 0} onClick={onReopen}>
          Clear all verdicts
        </MenuItem>
        <MenuItem disabled={review.rejected === 0 || takeBack.isPending} onClick={() => ask("take_back")}>
          Revert rejected parts in the agent's copy…
        </MenuItem>
        <MenuItem disabled={reject.isPending} onClick={() => ask("reject")}>
          Reject the whole change…
        </MenuItem>
      </Menu>
      {asked === "take_back" && (
        <ConfirmDialog
          title={`Revert ${review.rejected === 1 ? "1 rejected part" : `${review.rejected} rejected parts`}?`}
          text="Removes these parts from the agent's copy, so that it does not build on them. A snapshot is taken first; your own checkout is not touched."
          action="Revert"
          onCancel={close}
          onConfirm={confirmed}
        />
      )}
      {asked === "reject" && (
        <ConfirmDialog
          title="Reject the whole change?"
          text="Nothing is applied, and the change is closed. The agent's copy keeps its files: its next edits form a new change together with these."
          action="Reject the change"
          onCancel={close}
          onConfirm={confirmed}
        />
      )}
    </>
  );
}
