// Chooses one project, or all of them.
import styles from "./SettingsPage.module.css";

interface ProjectSelectProps {
  label: string;
  projects: readonly { id: string; name: string }[];
  /** The project's id, "" for all. */
  value: string;
  onChange: (id: string) => void;
}

export function ProjectSelect({ label, projects, value, onChange }: ProjectSelectProps) {
  return (
    <select className={styles.field} aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
      <option value="">all projects</option>
      {projects.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </select>
  );
}
