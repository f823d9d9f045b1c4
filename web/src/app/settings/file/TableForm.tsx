// A form for one agent, model server or MCP server of the settings file.
import { useId, useState } from "react";
import type { SettingsTable, TableKey } from "../../../shared/api/generated";
import { Button } from "../../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../../shared/ui/Dialog";
import { SettingField } from "./SettingField";
import styles from "../SettingsPage.module.css";
import { tableChanges, textOf } from "./settingValues";
import { KIND_WORDS, type TableKind } from "./tableKinds";
import { useChangeSettings } from "./useSettings";

// The keys that most tables need; the others are folded.
const USUAL: Record<TableKind, readonly string[]> = {
  mcp: ["command", "url", "env", "headers", "projects"],
  models: ["base_url", "api_key_env", "default"],
  agents: ["enabled", "command", "transport", "model", "mode", "env"],
};

interface TableFormProps {
  kind: TableKind;
  keys: readonly TableKey[];
  /** Null for a new one. */
  table: SettingsTable | null;
  onClose: () => void;
}

export function TableForm({ kind, keys, table, onClose }: TableFormProps) {
  const [name, setName] = useState(table?.name.slice(kind.length + 1) ?? "");
  const [drafts, setDrafts] = useState<Record<string, string>>(() => Object.fromEntries(Object.entries(table?.values ?? {}).map(([key, value]) => [key, textOf(value)])));
  const [mistake, setMistake] = useState("");
  const change = useChangeSettings();
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    try {
      setMistake("");
      const kinds = Object.fromEntries(keys.map((one) => [one.key, one.kind]));
      const changes = tableChanges(`${kind}.${name.trim()}`, table?.values ?? null, drafts, kinds);
      if (Object.keys(changes).length === 0) onClose();
      else change.mutate(changes, { onSuccess: onClose });
    } catch (error) {
      setMistake(error instanceof Error ? error.message : String(error));
    }
  };
  const field = (one: TableKey) => <KeyField key={one.key} tableKey={one} value={drafts[one.key] ?? ""} onChange={(text) => setDrafts({ ...drafts, [one.key]: text })} />;
  const usual = USUAL[kind].flatMap((key) => keys.filter((one) => one.key === key));
  const failed = mistake || change.error?.message;
  return (
    <Dialog title={table ? `Edit ${name}` : `New ${KIND_WORDS[kind]}`} onClose={onClose}>
      <form className={styles.form} onSubmit={submit}>
        {!table && (
          <label>
            Name
            <input className={styles.field} required maxLength={41} pattern="[a-z][a-z0-9\-]*" title="Lowercase letters, digits and hyphens" value={name} onChange={(event) => setName(event.target.value)} />
          </label>
        )}
        {usual.map(field)}
        <details>
          <summary>{keys.length - usual.length} more</summary>
          {keys.filter((one) => !usual.includes(one)).map(field)}
        </details>
        <p className={styles.note}>Secrets stay in environment variables of the service, which a value names{kind === "mcp" ? ", as in ${NAME}" : ""}. Values shown as •••• stay as they are unless you type others.</p>
        {failed && (
          <p className={styles.warning} role="alert">
            {failed}
          </p>
        )}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={change.isPending}>
            Save
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}

interface KeyFieldProps {
  tableKey: TableKey;
  value: string;
  onChange: (text: string) => void;
}

function KeyField({ tableKey, value, onChange }: KeyFieldProps) {
  const id = useId();
  return (
    <div className={styles.setting}>
      <label htmlFor={id}>
        <code>{tableKey.key}</code>
      </label>
      <SettingField id={id} setting={{ kind: tableKey.kind, choices: [], low: null, high: null }} value={value} disabled={false} onChange={onChange} />
      <p className={styles.aside}>{tableKey.must}</p>
    </div>
  );
}
