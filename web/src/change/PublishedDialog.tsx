// Where a published change went, and what is left for the person to do.
import type { PublishedOut } from "../api/generated";
import { Link } from "../markdown/Link";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import styles from "./ApplyDialog.module.css";
import { tellPublished, usePublished } from "./published";

const close = () => tellPublished(null);

export function PublishedDialog() {
  const published = usePublished();
  return (
    published && (
      <Dialog title="Published" onClose={close}>
        <Result published={published} />
      </Dialog>
    )
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
      <DialogButtons>
        <Button kind="primary" onClick={close}>
          Close
        </Button>
      </DialogButtons>
    </>
  );
}
