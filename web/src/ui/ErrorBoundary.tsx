// When a part of the page throws, the rest stays, and the error can be read and copied.
import { Component, type ReactNode } from "react";
import { Button } from "./Button";
import styles from "./ErrorBoundary.module.css";

export class ErrorBoundary extends Component<{ children: ReactNode; what?: string }, { error: Error | null }> {
  override state: { error: Error | null } = { error: null };

  static getDerivedStateFromError(error: Error) {
    return { error };
  }

  override render() {
    const { error } = this.state;
    if (!error) return this.props.children;
    return (
      <div className={styles.box} role="alert">
        <strong>{this.props.what ?? "The page"} could not be shown.</strong>
        <pre>{error.stack ?? String(error)}</pre>
        <Button onClick={() => this.setState({ error: null })}>Try again</Button>
      </div>
    );
  }
}
