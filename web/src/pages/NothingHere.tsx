// What stands at an address that is none, or of something that is no more, with a way home.
import { Link } from "wouter";
import { PageHead } from "../ui/PageHead";
import styles from "./NothingHere.module.css";

export function NothingHere({ onMenu, why = "The address may be mistyped, or what was here is gone." }: { onMenu: () => void; why?: string }) {
  return (
    <>
      <PageHead title="Not found" onMenu={onMenu} />
      <div className={styles.page}>
        <h2>There is nothing here</h2>
        <p>{why}</p>
        <Link href="/">Begin a session</Link>
      </div>
    </>
  );
}
