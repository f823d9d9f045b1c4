// Messages that wait for the running turn to take them; each can be withdrawn until then.
import { memo } from "react";
import { X } from "lucide-react";
import type { SteerFrame } from "../../shared/api/generated";
import { useWithdraw } from "../../shared/queue/queries";
import { visible } from "../../shared/text/visible";
import { IconButton } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import queue from "./QueueList.module.css";
import row from "./QueueRow.module.css";

export const SteerList = memo(function SteerList({ steers }: { steers: readonly SteerFrame[] }) {
  const withdraw = useWithdraw();
  if (steers.length === 0) return null;
  return (
    <section className={queue.queue} aria-label="Messages for the running turn">
      <h2 className={queue.title}>Waiting for the agent to take it</h2>
      <ol className={queue.list}>
        {steers.map((steer) => (
          <li key={steer.steer_id} className={row.row}>
            <span className={row.text} title={visible(steer.text)}>
              {visible(steer.text)}
            </span>
            <span className={row.buttons}>
              <IconButton label="Withdraw" icon={<X />} onClick={() => withdraw.mutate(steer.steer_id, { onError: showError })} />
            </span>
          </li>
        ))}
      </ol>
    </section>
  );
});
