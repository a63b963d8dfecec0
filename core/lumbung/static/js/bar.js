// The strip above a donated application's pages. Takes <lumbung-bar> out of the page's own styles, into a shadow root,
// and out of its <body>, which the page may lay out, empty or replace as it likes.
//
// It lies above the page, which begins lower by as much; where the page keeps something of its own fixed to the upper
// edge it lies at the lower edge instead. Its styles are made by script: a page's policy may forbid them otherwise.

(() => {
  const HEIGHT = 45;
  const NARROW = 680;
  const page = document.documentElement;
  const bar = document.querySelector("lumbung-bar");
  if (!bar || bar.shadowRoot) return;
  if (window.self !== window.top) return bar.remove();

  const colour = (value, otherwise) => (/^#[0-9a-f]{6}$/i.test(value) ? value : otherwise);
  const css = `
:host {
  all: initial !important; position: absolute !important; inset: var(--y) auto auto var(--x) !important;
  width: var(--w) !important; height: var(--h) !important; z-index: 2147483000 !important;
  display: block !important; color-scheme: light dark !important;
  --paper: #FFFFFF; --ink: #1C2526; --muted: #56625F; --line: #E4E1D8; --laut: ${colour(bar.dataset.light, "#0B5D66")};
}
:host(.foot) { position: fixed !important; inset: auto auto 0 0 !important; }
@media (prefers-color-scheme: dark) {
  :host {
    --paper: #182022; --ink: #E8ECEB; --muted: #A3AFAC; --line: #2A3436; --laut: ${colour(bar.dataset.dark, "#6FC3CB")};
  }
}
@media print { :host { display: none !important; } }
* { box-sizing: border-box; }
nav {
  display: flex; align-items: center; gap: 0 20px; width: 100%; height: 100%; margin: 0; padding: 0 20px; overflow: hidden;
  font: 14px/18px "Plus Jakarta Sans", system-ui, "Segoe UI", Roboto, sans-serif; color: var(--ink);
  background: var(--paper); border-bottom: 1px solid var(--line); white-space: nowrap;
}
:host(.foot) nav { border-bottom: 0; border-top: 1px solid var(--line); }
a, button {
  display: flex; align-items: center; height: 44px; margin: 0; padding: 0; border: 0; background: none;
  font: inherit; color: var(--laut); text-decoration: none; cursor: pointer; flex: none;
}
a:hover, button:hover { text-decoration: underline; text-underline-offset: 3px; }
a:focus-visible, button:focus-visible { outline: 3px solid var(--laut); outline-offset: -4px; border-radius: 10px; }
.home { gap: 10px; color: var(--ink); font-weight: 600; min-width: 0; flex: 0 1 auto; }
.home img { height: 28px; width: auto; max-width: 60px; object-fit: contain; flex: none; }
.tenant, .title, .donor { overflow: hidden; text-overflow: ellipsis; }
.app { display: flex; align-items: center; gap: 10px; min-width: 0; flex: 1 1 auto; }
.app::before { content: ""; width: 1px; height: 22px; margin-right: 10px; background: var(--line); flex: none; }
.title { font-weight: 400; }
.donor { color: var(--muted); font-size: 13px; flex: 0 2 auto; }
.back::before { content: ""; width: 8px; height: 8px; margin: 0 8px 0 3px; border: solid; border-width: 0 0 2px 2px; rotate: 45deg; }
.account { display: flex; align-items: center; gap: 14px; margin: 0; min-width: 0; }
.person { color: var(--muted); max-width: 180px; overflow: hidden; text-overflow: ellipsis; }
.narrow { padding: 0 12px; gap: 0 4px; }
.narrow .tenant, .narrow .person, .narrow .app::before { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.narrow .app { flex-direction: column; align-items: stretch; gap: 0; padding: 0 6px; }
.narrow .title { font-weight: 600; }
.narrow .donor { font-size: 12px; line-height: 15px; }
.narrow .back { order: -1; min-width: 44px; font-size: 0; }
`;

  const sheet = (text) => {
    const made = new CSSStyleSheet();
    made.replaceSync(text);
    return made;
  };
  const room = sheet("");
  let root;
  try {
    root = bar.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet(css)];
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, room];
  } catch {
    return; // an old browser: the plain strip stays
  }
  for (const styled of [bar, ...bar.querySelectorAll("[style]")]) styled.removeAttribute("style");
  for (const sheetOfPlain of bar.querySelectorAll("style")) sheetOfPlain.remove();
  const nav = bar.querySelector("nav");
  const back = nav.querySelector(".back");
  back.title = back.textContent;
  const signIn = nav.querySelector(".in");
  if (signIn) signIn.href += `?${new URLSearchParams({ kembali: location.pathname + location.search })}`;
  const logo = nav.querySelector("img");
  if (logo) {
    if (logo.complete && !logo.naturalWidth) logo.remove();
    else logo.addEventListener("error", () => logo.remove());
  }
  root.append(nav);

  // Below the root of the page nothing that happens to its body touches the bar.
  page.insertBefore(bar, document.body);

  // A page that was never made for telephones is shown small there; the bar stays as large as a finger.
  const place = () => {
    const width = page.clientWidth;
    const scale = Math.max(1, width / Math.max(screen.width, 320));
    const at = bar.classList.contains("foot");
    nav.classList.toggle("narrow", width / scale < NARROW);
    nav.style.zoom = scale;
    const height = Math.ceil(HEIGHT * scale);
    room.replaceSync(`@media screen { html { ${at ? "padding-bottom" : "margin-top"}: ${height}px !important; } }`);
    bar.style.setProperty("--h", `${height}px`);
    bar.style.setProperty("--w", `${width}px`);
    bar.style.setProperty("--x", "0px");
    bar.style.setProperty("--y", "0px");
    if (at) return;
    const found = bar.getBoundingClientRect(); // elsewhere when the page's root is what it is placed by
    bar.style.setProperty("--x", `${-Math.round(found.left + scrollX)}px`);
    bar.style.setProperty("--y", `${-Math.round(found.top + scrollY)}px`);
  };

  // Something of the page's own that stays at the upper edge: not a curtain over the whole window.
  const isFixedAbove = (found) => {
    for (let one = found; one && one !== page; one = one.parentElement) {
      if (one === bar || getComputedStyle(one).position !== "fixed") continue;
      const { top, width, height } = one.getBoundingClientRect();
      const covers = width > innerWidth * 0.9 && height > innerHeight * 0.6;
      if (top < HEIGHT && !covers) return true;
    }
    return false;
  };
  const giveWay = () => {
    if (bar.classList.contains("foot")) return;
    const points = [0.02, 0.25, 0.5, 0.75, 0.98].map((part) => page.clientWidth * part);
    const met = points.flatMap((x) => document.elementsFromPoint(x, HEIGHT / 2));
    if (met.some(isFixedAbove)) {
      bar.classList.add("foot");
      place();
    }
  };

  place();
  addEventListener("resize", place);
  const settle = () => {
    place();
    giveWay();
  };
  if (document.readyState === "complete") settle();
  else addEventListener("load", settle);
})();
