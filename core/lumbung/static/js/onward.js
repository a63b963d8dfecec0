// Presses the button of a form that only carries on what another site sent here. Whoever comes back to the page by the
// browser's history, or has no script, presses it themselves.

const arrival = performance.getEntriesByType("navigation")[0]?.type;
const form = document.querySelector("[data-lb-onward] form");
if (form && arrival === "navigate") form.requestSubmit();
