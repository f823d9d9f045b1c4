// An agent's question: its choices, or a free answer.
import { useId, useState } from "react";
import { call } from "../../../shared/api/client";
import { useAction } from "../../../shared/api/queries";
import type { QuestionFrame, Question } from "../../../shared/api/generated";
import { visible } from "../../../shared/text/visible";
import { Button } from "../../../shared/ui/Button";
import { showError } from "../../../shared/ui/Toasts";
import { RequestFrame } from "./RequestFrame";
import styles from "./QuestionCard.module.css";

const WORDS = { asked: "", answered: "", refused: "dismissed", cancelled: "not answered: the turn ended" } as const;

export function QuestionCard({ frame }: { frame: QuestionFrame }) {
  const title = visible(frame.questions[0]?.header || "The agent asks");
  if (frame.state !== "asked") {
    const said = frame.answers?.map((one) => one.join(", ")).join(" · ") || WORDS[frame.state];
    return (
      <RequestFrame kind="question" title={visible(frame.questions.map((one) => one.text).join(" "))} decided={visible(said)}>
        {null}
      </RequestFrame>
    );
  }
  return (
    <RequestFrame kind="question" title={title} decided={null}>
      <Asked frame={frame} />
    </RequestFrame>
  );
}

function Asked({ frame }: { frame: QuestionFrame }) {
  const [answers, setAnswers] = useState<string[][]>(() => frame.questions.map(() => []));
  const send = useAction(
    (body: { decision: "answer" | "dismiss"; answers?: string[][] }) =>
      call("POST /api/permissions/{permission_id}/answer", { path: { permission_id: frame.request_id }, body }),
    ["sessions", "session"],
  );
  const complete = answers.every((one) => one.length > 0 && one.every((text) => text.trim()));
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    if (complete) send.mutate({ decision: "answer", answers }, { onError: showError });
  };
  return (
    <form className={styles.form} onSubmit={submit}>
      {frame.questions.map((question, index) => (
        <OneQuestion
          key={index}
          question={question}
          answer={answers[index] ?? []}
          onAnswer={(answer) => setAnswers(answers.map((one, at) => (at === index ? answer : one)))}
        />
      ))}
      <div className={styles.buttons}>
        <Button type="submit" kind="primary" disabled={!complete || send.isPending}>
          Answer
        </Button>
        <Button disabled={send.isPending} onClick={() => send.mutate({ decision: "dismiss" }, { onError: showError })}>
          Dismiss
        </Button>
      </div>
    </form>
  );
}

interface OneQuestionProps {
  question: Question;
  answer: string[];
  onAnswer: (answer: string[]) => void;
}

function OneQuestion({ question, answer, onAnswer }: OneQuestionProps) {
  const name = useId();
  const choices = question.choices ?? [];
  if (!choices.length) {
    return (
      <label className={styles.free}>
        {visible(question.text)}
        <textarea rows={2} value={answer[0] ?? ""} onChange={(event) => onAnswer([event.target.value])} />
      </label>
    );
  }
  const own = answer.find((one) => !choices.includes(one));
  const toggle = (choice: string, on: boolean) => {
    if (!question.multiple) onAnswer([choice]);
    else onAnswer(on ? [...answer, choice] : answer.filter((one) => one !== choice));
  };
  const write = (text: string) => onAnswer([...(question.multiple ? answer.filter((one) => choices.includes(one)) : []), text]);
  return (
    <fieldset className={styles.choices}>
      <legend>{visible(question.text)}</legend>
      {choices.map((choice) => (
        <label key={choice}>
          <input
            type={question.multiple ? "checkbox" : "radio"}
            name={name}
            checked={answer.includes(choice)}
            onChange={(event) => toggle(choice, event.target.checked)}
          />
          {visible(choice)}
        </label>
      ))}
      {question.free && (
        <label className={styles.own}>
          <input
            type={question.multiple ? "checkbox" : "radio"}
            name={name}
            aria-label="Your own answer"
            checked={own !== undefined}
            onChange={(event) => (event.target.checked ? write("") : onAnswer(answer.filter((one) => one !== own)))}
          />
          <input aria-label={`Your own answer to: ${visible(question.text)}`} placeholder="Your own answer" value={own ?? ""} onChange={(event) => write(event.target.value)} />
        </label>
      )}
    </fieldset>
  );
}
