// Files of the worktree, offered while one is being named with "@".
import { useFiles } from "../api/files";
import { visible } from "../text/visible";
import type { Target } from "./Composer";
import styles from "./FileMenu.module.css";
import { type Menu, useMenu } from "./menu";
import type { Mention } from "./mention";
import { Suggestions } from "./Suggestions";

export function useFileMenu(target: Target, mention: Mention | null, onChoose: (path: string) => void): Menu<string> {
  const found = useFiles(target, mention?.letters ?? null);
  return useMenu(mention ? found : [], `${mention?.from}@${mention?.letters}`, onChoose);
}

export function FileMenu({ files, below }: { below: boolean; files: Menu<string> }) {
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
