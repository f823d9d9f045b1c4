// Says when the page is cut off from the service, and what to do when it has to be signed in again.
import { useEffect, useState } from "react";
import { useConnectionState } from "../stream/store";
import styles from "./ConnectionBanner.module.css";

const QUIET_MS = 1_500; // a blink of the network is not worth a banner

export function ConnectionBanner() {
  const state = useConnectionState();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (state === "open") return setShown(false);
    const timer = setTimeout(() => setShown(true), QUIET_MS);
    return () => clearTimeout(timer);
  }, [state]);
  if (!shown || state === "open") return null;
  return (
    <div className={styles.banner} role="status">
      {state === "signed_out" ? (
        <>
          This browser is not signed in any more. Run <code>boocoder serve --open</code> or open the link that
          <code> boocoder serve</code> prints.
        </>
      ) : (
        "No connection to the service. Everything goes on there; this page catches up as soon as it answers."
      )}
    </div>
  );
}
