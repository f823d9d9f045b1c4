// Model servers that run on this machine and are not used, each with a button that takes it over.
import { useQuery } from "@tanstack/react-query";
import { call } from "../../shared/api/client";
import type { FoundServer as Server } from "../../shared/api/generated";
import { useAction } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import styles from "./FirstRun.module.css";

const MODELS_SHOWN = 3;

export function FoundServers() {
  const { data: found = [] } = useQuery({
    queryKey: ["model-servers"],
    queryFn: ({ signal }) => call("GET /api/model-servers/found", {}, { signal }),
  });
  if (found.length === 0) return null;
  return (
    <ul className={styles.agents} aria-label="Model servers found">
      {found.map((server) => (
        <FoundServer key={server.base_url} server={server} />
      ))}
    </ul>
  );
}

function FoundServer({ server }: { server: Server }) {
  const use = useAction(() => call("POST /api/model-servers", { body: { base_url: server.base_url } }), ["model-servers", "agents"]);
  const more = server.models.length - MODELS_SHOWN;
  const models = server.models.slice(0, MODELS_SHOWN).join(", ") + (more > 0 ? ` and ${more} more` : "");
  return (
    <li>
      <span className={styles.name}>{server.kind}</span>
      <span className={styles.state}>{visible(models || "no model")}</span>
      <span className={styles.cure}>
        <Button disabled={use.isPending} onClick={() => use.mutate(undefined, { onError: showError })}>
          {use.isPending ? "Asking it…" : `Use ${server.kind}`}
        </Button>
      </span>
    </li>
  );
}
