// Every setting of the service by its group: its value, where that comes from, and a field where it can be changed.
import { useState } from "react";
import type { SettingState } from "../../../shared/api/generated";
import { Failure } from "../../../shared/ui/Failure";
import { Loading } from "../../../shared/ui/Loading";
import { SettingRow } from "./SettingRow";
import styles from "../SettingsPage.module.css";
import { useSettings } from "./useSettings";

const GROUPS: Record<string, string> = {
  "": "Service and turns",
  models: "Model server",
  "agents.opencode": "opencode",
  "agents.native": "Built-in agent",
  "agents.scripted": "Scripted agent",
  phone: "Phone in the local network",
  sandbox: "Sandbox",
  environment: "Environment of agents",
  delegation: "Agents that start tasks",
  worktrees: "Worktrees",
  takeover: "Taking over sessions of other hosts",
  retention: "Retention",
};

export function ServiceSettings() {
  const { data, error, refetch } = useSettings();
  const [words, setWords] = useState("");
  if (!data) return error ? <Failure error={error} onRetry={refetch} /> : <Loading />;
  const wanted = words.toLowerCase().split(/\s+/);
  const found = data.settings.filter((one) => wanted.every((word) => `${one.name} ${one.why}`.toLowerCase().includes(word)));
  return (
    <>
      <p className={styles.note}>
        They are in <code>{data.path}</code>. What you change here is written there, and its comments stay.
      </p>
      {data.locked && <p className={styles.note}>{data.locked}</p>}
      <input className={styles.search} type="search" aria-label="Find a setting" placeholder="Find a setting" value={words} onChange={(event) => setWords(event.target.value)} />
      {[...groupsOf(found)].map(([group, settings]) => (
        <details key={group} className={styles.group} open={words.trim() !== "" || undefined}>
          <summary>
            {GROUPS[group] ?? group}
            <span className={styles.aside}> {changedOf(settings)}</span>
          </summary>
          {settings.map((one) => (
            <SettingRow key={one.name} setting={one} />
          ))}
        </details>
      ))}
      {found.length === 0 && <p className={styles.note}>No setting has these words.</p>}
    </>
  );
}

/** Says that the service has to be started again; nothing where it has not. */
export function RestartNote() {
  const { data } = useSettings();
  if (!data?.restart) return null;
  return (
    <p className={styles.restart} role="status">
      The settings file was changed. Restart boocoder to use what it says: stop <code>boocoder serve</code> and start it again. Running
      turns get <code>drain_s</code> seconds to end; what runs longer is interrupted.
    </p>
  );
}

function groupsOf(settings: readonly SettingState[]): Map<string, SettingState[]> {
  const groups = new Map<string, SettingState[]>();
  for (const one of settings) {
    const group = one.name.slice(0, Math.max(0, one.name.lastIndexOf(".")));
    groups.set(group, [...(groups.get(group) ?? []), one]);
  }
  return groups;
}

function changedOf(settings: readonly SettingState[]): string {
  const changed = settings.filter((one) => one.source !== "default").length;
  return changed ? `${changed} of ${settings.length} set` : `${settings.length}, all defaults`;
}
