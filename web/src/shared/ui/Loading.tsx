// A loading indicator.
import styles from "./Loading.module.css";

export function Loading({ what = "Loading" }: { what?: string }) {
  return (
    <div className={styles.loading} role="status">
      <span className={styles.spinner} aria-hidden />
      {what}…
    </div>
  );
}
