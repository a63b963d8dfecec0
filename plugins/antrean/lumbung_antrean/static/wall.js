// The wall: asks every two seconds, shows what is called, speaks what it has not spoken yet. When the network is
// gone it keeps the last state, says so, and catches up afterwards.

import { Speaker } from "./speech.js";

const EVERY = 2000;
const REMEMBERED = 200;
const wall = document.querySelector("[data-wall]");
const part = (name) => document.querySelector(`[data-wall-${name}]`);
const words = wall.dataset;

const store = {
  read(key) { try { return JSON.parse(localStorage.getItem(`${words.wallKey}.${key}`)); } catch { return null; } },
  write(key, value) { try { localStorage.setItem(`${words.wallKey}.${key}`, JSON.stringify(value)); } catch { /* keeps nothing */ } },
};

const speaker = new Speaker(words.wallVoice, (call, text) => {
  wall.dataset.wallSaid = text;
  wall.dataset.wallSaidCount = String(Number(wall.dataset.wallSaidCount ?? 0) + 1);
});
let heard = null; // the calls this wall has already dealt with; null before the first answer
let etag = null;

function item(strong, text) {
  const row = document.createElement("li");
  row.append(Object.assign(document.createElement("strong"), { textContent: strong }));
  row.append(Object.assign(document.createElement("span"), { textContent: text }));
  return row;
}

function show(state) {
  const [first, ...others] = state.counters;
  const changed = part("number").textContent !== (first?.label ?? "–");
  part("label").textContent = first ? words.wallTitle : words.wallEmpty;
  part("number").textContent = first?.label ?? "–";
  part("number").classList.toggle("is-long", (first?.label ?? "").length > 4);
  part("place").textContent = first ? `${words.wallCounter} ${first.counter}` : "";
  part("counters").replaceChildren(...others.slice(0, 4).map((row) => item(row.label, `${words.wallCounter} ${row.counter}`)));
  part("next").replaceChildren(...state.next.flatMap((row) => [Object.assign(document.createElement("span"), { textContent: row.label }), " "]));
  if (!state.next.length) part("next").textContent = "–";
  part("now").classList.toggle("is-fresh", changed);
}

function speak(calls, aloud) {
  if (heard === null) heard = new Set(calls.map((call) => call.seq)); // what was called before we came is past
  for (const call of calls) {
    if (heard.has(call.seq)) continue;
    heard.add(call.seq);
    if (aloud && !call.stale) speaker.announce(call);
  }
  if (heard.size > REMEMBERED) heard = new Set([...heard].slice(-REMEMBERED / 2));
}

function offline(isOff) {
  part("offline").hidden = !isOff;
  if (isOff) part("since").textContent = store.read("at") ?? "";
}

async function ask() {
  try {
    const answer = await fetch(words.wallUrl, { headers: etag ? { "If-None-Match": etag } : {}, cache: "no-store", signal: AbortSignal.timeout(8000) });
    if (answer.status === 200) {
      const state = await answer.json();
      etag = answer.headers.get("ETag");
      show(state);
      part("sound").hidden = !state.speaks;
      speak(state.calls, state.speaks);
    } else if (answer.status !== 304) throw new Error(String(answer.status));
    store.write("at", new Date().toLocaleTimeString("id-ID", { hour: "2-digit", minute: "2-digit" }));
    offline(false);
  } catch {
    offline(true);
  }
  setTimeout(ask, EVERY);
}

part("sound").addEventListener("click", (event) => {
  speaker.unlock();
  event.currentTarget.classList.add("is-on");
  event.currentTarget.querySelector("span").textContent = words.wallSoundOn;
});

ask();
