// One setting: what it means, its value with where that comes from, and a field that changes it in the settings file.
import { useId, useState } from "react";
import type { SettingState } from "../../../shared/api/generated";
import { Button } from "../../../shared/ui/Button";
import { SettingField } from "./SettingField";
import styles from "../SettingsPage.module.css";
import { textOf, valueOf } from "./settingValues";
import { useChangeSettings } from "./useSettings";

export function SettingRow({ setting }: { setting: SettingState }) {
  const id = useId();
  const now = textOf(setting.restart ? (setting.stored ?? setting.default) : setting.value);
  const [draft, setDraft] = useState<string | null>(null);
  const [mistake, setMistake] = useState("");
  const change = useChangeSettings();
  const write = (value: () => unknown) => {
    try {
      setMistake("");
      change.mutate({ [setting.name]: value() }, { onSuccess: () => setDraft(null) });
    } catch (error) {
      setMistake(error instanceof Error ? error.message : String(error));
    }
  };
  const failed = mistake || change.error?.message;
  return (
    <form
      className={styles.setting}
      onSubmit={(event) => {
        event.preventDefault();
        write(() => valueOf(setting.kind, draft ?? now));
      }}
    >
      <label htmlFor={id}>
        <code>{setting.name}</code>
      </label>
      <SettingField
        id={id}
        setting={setting}
        value={draft ?? now}
        disabled={setting.locked !== ""}
        onChange={(text) => {
          setDraft(text);
          change.reset();
          setMistake("");
        }}
      />
      <p className={styles.aside}>
        {setting.why} ({setting.unit}). {whence(setting)}
      </p>
      {failed && (
        <p className={styles.warning} role="alert">
          {failed}
        </p>
      )}
      {!setting.locked && (draft !== null && draft !== now || setting.stored !== null) && (
        <span className={styles.buttons}>
          {draft !== null && draft !== now && (
            <Button small type="submit" kind="primary" disabled={change.isPending}>
              Save
            </Button>
          )}
          {setting.stored !== null && (
            <Button small disabled={change.isPending} onClick={() => write(() => null)}>
              Use the default
            </Button>
          )}
        </span>
      )}
    </form>
  );
}

/** Where the value comes from, in words. */
function whence(setting: SettingState): string {
  if (setting.restart) return `In the file; the service still uses ${textOf(setting.value).replaceAll("\n", ", ") || "nothing"}.`;
  if (setting.source === "default") return "The default.";
  return `Set in ${setting.where}.${setting.source === "file" ? "" : ` ${setting.locked}`}`;
}
