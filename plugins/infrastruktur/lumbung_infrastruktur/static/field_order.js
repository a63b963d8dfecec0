// One order on the field page: what is to be done, and what the crew does about it. `context` brings what the page has:
// { store, parts, me(), work(), remove(update), render() }.

const PAUSE = 400; // milliseconds of rest before what is typed is kept
const BOXES = ["result", "name", "quantity", "measure"];

export class OrderPage {
  constructor(box, context) {
    Object.assign(this, { box, context, shown: null, pause: 0 });
  }

  async show(order, waiting) {
    const { parts } = this.context;
    this.box.hidden = !order;
    if (!order) {
      this.shown = null;
      this.box.replaceChildren();
      return;
    }
    const isNew = this.shown !== order.id;
    this.shown = order.id;
    if (isNew) {
      this.box.replaceChildren(parts.copy("page"));
      this.#listen(order.id);
      await this.#restore(order.id);
    }
    await this.#fill(order, waiting);
    if (isNew) this.box.querySelector("h2").focus();
  }

  async #fill(order, waiting) {
    const { box, context: { parts } } = this;
    for (const name of ["title", "instructions", "description"]) parts.tell(box, name, order[name]);
    for (const name of ["instructions", "description"]) box.querySelector(`[data-f-part="${name}"]`).hidden = !order[name];
    parts.part("f-tags", box).replaceChildren(...parts.tags(order, waiting));
    this.#facts(order);
    await this.#photos(order, waiting);
    this.#items(order, waiting);
    const finish = waiting.find((one) => one.kind === "finish");
    parts.part("f-start", box).hidden = parts.stateOf(order, waiting) !== "issued";
    parts.part("f-finish", box).hidden = Boolean(finish);
    parts.part("f-finished", box).hidden = !finish;
    parts.tell(box, "finished", finish?.values.result);
  }

  #facts(order) {
    const { box, context: { parts } } = this;
    const { number, place, planned, crew, asset, severity } = order;
    const report = [order.report, order.category].filter(Boolean).join(", ");
    const where = place.rough ? `${place.text} (${parts.words.rough})` : place.text;
    const facts = { number, place: where, far: parts.distance(place), planned, crew, asset, report, severity };
    parts.pairs(parts.part("f-facts", box), Object.entries(facts).map(([name, value]) => [parts.said.labels[name], value]));
    parts.pairs(parts.part("f-answers", box), order.answers);
    const map = parts.part("f-map", box);
    map.hidden = place.lat === null;
    map.firstElementChild.href = `geo:${place.lat},${place.lon}?q=${place.lat},${place.lon}`;
  }

  #line(contents, update) {
    const { parts, remove } = this.context;
    const item = document.createElement("li");
    item.append(...contents);
    if (update) item.append(parts.tag(parts.words.waits, "field-waits"), parts.button(parts.words.remove, () => remove(update)));
    return item;
  }

  async #photos(order, waiting) {
    const { box, context: { parts, store } } = this;
    const kept = new Map((await store.all("pictures")).map((row) => [row.id, row.data]));
    const line = (source, label, update) => this.#line([parts.picture(source, label || parts.words.reported), parts.tag(label)], update);
    const known = order.photos.filter((photo) => kept.has(photo.id)).map((photo) => [photo.kind, line(kept.get(photo.id), photo.title)]);
    parts.part("f-reported", box).replaceChildren(...known.filter(([kind]) => kind === "report").map(([, item]) => item));
    parts.part("f-photos", box).replaceChildren(
      ...known.filter(([kind]) => kind !== "report").map(([, item]) => item),
      ...waiting.filter((one) => one.kind === "photo").map((one) => line(one.file, parts.said.photos[one.values.kind], one)),
    );
  }

  #items(order, waiting) {
    const { box, context: { parts } } = this;
    const line = (text, update) => this.#line([parts.tag(text)], update);
    parts.part("f-items", box).replaceChildren(
      ...order.items.map((item) => line(`${item.name}: ${item.quantity} ${item.measure}`)),
      ...waiting.filter((one) => one.kind === "item").map((one) => line(parts.typed(one), one)),
    );
  }

  #listen(orderId) {
    const { box, context: { parts } } = this;
    parts.part("f-back", box).addEventListener("click", () => { location.hash = ""; });
    parts.part("f-start", box).firstElementChild.addEventListener("click", async () => {
      await this.#keep(orderId, "start", {});
      await this.context.work();
    });
    for (const camera of box.querySelectorAll("[data-f-camera]")) camera.addEventListener("change", () => this.#take(orderId, camera));
    parts.part("f-item", box).addEventListener("submit", (event) => this.#note(event, orderId));
    parts.part("f-finish", box).addEventListener("submit", (event) => this.#finish(event, orderId));
    parts.part("f-undo", box).addEventListener("click", () => this.#undo(orderId));
    box.oninput = () => {
      clearTimeout(this.pause);
      this.pause = setTimeout(() => this.#keepDraft(orderId), PAUSE);
    };
  }

  // Puts what was done into the outbox, with what the crew saw of the order when they did it.
  async #keep(orderId, kind, values, file = null) {
    const { store, me } = this.context;
    const { photos, items, ...seen } = await store.get("orders", orderId);
    await store.queue({ owner: me(), order: orderId, number: seen.number, version: seen.version, seen, kind, values, file });
    navigator.storage?.persist?.().catch(() => { /* kept as long as the browser likes */ });
  }

  async #take(orderId, camera) {
    const { parts, store, work } = this.context;
    const [file] = camera.files;
    const status = parts.part("f-camera-said", this.box);
    if (!file) return;
    status.textContent = parts.words.reading;
    try {
      await this.#keep(orderId, "photo", { kind: camera.dataset.fCamera }, await store.smaller(file));
      status.textContent = parts.words.kept;
    } catch {
      status.textContent = parts.words.unreadable;
    }
    camera.value = "";
    await work();
  }

  async #note(event, orderId) {
    event.preventDefault();
    const { parts: { part, words }, work } = this.context;
    const { elements } = event.target;
    const values = Object.fromEntries([...new FormData(event.target)].map(([name, text]) => [name, text.trim()]));
    const wrong = !values.name ? words.noName : /^\d[\d.,]*$/.test(values.quantity) ? "" : words.noQuantity;
    complain(part("f-item-wrong", this.box), wrong);
    if (wrong) return elements[values.name ? "quantity" : "name"].focus();
    await this.#keep(orderId, "item", values);
    for (const name of ["name", "quantity", "measure"]) elements[name].value = "";
    await this.#keepDraft(orderId);
    await work();
  }

  async #finish(event, orderId) {
    event.preventDefault();
    const { parts: { part, words }, work } = this.context;
    const box = event.target.elements.result;
    const result = box.value.trim();
    complain(part("f-finish-wrong", this.box), result ? "" : words.noResult);
    if (!result) return box.focus();
    await this.#keep(orderId, "finish", { result });
    box.value = "";
    await this.#keepDraft(orderId);
    await work();
  }

  // Takes a finish that was not sent yet back into the box.
  async #undo(orderId) {
    const { store, me, isBusy, render } = this.context;
    const mine = (one) => one.order === orderId && one.owner.id === me()?.id && one.kind === "finish";
    const update = (await store.outbox()).find(mine);
    if (!update || isBusy()) return;
    this.box.querySelector("[name=result]").value = update.values.result;
    await this.#keepDraft(orderId);
    await store.drop("outbox", update.key);
    await render();
  }

  async #restore(orderId) {
    const { store, me } = this.context;
    const draft = await store.get("drafts", `${me()?.id}/${orderId}`);
    for (const [name, text] of Object.entries(draft?.values ?? {})) this.#box(name).value = text;
  }

  async #keepDraft(orderId) {
    const { store, me } = this.context;
    clearTimeout(this.pause);
    if (!me() || this.shown !== orderId) return;
    const values = Object.fromEntries(BOXES.map((name) => [name, this.#box(name).value]));
    const id = `${me().id}/${orderId}`;
    if (Object.values(values).every((text) => !text.trim())) return store.drop("drafts", id);
    const { number, version } = (await store.get("orders", orderId)) ?? (await store.get("drafts", id)) ?? {};
    return store.put("drafts", { id, owner: me(), order: orderId, number, version, values });
  }

  #box(name) {
    return this.box.querySelector(`form [name="${name}"]`);
  }
}

function complain(spot, text) {
  spot.textContent = text;
  spot.hidden = !text;
}
