// Where one begins: a new session.
import { PageHead } from "../ui/PageHead";

export function HomePage({ onMenu }: { onMenu: () => void }) {
  return <PageHead title="New session" onMenu={onMenu} />;
}
