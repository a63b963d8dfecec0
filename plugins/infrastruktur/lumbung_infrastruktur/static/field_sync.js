// Between the phone and the office: who is signed in, what waits is sent one by one, then what is out there is fetched.
// An answer may be lost on the way: the same update is sent again with its key, and counts once.

const FACTS = ["title", "instructions", "planned_on", "crew", "place", "state", "reason"];
const LEAVES = new Set(["done", "cancelled"]);

export class Sync {
  constructor(store, urls, words) {
    Object.assign(this, { store, urls, words, busy: false, signedOut: false, forbidden: false, failed: false });
  }

  // Sends and fetches. What comes while it runs, it takes up at its end.
  async run() {
    this.again = true;
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.again) {
        this.again = false;
        if (!(await this.#once())) break;
      }
    } finally {
      this.busy = false;
    }
  }

  async #once() {
    const hello = await this.#hello();
    if (!hello) return false;
    await this.#seat(hello.person);
    const sent = await this.#sendAll(hello);
    return sent && this.#pull();
  }

  async #ask(address, options = {}) {
    try {
      const answer = await fetch(address, { cache: "no-store", redirect: "manual", credentials: "same-origin",
        headers: { Accept: "application/json" }, ...options });
      this.failed = false;
      return answer;
    } catch {
      this.failed = true;
      return null;
    }
  }

  async #hello() {
    return this.#understood(await this.#ask(`${this.urls.data}?hanya=token`));
  }

  // The JSON of an answer; null, with the reason noted, when nobody is signed in, or nobody who may.
  async #understood(answer) {
    if (!answer) return null;
    const out = answer.type === "opaqueredirect" || answer.status === 401;
    if (out || answer.status === 403) {
      this.signedOut = out;
      this.forbidden = !out;
      await this.#leave();
      return null;
    }
    this.signedOut = this.forbidden = false;
    if (answer.ok) return answer.json().catch(() => null);
    this.failed = true;
    return null;
  }

  // Nobody is signed in: what the office told is wiped, unless something of theirs still waits.
  async #leave() {
    const before = await this.store.owner();
    if (!before) return;
    if ((await this.store.unsentOf(before.id)).length === 0) await this.store.wipe();
  }

  async #seat(person) {
    const before = await this.store.owner();
    if (before && before.id !== person.id) {
      if ((await this.store.unsentOf(before.id)).length === 0) await this.store.throwAway(before.id);
      await this.store.forgetOrders();
    }
    await this.store.setOwner(person);
  }

  // Returns whether nothing waits any more: only then may what is here be replaced.
  async #sendAll(hello) {
    let { token } = hello;
    let retried = false;
    for (;;) {
      const waiting = (await this.store.outbox()).filter((one) => one.owner.id === hello.person.id && one.state === "waiting");
      if (waiting.length === 0) return true;
      const [update] = waiting;
      const answer = await this.#ask(this.urls.send, { method: "POST", body: formOf(update, token, hello.person.id) });
      if (!answer) return false;
      if (answer.status === 400 && !retried) {
        retried = true;
        const again = await this.#hello();
        if (!again || again.person.id !== hello.person.id) return false;
        ({ token } = again);
        continue;
      }
      if (!(await this.#heard(update, answer))) return false;
    }
  }

  // Deals with the answer to one update: false when there is no use in going on now.
  async #heard(update, answer) {
    if (answer.status === 413) return this.#refuse(update, this.words.heavy);
    if (answer.status === 422) return this.#refuse(update, (await answer.json().catch(() => ({}))).message);
    const told = await this.#understood(answer);
    const outcome = told?.outcomes?.[0];
    if (!outcome) return false;
    if (outcome.outcome === "ok") await this.#taken(update, outcome.version);
    else if (outcome.outcome === "conflict") await this.#disputed(update, outcome);
    else await this.#refuse(update, outcome.message);
    return true;
  }

  async #refuse(update, message) {
    await this.store.put("outbox", { ...update, state: "refused", message: message || this.words.refused });
    return true;
  }

  // It counts now. What was done after it on this phone builds upon it.
  async #taken(update, version) {
    await this.store.drop("outbox", update.key);
    const order = await this.store.get("orders", update.order);
    if (order && order.version === update.version) await this.store.put("orders", { ...order, version });
    for (const later of await this.store.outbox()) {
      if (later.order === update.order && later.version === update.version) await this.store.put("outbox", { ...later, version });
    }
  }

  // The office changed the order meanwhile. When nothing of it is different that a crew reads, it goes on by itself.
  async #disputed(update, outcome) {
    const changes = update.seen ? differences(update.seen, outcome.order) : [];
    const harmless = update.seen && changes.length === 0 && !LEAVES.has(outcome.order.state);
    const told = harmless ? {} : { state: "conflict", message: outcome.message, changes };
    await this.store.put("outbox", { ...update, ...told, version: harmless ? outcome.version : update.version, now: outcome.version });
  }

  async #pull() {
    const known = (await this.store.all("pictures")).map((picture) => picture.id.slice(0, 8));
    const told = await this.#understood(await this.#ask(`${this.urls.data}?punya=${known.join(",")}`));
    if (!told) return false;
    await this.store.replaceOrders(told.orders, told.more, told.at);
    return true;
  }
}

function formOf(update, token, personId) {
  const form = new FormData();
  const { key, order, version, kind, values, at, insists } = update;
  form.append("csrf_token", token);
  form.append("milik", personId);
  form.append("kiriman", JSON.stringify([{ key, order, version, kind, values, at, insists: Boolean(insists) }]));
  if (update.file) form.append(key, update.file, "foto.jpg");
  return form;
}

const plain = (value) => (value && typeof value === "object" ? value.text : value) ?? "";
function differences(seen, current) {
  return FACTS.filter((name) => plain(seen[name]) !== plain(current[name]))
    .filter((name) => !(name === "state" && current.state === "working"))
    .map((name) => ({ name, before: plain(seen[name]), after: plain(current[name]) }));
}
