// Asks for confirmation before a far-reaching action.
import { Button } from "./Button";
import { Dialog, DialogButtons, DialogText } from "./Dialog";

interface ConfirmDialogProps {
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
  onCancel: () => void;
}

export function ConfirmDialog({ title, text, action, onConfirm, onCancel }: ConfirmDialogProps) {
  return (
    <Dialog alert size="small" title={title} onClose={onCancel}>
      <DialogText>{text}</DialogText>
      <DialogButtons>
        <Button onClick={onCancel}>Cancel</Button>
        <Button kind="primary" onClick={onConfirm}>
          {action}
        </Button>
      </DialogButtons>
    </Dialog>
  );
}
