// Notifies when a turn ends or waits while the page is out of view. Renders nothing.
import { useEffect, useRef } from "react";
import { useLocation, useRoute } from "wouter";
import { useProjects, useSession } from "../../shared/api/queries";
import { useRecentSessions, useSessionCounts } from "../../shared/api/sessions";
import type { Session } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { showBadge } from "./badge";
import { chime } from "./chime";
import { notificationPreferences } from "./preferences";
import { type SessionEvent, eventsBetween, EVENT_LABELS } from "./sessionEvents";
import { alreadyNotified } from "./dedupe";

const OTHER_TAB_MS = 300; // a visible tab records the event first
const NAME = "boocoder";

export function Notifier() {
  const { data: sessions } = useRecentSessions();
  const [, route] = useRoute("/sessions/:id");
  const { data: projects = [] } = useProjects();
  const [, go] = useLocation();
  const before = useRef<readonly Session[] | null>(null);
  const title = useSession(route?.id ?? null).data?.title;
  const count = useSessionCounts().data?.waiting ?? 0;
  useEffect(() => showBadge(count, title ? `${visible(title)} - ${NAME}` : NAME), [count, title]);
  useEffect(() => {
    if (!sessions) return;
    const news = before.current ? eventsBetween(before.current, sessions) : [];
    before.current = sessions;
    if (news.length === 0) return;
    if (inView()) {
      for (const event of news) alreadyNotified(event.key);
      return;
    }
    setTimeout(() => {
      const fresh = news.filter((event) => !alreadyNotified(event.key));
      if (fresh.length === 0) return;
      if (notificationPreferences().sound) void chime().catch(() => undefined); // a browser may block sound until the next click
      for (const event of fresh) notify(event, projects.find((one) => one.id === event.session.project_id)?.name ?? "", go);
    }, OTHER_TAB_MS);
  }, [sessions, projects, go]);
  return null;
}

function inView(): boolean {
  return document.visibilityState === "visible" && document.hasFocus();
}

function notify({ session, what }: SessionEvent, project: string, go: (address: string) => void): void {
  if (!notificationPreferences().desktop || !("Notification" in window) || Notification.permission !== "granted") return;
  const shown = new Notification(visible(session.title), { body: [project, EVENT_LABELS[what]].filter(Boolean).join(": "), tag: session.id });
  shown.onclick = () => {
    window.focus();
    go(`/sessions/${session.id}`);
    shown.close();
  };
}
