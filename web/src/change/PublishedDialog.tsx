// Where a published change went, and what is left for the person to do.
import { Dialog } from "@base-ui/react/dialog";
import type { PublishedOut } from "../api/generated";
import { Link } from "../markdown/Link";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import styles from "./ApplyDialog.module.css";
import { tellPublished, usePublished } from "./published";

const close = () => tellPublished(null);

export function PublishedDialog() {
  const published = usePublished();
  return (
    <Dialog.Root open={published !== null} onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className={styles.backdrop} />
        <Dialog.Popup className={styles.popup}>
          <Dialog.Title className={styles.title}>Published</Dialog.Title>
          {published && <Result published={published} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Result({ published }: { published: PublishedOut }) {
  const address = published.url ?? published.open_url;
  return (
    <>
      <p role="status">
        Pushed {(published.ref ?? "").replace("refs/heads/", "")} to {visible(published.remote)}.
      </p>
      {address && (
        <p className={styles.address}>
          {published.url ? "The pull request: " : "Open it here: "}
          <Link href={address}>{address}</Link>
        </p>
      )}
      {published.next && <p>{visible(published.next)}</p>}
      {published.output && <pre className={styles.output}>{visible(published.output)}</pre>}
      <div className={styles.buttons}>
        <Button kind="primary" onClick={close}>
          Close
        </Button>
      </div>
    </>
  );
}
