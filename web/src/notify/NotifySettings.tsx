// The person's choice of how to be called. The browser is asked for its leave only by a click here.
import { useState } from "react";
import { Button } from "../ui/Button";
import { complain } from "../ui/Toasts";
import { chime } from "./chime";
import { setNotify, useNotify } from "./choices";
import styles from "./NotifySettings.module.css";

type Leave = NotificationPermission | "missing";

export function NotifySettings() {
  const choice = useNotify();
  const [leave, setLeave] = useState<Leave>(() => ("Notification" in window ? Notification.permission : "missing"));
  const ask = async (wanted: boolean) => {
    if (!wanted) return setNotify({ desktop: false });
    const answer = leave === "granted" ? leave : await Notification.requestPermission();
    setLeave(answer);
    setNotify({ desktop: answer === "granted" });
  };
  return (
    <div className={styles.settings}>
      <label className={styles.row}>
        <input
          type="checkbox"
          checked={choice.desktop && leave === "granted"}
          disabled={leave === "missing" || leave === "denied"}
          onChange={(event) => void ask(event.target.checked).catch(complain)}
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
            setNotify({ sound: event.target.checked });
            if (event.target.checked) chime().catch(complain);
          }}
        />
        <span>
          Sound
          <small>Two soft tones.</small>
        </span>
        <Button small kind="quiet" onClick={() => void chime().catch(complain)}>
          Play
        </Button>
      </label>
      <p className={styles.note}>You are called when a turn ends or waits for you. The tab always shows how many sessions wait.</p>
    </div>
  );
}

const WORDS: Record<Leave, string> = {
  granted: "With the name of the session and what it does, never with what was said.",
  default: "Your browser will ask you once.",
  denied: "Your browser refuses them for this page. Allow them in its settings for this address.",
  missing: "This browser has none for this address. They need https, or the address 127.0.0.1.",
};
