// Agents.
import { PageHead } from "../ui/PageHead";

export default function AgentsPage({ onMenu }: { onMenu: () => void }) {
  return <PageHead title="Agents" onMenu={onMenu} />;
}
