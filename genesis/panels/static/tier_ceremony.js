// The ceremony of a promotion: a quiet page, a phrase spoken by hand, a circle in one breath.
const BREATH_MS = 4200;
const openCeremony = (root, link, part, done) => {
  const box = make("dialog", "rite genesis", root), sheet = make("div", "sheet", box);
  box.setAttribute("aria-labelledby", "rite-title");
  const canvas = make("canvas", "", sheet); canvas.setAttribute("aria-hidden", "true"); canvas.hidden = true;
  const title = make("h2", "", sheet, `From here the way leads to ${part.tier.toLowerCase()}.`); title.id = "rite-title";
  const body = make("div", "said", sheet), wait = make("p", "ash num", body);
  const list = (head, lines) => { if (!lines.length) return; make("h3", "", body, head); const ul = make("ul", "", body); for (const line of lines) make("li", "", ul, line); };
  list("What opens", part.unlocks); list("What it asks of you", part.duties); list("What comes first", part.adjust);
  const form = make("form", "", body), label = make("label", "", form, "When you are ready, type "), exact = make("code", "", label, part.phrase), phrase = make("input", "", form);
  phrase.setAttribute("aria-label", `type: ${part.phrase}`); phrase.autocomplete = "off"; phrase.spellcheck = false; phrase.setAttribute("autocapitalize", "off");
  const ends = make("div", "ends", form), go = make("button", "", ends, "step through"), not = make("button", "quiet", ends, "not today");
  not.type = "button";
  const reply = make("p", "reply", body); reply.setAttribute("aria-live", "polite");
  const asking = keepAsking(link);
  let held = false, closed = false, palette = colours(box), frame = 0;

  const tick = setInterval(() => { const ms = link.clock.until(part.until); say(wait, part.until ? `It can be held for ${left(ms)} still. There is no hurry, and no duty.` : ""); }, 250);
  noPaste(phrase, () => say(reply, "The phrase is typed, not pasted."));
  phrase.addEventListener("input", () => { if (!asking.isWaiting) say(reply, ""); });
  const settle = answer => {
    if (!answer.certain) { say(reply, answer.text); return; }
    go.disabled = false;
    if (answer.view?.held) rise(answer.view.tier); else { say(reply, answer.view?.words ?? "The engine gave no answer that could be read."); phrase.select(); }
  };
  form.onsubmit = event => {
    event.preventDefault();
    if (asking.isWaiting || !phrase.value) return;
    go.disabled = true; say(reply, "");
    asking.ask("/tier/ceremony", { phrase: phrase.value }, settle);
  };
  const rise = tier => {
    held = true; body.hidden = true; canvas.hidden = false; say(title, ""); box.focus();
    const began = performance.now();
    const draw = now => {
      const t = isReduced() ? 1 : Math.min(1, (now - began) / BREATH_MS);
      paintEnso(canvas, t < 1 ? t * t * (3 - 2 * t) : 1, palette);
      if (t < 1) frame = requestAnimationFrame(draw); else arrived(tier);
    };
    frame = requestAnimationFrame(draw);
  };
  const arrived = tier => {
    mark(box, "held", 1); say(title, `${tier.charAt(0)}${tier.slice(1).toLowerCase()}`);
    const after = make("div", "after", sheet);
    after.setAttribute("role", "status");
    make("p", "", after, "The gate is behind you.");
    for (const line of part.adjust) make("p", "ash", after, line);
    const on = make("button", "", after, "walk on"); on.type = "button"; on.onclick = close; on.focus();
  };
  const close = () => {
    if (closed) return;
    closed = true; clearInterval(tick); cancelAnimationFrame(frame); box.close(); box.remove(); done();
  };
  // While the engine is asked, and while the circle is drawn, Escape waits.
  const isBusy = () => asking.isWaiting || (held && !box.dataset.held);
  box.tabIndex = -1;
  box.addEventListener("keydown", event => { event.stopPropagation(); if (event.key === "Escape" && isBusy()) event.preventDefault(); });
  box.addEventListener("cancel", event => { if (isBusy()) event.preventDefault(); });
  box.addEventListener("close", close);
  not.onclick = close;
  box.showModal(); phrase.focus({ preventScroll: true }); box.scrollTop = 0;
  return { close, isHeld: () => held, answer: message => asking.answer(message) };
};
