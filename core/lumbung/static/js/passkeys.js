// Passkeys: asks the server what is to be signed, the device to sign it, and sends the answer as an ordinary form.
// Pages work without it, by password or code.

const toBytes = (text) => {
  const plain = text.replace(/-/g, "+").replace(/_/g, "/");
  return Uint8Array.from(atob(plain), (letter) => letter.charCodeAt(0));
};
const toText = (bytes) => {
  if (!bytes) return null;
  const letters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
};
const withIds = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

async function sign(act, options) {
  options.challenge = toBytes(options.challenge);
  if (act === "create") {
    options.user.id = toBytes(options.user.id);
    options.excludeCredentials = withIds(options.excludeCredentials);
    const made = await navigator.credentials.create({ publicKey: options });
    return {
      id: made.id, rawId: toText(made.rawId), type: made.type,
      response: {
        clientDataJSON: toText(made.response.clientDataJSON),
        attestationObject: toText(made.response.attestationObject),
        transports: made.response.getTransports?.() ?? [],
      },
    };
  }
  options.allowCredentials = withIds(options.allowCredentials);
  const shown = await navigator.credentials.get({ publicKey: options });
  return {
    id: shown.id, rawId: toText(shown.rawId), type: shown.type,
    response: {
      clientDataJSON: toText(shown.response.clientDataJSON),
      authenticatorData: toText(shown.response.authenticatorData),
      signature: toText(shown.response.signature),
      userHandle: toText(shown.response.userHandle),
    },
  };
}

const say = (box, words) => {
  const place = box.querySelector("[data-lb-passkey-words]");
  place.textContent = words;
  place.hidden = false;
};

// The listener comes before all others, so that nobody takes the form for sent while it still waits for the device.
window.addEventListener("submit", async (event) => {
  const form = event.target;
  const box = form.closest("[data-lb-passkey]");
  if (!box || form.elements.credential.value) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (!window.PublicKeyCredential) return say(box, box.dataset.lbMissing);
  try {
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(box.dataset.lbOptions, { method: "POST", body, headers: { Accept: "application/json" } });
    if (answer.redirected) return location.assign(answer.url); // it has to be proven first who sits there
    if (!answer.ok) return say(box, box.dataset.lbFailed);
    form.elements.credential.value = JSON.stringify(await sign(box.dataset.lbPasskey, await answer.json()));
  } catch {
    return say(box, box.dataset.lbFailed);
  }
  form.requestSubmit();
}, true);
