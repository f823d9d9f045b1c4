// What is done more seldom with a change: publish it, take rejected parts back, reject it whole.
import { useState } from "react";
import { useRejectChange, useTakeBack } from "../api/review";
import type { ReviewOut } from "../api/generated";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Menu, MenuItem } from "../ui/Menu";
import { complain, say } from "../ui/Toasts";
import { setPanel } from "./panel";

type Asked = "take_back" | "reject" | null;

export function ChangeMenu({ review, onReopen }: { review: ReviewOut; onReopen: () => void }) {
  const [asked, ask] = useState<Asked>(null);
  const takeBack = useTakeBack(review.change_id);
  const reject = useRejectChange(review.change_id);
  const close = () => ask(null);
  const confirmed = () => {
    close();
    if (asked === "reject") return reject.mutate(undefined, { onSuccess: () => say("Rejected. The agent's copy keeps its files."), onError: complain });
    takeBack.mutate([], {
      onSuccess: (done) => say(`Taken back: ${done.units === 1 ? "1 part" : `${done.units} parts`} in ${done.paths.length === 1 ? "1 file" : `${done.paths.length} files`}.`),
      onError: complain,
    });
  };
  return (
    <>
      <Menu label="More to do with the change">
        <MenuItem onClick={() => setPanel({ asks: "publish" })}>Publish…</MenuItem>
        <MenuItem disabled={review.accepted + review.rejected === 0} onClick={onReopen}>
          Forget all verdicts
        </MenuItem>
        <MenuItem disabled={review.rejected === 0 || takeBack.isPending} onClick={() => ask("take_back")}>
          Take rejected parts out of the agent's copy…
        </MenuItem>
        <MenuItem disabled={reject.isPending} onClick={() => ask("reject")}>
          Reject the whole change…
        </MenuItem>
      </Menu>
      {asked === "take_back" && (
        <ConfirmDialog
          title={`Take ${review.rejected === 1 ? "1 rejected part" : `${review.rejected} rejected parts`} back?`}
          text="These parts go out of the agent's copy of the files, so that it does not build on them. A snapshot is taken first. Your own checkout is not touched."
          action="Take back"
          onCancel={close}
          onConfirm={confirmed}
        />
      )}
      {asked === "reject" && (
        <ConfirmDialog
          title="Reject the whole change?"
          text="Nothing of it is applied, and it waits no more. The agent's copy keeps its files: what it changes next shows up as a new change together with this."
          action="Reject the change"
          onCancel={close}
          onConfirm={confirmed}
        />
      )}
    </>
  );
}
