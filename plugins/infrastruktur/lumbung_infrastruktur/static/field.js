// The field page: lists the orders that this phone keeps, shows one, and takes what the crew does. Nothing here waits
// for the network: what is done goes into the outbox, and field_sync.js sends it when it can.

const root = document.querySelector("[data-field]");
const names = ["parts", "store", "sync", "order"];
const [parts, store, { Sync }, { OrderPage }] = await Promise.all(names.map((name) => import(root.dataset[name])));
const { words, said, part, copy, fill, tell, button } = parts;
const sync = new Sync(store, { data: root.dataset.url, send: root.dataset.send }, words);

const EVERY = 60_000; // milliseconds between tries while something waits
let me = null;
const page = new OrderPage(part("field-detail"), { store, parts, me: () => me, work, remove, render, isBusy: () => sync.busy });

// One drawing after the other: each reads the store as it is then.
let drawing = Promise.resolve();
function render() {
  drawing = drawing.then(draw, draw);
  return drawing;
}

async function draw() {
  me = await store.owner();
  const [orders, outbox, drafts] = await Promise.all([store.all("orders"), store.outbox(), store.all("drafts")]);
  parts.giveBack();
  await showBar(outbox);
  await showNotices(outbox, drafts);
  showDecisions(outbox, drafts, new Set(orders.map((order) => order.id)));
  await showList(orders, outbox);
  const order = orders.find((one) => one.id === location.hash.slice(1));
  part("field-list").hidden = Boolean(order);
  await page.show(order, order ? waitingFor(outbox, order.id) : []);
}

const isMine = (row) => row.owner.id === me?.id;
const waitingFor = (outbox, id) => outbox.filter((one) => one.order === id && isMine(one) && one.state === "waiting");

async function showBar(outbox) {
  const count = outbox.filter(isMine).length;
  const at = await store.syncedAt();
  const away = !navigator.onLine || sync.failed;
  part("field-online").hidden = away;
  part("field-offline").hidden = !away;
  part("field-unsent").textContent = count ? fill(words.unsent, { count }) : at ? words.allSent : "";
  part("field-unsent").className = count ? "field-waits" : "";
  part("field-synced").textContent = sync.busy ? words.busy : at ? fill(words.synced, { at: parts.moment(at) }) : words.never;
}

async function showNotices(outbox, drafts) {
  const found = [];
  const mine = me ? (await store.unsentOf(me.id)).length : 0;
  if (sync.signedOut) {
    const address = `/masuk?next=${encodeURIComponent(location.pathname)}`;
    const link = Object.assign(document.createElement("a"), { className: "btn btn-primary", textContent: words.signIn, href: address });
    found.push(notice("padi", mine ? fill(words.signedOutUnsent, { name: me.name, count: mine }) : words.signedOut, [link]));
  } else if (sync.forbidden) found.push(notice("gawat", words.forbidden));
  else if (sync.failed && navigator.onLine) found.push(notice("padi", words.failed));
  const others = new Map([...outbox, ...drafts].filter((row) => !isMine(row)).map((row) => [row.owner.id, row.owner]));
  for (const other of others.values()) {
    const count = (await store.unsentOf(other.id)).length;
    if (count) found.push(notice("padi", fill(words.other, { count, name: other.name }), [button(words.throw, () => throwAway(other))]));
  }
  part("field-notices").replaceChildren(...found);
}
function notice(tone, text, acts = []) {
  const found = copy("notice").firstElementChild;
  found.classList.add(`lb-${tone}`);
  tell(found, "text", text);
  part("f-acts", found).append(...acts);
  return found;
}
async function throwAway(other) {
  if (!confirm(words.throwSure)) return;
  await store.throwAway(other.id);
  await render();
}

// What the office did not take as it was, and what was typed about an order that is no longer here.

function showDecisions(outbox, drafts, known) {
  const found = [
    ...outbox.filter((one) => one.state !== "waiting" && isMine(one)).map(ofUpdate),
    ...drafts.filter((draft) => isMine(draft) && !known.has(draft.order)).map(ofDraft),
  ];
  part("field-decisions").replaceChildren(...found);
  part("field-decide").hidden = found.length === 0;
}
function ofUpdate(update) {
  const again = async (more) => {
    await store.put("outbox", { ...update, ...more, state: "waiting", message: "", changes: [] });
    await work();
  };
  const isVain = update.kind === "start" && update.changes?.some((one) => one.after === "cancelled");
  return decision(update, {
    insist: update.state === "conflict" && !isVain && (() => again({ insists: true, version: update.now })),
    again: update.state === "refused" && (() => again({})),
    throw: () => remove(update),
  });
}
function ofDraft(draft) {
  const { owner, order, number, version, values } = draft;
  const result = Object.values(values).filter((text) => text.trim()).join("\n");
  const update = { owner, order, number, version, kind: "finish", values: { result }, insists: true };
  const drop = () => store.drop("drafts", draft.id);
  return decision({ ...update, message: words.orphan }, {
    insist: async () => {
      await store.queue(update);
      await drop();
      await work();
    },
    throw: async () => {
      if (confirm(words.throwSure)) await drop();
      await render();
    },
  });
}
function decision(update, acts) {
  const found = copy("decision").firstElementChild;
  tell(found, "title", `${update.number}: ${said.kinds[update.kind]}`);
  tell(found, "message", update.message);
  tell(found, "typed", parts.typed(update));
  const worded = (name, text) => (name === "planned_on" ? parts.day(text) : (name === "state" && said.states[text]) || text) || "–";
  const changes = (update.changes ?? []).map(({ name, before, after }) => Object.assign(document.createElement("li"), {
    textContent: `${said.facts[name]}: ${worded(name, before)} → ${worded(name, after)}`,
  }));
  part("f-changes", found).append(...changes);
  part("f-changes-part", found).hidden = changes.length === 0;
  if (update.file) Object.assign(part("f-picture", found), { src: parts.addressOf(update.file), hidden: false });
  for (const name of ["insist", "again", "throw"]) {
    const press = part(`f-${name}`, found);
    press.hidden = !acts[name];
    if (acts[name]) press.addEventListener("click", acts[name]);
  }
  return found;
}
async function remove(update) {
  if (!confirm(words.throwSure)) return;
  await store.drop("outbox", update.key);
  await render();
}

// The list

async function showList(orders, outbox) {
  const near = part("field-order").value === "near" && parts.isLocated();
  const rank = (order) => (near ? parts.metres(order.place) ?? Infinity : order.planned_on || "9999");
  const sorted = [...orders].sort((one, other) => {
    const [left, right] = [rank(one), rank(other)];
    if (left === right) return one.number < other.number ? -1 : 1;
    return left < right ? -1 : 1;
  });
  part("field-cards").replaceChildren(...sorted.map((order) => {
    const card = copy("card").firstElementChild;
    part("f-link", card).href = `#${order.id}`;
    tell(card, "title", order.title);
    tell(card, "about", [order.number, order.place.text, parts.distance(order.place), order.planned].filter(Boolean).join(" · "));
    part("f-tags", card).append(...parts.tags(order, waitingFor(outbox, order.id)));
    return card;
  }));
  const fetched = await store.get("meta", "synced");
  part("field-more").textContent = fetched?.more ? fill(words.more, { count: fetched.more }) : "";
  part("field-empty").hidden = !(fetched && orders.length === 0);
  part("field-nothing").hidden = Boolean(fetched) || sync.busy;
}

async function sortAnew() {
  const [choice, status] = [part("field-order"), part("field-located")];
  if (choice.value === "near" && !parts.isLocated()) {
    status.textContent = words.locating;
    const found = await parts.locate();
    status.textContent = found ? "" : words.unlocated;
    if (!found) choice.value = "day";
  }
  await render();
}

// Sending and fetching

async function work() {
  const run = sync.run();
  await render();
  await run;
  await render();
}

async function begin() {
  try {
    await store.owner();
  } catch {
    part("field-notices").replaceChildren(notice("gawat", words.noStore));
    return;
  }
  part("field-sync").addEventListener("click", work);
  part("field-order").addEventListener("change", sortAnew);
  addEventListener("hashchange", render);
  addEventListener("online", work);
  addEventListener("offline", render);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) work(); });
  setInterval(async () => { if ((await store.outbox()).some((one) => one.state === "waiting")) work(); }, EVERY);
  await work();
  root.dataset.ready = "";
}
await begin();
