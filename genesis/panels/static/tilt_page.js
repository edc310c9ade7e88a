// Places what the kernel made of the engine's state; decides nothing.
const HISTORY_MS = 15000;
const openTilt = ({ model, el }) => {
  const root = make("section", "genesis leaf tilt", el);
  root.setAttribute("aria-label", "tilt");
  const head = makeHead(root, "tilt");
  const waits = make("ul", "waits", root);
  waits.setAttribute("aria-label", "what ends by itself");

  const scene = make("div", "scene", root), score = make("section", "score", scene);
  const points = make("b", "num", score); points.setAttribute("aria-label", "score of 100"); make("p", "ash", score, "of 100, where 0 is calm");
  const word = make("p", "word", score), does = make("p", "", score), sizes = make("p", "", score), ends = make("p", "ash", score), odds = make("p", "odds ash", score), note = make("p", "odds ash", score);
  word.setAttribute("role", "status");
  const course = make("figure", "course", scene), canvas = make("canvas", "", course);
  canvas.setAttribute("role", "img"); canvas.setAttribute("aria-label", "the path of the score; its numbers stand in the table below");
  const legend = make("ul", "legend", make("figcaption", "", course));
  const details = make("details", "", course); make("summary", "", details, "the path in numbers");
  const path = table(details, "the path of the score", [["time", "num"], ["score", "n"], ["level", ""], ["made of", ""]]);

  const first = make("div", "pair", root);
  const made = part(first, "made", "what the score is made of"), sources = table(made, "what the score is made of", [["what", ""], ["points", "n"]]), calm = make("p", "none", made, "Nothing: the score is at rest.");
  const ladder = table(part(first, "ladder", "the four levels"), "the four levels", [["level", ""], ["score", "num"], ["what it does", ""]]);
  const second = make("div", "pair", root); second.hidden = true; // until the history has come
  const usual = part(second, "usual", "today against what is usual"), baseline = table(usual, "today against what is usual", [["", ""], ["usual", "num"], ["today", "num"], ["", "n ash"]]), status = make("p", "foot-note", usual);
  const paused = part(second, "paused", "pauses"), pauses = table(paused, "pauses, the newest first", [["began", "num"], ["level", ""], ["lasted", "num"], ["how", ""]]), none = make("p", "none", paused, "None: trading was never paused.");

  let palette = colours(root), shown = {}, names = [], page = null, owed = null, listed = 0, asked = -Infinity;
  const all = () => [...(shown.course ?? []), ...(shown.tail ?? [])];
  const painting = painter(() => { if (root.isConnected && canvas.clientWidth) paintCourse(canvas, all(), names, palette); return false; });
  const madeOf = contributions => contributions ? Object.entries(contributions).sort((a, b) => b[1] - a[1]).map(([name, n]) => `${wordsOf(name)} ${n}`).join(", ") || "nothing" : "not told apart";
  const told = new Map();
  const wordsOf = name => told.get(name) ?? name;

  const place = {
    head(p) { head.tier(p.tier ?? ""); },
    score(p) {
      say(points, p.points); say(word, `${p.level.toLowerCase()} \u00b7 ${p.word}`); say(does, p.does); say(sizes, p.sizes); say(ends, p.ends); say(odds, p.odds); say(note, p.note);
      mark(root, "level", p.level); root.style.setProperty("--p", p.points / 100);
    },
    sources(list) {
      for (const { name, words } of list) told.set(name, words);
      calm.hidden = list.length > 0; sources.parentElement.hidden = !list.length;
      rows(sources, "tr", list, tr => { const what = make("td", "", tr); return [make("span", "", what), make("i", "", what), make("td", "n", tr)]; }, ([what, bar, n], it) => { say(what, it.words); bar.style.setProperty("--p", it.points / 100); bar.style.setProperty("--band", `var(--${BANDS[Math.max(0, names.indexOf(it.name)) % BANDS.length]})`); say(n, it.points); });
    },
    levels(list) {
      rows(ladder, "tr", list, tr => [make("th", "", tr), make("td", "num", tr), make("td", "", tr), tr], ([a, b, d, tr], it) => { a.scope = "row"; say(a, it.level.toLowerCase()); say(b, it.range); say(d, it.does + (it.ends ? ` Ends ${it.ends}.` : "")); mark(tr, "level", it.level); });
    },
    waits(list) {
      rows(waits, "li", list, li => { const made = [make("span", "", li), make("em", "num", li), make("button", "quiet", li, "write it now")]; made[2].type = "button"; made[2].onclick = () => writeOwed(); return made; },
        ([a, b, write], it, li) => { say(a, it.words); b.hidden = !it.until; b.until = it.until; write.hidden = it.kind !== "owed"; mark(li, "kind", it.kind); });
      tick();
    },
    pause(p) {
      if (!p.intervention && owed && p.owed >= owed.count) return page.place(owed, p.override, p.limited_until, p.positions);
      owed = null;
      if (page) page.place(p.intervention, p.override, p.limited_until, p.positions, p.owed_words);
      else if (p.intervention) page = openPage(root, link, p);
      const key = JSON.stringify([p.intervention?.since, p.limited_until]);
      if (key !== place.pause.key) { place.pause.key = key; asked = -Infinity; history(); }
    },
  };
  // A page that an override left behind, or that a halt waits for: it may wait, and be put aside.
  const writeOwed = () => {
    page?.close();
    owed = { level: "OWED", message: `A page is still owed\n${shown.pause.owed_words}.`, count: shown.pause.owed, words: 0, since: new Date(link.clock.now()).toISOString(), until: null, words_done: false, owed: true };
    page = openPage(root, link, { ...shown.pause, intervention: owed });
  };
  const courseMoved = () => {
    names = bandNames(all());
    const shares = names.map(name => [name, wordsOf(name)]);
    if (all().some(point => point[3] === null)) shares.push(["", "not told apart"]);
    rows(legend, "li", shares, li => [make("i", "", li), make("span", "", li)], ([dot, a], [name, words]) => { dot.style.background = `var(--${name ? BANDS[names.indexOf(name) % BANDS.length] : "ash"})`; say(a, words); });
    if (details.open) list();
    painting.wake();
  };
  const list = () => rows(path, "tr", all().slice(-24).reverse(), tr => [make("td", "num", tr), make("td", "n", tr), make("td", "", tr), make("td", "", tr)], ([a, b, d, e], [t, n, level, contributions]) => { say(a, clockText(t)); say(b, n); say(d, level.toLowerCase()); say(e, madeOf(contributions)); });
  details.addEventListener("toggle", list);

  const history = async () => {
    if (document.hidden || link.state !== "flowing" || performance.now() - asked < HISTORY_MS) return;
    asked = performance.now();
    const { view } = await link.ask("GET", "/tilt/history");
    if (!view) return;
    second.hidden = false;
    say(status, view.status);
    rows(baseline, "tr", view.baseline, tr => [make("th", "", tr), make("td", "num", tr), make("td", "num", tr), make("td", "n ash", tr)], ([a, b, d, e], it) => { a.scope = "row"; say(a, it.what); say(b, it.usual); say(d, it.today); say(e, it.samples); });
    none.hidden = view.interventions.length > 0; pauses.parentElement.hidden = !view.interventions.length;
    rows(pauses, "tr", view.interventions, tr => [make("td", "num", tr), make("td", "", tr), make("td", "num", tr), make("td", "", tr)], ([a, b, d, e], it) => { say(a, it.at); say(b, it.level.toLowerCase()); say(d, it.lasted); say(e, it.how); });
  };
  const tick = () => {
    head.tick(link?.clock.now());
    for (const { parts: [, b] } of waits.children) if (b.until && link) say(b, whenText(link.clock, b.until));
  };

  let link = null;
  link = connect(model, {
    parts(parts, everything) {
      Object.assign(shown, everything);
      head.known();
      if (parts.course || parts.tail) courseMoved();
      for (const name of Object.keys(place)) if (parts[name]) place[name](parts[name]);
      if (parts.sources) courseMoved();
      tick();
    },
    link(state, problem) { head.link(state, problem, link?.clock.now()); page?.link(state, problem); asked = -Infinity; painting.wake(); },
    answer(message) { page?.answer(message); },
  });
  const pulse = setInterval(tick, 250), slow = setInterval(history, 2000);
  const dark = matchMedia("(prefers-color-scheme: dark)"), recolour = () => { palette = colours(root); painting.wake(); };
  dark.addEventListener("change", recolour);
  const size = new ResizeObserver(painting.wake); size.observe(root);
  history();
  return () => { clearInterval(pulse); clearInterval(slow); dark.removeEventListener("change", recolour); size.disconnect(); painting.stop(); page?.close(); link.stop(); };
};
export default { render: openTilt };
