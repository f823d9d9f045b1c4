// Reports a lost connection, a lost sign-in, or a new version of the service.
import { useEffect, useState } from "react";
import { useServiceVersion } from "../shared/api/health";
import { useConnectionState } from "../shared/stream/store";
import { Button } from "../shared/ui/Button";
import styles from "./ConnectionBanner.module.css";

const QUIET_MS = 1_500; // short interruptions get no banner

export function ConnectionBanner() {
  const state = useConnectionState();
  const { mine, now } = useServiceVersion();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (state === "open") return setShown(false);
    const timer = setTimeout(() => setShown(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [state]);
  const cutOff = shown && state !== "open";
  if (!cutOff && mine === now) return null;
  return (
    <div className={styles.banner} role="status">
      {!cutOff ? (
        <Updated mine={mine ?? ""} now={now ?? ""} />
      ) : state === "signed_out" ? (
        <p>
          This browser is signed out. Run <code>boocoder open</code> on the machine where boocoder runs and open its link in another
          tab; this one then continues. Your drafts are kept.
        </p>
      ) : (
        <p>No connection to the service. Work continues there; this page catches up once it reconnects.</p>
      )}
    </div>
  );
}

function Updated({ mine, now }: { mine: string; now: string }) {
  return (
    <>
      <p>
        The service was updated to version {now}; this page is version {mine}. Your drafts are kept.
      </p>
      <Button small onClick={() => location.reload()}>
        Reload
      </Button>
    </>
  );
}
