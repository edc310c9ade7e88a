// The page of an intervention: blank paper above everything, kept by the engine while it is written.

const AGAIN_MS = 4000;
const FOLLOW_MS = 2000; // a tab that is only looked at follows the one that is written in

// -- words
const minutesIn = ms => { const n = Math.max(1, Math.ceil(ms / 60000)); return n === 1 ? "1 minute" : `${n} minutes`; };
const REFUSED = {
  too_short: (a, need) => `Not yet: ${a.word_count} of ${need} words. Go on where you are; nothing is lost.`,
  repetitive: () => "Not yet: the same words come back too often. Say what happened in its own words, one thing after the other.",
  top_word: () => "Not yet: one word makes up too much of the page. Put other words in its place.",
  repeated_phrases: () => "Not yet: whole phrases repeat. Take the repeated ones out and write on.",
  paste: () => "Not yet: a part of this page came in at once instead of being written. Begin a fresh page; this one stays beside it to look at.",
  too_fast: (a, need, pace) => `Not yet: the page wants more time. ${minutesIn(pace.needed - pace.spent)} still; read it once more and add what is missing.`,
  idle: (a, need, pace) => `Not yet: most of the time went by without writing. Write on for about ${minutesIn(pace.wanted - pace.active)}.`,
  repeats: () => "Not yet: the page repeats itself. Say the next thing instead of the same one.",
  random_keys: () => "Not yet: these are keys rather than words. Write as you would tell it.",
  no_prose: () => "Not yet: the page wants whole sentences, not a list of words.",
  unknown_words: () => "Not yet: most of the words are unknown. Write as you would speak.",
  similar: () => "Not yet: it is too close to a page you wrote before. Write about today.",
  no_feeling: () => "Not yet: it does not say how you feel. Name it, in at least two words of your own.",
  not_today: () => "Not yet: it does not say what it is about. Name what you traded, or what it cost.",
  too_soon: a => `Two minutes lie between two tries.${a.next_try ? ` The next is possible at ${a.next_try.slice(11, 19)} UTC.` : ""} What you wrote is kept; read it once more.`,
  reused: () => "Not yet: this page was offered before. Write about today.",
  not_required: () => "No page is due any more. Yours is kept.",
};
const nextTry = answer => answer.next_try && answer.reason !== "too_soon" ? ` The next try is possible at ${answer.next_try.slice(11, 19)} UTC.` : "";
const inWords = (answer, need, pace) => (reason => reason && reason + nextTry(answer))(REFUSED[answer.reason]?.(answer, need, pace)) ?? `Not yet: ${answer.reason ?? answer.detail ?? "the engine did not say why"}.`;
const checksOf = (page, rules, text) => {
  const wait = Math.max(page.pace.needed - page.pace.spent, page.pace.wanted - page.pace.active);
  const early = page.count < 100;
  return [
    [page.count >= rules.words_min ? "good" : "wait", page.count >= rules.words_min ? "enough words" : `${rules.words_min - page.count} words still`],
    [!text ? "wait" : page.pasted ? "off" : "good", page.pasted ? "a part came in at once" : "own words"],
    [early ? "wait" : page.monotony ? "off" : "good", early ? "variety shows after 100 words" : { repetitive: "the same words come back", top_word: "one word stands out", repeated_phrases: "phrases repeat" }[page.monotony] ?? "variety"],
    [wait > 0 ? "wait" : "good", wait > 0 ? `${minutesIn(wait)} still` : "enough time"],
  ];
};

// -- the dialog
const drawPage = root => {
  const box = make("dialog", "page genesis", root), sheet = make("div", "sheet", box), at = {};
  const add = (name, tag, cls, parent, text) => (at[name] = make(tag, cls, parent, text));
  box.setAttribute("aria-labelledby", "page-title");
  add("stone", "div", "breath", sheet).setAttribute("aria-hidden", "true");
  const title = make("h2", "title", sheet);
  title.id = "page-title";
  add("square", "i", "square", title); add("title", "span", "", title);
  add("ask", "p", "ask", sheet).id = "page-ask";
  add("timer", "p", "timer num", sheet);
  const desk = add("desk", "div", "desk", sheet);
  const area = add("area", "textarea", "", desk);
  area.setAttribute("aria-label", "your page"); area.setAttribute("aria-describedby", "page-ask"); area.autocomplete = "off"; area.readOnly = true;
  area.placeholder = "What happened, and how does the body feel?";
  const foot = make("div", "foot", desk), count = make("div", "count", foot);
  add("count", "span", "num", count); add("ink", "i", "ink", count).setAttribute("aria-hidden", "true");
  add("offer", "button", "", foot, "offer the page").type = "button";
  add("checks", "ul", "checks", desk);
  add("kept", "p", "kept ash", desk).setAttribute("role", "status");
  add("reply", "p", "reply", sheet).setAttribute("aria-live", "polite");
  add("fresh", "button", "quiet", sheet, "begin a fresh page").type = "button";
  add("others", "div", "others", sheet);
  const below = add("below", "div", "below", sheet);
  add("acts", "div", "", below);
  add("stepAside", "button", "quiet", below, "step aside").type = "button";
  for (const name of ["timer", "fresh", "others", "stepAside"]) at[name].hidden = true;
  return { box, at };
};

// One intervention from its first sight to its last words.
const onePage = (root, link) => {
  const { box, at } = drawPage(root), { clock } = link, area = at.area;
  let state = {}, rules = PAGE_RULES, waiting = false, over = false, aside = false, others = [], beat = 0, rest = 0, again = 0, came = "", closed = false;
  const since = () => Date.parse(state.intervention?.since) || 0, opened = () => state.intervention?.since;
  const asking = keepAsking(link), acts = keepActs(at.acts, link);
  const evidence = gatherEvidence(area, clock);
  const reply = text => say(at.reply, text);
  // The square in front of the words is drawn: not every machine has a glyph for it.
  const entitle = text => { const [, square, words] = text.match(/^(\u{1f7e7}?)\s*(.*)$/su); say(at.square, square); at.square.hidden = !square; say(at.title, words); };
  const kept = (how, when) => {
    mark(at.kept, "how", how);
    say(at.kept, { kept: when || !area.value ? (when ? `kept by the engine at ${when.slice(11, 19)}` : "") : "kept by the engine", writing: "writing", refused: "not kept yet; it is tried again",
      gone: "The engine is gone. Your page is kept here and will be offered to it when it is back." }[how]);
  };
  // Versions of this page beside the one that is written: the newest first, none twice.
  const placeOthers = () => {
    at.others.hidden = !others.length;
    rows(at.others, "section", others, section => {
      section.className = "other";
      const says = make("p", "ash", section), text = make("div", "text", section), use = make("button", "quiet", section, "use this one instead"), drop = make("button", "quiet", section, "let it go");
      text.tabIndex = 0; use.type = drop.type = "button";
      return [says, text, use, drop];
    }, ([says, text, use, drop], other) => { say(says, other.says); say(text, other.text); use.onclick = () => useOther(other); drop.onclick = () => { letGo(other); if (!others.length) reply(""); focus(); }; });
  };
  const putBeside = (text, deltas, says) => { others = [{ text, deltas, says }, ...others.filter(other => !text.startsWith(other.text))]; placeOthers(); };
  const letGo = other => { others = others.filter(one => one !== other); placeOthers(); };
  const useOther = other => {
    const mine = { text: area.value, deltas: evidence.list };
    letGo(other); change(other.text, other.deltas);
    if (mine.text) conflict(mine.text, mine.deltas); else if (!others.length) reply("");
  };
  const conflict = (text, deltas) => {
    putBeside(text, deltas, "Another version of this page. A later one was saved elsewhere and stands above; this is what was here.");
    reply("The page was written on in another tab. Both versions are here.");
  };
  // A page that is owed has no intervention to count from: it goes on from where its draft began.
  const begun = at => { if (at && state.intervention?.owed) state.intervention = { ...state.intervention, since: at }; };
  const draft = keepDraft({ link, area, evidence, since, opened, begun, told: kept, conflict, restored: () => judge() });
  const way = wayOut(at.below, { link, asking, page: () => ({ text: area.value, deltas: evidence.list, opened_at: opened() }), words: answer => words(answer), busy: on => { area.readOnly = on; } });
  const need = () => state.intervention?.words || rules.words_min;
  const found = () => judgePage(area.value, evidence.list, since(), Math.round(clock.running()), { ...rules, words_min: need() });
  const words = answer => inWords({ word_count: found().count, ...answer }, need(), found().pace);

  const judge = () => {
    const page = found();
    say(at.count, `${page.count} of ${need()} words`);
    at.ink.style.setProperty("--p", Math.min(1, page.count / need()));
    at.offer.disabled = waiting || page.count < need();
    rows(at.checks, "li", checksOf(page, { ...rules, words_min: need() }, area.value), row => [make("i", "", row), make("span", "", row)], ([, text], [how, says], row) => { mark(row, "how", how); say(text, says); });
  };
  const tick = () => {
    const until = over ? state.override?.active_until ?? state.limited_until : state.intervention?.until;
    const ms = clock.until(until);
    at.timer.hidden = !until || !!state.intervention?.owed;
    say(at.timer, over ? left(ms) : !ms ? "the lock time is over" : state.intervention?.words_done ? left(ms) : `locked for ${left(ms)} at least; the page can be written meanwhile`);
    if (!over && !state.intervention?.words_done && !at.desk.hidden) { if (++beat % 4 === 0) judge(); way.tick(); }
  };
  const settle = answer => {
    if (!answer.certain) { reply(answer.text); return; }
    waiting = false;
    if (answer.status === 200) reply("Your page is accepted.");
    else { reply(words(answer.body ?? {})); at.fresh.hidden = answer.body?.reason !== "paste" && answer.body?.reason !== "reused"; }
    judge();
  };
  const offer = () => {
    waiting = at.offer.disabled = true;
    reply("The page is being read.");
    asking.ask("/journal", { text: area.value, deltas: evidence.list, opened_at: opened() }, settle);
  };

  const leave = () => { aside = true; clearTimeout(rest); draft.now(); box.close(); };
  const resumed = () => {
    over = true;
    draft.end();
    const [title, ask] = state.intervention?.owed ? ["The owed page is accepted", state.still_owed ? `Then: ${state.still_owed}.` : "Nothing is owed any more."]
      : state.override?.active_until ? [`Trading resumed - Position sizes at ${way.share}`, "The page stays owed."]
      : state.limited_until ? ["Trading resumed - Position sizes limited for 1 hour", "Take the next trade as slowly as you wrote."] : ["The pause has ended", ""];
    entitle(title); say(at.ask, ask); reply("");
    for (const name of ["desk", "fresh", "others"]) at[name].hidden = true;
    way.place(null, true); acts.hide(); at.stepAside.hidden = false; say(at.stepAside, "return");
    mark(box, "mood", "over"); tick();
    if (!box.open) return;
    at.stepAside.focus();
    rest = setTimeout(leave, 15000);
  };
  const learn = async () => {
    const { status, body } = await link.ask("GET", "/tilt/history");
    if (status !== 200) return;
    if (body.page) { rules = { ...PAGE_RULES, ...body.page }; judge(); }
    way.learn(body.override, body.recovery);
  };
  const place = (intervention, override, limited_until, positions, still_owed = "") => {
    state = { intervention: intervention?.owed && state.intervention ? state.intervention : intervention ?? state.intervention, override, limited_until, positions, still_owed };
    if (!intervention || over) { if (!over) resumed(); return tick(); }
    const key = `${intervention.owed ? "owed" : intervention.since}/${intervention.words_done}`, is_new = key !== came, done = !!intervention.words_done;
    const [title, ask] = intervention.message.split("\n");
    entitle(title); say(at.ask, ask ?? (done ? "" : `Write ${need()} words about your emotional state to continue.`));
    const is_owed = !!intervention.owed;
    at.desk.hidden = done; at.stepAside.hidden = !done && !is_owed; way.place(override, done || is_owed);
    say(at.stepAside, is_owed ? "later" : "step aside");
    mark(box, "mood", done ? "waiting" : intervention.level.toLowerCase());
    acts.place(positions ?? [], !is_owed); tick();
    if (!is_new) return;
    if (!came) { draft.look(); learn(); }
    if (done) { reply(""); at.fresh.hidden = at.others.hidden = true; }
    came = key; aside = false;
    judge(); show();
  };
  const show = () => {
    if (!box.open) { box.showModal(); box.scrollTop = 0; }
    focus();
  };
  const focus = () => (at.desk.hidden ? at.stepAside : area).focus({ preventScroll: true });

  box.addEventListener("keydown", event => {
    event.stopPropagation();
    if (event.key !== "Escape") return;
    event.preventDefault();
    if (over || state.intervention?.owed) leave();
  });
  box.addEventListener("cancel", event => event.preventDefault());
  box.addEventListener("close", () => { if (!aside && !closed) show(); });
  area.addEventListener("beforeinput", event => {
    if (!/paste|drop|yank/i.test(event.inputType ?? "")) return;
    const text = event.data ?? event.dataTransfer?.getData("text/plain") ?? "";
    if (charsIn(text) <= rules.burst_chars || evidence.isOwn(text)) return;
    event.preventDefault();
    reply("Pasted text does not count here, so it was left out. The page wants your own words.");
  });
  area.addEventListener("input", () => { draft.wrote(); judge(); });
  at.offer.onclick = offer;
  at.stepAside.onclick = leave;
  at.fresh.onclick = () => { putBeside(area.value, evidence.list, "Your page as it was."); change("", []); at.fresh.hidden = true; reply("A fresh page. The one before stays here to look at."); };
  const change = (text, deltas) => { area.value = text; evidence.start(text, deltas, since(), true); draft.wrote(); judge(); focus(); };
  const hide = () => { if (document.hidden) draft.now(); else draft.look(); };
  const look = () => { if (draft.isKept()) draft.look(); };
  const following = setInterval(() => { if (!document.hidden) look(); }, FOLLOW_MS);
  document.addEventListener("visibilitychange", hide); addEventListener("pagehide", draft.now); addEventListener("focus", look);
  const ticking = setInterval(tick, 250);

  const close = () => {
    closed = true;
    clearInterval(ticking); clearInterval(following); clearTimeout(rest); clearTimeout(again); acts.close(); draft.end();
    document.removeEventListener("visibilitychange", hide); removeEventListener("pagehide", draft.now); removeEventListener("focus", look);
    box.close(); box.remove();
  };
  return {
    place, close,
    get isOver() { return over; },
    get isAway() { return !box.open; },
    // Handled where it can be seen: behind a page that is gone, the garden tells it.
    answer(message) { return (asking.answer(message) || acts.answer(message)) && box.open; },
    // The kernel that carried the page is gone, too: asked again under the same reference.
    link(state) {
      if (state !== "flowing" || over) return;
      if (area.value && !draft.isKept()) draft.now(); else if (!area.value) draft.look();
      const refs = asking.refs;
      clearTimeout(again);
      again = setTimeout(() => asking.again(refs), AGAIN_MS);
    },
  };
};

const openPage = (root, link, shown) => {
  let page = null;
  const place = (intervention, ...more) => {
    if (intervention && (!page || page.isOver)) { page?.close(); page = onePage(root, link); }
    page?.place(intervention, ...more);
  };
  place(shown.intervention, shown.override, shown.limited_until, shown.positions);
  return {
    place,
    get isAway() { return !page || page.isAway; },
    answer(message) { return page?.answer(message) ?? false; },
    link(state) { page?.link(state); },
    close() { page?.close(); page = null; },
  };
};
