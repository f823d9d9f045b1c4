// What each project makes agents run (plugins, hooks, servers, settings), and a person's trust in it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call, type Answer } from "../../shared/api/client";
import { useProjects } from "../../shared/api/queries";
import { Button } from "../../shared/ui/Button";
import styles from "./SettingsPage.module.css";

type Trust = Answer<"GET /api/projects/{project_id}/trust">;

export function ProjectTrust() {
  const { data: projects } = useProjects();
  return (
    <>
      <p className={styles.note}>
        Files of a project that make agents run or obey something. An agent that would run a file gets no turn until you have trusted
        it as it is.
      </p>
      {projects?.map((project) => (
        <OneProject key={project.id} id={project.id} name={project.name} />
      ))}
    </>
  );
}

function OneProject({ id, name }: { id: string; name: string }) {
  const client = useQueryClient();
  const key = ["trust", id];
  const path = { project_id: id };
  const { data, error } = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => call("GET /api/projects/{project_id}/trust", { path }, { signal }),
  });
  const trust = useMutation({
    mutationFn: (seen: Trust) =>
      call("POST /api/projects/{project_id}/trust", {
        path,
        body: { files: seen.files.map((file) => ({ path: file.path, sha256: file.sha256 })) },
      }),
    onSettled: () => client.invalidateQueries({ queryKey: key }),
  });
  const failed = error ?? trust.error;
  if (!failed && !data?.files.length) return null;
  return (
    <div className={styles.trust}>
      <div className={styles.row}>
        <strong>{name}</strong>
        {data && !data.trusted && (
          <Button small disabled={trust.isPending} onClick={() => trust.mutate(data)}>
            Trust these files
          </Button>
        )}
      </div>
      {failed && <p className={styles.warning}>{failed.message}</p>}
      <ul>
        {data?.files.map((file) => (
          <li key={file.path}>
            <code>{file.path}</code>
            <span className={styles.aside}>
              {` ${file.trusted ? "trusted" : "not trusted"}, ${file.agents.join(", ")}, ${file.sha256.slice(0, 12)}`}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}
