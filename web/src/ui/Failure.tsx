// What could not be read, with the cure that the service names, and a way to try again.
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
