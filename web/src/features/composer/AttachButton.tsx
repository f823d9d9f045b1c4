// Picks files to attach.
import { Paperclip } from "lucide-react";
import { useRef } from "react";
import { IconButton } from "../../shared/ui/Button";

export function AttachButton({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton label="Attach files" icon={<Paperclip />} onClick={() => input.current?.click()} />
      <input
        ref={input}
        type="file"
        multiple
        hidden
        tabIndex={-1}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = ""; // allows choosing the same file again
        }}
      />
    </>
  );
}
