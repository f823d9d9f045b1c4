// Tables of the settings file with names of the person's choice: agents, model servers, MCP servers.
import { useState } from "react";
import type { SettingsTable } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import styles from "../SettingsPage.module.css";
import { textOf } from "./settingValues";
import { TableForm } from "./TableForm";
import { KIND_WORDS, type TableKind } from "./tableKinds";
import { useChangeSettings, useSettings } from "./useSettings";

export function SettingsTables({ kind }: { kind: TableKind }) {
  const { data, error } = useSettings();
  const [editing, edit] = useState<SettingsTable | "new" | null>(null);
  if (!data) return error ? <p className={styles.warning}>{error.message}</p> : null;
  const tables = data.tables.filter((one) => one.name.startsWith(`${kind}.`));
  return (
    <>
      {tables.map((table) => (
        <TableRow key={table.name} table={table} locked={data.locked} onEdit={() => edit(table)} />
      ))}
      {!data.locked && (
        <Button small onClick={() => edit("new")}>
          {kind === "models" ? "Add a" : "Add an"} {KIND_WORDS[kind]}…
        </Button>
      )}
      {editing && <TableForm kind={kind} keys={data.keys.filter((one) => one.table === kind)} table={editing === "new" ? null : editing} onClose={() => edit(null)} />}
    </>
  );
}

interface TableRowProps {
  table: SettingsTable;
  locked: string;
  onEdit: () => void;
}

function TableRow({ table, locked, onEdit }: TableRowProps) {
  const change = useChangeSettings();
  const name = table.name.slice(table.name.indexOf(".") + 1);
  return (
    <div className={styles.row}>
      <span className={styles.grow}>
        {visible(name)}
        <span className={styles.aside}>
          {" "}
          {Object.entries(table.values)
            .map(([key, value]) => `${key}: ${textOf(value).replaceAll("\n", " ")}`)
            .map(visible)
            .join(", ")}
          . In {table.where}
          {table.restart && ", from the next start on"}.
        </span>
      </span>
      {!locked && (
        <>
          <Button small onClick={onEdit}>
            Edit
          </Button>
          <Button small disabled={change.isPending} onClick={() => change.mutate({ [table.name]: null })}>
            Remove
          </Button>
        </>
      )}
      {change.error && <p className={styles.warning}>{change.error.message}</p>}
    </div>
  );
}
