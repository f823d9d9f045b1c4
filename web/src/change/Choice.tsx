// One of several ways, with a line on what it means.
import styles from "./ApplyDialog.module.css";

interface ChoiceProps {
  name: string;
  checked: boolean;
  disabled?: boolean;
  onChange: () => void;
  title: string;
  text?: string;
}

export function Choice({ name, checked, disabled = false, onChange, title, text }: ChoiceProps) {
  return (
    <label className={styles.choice}>
      <input type="radio" name={name} checked={checked} disabled={disabled} onChange={onChange} />
      <span>
        {title}
        {text && <small>{text}</small>}
      </span>
    </label>
  );
}
