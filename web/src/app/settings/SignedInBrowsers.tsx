// The browsers that are signed in at this service, each with a button that signs it out.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../shared/api/client";
import { Button } from "../../shared/ui/Button";
import styles from "./SettingsPage.module.css";

const KEY = ["browsers"];

export function SignedInBrowsers() {
  const client = useQueryClient();
  const { data: browsers, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => call("GET /api/browsers", {}, { signal }) });
  const signOut = useMutation({
    mutationFn: (id: string) => call("DELETE /api/browsers/{browser_id}", { path: { browser_id: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const failed = error ?? signOut.error;
  return (
    <>
      {failed && <p className={styles.warning}>{failed.message}</p>}
      {browsers?.map((browser) => (
        <div key={browser.id} className={styles.row}>
          <span>
            {browser.current ? "This browser" : browser.user_agent || "A browser"}
            <span className={styles.aside}>
              {` from ${browser.peer}, last seen ${new Date(browser.seen_at).toLocaleString()}`}
            </span>
          </span>
          <Button small disabled={signOut.isPending} onClick={() => signOut.mutate(browser.id)}>
            Sign out
          </Button>
        </div>
      ))}
    </>
  );
}
