// An error in place of content, with the cure that the service gives and a retry button.
import { Button } from "./Button";
import styles from "./Failure.module.css";

export function Failure({ error, onRetry }: { error: Error; onRetry?: () => unknown }) {
  return (
    <div className={styles.failure} role="alert">
      <p>{error.message}</p>
      {onRetry && (
        <Button small onClick={() => void onRetry()}>
          Try again
        </Button>
      )}
    </div>
  );
}
