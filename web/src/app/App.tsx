// The frame of the page: session list and the routed page.
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation, useSearch } from "wouter";
import { useSessionUpdates } from "../shared/api/useSessionUpdates";
import styles from "./App.module.css";
import { Notifier } from "../features/notifications/Notifier";
import { HomePage } from "./HomePage";
import { NotFoundPage } from "./NotFoundPage";
import { SessionPanes } from "./SessionPanes";
import { Palette } from "../features/palette/Palette";
import { Sidebar } from "../features/sidebar/Sidebar";
import { isAlone } from "../shared/session/openWindow";
import { panesOf } from "../shared/session/sidePanes";
import { ErrorBoundary } from "../shared/ui/ErrorBoundary";
import { ConnectionBanner } from "./ConnectionBanner";
import { Loading } from "../shared/ui/Loading";

const TasksPage = lazy(() => import("../features/tasks/TasksPage"));
const AgentsPage = lazy(() => import("../features/agents/AgentsPage"));
const SettingsPage = lazy(() => import("./settings/SettingsPage"));

export function App() {
  const [location, go] = useLocation();
  const [open, setOpen] = useState(false); // the session list on a narrow screen
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) list.current?.focus();
  }, [open]);
  const search = useSearch();
  const alone = isAlone(search);
  const showList = () => (alone ? go(location) : setOpen(true)); // a window of one session has none
  useSessionUpdates();
  return (
    <div className={styles.app} data-sidebar={open ? "open" : "closed"} data-alone={alone || undefined}>
      <a className={styles.skip} href="#main">
        Skip to content
      </a>
      {!alone && (
        <aside ref={list} className={styles.left} aria-label="Sessions" tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
          <ErrorBoundary what="The list of sessions">
            <Sidebar onChosen={() => setOpen(false)} />
          </ErrorBoundary>
        </aside>
      )}
      {open && <button type="button" className={styles.veil} aria-label="Close the list" onClick={() => setOpen(false)} />}
      <main id="main" className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <ErrorBoundary key={pageKey(location, search)} what="This page">
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/">
                <HomePage onMenu={showList} />
              </Route>
              <Route path="/sessions/:id">
                {({ id }) => <SessionPanes sessionId={id} onMenu={showList} />}
              </Route>
              <Route path="/tasks">
                <TasksPage onMenu={showList} />
              </Route>
              <Route path="/agents">
                <AgentsPage onMenu={showList} />
              </Route>
              <Route path="/settings">
                <SettingsPage onMenu={showList} />
              </Route>
              <Route>
                <NotFoundPage onMenu={showList} />
              </Route>
            </Switch>
          </Suspense>
        </ErrorBoundary>
      </main>
      <Notifier />
      <ErrorBoundary what="Search and commands">
        <Palette />
      </ErrorBoundary>
    </div>
  );
}

/** Names what the page shows: two sessions stay the same page whichever of them is in use. */
function pageKey(location: string, search: string): string {
  const panes = panesOf(location.replace("/sessions/", ""), search);
  return panes ? `${panes.left} ${panes.right}` : location;
}
