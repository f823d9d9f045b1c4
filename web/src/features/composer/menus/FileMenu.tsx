// File suggestions for "@".
import { useFiles } from "../../../shared/api/files";
import { visible } from "../../../shared/text/visible";
import type { Target } from "../target";
import styles from "./FileMenu.module.css";
import { type SuggestionMenu, useSuggestionMenu } from "./useSuggestionMenu";
import type { Mention } from "./mention";
import { Suggestions } from "./Suggestions";

export function useFileMenu(target: Target, mention: Mention | null, onChoose: (path: string) => void): SuggestionMenu<string> {
  const found = useFiles(target, mention?.letters ?? null);
  return useSuggestionMenu(mention ? found : [], `${mention?.from}@${mention?.letters}`, onChoose);
}

export function FileMenu({ files, below }: { below: boolean; files: SuggestionMenu<string> }) {
  return (
    <Suggestions menu={files} below={below} label="Files" keyOf={(path) => path}>
      {(path) => {
        const name = path.slice(path.lastIndexOf("/") + 1);
        return (
          <span className={styles.file} title={path}>
            <strong>{visible(name)}</strong> <span>{visible(path.slice(0, path.length - name.length))}</span>
          </span>
        );
      }}
    </Suggestions>
  );
}
