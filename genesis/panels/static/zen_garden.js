// Places what the kernel made of the engine's state; decides nothing.
const HOLD_MS = 1600, ARMED_MS = 4000, MOST_HEIGHTS = 12;
const ACTS = {
  halt: { path: "/emergency/halt", phrase: "HALT TRADING NOW", verb: "hold to halt",
    about: "A halt ends new risk in this home; the way back (genesis tier reset) takes a day, a page and a written reason. Open positions keep their stops and may still be reduced." },
  close: { path: "/emergency/close-all", phrase: "CLOSE ALL POSITIONS", verb: "hold to close all",
    about: "Every open position is sold at the market, and entries at work are cancelled." },
};

const openGarden = ({ model, el }) => {
  const root = make("section", "genesis garden", el);
  root.setAttribute("aria-label", "ZenGarden");
  // keys typed here are no shortcuts of a notebook
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  // a key that is held presses a button once, also when the focus moves on under it
  root.addEventListener("keydown", e => { if (e.repeat && e.target.tagName === "BUTTON") e.preventDefault(); }, true);
  let shown = {}, palette = {};

  // -- the head
  const head = make("header", "", root), name = make("h1", "", head);
  const enso = make("i", "enso", name); enso.setAttribute("aria-hidden", "true");
  make("span", "", name, "genesis");
  const tier = make("span", "tier", head), mode = make("span", "mode ash", head);
  const state = make("span", "link ash", head); state.setAttribute("role", "status");
  const worth = make("div", "worth", head), equity = make("output", "equity num", worth), today = make("span", "today num", worth);
  equity.setAttribute("aria-label", "equity in USDT");
  const line = make("p", "line ash num", root), time = make("time", "", line), pace = make("span", "", line), prices = make("span", "", line), free = make("span", "", line);

  // -- the scene
  const scene = make("div", "scene", root), hill = make("canvas", "hill", scene);
  make("div", "mist", scene).setAttribute("aria-hidden", "true");
  const sand = make("canvas", "sand", scene);
  hill.setAttribute("role", "img"); sand.setAttribute("role", "img");
  const heights = table(make("div", "unseen", scene), "the path of equity", [["time", ""], ["equity in USDT", "n"]]);
  const weather = make("p", "weather", scene), weatherWords = make("span", "", weather), weatherLeft = make("span", "num", weather);
  weather.setAttribute("role", "status"); weatherLeft.setAttribute("aria-hidden", "true");

  // -- what is below
  const part = (cls, title) => { const s = make("section", cls, root.querySelector(".low")), h = make("h2", "", s, title); return [s, h]; };
  make("div", "low", root);
  const [calm] = part("calm", "tilt");
  const score = make("p", "score", calm), points = make("b", "num", score), of = make("small", "ash", score, " of 100");
  const bar = make("div", "meter", calm); make("i", "", bar); bar.setAttribute("aria-hidden", "true");
  const level = make("p", "level", calm), from = make("ul", "from", calm);
  const [room] = part("room", "headroom"), bamboo = make("ul", "bamboo", room);
  const [gates, gatesTitle] = part("gates", "gates"), discs = make("ul", "discs", gates), gatesNone = make("p", "ash", gates);
  const [held] = part("held", "stones");
  const stones = table(held, "open positions", [["symbol", ""], ["quantity", "n wide"], ["worth", "n wide"], ["entry", "n wide"], ["now", "n"], ["stop", "n"], ["result", "n"], ["", ""]]);
  const noStones = make("p", "none ash", held, "The sand is empty: no position is open.");
  const [work] = part("work", "orders at work"), orders = table(work, "working orders", [["symbol", ""], ["order", ""], ["quantity", "n"], ["at", "n"], ["status", ""]]);
  const noOrders = make("p", "none ash", work, "No order waits at the venue.");
  const [bound] = part("bound", "what holds you back"), locks = make("ul", "locks", bound), noLocks = make("p", "none ash", bound, "Nothing: you are free to act.");
  const [past] = part("past", "what happened"), diary = make("ul", "diary num", past), noDiary = make("p", "none ash", past, "Nothing yet since this page was opened.");

  // -- the dock: always in sight
  const dock = make("footer", "dock", root), answer = make("div", "answer", dock); answer.setAttribute("aria-live", "polite"); answer.setAttribute("role", "status");
  const confirm = make("form", "confirm", dock); confirm.hidden = true;
  const row = make("div", "row", dock), form = make("form", "command", row), input = make("input", "", form);
  input.setAttribute("aria-label", "command"); input.autocomplete = "off"; input.spellcheck = false; input.maxLength = 500; input.enterKeyHint = "send"; input.autocapitalize = "off";
  const examples = make("div", "examples", form); examples.setAttribute("aria-label", "examples");
  const brakes = make("div", "brakes", row), closeAll = make("button", "grave", brakes, "close all"), halt = make("button", "grave", brakes, "halt");
  closeAll.type = halt.type = "button";

  // -- answers
  const asked = new Map();
  let answerUntil = null, answerLeft = null;
  const tell = (verdict, title, lines = [], until = null) => {
    answer.replaceChildren(); mark(answer, "verdict", verdict); mark(answer, "late", ""); answerUntil = until;
    make("b", "", answer, title);
    for (const text of lines) make("p", "", answer, text);
    answerLeft = until ? make("p", "num ash", answer) : null;
    const away = make("button", "quiet away", answer, "\u00d7"); away.type = "button"; away.setAttribute("aria-label", "put the answer away"); away.onclick = () => answer.replaceChildren();
    clocks();
  };
  const show = m => {
    const words = m.words;
    const late = asked.get(m.ref); asked.delete(m.ref);
    const again = m.earlier ? `The engine tells of \u201c${m.earlier}\u201d: ` : late === "lost" ? "The engine is back and tells: " : "";
    // What became of several lost commands is told together.
    const others = again && answer.dataset.late ? [...answer.querySelectorAll("b, p:not(.num)")].map(line => line.textContent) : [];
    if (!m.certain) { asked.set(m.ref, "lost"); tell("unknown", m.text); }
    else if (m.text) tell("unread", again + m.text, others);
    else if (words) tell(words.verdict, again + words.title, [...words.lines, ...others], words.until);
    if (m.certain && again) mark(answer, "late", 1);
  };
  const ask = (path, body) => {
    const ref = newRef(); asked.set(ref, "asked");
    const wait = setTimeout(() => { if (asked.get(ref) === "asked") tell("asked", "The engine is asked \u2026"); }, 400);
    return link.ask("POST", path, { ...body, client_ref: ref }, ref).finally(() => clearTimeout(wait));
  };

  // -- the command line
  const said = []; let at = 0, keys = 0, back = 0;
  input.addEventListener("keydown", e => {
    if (e.key === "ArrowUp" || e.key === "ArrowDown") {
      e.preventDefault(); at = Math.max(0, Math.min(said.length, at + (e.key === "ArrowUp" ? -1 : 1))); input.value = said[at] ?? "";
    } else if (e.key === "Escape") answer.replaceChildren();
    else {
      keys++; if (e.key === "Backspace") back++;
      if (e.key === "Enter" && !e.isComposing) { e.preventDefault(); submit(); } // a notebook keeps the form from it
    }
  });
  const submit = () => {
    const text = input.value.trim();
    if (!text) return;
    if (said[said.length - 1] !== text) said.push(text);
    at = said.length; input.value = "";
    ask("/commands", { text, keys, backspaces: back }); keys = back = 0;
  };
  form.onsubmit = e => { e.preventDefault(); submit(); };
  const setExamples = list => {
    input.placeholder = list[0] ?? "";
    examples.replaceChildren(...list.map(text => { const b = make("button", "quiet", null, text); b.type = "button"; b.onclick = () => { input.value = text; input.focus(); }; return b; }));
  };

  // -- the brakes: the phrase is typed, or the button is held
  let act = null, holding = 0;
  const about = make("p", "", confirm), gone = make("p", "ash", confirm, "The engine does not answer now. `genesis close-all --direct` in a terminal closes at the venue itself.");
  const why = make("label", "", confirm, "reason "), reason = make("input", "", why); reason.value = "halted by hand in the garden"; reason.maxLength = 500;
  const typed = make("label", "", confirm, "type "), exact = make("code", "", typed), phrase = make("input", "", typed); phrase.autocomplete = "off"; phrase.spellcheck = false;
  const ends = make("div", "ends", confirm), go = make("button", "grave hold", ends, "hold"), or = make("span", "ash", ends, "or hold this button, or its key"), not = make("button", "quiet", ends, "not now");
  go.type = "button"; not.type = "button";
  const openConfirm = kind => {
    if (act === kind) { closeConfirm(); return; }
    act = kind; const it = ACTS[kind];
    say(about, it.about); say(exact, it.phrase); say(go, it.verb); phrase.value = ""; phrase.setAttribute("aria-label", `type ${it.phrase}`); mark(phrase, "wrong", "");
    why.hidden = kind !== "halt"; gone.hidden = link.state === "flowing"; confirm.hidden = false;
    phrase.focus();
  };
  const closeConfirm = () => { const was = act; act = null; confirm.hidden = true; release(); if (was) (was === "halt" ? halt : closeAll).focus(); };
  const brake = () => {
    const it = ACTS[act];
    if (act === "halt" && reason.value.trim().length < 10) { reason.focus(); mark(reason, "wrong", 1); return; }
    const body = { confirmation: it.phrase, ...(act === "halt" ? { reason: reason.value.trim() } : {}) };
    ask(it.path, body); closeConfirm();
  };
  const release = () => { clearTimeout(holding); holding = 0; mark(go, "held", ""); };
  const hold = () => { if (holding) return; mark(go, "held", 1); holding = setTimeout(() => { release(); brake(); }, HOLD_MS); };
  go.addEventListener("pointerdown", e => { if (e.button === 0) hold(); });
  for (const end of ["pointerup", "pointerleave", "pointercancel", "blur"]) go.addEventListener(end, release);
  go.addEventListener("keydown", e => { if (e.key === " " || e.key === "Enter") { e.preventDefault(); hold(); } });
  go.addEventListener("keyup", release);
  const spoken = () => { if (phrase.value.trim() === ACTS[act].phrase) brake(); else { mark(phrase, "wrong", 1); phrase.focus(); } };
  confirm.onsubmit = e => e.preventDefault();
  confirm.addEventListener("input", e => mark(e.target, "wrong", ""));
  confirm.addEventListener("keydown", e => {
    if (e.key === "Escape") closeConfirm();
    else if (e.key === "Enter" && e.target.tagName === "INPUT") { e.preventDefault(); if (!e.repeat) spoken(); }
  });
  not.onclick = closeConfirm; closeAll.onclick = () => openConfirm("close"); halt.onclick = () => openConfirm("halt");
  // one position: the first press arms the button, the second one closes
  const closeOne = button => {
    if (button.dataset.armed) { clearTimeout(button.timer); mark(button, "armed", ""); say(button, "closing"); button.disabled = true; button.timer = setTimeout(() => { button.disabled = false; say(button, "close"); }, 8000); ask("/commands", { text: `close ${button.dataset.symbol}` }); return; }
    mark(button, "armed", 1); say(button, "close now?");
    button.timer = setTimeout(() => { mark(button, "armed", ""); say(button, "close"); }, ARMED_MS);
  };

  // -- the pictures
  const path = { times: [], values: [], start: null };
  let unrest = 0, phase = 0, isHillOld = true, isSandOld = true, skip = false;
  const rest = () => (shown.tilt?.score ?? 0) / 100;
  const pictures = painter(() => {
    if (!root.isConnected || !scene.clientWidth) return false;
    if (!palette.paper) palette = colours(root);
    if (isHillOld) { isHillOld = false; paintMountain(hill, path, path.start, palette); }
    const still = isReduced() || link.state !== "flowing", goal = rest(), wavers = goal >= .3 && !still;
    unrest = still || Math.abs(goal - unrest) < .004 ? goal : unrest + (goal - unrest) * .05;
    const moving = unrest !== goal;
    if (isSandOld || moving || wavers) {
      skip = !skip;
      if (isSandOld || !skip) { paintSand(sand, shown.stones ?? [], unrest, phase, root.dataset.weather === "halted", palette); isSandOld = false; }
      if (wavers || moving) phase += .006 + unrest * .035;
    }
    return moving || wavers;
  });
  // The mountain in some numbers, the last of them live.
  const setHeights = () => {
    const last = path.times.length - 1, count = Math.min(MOST_HEIGHTS, last + 1);
    const few = Array.from({ length: count }, (_, i) => count > 1 ? Math.round(i * last / (count - 1)) : 0);
    rows(heights, "tr", few, tr => [make("td", "num", tr), make("td", "n", tr)], ([a, b], i) => { say(a, new Date(path.times[i] * 1000).toISOString().slice(0, 19).replace("T", " ")); say(b, money(path.values[i])); });
  };
  const redraw = () => { isHillOld = isSandOld = true; pictures.wake(); };
  const setRidge = p => {
    path.times = []; path.values = []; path.start = p?.start ?? null; isHillOld = true;
    if (!p?.t) return;
    let t = p.t, v = p.v; path.times.push(t); path.values.push(v / 1e4);
    p.times.forEach((dt, i) => { t += dt; v += p.values[i]; path.times.push(t); path.values.push(v / 1e4); });
    setHeights();
  };
  const setPoint = p => {
    if (!p?.at || p.v == null) return;
    const t = p.at / 1000, n = path.times.length, span = n ? t - path.times[0] : 0;
    if (n && t < path.times[n - 1]) return;
    if (n > 1 && t - path.times[n - 2] < Math.max(5, span / 400)) { if (path.values[n - 1] === p.v && t - path.times[n - 1] < span / 400) return; path.times[n - 1] = t; path.values[n - 1] = p.v; }
    else { path.times.push(t); path.values.push(p.v); }
    if (path.times.length > 600) for (const list of [path.times, path.values]) list.splice(0, list.length, ...list.filter((_, i) => i % 2 === 0 || i > 500));
    isHillOld = true; setHeights();
  };

  // -- placing
  const place = {
    head(p) {
      say(tier, p.tier); say(mode, p.mode); say(equity, p.equity); say(today, p.today); mark(today, "sign", p.sign); say(pace, p.pace); say(free, p.free);
      say(prices, p.prices.map(([s, v]) => `${s} ${v}`).join("  \u00b7  "));
      hill.setAttribute("aria-label", `equity ${p.equity} USDT${p.today ? ", " + p.today : ""}`);
    },
    weather(p) { mark(root, "weather", p.name); say(weatherWords, p.words); isSandOld = true; },
    ridge: setRidge, point: setPoint,
    tilt(p) {
      say(points, p.score); mark(calm, "level", p.level); bar.style.setProperty("--p", p.score / 100); say(level, `${p.level.toLowerCase()} \u00b7 ${p.words}`);
      rows(from, "li", p.from, li => [make("span", "", li), make("em", "num", li)], ([a, b], [words, n]) => { say(a, words); say(b, n); });
    },
    gates(p) {
      say(gatesTitle, p.title); say(gatesNone, p.none);
      rows(discs, "li", p.rows, li => [make("i", "", li), make("span", "", li), make("em", "num", li), make("small", "ash num", li)], ([disc, a, b, d], gate, li) => {
        disc.style.setProperty("--p", gate.share); mark(li, "passed", gate.passed ? 1 : ""); say(a, gate.name); say(b, gate.has); say(d, gate.needed && `${gate.passed ? "passed" : "needs"}: ${gate.needed}`); d.hidden = !gate.needed;
      });
    },
    headroom(list) {
      rows(bamboo, "li", list, li => [make("span", "ash", li), make("em", "num", li), make("i", "", li)], ([a, b, stalk], it, li) => { say(a, it.name); say(b, it.words); mark(li, "mood", it.mood); stalk.style.setProperty("--p", it.left); });
    },
    stones(list) {
      isSandOld = true; noStones.hidden = list.length > 0; stones.parentElement.hidden = !list.length;
      sand.setAttribute("aria-label", list.length ? list.map(s => `${s.symbol} ${s.pnl} USDT`).join(", ") : "raked sand, no open position");
      rows(stones, "tr", list, tr => {
        const cells = ["", "n wide", "n wide", "n wide", "n", "n", "n", "n"].map(cls => make("td", cls, tr)), share = make("span", "wide"), button = make("button", "quiet", cells[7], "close");
        button.type = "button"; button.onclick = () => closeOne(button);
        const result = make("span", "", cells[6]); cells[6].append(" ", share);
        return { cells, button, result, share };
      }, ({ cells, button, result, share }, s) => {
        [s.symbol, s.quantity, s.notional, s.entry, s.mark, s.stop].forEach((text, i) => say(cells[i], text));
        say(result, s.pnl); say(share, s.percent);
        mark(cells[6], "sign", s.sign);
        if (button.dataset.symbol !== s.symbol) { mark(button, "symbol", s.symbol); button.setAttribute("aria-label", `close ${s.symbol}`); clearTimeout(button.timer); mark(button, "armed", ""); button.disabled = false; say(button, "close"); }
      });
    },
    orders(list) {
      noOrders.hidden = list.length > 0; orders.parentElement.hidden = !list.length;
      rows(orders, "tr", list, tr => ["", "", "n", "n", ""].map(cls => make("td", cls, tr)), (cells, o) => [o.symbol, o.what, o.quantity, o.at, o.filled || o.status].forEach((text, i) => say(cells[i], text)));
    },
    locks(list) {
      noLocks.hidden = list.length > 0;
      rows(locks, "li", list, li => [make("span", "", li), make("em", "num", li)], ([a, b], it, li) => { say(a, it.reason); li.until = it.until; if (!it.until) say(b, ""); });
    },
    diary(list) { noDiary.hidden = list.length > 0; rows(diary, "li", list, li => [make("time", "ash", li), make("span", "", li)], ([a, b], it) => { say(a, it.at); say(b, it.words); }); },
    examples: setExamples,
  };
  const clocks = () => {
    const { clock } = link;
    if (!clock.now()) return;
    say(time, `${clockText(clock.now())} UTC`);
    say(weatherLeft, shown.weather?.until ? ` \u00b7 over ${whenText(clock, shown.weather.until)}` : "");
    for (const li of locks.children) if (li.until) say(li.lastElementChild, `over ${whenText(clock, li.until)}`);
    if (answerLeft) say(answerLeft, clock.until(answerUntil) ? `possible again ${whenText(clock, answerUntil)}` : "possible again");
  };

  // -- the page of an intervention
  let page = null, isLoading = false;
  const setPage = async () => {
    const given = { intervention: shown.intervention, override: shown.override, limited_until: shown.limited, positions: shown.stones };
    if (page) { page.place(...Object.values(given)); return; }
    if (!given.intervention || isLoading) return;
    isLoading = true;
    try { const openPage = await link.need("openPage", root); page = openPage(root, link, given); page.link?.(link.state, ""); }
    catch (problem) { tell("unread", `The page cannot be shown here (${problem.message}). Open the tilt dashboard to write it.`); }
    isLoading = false;
    if (page) setPage();
  };

  const link = connect(model, {
    parts(changed, all, m) {
      shown = all;
      for (const name in changed) place[name]?.(changed[name]);
      mark(root, "seq", m.seq);
      clocks(); pictures.wake();
      if (["intervention", "override", "limited", "stones"].some(name => name in changed)) setPage();
    },
    beat: () => clocks(),
    link(to, problem) {
      const now = link?.clock.now() ?? 0, since = now ? `; numbers may be old since ${clockText(now)}` : "";
      say(state, to === "flowing" ? "flowing" : to === "still" ? `still${problem ? ": " + problem : ""}${since}` : now ? "resting" : "waking");
      state.title = problem ?? ""; mark(root, "link", to); isSandOld = true; pictures.wake(); gone.hidden = to === "flowing";
      page?.link?.(to, problem); if (link) clocks();
      if (to === "flowing") setPage(); // its script may have been lost
    },
    answer(m) { if (page?.answer?.(m) !== true && (m.path === "/commands" || m.path.startsWith("/emergency"))) show(m); },
  });

  const ticking = setInterval(() => { if (!document.hidden && link.state === "flowing") clocks(); }, 500);
  const size = new ResizeObserver(redraw); size.observe(scene);
  const dark = matchMedia("(prefers-color-scheme: dark)"), light = () => { palette = colours(root); redraw(); };
  dark.addEventListener("change", light); document.addEventListener("visibilitychange", redraw);
  return () => { clearInterval(ticking); size.disconnect(); dark.removeEventListener("change", light); document.removeEventListener("visibilitychange", redraw); pictures.stop(); link.stop(); page?.close?.(); };
};

export default { render: openGarden };
