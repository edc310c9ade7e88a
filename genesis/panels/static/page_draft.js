// A page on its way: how its text came to be, and the draft that the engine keeps of it.

// -- how the text came to be: times and counts, never a keystroke or a word
const STEP_CHARS = 8, STEP_MS = 4000, MOST_STEPS = 9000;
// The engine takes so many of them at most: small typed ones go together, then the newest count.
const inBounds = deltas => {
  if (deltas.length <= MOST_STEPS) return deltas;
  const kept = [];
  for (const delta of deltas) {
    const last = kept[kept.length - 1], inserted = (last?.inserted ?? 0) + delta.inserted;
    if (delta.how === "typed" && last?.how === "typed" && inserted <= STEP_CHARS) kept[kept.length - 1] = { ...delta, inserted };
    else kept.push(delta);
  }
  return kept.slice(-MOST_STEPS);
};
// While the engine is away, what is written is laid where venue time would be; once it is known
// again, nothing was later than now.
const gatherEvidence = (area, clock) => {
  let deltas = [], size = 0, own = "", composing = false;
  const laid = () => {
    const now = Math.floor(clock.now());
    if (!clock.isHeld) for (const delta of deltas) if (delta.is_guessed) { delta.ts_ms = Math.min(delta.ts_ms, now); delta.is_guessed = false; }
    return deltas;
  };
  const add = (inserted, how) => {
    const at = Math.round(clock.running()), last = deltas[deltas.length - 1];
    if (inserted <= 0 || !at) return;
    if (how === "typed" && last?.how === how && last.inserted + inserted <= STEP_CHARS && at - last.from <= STEP_MS) { last.inserted += inserted; last.ts_ms = Math.max(at, last.ts_ms); }
    else deltas.push({ ts_ms: at, inserted, how, from: at });
    deltas[deltas.length - 1].is_guessed ||= clock.isHeld;
  };
  const howOf = event => {
    const type = event.inputType ?? "";
    if (/dictation/i.test(type)) return "dictation";
    if (/^history/.test(type)) return "draft";
    if (!event.isTrusted || !type || /paste|drop|yank/i.test(type)) return event.data && event.data === own ? "draft" : "paste";
    return "typed";
  };
  area.addEventListener("compositionstart", () => { composing = true; });
  area.addEventListener("compositionend", event => { composing = false; add(charsIn(event.data ?? ""), "composition"); size = charsIn(area.value); });
  area.addEventListener("input", event => {
    if (composing || event.isComposing || event.inputType === "insertCompositionText") return;
    const was = size, how = howOf(event);
    size = charsIn(area.value);
    if (/^(delete|format)/.test(event.inputType ?? "")) return;
    add(event.data ? charsIn(event.data) : /^insert(LineBreak|Paragraph)$/.test(event.inputType ?? "") ? 1 : size - was, how);
  });
  // A piece that was cut out here may be put back here.
  for (const kind of ["cut", "copy"]) area.addEventListener(kind, () => { own = area.value.slice(area.selectionStart, area.selectionEnd); });
  return {
    isOwn: text => text === own,
    get list() { return inBounds(laid()).map(({ ts_ms, inserted, how }) => ({ ts_ms, inserted, how })); },
    // Another text takes its place: what came in since `since`, and the rest as a draft of ours.
    // is_guessed: some of it may have been laid while the engine was away.
    start(text, kept, since, is_guessed) {
      deltas = (kept ?? []).filter(delta => delta.ts_ms >= since).map(delta => ({ ...delta, from: delta.ts_ms, is_guessed }));
      size = charsIn(text);
      const rest = size - deltas.reduce((sum, delta) => sum + delta.inserted, 0);
      if (rest > 0) deltas.push({ ts_ms: Math.max(since, Math.round(clock.now())), inserted: rest, how: "draft", from: 0 });
    },
  };
};

// -- the engine keeps the draft: at most one save a second; the later one of two tabs wins
const SAVE_MS = 1000, RETRY_MS = 2000, REST_MS = 1200, UNSAVED = "genesis.page";
const keepDraft = ({ link, area, evidence, since, opened, begun, told, conflict, restored }) => {
  let version = null, held = null, wroteAt = -Infinity, dirty = false, busy = false, timer = 0, last = -SAVE_MS, mine = [], ended = false, typed = false;
  const mind = () => { try { (dirty || busy) && area.value ? sessionStorage.setItem(UNSAVED, JSON.stringify({ text: area.value, deltas: evidence.list })) : sessionStorage.removeItem(UNSAVED); } catch { /* no storage: the tab keeps it */ } };
  const later = ms => { clearTimeout(timer); if (!ended) timer = setTimeout(save, ms); };
  const put = (text, deltas, is_own = false) => { area.value = text; evidence.start(text, deltas, since(), is_own); typed = is_own; restored(); };
  const isWriting = () => performance.now() - wroteAt < REST_MS;
  const take = saved => {
    const { text, deltas, version: newer, opened_at } = saved, own = area.value, is_first = version === null;
    const is_ours = text === own || mine.includes(text) || (own.startsWith(text) && (text || is_first));
    // The page is not changed under writing hands: a later version waits for a pause.
    if (!is_ours && isWriting()) { held = saved; return later(REST_MS); }
    if (text) begun(opened_at);
    version = newer ?? 0;
    if (text === own) dirty = false;
    else if (is_ours && (text || is_first)) dirty = true;
    // An emptied draft takes no words away: a page that was accepted elsewhere ends this one, too.
    else if (text) {
      // What was typed here stays beside it, saved or not: only a version that goes on from it holds it.
      const kept = evidence.list, is_lost = own && (typed || dirty) && !text.startsWith(own);
      put(text, deltas);
      dirty = false;
      if (is_lost) conflict(own, kept);
    }
    if (dirty) later(0); else told("kept");
  };
  // What an earlier life of this tab could not hand over.
  const recall = saved => {
    let own = "", deltas = [];
    try { ({ text: own, deltas } = JSON.parse(sessionStorage.getItem(UNSAVED)) ?? { text: own, deltas }); } catch { return; }
    if (!own || own === saved.text || area.value) return;
    if (own.startsWith(saved.text)) { put(own, deltas, true); dirty = true; }
    else conflict(own, deltas);
  };
  const look = async () => {
    if (busy || ended) return;
    busy = true;
    const answer = await link.ask("GET", "/journal/draft");
    busy = false;
    if (ended) return;
    if (answer.status === 200) {
      if (version === null) recall(answer.body);
      if (version === null || (answer.body.version ?? 0) > version) take(answer.body); else if (dirty) later(0);
      area.readOnly = false;
    } else { area.readOnly = false; told("gone"); later(RETRY_MS); }
  };
  const save = async () => {
    if (busy || ended) return;
    if (held) { if (isWriting()) return later(REST_MS); const saved = held; held = null; return take(saved); }
    if (version === null) return look();
    if (!dirty) return;
    const wait = last + SAVE_MS - performance.now();
    if (wait > 0) return later(wait);
    busy = true; dirty = false; last = performance.now();
    const text = area.value;
    mine = [...mine.slice(-3), text];
    const answer = await link.ask("PUT", "/journal/draft", { text, deltas: evidence.list, opened_at: opened(), version });
    busy = false;
    if (ended) return;
    if (answer.status === 200) { version = answer.body.version ?? version; if (dirty) later(SAVE_MS); else told("kept", answer.body.saved_at); }
    else if (answer.status === 409) { dirty = true; take(answer.body); }
    else { dirty = true; told(answer.status ? "refused" : "gone"); later(RETRY_MS); }
    mind();
  };
  return {
    look,
    wrote() { dirty = typed = true; wroteAt = performance.now(); told("writing"); later(Math.max(0, last + SAVE_MS - performance.now())); },
    now() { mind(); if (dirty) { last = -SAVE_MS; clearTimeout(timer); save(); } },
    isKept: () => !dirty && !busy,
    end() { ended = true; clearTimeout(timer); try { sessionStorage.removeItem(UNSAVED); } catch { /* nothing was kept */ } },
  };
};
