// The page for an unknown address or a missing object.
import { Link } from "wouter";
import { PageHeader } from "../shared/ui/PageHeader";
import styles from "./NotFoundPage.module.css";

export function NotFoundPage({ onMenu, why = "The address may be mistyped, or the page no longer exists." }: { onMenu: () => void; why?: string }) {
  return (
    <>
      <PageHeader title="Not found" onMenu={onMenu} />
      <div className={styles.page}>
        <h2>Nothing here</h2>
        <p>{why}</p>
        <Link href="/">Start a session</Link>
      </div>
    </>
  );
}
