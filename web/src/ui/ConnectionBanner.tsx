// Says when the page is cut off from the service, has to be signed in again, or is of another version.
import { useEffect, useState } from "react";
import { useServiceVersion } from "../api/health";
import { useConnectionState } from "../stream/store";
import { Button } from "./Button";
import styles from "./ConnectionBanner.module.css";

const QUIET_MS = 1_500; // a blink of the network is not worth a banner

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
          This browser is not signed in any more. Run <code>boocoder open</code> on the machine where boocoder runs, and open its link in
          another tab; this one goes on by itself. What you wrote is kept.
        </p>
      ) : (
        <p>No connection to the service. Everything goes on there; this page catches up as soon as it answers.</p>
      )}
    </div>
  );
}

function Updated({ mine, now }: { mine: string; now: string }) {
  return (
    <>
      <p>
        The service has version {now} now; this page is of {mine}. What you wrote is kept.
      </p>
      <Button small onClick={() => location.reload()}>
        Reload
      </Button>
    </>
  );
}
