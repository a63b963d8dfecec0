// Leaves out of Tabler's stylesheet what no page of Lumbung uses, so that a citizen on a slow network waits
// less. Whole families of selectors go, by name; nothing is guessed from the templates, so a plugin's own
// page may use any class that stays: grid, utilities, forms, buttons, cards, tables, alerts, badges, modals,
// dropdowns, tabs, accordions, toasts, tooltips, progress, list groups, steps, timelines, avatars.
import postcss from "postcss";

const FAMILIES = [
  "navbar", "carousel", "ribbon", "otp", "sparkline", "sortable", "signal", "calendar", "chart", "legend",
  "layout", "popover", "markdown", "strength", "switch-icon", "switch", "flag", "payment", "social", "star",
  "apexcharts", "jvm", "jqvmap", "litepicker", "ts", "tom-select", "plyr", "fslightbox", "fc", "noUi", "dropzone",
  "dz", "tox", "wysiwyg", "hugerte", "clr", "vc", "countup", "typed", "icon-pulse", "icon-tada", "icon-rotate",
  "marquee", "pricing", "chat", "object", "divide", "ratio", "glass", "glow", "trending", "settings", "demo",
  "gradient", "bg-gradient", "pattern", "browser", "code-group", "mockup", "hero", "section", "shape", "kanban",
  "img-responsive", "link-offset", "link-underline", "link-opacity", "border-opacity", "columns", "float", "translate",
  "focus-ring", "timeline-event", "page-wrapper", "page-body", "nav-segmented", "form-imagecheck", "form-colorinput", "form-colorcheck",
  "form-fieldset", "card-cover", "card-stamp", "card-rotate", "card-tabs", "card-gradient", "card-stacked", "avatar-cover", "avatar-brand",
  "offcanvas-sm", "offcanvas-md", "offcanvas-lg", "offcanvas-xl", "offcanvas-xxl", "modal-fullscreen-sm-down", "modal-fullscreen-md-down",
  "modal-fullscreen-lg-down", "modal-fullscreen-xl-down", "modal-fullscreen-xxl-down", "modal-blur", "btn-app", "btn-animate", "avatar-upload",
];
const COLOURS = [
  "blue", "azure", "indigo", "purple", "pink", "red", "orange", "yellow", "lime", "green", "teal", "cyan", "gray", "black",
  "facebook", "twitter", "linkedin", "google", "youtube", "vimeo", "dribbble", "github", "instagram", "pinterest", "vk", "rss",
  "flickr", "bitbucket", "tabler", "x", "gitlab", "tiktok", "snapchat", "whatsapp", "telegram", "discord", "slack", "mastodon",
  "threads", "bluesky", "reddit", "twitch", "medium", "spotify", "apple", "google-plus", "yahoo", "microsoft", "paypal", "stripe",
];
const families = FAMILIES.join("|");
const colours = COLOURS.join("|");
const UNUSED = [
  new RegExp(`\\.(?:${families})(?![a-z0-9])`),
  new RegExp(`\\.(?:btn|btn-outline|btn-ghost|bg|text|text-bg|link|border|status|ribbon|alert|badge|badge-outline|card|progress|steps|avatar|list-group-item|table|border-start|border-end|border-top|border-bottom|icon|form-check|timeline|dot|outline|divider|shadow|fill|stroke)-(?:${colours})(?:-lt|-fg|-\\d+|-subtle|-emphasis)?(?![a-z0-9])`),
  /\.(?:text|bg|border)-[a-z]+-(?:subtle|emphasis|\d+)(?![a-z0-9])/,
  /\.[a-z-]*gray-\d+/,
  /-xxl(?![a-z])/,
  /\.(?:m|mt|mb|ms|me|mx|my|p|pt|pb|ps|pe|px|py|g|gx|gy|gap|row-gap|column-gap|space|offset|order|align-\w+|vr|text|cols|grid|h|w)(?:-[a-z]+)*-(?:sm|lg|xl)-/,
  /\.(?:offset|order)-/,
  /\.(?:m|mt|mb|ms|me|mx|my)-n\d/,
  /\[data-bs-navbar-theme|\[data-theme=|\.theme-(?:dark|light)|^body\[data-bs-theme=dark\]|\[data-bs-theme-(?:base|primary|font|radius)|\[data-vc|\[dir=/,
];

const cut = () => ({
  postcssPlugin: "cut",
  OnceExit(root) {
    root.walkRules((rule) => {
      if (rule.parent.type === "atrule" && /keyframes$/.test(rule.parent.name)) return;
      const kept = rule.selectors.filter((selector) => !UNUSED.some((pattern) => pattern.test(selector)));
      if (kept.length === 0) rule.remove();
      else if (kept.length < rule.selectors.length) rule.selectors = kept;
    });
    root.walkAtRules("keyframes", (at) => {
      if (/navbar|carousel|otp|tada|pulse-ring|marquee/.test(at.params)) at.remove();
    });
    root.walkComments((comment) => { if (!comment.text.startsWith("!")) comment.remove(); });
    root.walkAtRules((at) => { if (at.nodes && at.nodes.length === 0) at.remove(); });
  },
});
cut.postcss = true;

export const cutTabler = (css) =>
  postcss([cut()]).process(css, { from: undefined, map: false }).css.replace(/\/\*# sourceMappingURL=.*?\*\//g, "");
