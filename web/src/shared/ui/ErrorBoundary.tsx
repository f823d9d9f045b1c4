// Contains an error to one part of the page and shows it for reading and copying.
import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import { CopyButton } from "./CopyButton";
import styles from "./ErrorBoundary.module.css";

// Browser messages for a missing page file: the service was updated since this page was loaded.
const NOT_LOADED = /dynamically imported module|module script failed|preload/i;

export class ErrorBoundary extends Component<{ children: ReactNode; what?: string }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    const what = this.props.what ?? "The page";
    const text = error.stack ?? String(error);
    if (NOT_LOADED.test(error.message)) {
      return (
        <div className={styles.box} role="alert">
          <strong>{what} could not be loaded.</strong>
          <p>The service does not respond, or was updated since this page was opened.</p>
          <Reload />
        </div>
      );
    }
    return (
      <div className={styles.box} role="alert">
        <strong>{what} could not be shown.</strong>
        <div className={styles.buttons}>
          <Button onClick={() => this.setState({ error: null })}>Try again</Button>
          <Reload />
          <CopyButton text={text} what="the error" />
        </div>
        <pre tabIndex={0}>{text}</pre>
      </div>
    );
  }
}

function Reload() {
  return <Button onClick={() => location.reload()}>Reload the page</Button>;
}
