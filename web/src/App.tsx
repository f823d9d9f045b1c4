// The frame of the page: what stands left, in the middle and on the right, by the address.
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Route, Switch, useLocation } from "wouter";
import { useSessionNews } from "./api/sessionNews";
import styles from "./App.module.css";
import { Notifier } from "./notify/Notifier";
import { HomePage } from "./pages/HomePage";
import { NothingHere } from "./pages/NothingHere";
import { SessionPage } from "./pages/SessionPage";
import { Palette } from "./palette/Palette";
import { Sidebar } from "./sidebar/Sidebar";
import { ErrorBoundary } from "./ui/ErrorBoundary";
import { ConnectionBanner } from "./ui/ConnectionBanner";
import { Loading } from "./ui/Loading";

const BoardPage = lazy(() => import("./pages/BoardPage"));
const AgentsPage = lazy(() => import("./pages/AgentsPage"));
const SettingsPage = lazy(() => import("./pages/SettingsPage"));

export function App() {
  const [location] = useLocation();
  const [open, setOpen] = useState(false); // the sidebar on a narrow screen
  const list = useRef<HTMLElement>(null);
  useEffect(() => {
    if (open) list.current?.focus();
  }, [open]);
  useSessionNews();
  return (
    <div className={styles.app} data-sidebar={open ? "open" : "closed"}>
      <a className={styles.skip} href="#main">
        Skip to the content
      </a>
      <aside ref={list} className={styles.left} aria-label="Sessions" tabIndex={-1} onKeyDown={(event) => event.key === "Escape" && setOpen(false)}>
        <ErrorBoundary what="The list of sessions">
          <Sidebar onChosen={() => setOpen(false)} />
        </ErrorBoundary>
      </aside>
      {open && <button type="button" className={styles.veil} aria-label="Close the list" onClick={() => setOpen(false)} />}
      <main id="main" className={styles.main} tabIndex={-1}>
        <ConnectionBanner />
        <ErrorBoundary key={location} what="This page">
          <Suspense fallback={<Loading />}>
            <Switch>
              <Route path="/">
                <HomePage onMenu={() => setOpen(true)} />
              </Route>
              <Route path="/sessions/:id">
                {({ id }) => <SessionPage key={id} sessionId={id} onMenu={() => setOpen(true)} />}
              </Route>
              <Route path="/tasks">
                <BoardPage onMenu={() => setOpen(true)} />
              </Route>
              <Route path="/agents">
                <AgentsPage onMenu={() => setOpen(true)} />
              </Route>
              <Route path="/settings">
                <SettingsPage onMenu={() => setOpen(true)} />
              </Route>
              <Route>
                <NothingHere onMenu={() => setOpen(true)} />
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
