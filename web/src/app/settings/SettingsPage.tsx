// Settings of this browser, of projects and of the service, each with where it is kept.
import { useId, type ReactNode } from "react";
import { useHealth } from "../../shared/api/health";
import { setDiffView, useDiffView } from "../../shared/diff/diffView";
import { keyName } from "../../shared/keys/shortcuts";
import { setSendKey, useSendKey } from "../../shared/keys/sendKey";
import { NotificationSettings } from "../../features/notifications/NotificationSettings";
import { EDITORS, setEditor, useEditor, type Editor } from "../../shared/session/editor";
import { PageHeader } from "../../shared/ui/PageHeader";
import { setTheme, useTheme } from "../../shared/ui/theme";
import { FoundServers } from "../../features/projects/FoundServers";
import { AccessTokens } from "./AccessTokens";
import { Hooks } from "./Hooks";
import { Hosts } from "./Hosts";
import { McpServers } from "./McpServers";
import { PairPhone } from "./PairPhone";
import { PermissionRules } from "./PermissionRules";
import { ProjectSettings } from "./ProjectSettings";
import { ProjectTrust } from "./ProjectTrust";
import { RestartNote, ServiceSettings } from "./file/ServiceSettings";
import { SettingsTables } from "./file/SettingsTables";
import { SignedInBrowsers } from "./SignedInBrowsers";
import { Webhooks } from "./Webhooks";
import styles from "./SettingsPage.module.css";

export default function SettingsPage({ onMenu }: { onMenu: () => void }) {
  const theme = useTheme();
  const send = useSendKey();
  const diff = useDiffView();
  const editor = useEditor();
  return (
    <>
      <PageHeader title="Settings" onMenu={onMenu} />
      <div className={styles.page}>
        <div className={styles.column}>
          <p className={styles.note}>
            Appearance, writing, editor and notifications are stored in this browser. Everything below them belongs to the service.
          </p>
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
          <Section title="Editor">
            <label className={styles.row}>
              <span>Open an agent's files in</span>
              <select className={styles.field} value={editor} onChange={(event) => setEditor(event.target.value as Editor)}>
                {Object.entries(EDITORS).map(([one, name]) => (
                  <option key={one} value={one}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <p className={styles.note}>For an editor on the machine of the service: it opens the files of the agent's copy.</p>
          </Section>
          <Section title="Notifications">
            <NotificationSettings />
          </Section>
          <RestartNote />
          <Section title="Projects">
            <ProjectSettings />
          </Section>
          <Section title="Trusted files of projects">
            <ProjectTrust />
          </Section>
          <Section title="Permission rules">
            <PermissionRules />
          </Section>
          <Section title="Agents">
            <SettingsTables kind="agents" />
          </Section>
          <Section title="Model servers">
            <FoundServers />
            <SettingsTables kind="models" />
          </Section>
          <Section title="MCP servers">
            <McpServers />
            <SettingsTables kind="mcp" />
          </Section>
          <Section title="Service">
            <ServiceSettings />
          </Section>
          <Section title="Access tokens">
            <AccessTokens />
          </Section>
          <Section title="Webhooks">
            <Webhooks />
          </Section>
          <Section title="Hooks that start tasks">
            <Hooks />
          </Section>
          <Section title="Phone">
            <PairPhone />
          </Section>
          <Section title="Signed-in browsers">
            <SignedInBrowsers />
          </Section>
          <Section title="Hosts">
            <Hosts />
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
