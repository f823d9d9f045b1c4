// Notification settings. The browser's permission is requested only by a click here.
import { useState } from "react";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import { chime } from "./chime";
import { setNotificationPreferences, useNotificationPreferences } from "./preferences";
import styles from "./NotificationSettings.module.css";

type Leave = NotificationPermission | "missing";

export function NotificationSettings() {
  const choice = useNotificationPreferences();
  const [leave, setLeave] = useState<Leave>(() => ("Notification" in window ? Notification.permission : "missing"));
  const ask = async (wanted: boolean) => {
    if (!wanted) return setNotificationPreferences({ desktop: false });
    const answer = leave === "granted" ? leave : await Notification.requestPermission();
    setLeave(answer);
    setNotificationPreferences({ desktop: answer === "granted" });
  };
  return (
    <div className={styles.settings}>
      <label className={styles.row}>
        <input
          type="checkbox"
          checked={choice.desktop && leave === "granted"}
          disabled={leave === "missing" || leave === "denied"}
          onChange={(event) => void ask(event.target.checked).catch(showError)}
        />
        <span>
          Desktop notifications
          <small>{WORDS[leave]}</small>
        </span>
      </label>
      <label className={styles.row}>
        <input
          type="checkbox"
          checked={choice.sound}
          onChange={(event) => {
            setNotificationPreferences({ sound: event.target.checked });
            if (event.target.checked) chime().catch(showError);
          }}
        />
        <span>
          Sound
          <small>Two soft tones.</small>
        </span>
        <Button small kind="quiet" onClick={() => void chime().catch(showError)}>
          Play
        </Button>
      </label>
      <p className={styles.note}>You are notified when a turn ends or waits for you. The tab title always shows how many sessions wait.</p>
    </div>
  );
}

const WORDS: Record<Leave, string> = {
  granted: "They show the session's title and state, never message text.",
  default: "Your browser will ask for permission once.",
  denied: "Your browser blocks them for this page. Allow them in its site settings.",
  missing: "Not available at this address: browsers require https or 127.0.0.1.",
};
