// Calls the person when a turn ends or waits and the page is not in view. It shows nothing in the page.
import { useEffect, useRef } from "react";
import { useLocation } from "wouter";
import { useProjects, useSessions } from "../api/queries";
import type { SessionOut } from "../api/generated";
import { visible } from "../text/visible";
import { showBadge } from "./badge";
import { chime } from "./chime";
import { notifyChoice } from "./choices";
import { type Moment, moments, SAYS, waiting } from "./moments";
import { toldBefore } from "./told";

const OTHER_TAB_MS = 300; // a tab that is in view writes down at once that its person has seen it
const NAME = "boocoder";

export function Notifier() {
  const { data: sessions } = useSessions();
  const { data: projects = [] } = useProjects();
  const [location, go] = useLocation();
  const before = useRef<readonly SessionOut[] | null>(null);
  const title = sessions?.find((one) => location === `/sessions/${one.id}`)?.title;
  const count = waiting(sessions ?? []);
  useEffect(() => showBadge(count, title ? `${visible(title)} - ${NAME}` : NAME), [count, title]);
  useEffect(() => {
    if (!sessions) return;
    const news = before.current ? moments(before.current, sessions) : [];
    before.current = sessions;
    if (news.length === 0) return;
    if (inView()) {
      for (const moment of news) toldBefore(moment.key);
      return;
    }
    setTimeout(() => {
      const fresh = news.filter((moment) => !toldBefore(moment.key));
      if (fresh.length === 0) return;
      if (notifyChoice().sound) void chime().catch(() => undefined); // a browser may forbid it until the next click
      for (const moment of fresh) notify(moment, projects.find((one) => one.id === moment.session.project_id)?.name ?? "", go);
    }, OTHER_TAB_MS);
  }, [sessions, projects, go]);
  return null;
}

function inView(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function notify({ session, what }: Moment, project: string, go: (address: string) => void): void {
  if (!notifyChoice().desktop || !("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(visible(session.title), { body: [project, SAYS[what]].filter(Boolean).join(": "), tag: session.id });
  shown.onclick = () => {
    window.focus();
    go(`/sessions/${session.id}`);
    shown.close();
  };
}
