// Another way out of an intervention: always the worse deal, and behind its friction.
// What the packaged rules ask; those of the engine take their place once they are told.
const OVERRIDE = { phrase: "I ACCEPT THE RISKS", characters_min: 500, attempts_max: 3, window_ms: 86400000, limited_multiplier: "0.25", limited_ms: 14400000 };
const RECOVERY = { limited_multiplier: "0.5", limited_ms: 3600000 }, READ_MS = 60000;
const shareWords = share => ({ 0.25: "a quarter", 0.5: "half", 0.75: "three quarters" })[Number(share)] ?? `${Number((share * 100).toFixed(1))} %`;
const spanWords = ms => { const [n, unit] = ms % 3600000 ? [Math.round(ms / 60000), "minute"] : [ms / 3600000, "hour"]; return `${n} ${unit}${n === 1 ? "" : "s"}`; };
// Characters as the engine counts them: without the spaces at both ends, those of Python.
const SPACES = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+", AT_ENDS = new RegExp(`^${SPACES}|${SPACES}$`, "g");
const trimmedChars = text => charsIn(text.replace(AT_ENDS, ""));
const wayOut = (parent, { link, asking, page, words, busy }) => {
  const section = make("section", "wayout", parent), open = make("button", "quiet", section, "another way out");
  const body = make("div", "", section), clock = link.clock;
  open.type = "button"; open.setAttribute("aria-expanded", "false"); body.hidden = true;
  const deal = make("p", "", body);
  const left_over = make("p", "ash", body), pause = make("p", "num", body), form = make("form", "", body);
  const label = make("label", "", form), exact = make("span", "", label), phrase = make("input", "", label);
  phrase.autocomplete = "off"; phrase.spellcheck = false; phrase.setAttribute("autocapitalize", "off");
  const go = make("button", "grave", form, "override"), reply = make("p", "reply", body);
  reply.setAttribute("aria-live", "polite");
  noPaste(phrase, () => say(reply, "The phrase is typed, not pasted."));
  let since = 0, state = {}, pending = false, rules = OVERRIDE, is_hidden = false;
  const learn = (told, recovery) => {
    rules = told === undefined ? rules : told && { ...OVERRIDE, ...told };
    section.hidden = is_hidden || !rules;
    if (!rules) return;
    const page_gives = { ...RECOVERY, ...recovery };
    say(deal, `You may trade on at your own risk. It is always the worse deal: sizes are ${shareWords(rules.limited_multiplier)} for ${spanWords(rules.limited_ms)}, where a page gives ${shareWords(page_gives.limited_multiplier)} for ${spanWords(page_gives.limited_ms)}. It counts as a violation at the gates, it raises the score, and the page stays owed.`);
    say(exact, `Type ${rules.phrase}`);
    tick();
  };
  open.onclick = () => {
    body.hidden = !body.hidden;
    open.setAttribute("aria-expanded", String(!body.hidden));
    since = clock.now();
    tick();
    if (!body.hidden) body.scrollIntoView({ block: "nearest", behavior: isReduced() ? "auto" : "smooth" });
  };
  const tick = () => {
    if (body.hidden || !rules) return;
    const locked = clock.until(state.locked_until), reading = Math.max(0, since + READ_MS - clock.now()), chars = trimmedChars(page().text);
    const none = locked > 0 || state.attempts_left === 0;
    say(left_over, locked ? `Overrides are locked for ${left(locked)}. The page is the way.` : `${state.attempts_left ?? rules.attempts_max} of ${rules.attempts_max} attempts left in ${spanWords(rules.window_ms)}.`);
    say(pause, none ? "" : reading ? `Read this for ${left(reading)}.` : chars < rules.characters_min ? `What you have written goes along: ${chars} of ${rules.characters_min} characters so far.` : "What you have written goes along.");
    form.hidden = none || reading > 0;
    go.disabled = pending || chars < rules.characters_min || phrase.value !== rules.phrase;
  };
  phrase.addEventListener("input", tick);
  const settle = answer => {
    busy(false);
    // Asked again under another reference it might be two attempts: the button waits for certainty.
    if (!answer.certain) { say(reply, answer.text); return; }
    pending = false;
    if (answer.status === 200) say(reply, "The override is accepted.");
    else if (answer.status === 423) { say(reply, ""); state = { ...state, locked_until: answer.body?.locked_until ?? state.locked_until, attempts_left: 0 }; }
    else say(reply, answer.body?.page ? words({ reason: answer.body.page }) : answer.text || (answer.body?.reason ?? answer.body?.detail ?? "The engine said no."));
    tick();
  };
  form.onsubmit = event => {
    event.preventDefault();
    if (go.disabled) return;
    pending = true; busy(true); tick();
    const { text, deltas, opened_at } = page();
    asking.ask("/tilt/override", { journal_entry: text, confirmation: phrase.value, deltas, opened_at }, settle);
  };
  learn();
  return {
    place(override, hidden) { state = override ?? {}; is_hidden = hidden; section.hidden = hidden || !rules; tick(); },
    tick, learn,
    get share() { return rules ? shareWords(rules.limited_multiplier) : ""; },
  };
};
