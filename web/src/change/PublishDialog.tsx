// Pushes the change as a branch, as the person, and asks for a pull request where a tool for that is ready.
import { useState } from "react";
import { usePublish, usePublishWords } from "../api/review";
import type { ReviewOut } from "../api/generated";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons } from "../ui/Dialog";
import styles from "./ApplyDialog.module.css";
import { Choice } from "./Choice";
import { tellPublished } from "./published";
import { countParts, firstParts, WhichParts } from "./WhichParts";

export function PublishDialog({ review, onClose }: { review: ReviewOut; onClose: () => void }) {
  const publish = usePublish(review.change_id);
  return (
    <Dialog title="Publish the change" onClose={onClose}>
      <Form review={review} publish={publish} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps {
  review: ReviewOut;
  publish: ReturnType<typeof usePublish>;
  onClose: () => void;
}

const TEXTS = [
  { name: "branch", label: "Name of the branch", hint: "left empty: made from the session's title" },
  { name: "remote", label: "Remote", hint: "left empty: the one that you push to" },
  { name: "title", label: "Title of the pull request", hint: "left empty: written from the session" },
  { name: "base", label: "Branch that it goes into", hint: "left empty: the remote's own default" },
] as const;

function Form({ review, publish, onClose }: FormProps) {
  const [select, setSelect] = useState(firstParts(review));
  const [onlyPush, setOnlyPush] = useState(false);
  const [draft, setDraft] = useState(false);
  const [fields, setFields] = useState<Record<string, string>>({});
  const words: Record<string, string> = { ...usePublishWords(review.change_id).data };
  const text = (name: string) => fields[name]?.trim() || null; // what stays as it was written is not sent
  const submit = () => {
    const pull = onlyPush ? {} : { title: text("title"), base: text("base"), text: text("text"), draft };
    const body = { select, branch: text("branch"), remote: text("remote"), message: text("message"), only_push: onlyPush, ...pull };
    publish.mutate(body, {
      onSuccess: (done) => {
        onClose();
        tellPublished(done);
      },
    });
  };
  const field = (name: string, value: string) => setFields({ ...fields, [name]: value });
  return (
    <>
      <WhichParts review={review} value={select} onChange={setSelect} />
      <fieldset className={styles.group}>
        <legend>How</legend>
        <Choice name="how" checked={!onlyPush} onChange={() => setOnlyPush(false)} title="Push, and ask for a pull request" text="With gh or glab if it is signed in; else you get the address to open." />
        <Choice name="how" checked={onlyPush} onChange={() => setOnlyPush(true)} title="Push only" />
      </fieldset>
      {TEXTS.filter((one) => !onlyPush || one.name === "branch" || one.name === "remote").map((one) => (
        <label key={one.name} className={styles.field}>
          {one.label}
          <input value={fields[one.name] ?? words[one.name] ?? ""} placeholder={one.hint} onChange={(event) => field(one.name, event.target.value)} />
        </label>
      ))}
      {!onlyPush && (
        <>
          <label className={styles.field}>
            Text of the pull request
            <textarea rows={6} value={fields.text ?? words.text ?? ""} placeholder="left empty: written from the session" onChange={(event) => field("text", event.target.value)} />
          </label>
          <label className={styles.check}>
            <input type="checkbox" checked={draft} onChange={(event) => setDraft(event.target.checked)} /> as a draft
          </label>
        </>
      )}
      {publish.error && (
        <div className={styles.failure} role="alert">
          <p>{publish.error.message}</p>
        </div>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={publish.isPending || countParts(review, select) === 0} onClick={submit}>
          {publish.isPending ? "Publishing…" : onlyPush ? "Push the branch" : "Push and ask for a pull request"}
        </Button>
      </DialogButtons>
    </>
  );
}
