// What the person chose for this browser, and what the service is.
import { useId, type ReactNode } from "react";
import { useHealth } from "../api/health";
import { setDiffView, useDiffView } from "../change/view";
import { keyName } from "../keys/shortcuts";
import { setSendKey, useSendKey } from "../keys/sendKey";
import { NotifySettings } from "../notify/NotifySettings";
import { PageHead } from "../ui/PageHead";
import { setTheme, useTheme } from "../ui/theme";
import styles from "./SettingsPage.module.css";

export default function SettingsPage({ onMenu }: { onMenu: () => void }) {
  const theme = useTheme();
  const send = useSendKey();
  const diff = useDiffView();
  return (
    <>
      <PageHead title="Settings" onMenu={onMenu} />
      <div className={styles.page}>
        <div className={styles.column}>
          <p className={styles.note}>These are kept in this browser. What the service does is set in its settings file.</p>
          <Section title="Look">
            <Choice title="Theme" value={theme} onChoose={setTheme} options={{ system: "As the system", light: "Light", dark: "Dark" }} />
            <Choice
              title="Changes"
              value={diff.layout}
              onChoose={(layout) => setDiffView({ layout })}
              options={{ inline: "In one column", split: "Side by side" }}
            />
            <Choice
              title="Long lines of a change"
              value={diff.wrap ? "wrap" : "scroll"}
              onChoose={(choice) => setDiffView({ wrap: choice === "wrap" })}
              options={{ wrap: "Wrap", scroll: "Scroll" }}
            />
          </Section>
          <Section title="Writing">
            <Choice
              title="Send with"
              value={send}
              onChoose={setSendKey}
              options={{ enter: "Enter", "mod+enter": keyName("mod+Enter") }}
            />
          </Section>
          <Section title="When the page is not in view">
            <NotifySettings />
          </Section>
          <Section title="About">
            <About />
          </Section>
        </div>
      </div>
    </>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  const id = useId();
  return (
    <section className={styles.section} aria-labelledby={id}>
      <h2 id={id}>{title}</h2>
      {children}
    </section>
  );
}

interface ChoiceProps<T extends string> {
  title: string;
  value: T;
  options: Record<T, string>;
  onChoose: (value: T) => void;
}

function Choice<T extends string>({ title, value, options, onChoose }: ChoiceProps<T>) {
  const id = useId();
  return (
    <div className={styles.row} role="radiogroup" aria-labelledby={id}>
      <span id={id}>{title}</span>
      <span className={styles.options}>
        {(Object.entries(options) as [T, string][]).map(([one, name]) => (
          <label key={one}>
            <input type="radio" name={id} checked={one === value} onChange={() => onChoose(one)} />
            <span>{name}</span>
          </label>
        ))}
      </span>
    </div>
  );
}

function About() {
  const { data: health, error } = useHealth();
  if (error) return <p className={styles.note}>{error.message}</p>;
  if (!health) return <p className={styles.note}>Asking…</p>;
  const facts: [string, string][] = [
    ["Version", health.version],
    ["Host", health.host_id],
    ["Address", location.origin],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
