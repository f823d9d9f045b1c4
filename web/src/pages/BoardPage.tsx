// Board.
import { PageHead } from "../ui/PageHead";

export default function BoardPage({ onMenu }: { onMenu: () => void }) {
  return <PageHead title="Board" onMenu={onMenu} />;
}
