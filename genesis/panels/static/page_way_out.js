// Another way out of an intervention: always the worse deal, and behind its friction.
const OVERRIDE = { phrase: "I ACCEPT THE RISKS", chars: 500, read_ms: 60000, attempts: 3 };
const noPaste = (field, say_no) => field.addEventListener("beforeinput", event => {
  if (/paste|drop|yank|replacement/i.test(event.inputType ?? "")) { event.preventDefault(); say_no(); }
});
const wayOut = (parent, { link, page, words, busy }) => {
  const section = make("section", "wayout", parent), open = make("button", "quiet", section, "another way out");
  const body = make("div", "", section), clock = link.clock;
  open.type = "button"; open.setAttribute("aria-expanded", "false"); body.hidden = true;
  make("p", "", body, "You may trade on at your own risk. It is always the worse deal: sizes are a quarter for 4 hours, where a page gives half for 1 hour. It counts as a violation at the gates, it raises the score, and the page stays owed.");
  const left_over = make("p", "ash", body), pause = make("p", "num", body), form = make("form", "", body);
  const label = make("label", "", form, `Type ${OVERRIDE.phrase}`), phrase = make("input", "", label);
  phrase.autocomplete = "off"; phrase.spellcheck = false; phrase.setAttribute("autocapitalize", "off");
  const go = make("button", "grave", form, "override"), reply = make("p", "reply", body);
  reply.setAttribute("aria-live", "polite");
  noPaste(phrase, () => say(reply, "The phrase is typed, not pasted."));
  let since = 0, state = {}, pending = false;
  open.onclick = () => {
    body.hidden = !body.hidden;
    open.setAttribute("aria-expanded", String(!body.hidden));
    since = clock.now();
    tick();
    if (!body.hidden) body.scrollIntoView({ block: "nearest", behavior: isReduced() ? "auto" : "smooth" });
  };
  const tick = () => {
    if (body.hidden) return;
    const locked = clock.until(state.locked_until), reading = Math.max(0, since + OVERRIDE.read_ms - clock.now()), chars = charsIn(page().text);
    const none = locked > 0 || state.attempts_left === 0;
    say(left_over, locked ? `Overrides are locked for ${left(locked)}. The page is the way.` : `${state.attempts_left ?? OVERRIDE.attempts} of ${OVERRIDE.attempts} attempts left in 24 hours.`);
    say(pause, none ? "" : reading ? `Read this for ${left(reading)}.` : chars < OVERRIDE.chars ? `What you have written goes along: ${chars} of ${OVERRIDE.chars} characters so far.` : "What you have written goes along.");
    form.hidden = none || reading > 0;
    go.disabled = pending || chars < OVERRIDE.chars || phrase.value !== OVERRIDE.phrase;
  };
  phrase.addEventListener("input", tick);
  form.onsubmit = async event => {
    event.preventDefault();
    if (go.disabled) return;
    pending = true; busy(true); tick();
    const ref = newRef(), { text, deltas, opened_at } = page();
    const answer = await link.ask("POST", "/tilt/override", { journal_entry: text, confirmation: phrase.value, deltas, opened_at, client_ref: ref }, ref);
    pending = false; busy(false);
    if (answer.status === 200) say(reply, "The override is accepted.");
    else if (!answer.certain) say(reply, answer.text);
    else if (answer.status === 423) { say(reply, ""); state = { ...state, locked_until: answer.body.locked_until ?? state.locked_until, attempts_left: 0 }; }
    else say(reply, answer.body.page ? words({ reason: answer.body.page }) : answer.body.reason ?? answer.body.detail ?? "The engine said no.");
    tick();
  };
  return { place(override, hidden) { state = override ?? {}; section.hidden = hidden; tick(); }, tick };
};
