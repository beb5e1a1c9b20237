// Shows the loop: video, figures once a second, and what every face showed in the last minute.

const EMOTIONS = ["angry", "disgust", "fear", "happy", "neutral", "sad", "surprise"];
const LANES = [...EMOTIONS, "uncertain"];
const WINDOW_MS = 60_000;
const GONE_MS = 1_000;
const SHOWN_TRACKS = 6;
const element = (id) => document.getElementById(id);
const write = (id, text) => {
  if (element(id).textContent !== text) element(id).textContent = text;
};

// Source name → track → {node, runs: [{emotion, from, to}], last event}.
const sources = new Map();
let chosen = 0;
let names = [];
let paused = false;

function forgetToken() {
  // The token came in the address once and is a cookie now; it shall not be seen or shared.
  if (new URLSearchParams(location.search).has("token")) {
    history.replaceState(null, "", location.pathname);
  }
}

function showVideo() {
  const video = element("video");
  if (paused || document.hidden) {
    video.removeAttribute("src");
  } else {
    video.src = `/video/${chosen}?${Date.now()}`;
  }
  element("paused").hidden = !paused;
}

function ms(value) {
  return value == null ? "–" : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function duration(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
}

function setState(text, kind) {
  write("state", text); // written only when it changes, so that it is spoken only then
  element("state").className = `chip ${kind}`;
}

function showSources(status) {
  const known = status.sources.map((source) => source.name);
  if (known.join("\n") === names.join("\n")) return;
  names = known;
  element("source").replaceChildren(
    ...names.map((name, index) => new Option(names.length > 1 ? `${index}: ${name}` : name, index)),
  );
  element("source").value = chosen;
  element("choice").hidden = names.length < 2;
}

function showStatus({ status, queues, notice, faces_hidden }) {
  element("told").textContent = notice ?? "";
  element("told").hidden = notice === null;
  element("hidden-faces").hidden = !faces_hidden;
  const waiting = Object.entries(queues).map(
    ([name, queue]) => `${name}: ${queue.waiting} waiting, ${queue.dropped} given up`,
  );
  write("queues", waiting.join("; ") || "nothing buffers");
  if (!status) return;
  showSources(status);
  const source = status.sources[chosen];
  const running = source.state === "running";
  setState(running ? "Live" : source.state, running ? "good" : "bad");
  element("error").hidden = !source.error;
  write("error", source.error ?? "");
  write("fps", source.fps.toFixed(1));
  write("p50", ms(status.latency?.p50_ms));
  write("p95", ms(status.latency?.p95_ms));
  write("age", ms(source.frame_age_ms));
  write("frames", source.frames.toLocaleString("en"));
  write("dropped", source.dropped.toLocaleString("en"));
  write("reconnects", source.reconnects.toLocaleString("en"));
  const celsius = status.cpu_temperature_celsius;
  write("temperature", celsius == null ? "–" : `${celsius.toFixed(0)} °C`);
  write("model", `${status.model}, ${status.precision}`);
  write("backend", status.backend);
  write("detector", status.detector);
  write("memory", `${(status.rss_bytes / 1e6).toFixed(0)} MB`);
  write("uptime", duration(status.uptime_seconds));
  showStages(status.stages);
}

function showStages(stages) {
  const rows = Object.entries(stages).map(([name, figures]) => {
    const row = document.createElement("tr");
    const head = document.createElement("th");
    head.scope = "row";
    head.textContent = name;
    row.append(head);
    for (const text of [figures.p50_ms.toFixed(2), figures.p95_ms.toFixed(2), figures.turns]) {
      row.insertCell().textContent = text;
    }
    return row;
  });
  element("stages").replaceChildren(...rows);
}

async function pollStatus() {
  try {
    const answer = await fetch("/v1/status");
    if (answer.ok) showStatus(await answer.json());
    else setState("Not allowed", "bad");
  } catch {
    setState("Connection lost", "bad");
  }
  setTimeout(pollStatus, document.hidden ? 5000 : 1000);
}

function newTrack(number) {
  const node = document.createElement("li");
  node.className = "track";
  const title = document.createElement("h3");
  title.append(document.createElement("span"), document.createElement("span"));
  title.firstChild.textContent = `Face ${number}`;
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  node.append(title, canvas);
  return { number, node, runs: [] };
}

function take(event, now) {
  const tracks = sources.get(event.source) ?? new Map();
  sources.set(event.source, tracks);
  const track = tracks.get(event.track) ?? newTrack(event.track);
  tracks.set(event.track, track);
  const emotion = event.emotion ?? "uncertain";
  const run = track.runs.at(-1);
  if (run && run.emotion === emotion && now - run.to < GONE_MS) run.to = now;
  else {
    if (run && now - run.to < GONE_MS) run.to = now; // no gap where the label changes
    track.runs.push({ emotion, from: now, to: now });
  }
  track.event = event;
}

function listen(pause = 1000) {
  const scheme = location.protocol === "https:" ? "wss" : "ws";
  const socket = new WebSocket(`${scheme}://${location.host}/v1/events`);
  const opened = Date.now();
  socket.onmessage = ({ data }) => take(JSON.parse(data), Date.now());
  socket.onclose = () => {
    const next = Date.now() - opened > 10_000 ? 1000 : Math.min(pause * 2, 15_000);
    setTimeout(() => listen(next), pause);
  };
}

function words(event) {
  if (event.emotion) return `${event.emotion} ${Math.round(event.probability * 100)} %`;
  return event.reason ?? "uncertain";
}

function summary(track, now) {
  const seconds = new Map();
  for (const { emotion, from, to } of track.runs) {
    seconds.set(emotion, (seconds.get(emotion) ?? 0) + (to - Math.max(from, now - WINDOW_MS)) / 1000);
  }
  const parts = [...seconds].sort((a, b) => b[1] - a[1]).map(([e, s]) => `${e} ${Math.round(s)} s`);
  return `Face ${track.number} in the last minute: ${parts.join(", ")}`;
}

function draw(track, now, style) {
  const canvas = track.node.lastChild;
  const scale = devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
  if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  const left = 68;
  const lane = height / LANES.length;
  const x = (time) => left + (1 - (now - time) / WINDOW_MS) * (width - left);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  LANES.forEach((name, index) => {
    const y = (index + 0.5) * lane;
    pen.fillStyle = style.getPropertyValue("--muted");
    pen.fillText(name, 0, y);
    pen.fillStyle = style.getPropertyValue("--rule");
    pen.fillRect(left, Math.round(y), width - left, 1);
  });
  for (const { emotion, from, to } of track.runs) {
    const start = Math.max(x(from), left);
    pen.fillStyle = style.getPropertyValue(`--${emotion}`);
    pen.fillRect(start, LANES.indexOf(emotion) * lane + 2, Math.max(x(to) - start, 2), lane - 4);
  }
}

function showFaces() {
  if (document.hidden) return;
  const now = Date.now();
  for (const tracks of sources.values()) {
    for (const [number, track] of tracks) {
      track.runs = track.runs.filter((run) => now - run.to < WINDOW_MS);
      if (!track.runs.length) tracks.delete(number);
    }
  }
  const recent = [...(sources.get(names[chosen])?.values() ?? [])]
    .sort((a, b) => b.runs.at(-1).to - a.runs.at(-1).to)
    .slice(0, SHOWN_TRACKS)
    .sort((a, b) => a.number - b.number);
  const list = element("tracks");
  const nodes = recent.map((track) => track.node);
  if (nodes.length !== list.children.length || nodes.some((node, i) => node !== list.children[i])) {
    list.replaceChildren(...nodes);
  }
  element("nobody").hidden = recent.length > 0;
  const style = getComputedStyle(document.body);
  for (const track of recent) {
    const gone = now - track.runs.at(-1).to > GONE_MS;
    track.node.classList.toggle("gone", gone);
    track.node.firstChild.lastChild.textContent = gone ? "gone" : words(track.event);
    if (!(now - track.described < 5000)) {
      track.described = now;
      track.node.lastChild.setAttribute("aria-label", summary(track, now));
    }
    draw(track, now, style);
  }
  const present = recent.filter((track) => now - track.runs.at(-1).to <= GONE_MS);
  const described = present.map((track) => `face ${track.number} ${words(track.event)}`).join(", ");
  write("seen", described || "No face in view");
  element("video").alt = `Live video of ${names[chosen] ?? "the source"}: ${described || "no face"}`;
}

element("pause").addEventListener("click", () => {
  paused = !paused;
  element("pause").setAttribute("aria-pressed", String(paused));
  showVideo();
});
element("source").addEventListener("change", ({ target }) => {
  chosen = Number(target.value);
  showVideo();
});
element("video").addEventListener("error", () => {
  if (element("video").hasAttribute("src")) setTimeout(showVideo, 2000);
});
document.addEventListener("visibilitychange", showVideo);

forgetToken();
pollStatus();
listen();
setInterval(showFaces, 250);
showVideo();
