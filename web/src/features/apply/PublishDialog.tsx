// Pushes the change as a branch under the user's identity, and opens a pull request if gh or glab is ready.
import { useState } from "react";
import { usePublish, usePublishWords } from "../../shared/review/queries";
import type { ReviewSummary } from "../../shared/api/generated";
import { Button } from "../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../shared/ui/Dialog";
import styles from "./ApplyDialog.module.css";
import { FilteredFiles } from "./FilteredFiles";
import { RadioOption } from "./RadioOption";
import { setPublishResult } from "./publishResult";
import { countParts, firstParts, PartsChoice } from "./PartsChoice";

export function PublishDialog({ review, onClose }: { review: ReviewSummary; onClose: () => void }) {
  const publish = usePublish(review.change_id);
  return (
    <Dialog title="Publish the change" onClose={onClose}>
      <Form review={review} publish={publish} onClose={onClose} />
    </Dialog>
  );
}

interface FormProps {
  review: ReviewSummary;
  publish: ReturnType<typeof usePublish>;
  onClose: () => void;
}

const TEXTS = [
  { name: "branch", label: "Branch name", hint: "default: from the session's title" },
  { name: "remote", label: "Remote", hint: "default: your push remote" },
  { name: "title", label: "Pull request title", hint: "default: written from the session" },
  { name: "base", label: "Base branch", hint: "default: the remote's default branch" },
] as const;

function Form({ review, publish, onClose }: FormProps) {
  const [select, setSelect] = useState(firstParts(review));
  const [onlyPush, setOnlyPush] = useState(false);
  const [draft, setDraft] = useState(false);
  const [filtered, setFiltered] = useState(false);
  const [fields, setFields] = useState<Record<string, string>>({});
  const words: Record<string, string> = { ...usePublishWords(review.change_id).data };
  const text = (name: string) => fields[name]?.trim() || null; // fields left as suggested are not sent
  const submit = () => {
    const pull = onlyPush ? {} : { title: text("title"), base: text("base"), text: text("text"), draft };
    const body = { select, branch: text("branch"), remote: text("remote"), message: text("message"), only_push: onlyPush, filtered, ...pull };
    publish.mutate(body, {
      onSuccess: (done) => {
        onClose();
        setPublishResult(done);
      },
    });
  };
  const field = (name: string, value: string) => setFields({ ...fields, [name]: value });
  return (
    <>
      <PartsChoice review={review} value={select} onChange={setSelect} />
      <fieldset className={styles.group}>
        <legend>Method</legend>
        <RadioOption name="how" checked={!onlyPush} onChange={() => setOnlyPush(false)} title="Push and open a pull request" text="With gh or glab if signed in; otherwise you get a link to open one." />
        <RadioOption name="how" checked={onlyPush} onChange={() => setOnlyPush(true)} title="Push only" />
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
            Pull request text
            <textarea rows={6} value={fields.text ?? words.text ?? ""} placeholder="default: written from the session" onChange={(event) => field("text", event.target.value)} />
          </label>
          <label className={styles.check}>
            <input type="checkbox" checked={draft} onChange={(event) => setDraft(event.target.checked)} /> as a draft
          </label>
        </>
      )}
      <FilteredFiles error={publish.error} value={filtered} onChange={setFiltered} />
      {publish.error && (
        <div className={styles.failure} role="alert">
          <p>{publish.error.message}</p>
        </div>
      )}
      <DialogButtons>
        <Button onClick={onClose}>Cancel</Button>
        <Button kind="primary" disabled={publish.isPending || countParts(review, select) === 0} onClick={submit}>
          {publish.isPending ? "Publishing…" : onlyPush ? "Push the branch" : "Push and open a pull request"}
        </Button>
      </DialogButtons>
    </>
  );
}
