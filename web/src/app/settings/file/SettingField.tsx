// The field of a setting by the form of its value.
import type { SettingState } from "../../../shared/api/generated";
import styles from "../SettingsPage.module.css";

interface SettingFieldProps {
  id: string;
  setting: Pick<SettingState, "kind" | "choices" | "low" | "high">;
  value: string;
  disabled: boolean;
  onChange: (text: string) => void;
}

export function SettingField({ id, setting, value, disabled, onChange }: SettingFieldProps) {
  const common = { id, disabled, value, className: styles.field };
  const choices = setting.kind === "flag" ? ["true", "false"] : setting.choices;
  if (choices.length > 0) {
    return (
      <select {...common} onChange={(event) => onChange(event.target.value)}>
        {value === "" && <option value="">not set</option>}
        {choices.map((one) => (
          <option key={one} value={one}>
            {one}
          </option>
        ))}
      </select>
    );
  }
  if (setting.kind === "list" || setting.kind === "table") {
    const hint = setting.kind === "list" ? "one a line" : "NAME=value, one a line";
    return <textarea {...common} rows={Math.min(6, value.split("\n").length + 1)} placeholder={hint} spellCheck={false} onChange={(event) => onChange(event.target.value)} />;
  }
  const number = setting.kind === "integer" || setting.kind === "number";
  return (
    <input
      {...common}
      type={number ? "number" : "text"}
      step={setting.kind === "integer" ? 1 : "any"}
      min={setting.low ?? undefined}
      max={setting.high ?? undefined}
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
