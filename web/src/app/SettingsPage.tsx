// Settings of this browser, and facts about the service.
import { useId, type ReactNode } from "react";
import { useHealth } from "../shared/api/health";
import { setDiffView, useDiffView } from "../shared/diff/diffView";
import { keyName } from "../shared/keys/shortcuts";
import { setSendKey, useSendKey } from "../shared/keys/sendKey";
import { NotificationSettings } from "../features/notifications/NotificationSettings";
import { PageHeader } from "../shared/ui/PageHeader";
import { setTheme, useTheme } from "../shared/ui/theme";
import { AccessTokens } from "./AccessTokens";
import { ProjectTrust } from "./ProjectTrust";
import { SignedInBrowsers } from "./SignedInBrowsers";
import styles from "./SettingsPage.module.css";

export default function SettingsPage({ onMenu }: { onMenu: () => void }) {
  const theme = useTheme();
  const send = useSendKey();
  const diff = useDiffView();
  return (
    <>
      <PageHeader title="Settings" onMenu={onMenu} />
      <div className={styles.page}>
        <div className={styles.column}>
          <p className={styles.note}>These settings are stored in this browser. The service has its own settings file.</p>
          <Section title="Appearance">
            <Choice title="Theme" value={theme} onChoose={setTheme} options={{ system: "System", light: "Light", dark: "Dark" }} />
            <Choice
              title="Changes"
              value={diff.layout}
              onChoose={(layout) => setDiffView({ layout })}
              options={{ inline: "Inline", split: "Side by side" }}
            />
            <Choice
              title="Long lines in changes"
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
          <Section title="Notifications">
            <NotificationSettings />
          </Section>
          <Section title="Trusted files of projects">
            <ProjectTrust />
          </Section>
          <Section title="Access tokens">
            <AccessTokens />
          </Section>
          <Section title="Signed-in browsers">
            <SignedInBrowsers />
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
  if (!health) return <p className={styles.note}>Loading…</p>;
  const facts: [string, string][] = [
    ["Version", health.version],
    ["Host", health.host_id],
    ["Address", location.origin],
  ];
  return (
    <>
      {health.warnings.map((warning) => (
        <p key={warning} className={styles.warning} role="note">
          {warning}
        </p>
      ))}
      <dl className={styles.facts}>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
