// A radio button with a line of explanation.
import styles from "./ApplyDialog.module.css";

interface RadioOptionProps {
  name: string;
  checked: boolean;
  disabled?: boolean;
  onChange: () => void;
  title: string;
  text?: string;
}

export function RadioOption({ name, checked, disabled = false, onChange, title, text }: RadioOptionProps) {
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
