// Where a published change went, and what is left to do.
import type { PublishedBranch } from "../../shared/api/generated";
import { Link } from "../../shared/markdown/Link";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../shared/ui/Dialog";
import styles from "./ApplyDialog.module.css";
import { setPublishResult, usePublishResult } from "./publishResult";

const close = () => setPublishResult(null);

export function PublishedDialog() {
  const published = usePublishResult();
  return (
    published && (
      <Dialog title="Published" onClose={close}>
        <Result published={published} />
      </Dialog>
    )
  );
}

function Result({ published }: { published: PublishedBranch }) {
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
