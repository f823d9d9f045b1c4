"use strict";
// Shows sessions and tasks, and the stream of the chosen session. Everything that comes is put in as text.

const $ = (id) => document.getElementById(id);
const view = { session: null, lastSeq: 0, fresh: true, texts: new Map(), boxes: new Map(), running: null };
let socket = null;
let wait = 500;

async function api(path, body) {
  const options = body === undefined ? {} : {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  const data = await answer.json();
  if (!answer.ok) throw new Error([data.detail, data.cure].filter(Boolean).join(" "));
  return data;
}

function say(text) { $("status").textContent = text; }

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// Lists

async function refresh() {
  try {
    const [projects, sessions, tasks] = await Promise.all([
      api("/api/projects"), api("/api/sessions?state=open&limit=100"), api("/api/tasks?limit=30"),
    ]);
    showSessions(new Map(projects.map((project) => [project.id, project.name])), sessions);
    $("tasks").replaceChildren(...tasks.map((task) => {
      const item = element("li", "", firstLine(task.prompt));
      item.append(element("small", "", [task.state, task.agent, task.error_text].filter(Boolean).join(" · ")));
      return item;
    }));
  } catch (error) { say(error.message); }
}

function firstLine(text) { return text.trim().split("\n")[0].slice(0, 80); }

function showSessions(names, sessions) {
  $("sessions").replaceChildren(...sessions.map((session) => {
    const button = element("button", "", session.title);
    const state = session.open_requests ? "waiting for you" : session.running_task_id ? "running" : session.pending_change_id ? "change to review" : "";
    button.append(element("small", "", [names.get(session.project_id), state].filter(Boolean).join(" · ")));
    if (session.id === view.session) button.setAttribute("aria-current", "true");
    button.addEventListener("click", () => choose(session));
    const item = element("li");
    item.append(button);
    return item;
  }));
}

// Stream

function choose(session) {
  if (view.session) send({ op: "unsubscribe", session_id: view.session });
  Object.assign(view, { session: session.id, lastSeq: 0, running: null });
  view.texts.clear();
  view.boxes.clear();
  $("title").textContent = session.title;
  $("stream").replaceChildren();
  $("ask").hidden = false;
  $("cancel").hidden = true;
  subscribe();
  refresh();
}

function send(message) { if (socket && socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message)); }
function subscribe() { if (view.session) send({ op: "subscribe", session_id: view.session, after: view.lastSeq }); }

function connect() {
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/stream`);
  socket.addEventListener("open", () => { say("connected"); wait = 500; subscribe(); refresh(); });
  socket.addEventListener("message", (event) => take(JSON.parse(event.data)));
  socket.addEventListener("close", () => {
    say("not connected, trying again");
    setTimeout(connect, wait * (0.5 + Math.random() / 2));
    wait = Math.min(wait * 2, 10000);
  });
}

function take(frame) {
  if (frame.type === "error") { say(frame.text); return; }
  if (frame.session_id !== view.session) return;
  if (frame.type === "subscribed") { view.fresh = true; return; }
  if (frame.type === "resync") {
    // As the first frame it says that our number is not one of this stream: everything is read again.
    if (view.fresh) { view.lastSeq = 0; $("stream").replaceChildren(); view.boxes.clear(); view.texts.clear(); }
    setTimeout(subscribe, 250);
    return;
  }
  view.fresh = false;
  if (frame.seq) view.lastSeq = Math.max(view.lastSeq, frame.seq);
  const show = shows[frame.type];
  if (!show) return;
  const stream = $("stream");
  const atEnd = stream.scrollHeight - stream.scrollTop - stream.clientHeight < 80;
  show(frame);
  if (atEnd) stream.scrollTop = stream.scrollHeight;
}

function box(key, className) {
  let found = view.boxes.get(key);
  if (!found) {
    found = element("div", className);
    view.boxes.set(key, found);
    $("stream").append(found);
  }
  return found;
}

// Offsets count code points, which JavaScript's own lengths do not.
function addText(frame, className) {
  const key = `${frame.message_id}/${frame.part}`;
  const known = view.texts.get(key) || { text: "", length: 0 };
  if (frame.offset > known.length) return;
  const target = box(key, className);
  if (frame.offset === known.length) {
    known.text += frame.text;
    target.append(frame.text);
  } else {
    known.text = Array.from(known.text).slice(0, frame.offset).join("") + frame.text;
    target.textContent = known.text;
  }
  known.length = frame.offset + Array.from(frame.text).length;
  view.texts.set(key, known);
}

function note(text, className) { if (text) $("stream").append(element("div", className || "note", text)); }

// What an agent asks; a question is answered in the terminal, where free text has room.
function showRequest(frame, about) {
  const shown = box(`${frame.message_id}/${frame.part}`, "tool");
  shown.textContent = `${about} (${frame.state === "asked" ? "waiting for you" : frame.state})`;
  if (frame.state === "asked" && frame.type === "question") {
    shown.append(element("div", "", `boocoder permissions answer ${frame.request_id.slice(0, 8)} "..."`));
  } else if (frame.state === "asked") {
    for (const [label, decision] of [["Allow once", "allow"], ["Allow in this session", "allow_session"], ["Refuse", "refuse"]]) {
      const button = element("button", "", label);
      button.addEventListener("click", () => {
        api(`/api/permissions/${frame.request_id}/answer`, { decision }).catch((error) => say(error.message));
      });
      shown.append(" ", button);
    }
  }
  refresh();
}

const shows = {
  message_started: (frame) => { if (frame.text) box(frame.message_id, "user").textContent = frame.text; },
  delta: (frame) => addText(frame, "answer"),
  reasoning_delta: (frame) => addText(frame, "reasoning"),
  tool_call: (frame) => {
    const lines = [`${frame.title || frame.name} (${frame.status})`, frame.output];
    box(`${frame.message_id}/${frame.part}`, "tool").textContent = lines.filter(Boolean).join("\n");
  },
  plan: (frame) => {
    const lines = frame.entries.map((entry) => `${entry.status === "completed" ? "done" : "to do"}: ${entry.text}`);
    box(`${frame.message_id}/${frame.part}`, "plan").textContent = lines.join("\n");
  },
  notice: (frame) => note(frame.text),
  permission: (frame) => showRequest(frame, `${frame.tool}: ${frame.argument || frame.title}`),
  question: (frame) => showRequest(frame, frame.questions.map((one) => [one.text, ...(one.choices || [])].join("\n  ")).join("\n")),
  change_updated: (frame) => { note(`Change ${frame.state}: ${frame.files || 0} files, +${frame.additions || 0} -${frame.deletions || 0}`); refresh(); },
  turn_started: (frame) => { view.running = frame.task_id; $("cancel").hidden = false; refresh(); },
  turn_ended: (frame) => {
    view.running = null;
    $("cancel").hidden = true;
    if (frame.outcome !== "completed") note(`${frame.outcome}: ${frame.text || ""} ${frame.cure || ""}`, "bad");
    refresh();
  },
  queue_changed: () => refresh(),
};

// Asking

$("ask").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const chats = await api(`/api/sessions/${view.session}/chats`);
    const place = chats.length ? { chat_id: chats[chats.length - 1].id } : { session_id: view.session };
    await api("/api/tasks", { ...place, prompt: $("prompt").value });
    $("prompt").value = "";
    say("queued");
  } catch (error) { say(error.message); }
});
$("cancel").addEventListener("click", () => {
  if (view.running) api(`/api/tasks/${view.running}/cancel`, {}).catch((error) => say(error.message));
});

connect();
