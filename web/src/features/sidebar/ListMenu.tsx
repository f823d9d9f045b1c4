// Grouping and order of the list, and the selection of several sessions.
import { Menu, MenuItem } from "../../shared/ui/Menu";
import { type Grouping, type Order, setListView, useListView } from "./listView";
import styles from "./Sidebar.module.css";

const GROUPINGS: Record<Grouping, string> = { project: "Group by project", state: "Group by state", date: "Group by date" };
const ORDERS: Record<Order, string> = { created: "Newest first", changed: "Last changed first" };

export function ListMenu({ onSelect }: { onSelect: () => void }) {
  const view = useListView();
  return (
    <Menu look="row" className={styles.arrange} label="Arrange the list">
      {(Object.keys(GROUPINGS) as Grouping[]).map((group) => (
        <MenuItem key={group} checked={view.group === group} onClick={() => setListView({ group })}>
          {GROUPINGS[group]}
        </MenuItem>
      ))}
      {(Object.keys(ORDERS) as Order[]).map((order) => (
        <MenuItem key={order} checked={view.order === order} onClick={() => setListView({ order })}>
          {ORDERS[order]}
        </MenuItem>
      ))}
      <MenuItem onClick={onSelect}>Select sessions…</MenuItem>
    </Menu>
  );
}
