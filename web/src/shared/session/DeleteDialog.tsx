// Asks before sessions are deleted; loaded when it is first needed.
import { lazy, Suspense } from "react";

const DeleteQuestion = lazy(() => import("./DeleteQuestion"));

export interface DeleteDialogProps {
  sessionIds: readonly string[];
  onClose: () => void;
  /** When the person has agreed. */
  onDone?: () => void;
}

export function DeleteDialog(props: DeleteDialogProps) {
  return (
    <Suspense>
      <DeleteQuestion {...props} />
    </Suspense>
  );
}
