// What all faces share. Nothing is fetched: all data arrive through the kernel.

// -- elements and text
const make = (tag, cls, parent, text) => {
  const node = document.createElement(tag);
  if (cls) node.className = cls;
  if (text != null) node.textContent = text;
  if (parent) parent.append(node);
  return node;
};
const say = (node, text) => { text = text ?? ""; if (node.textContent !== text) node.textContent = text; };
const mark = (node, name, value) => { value = String(value ?? ""); if (node.dataset[name] !== value) node.dataset[name] = value; };
const money = (value, digits = 2) => Number(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
const newRef = () => "face-" + [...crypto.getRandomValues(new Uint8Array(9))].map(b => b.toString(36).padStart(2, "0")).join("");

// Rows of a list or table: `build(row)` makes the children once, `place(children, item)` fills them.
const rows = (parent, tag, items, build, place) => {
  while (parent.children.length > items.length) parent.lastElementChild.remove();
  items.forEach((item, i) => {
    let row = parent.children[i];
    if (!row) { row = make(tag, "", parent); row.parts = build(row); }
    place(row.parts, item, row);
  });
};
// A table for eyes and screen readers: heads are [text, class]; returns its body.
const table = (parent, caption, heads) => {
  const made = make("table", "", parent);
  make("caption", "unseen", made, caption);
  const line = make("tr", "", make("thead", "", made));
  for (const [text, cls] of heads) make("th", cls, line, text).scope = "col";
  return make("tbody", "", made);
};

// -- time
const clockText = ms => new Date(ms).toISOString().slice(11, 19);
const left = ms => {
  const s = Math.max(0, Math.ceil(ms / 1000)), two = n => String(n).padStart(2, "0");
  const h = Math.floor(s / 3600);
  return h >= 48 ? `${Math.ceil(h / 24)} days` : h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
};
// When something ends: "in 27 minutes (14:05:10 UTC)", in the words of the command line.
const AHEAD = [[1, "second"], [60, "minute"], [3600, "hour"], [86400, "day"]], MOST = 90;
const ahead = ms => {
  const s = ms / 1000, [unit, name] = AHEAD.find(([unit]) => s <= unit * MOST) ?? AHEAD[3], n = Math.ceil(s / unit);
  return n > 0 ? `in ${n} ${name}${n === 1 ? "" : "s"}` : "now";
};
const whenText = (clock, iso) => {
  const at = new Date(Math.ceil(Date.parse(iso) / 1000) * 1000).toISOString(), today = new Date(clock.now()).toISOString().slice(0, 10);
  const day = at.startsWith(today) ? "" : `${at.slice(0, 10)} `;
  return `${ahead(clock.until(iso))} (${day}${at.slice(11, 19)} UTC${clock.isWalls ? "" : ", venue time"})`;
};
// Venue time between two messages: it runs `speed` times faster than the wall; held, it is that of the last one.
const venueClock = () => {
  let at = 0, told = 0, speed = 1, held = true;
  const running = () => told && told + (performance.now() - at) * speed, now = () => held ? told : running();
  return {
    // running: what it would be now if it had not been held.
    now, running,
    get isHeld() { return held; },
    set(iso, rate) { const ms = Date.parse(iso); if (!ms) return; told = ms; at = performance.now(); speed = rate ?? 1; held = false; },
    hold() { held = true; },
    until: iso => iso ? Math.max(0, Date.parse(iso) - now()) : 0,
    get speed() { return speed; },
    // Does it show the time of the wall? That of a replay or of the demo is another.
    get isWalls() { return Math.abs(speed - 1) <= .05 && Math.abs(now() - Date.now()) <= 60_000; },
  };
};

// -- canvas
const fit = canvas => {
  const ratio = Math.min(2, devicePixelRatio || 1), w = canvas.clientWidth || 10, h = canvas.clientHeight || 10;
  if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, w, h);
  return [g, w, h];
};
// The palette of theme.css as it is now: `c.moss` is "#rrggbb", `c("moss", .3)` has an alpha.
const colours = el => {
  const style = getComputedStyle(el), names = ["paper", "page", "ink", "ash", "moss", "clay", "sand", "ochre", "slate", "rake", "light", "moss-text", "clay-text"];
  const found = Object.fromEntries(names.map(n => [n, style.getPropertyValue("--" + n).trim()]));
  return Object.assign((n, a = 1) => found[n] + Math.round(a * 255).toString(16).padStart(2, "0"), found);
};
// A fixed number from 0 to 1 for (n, salt): the same garden every time.
const hash = (n, salt = 0) => { const x = Math.sin(n * 127.1 + salt * 311.7) * 43758.5453; return x - Math.floor(x); };
const isReduced = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
// One animation frame at a time; `paint(ms)` says whether it wants another. Nothing while hidden.
const painter = paint => {
  let id = 0;
  const frame = ms => { id = 0; if (!document.hidden && paint(ms)) wake(); };
  const wake = () => { if (!id && !document.hidden) id = requestAnimationFrame(frame); };
  return { wake, stop: () => cancelAnimationFrame(id) };
};

// -- commands without a certain answer: the tab keeps them, so that a page that starts over can ask what became of them
const IS_KEPT = /^\/(commands$|emergency\/)/, MOST_KEPT = 50;
const keepAsked = key => {
  const read = () => { try { return JSON.parse(sessionStorage.getItem(key)) ?? []; } catch { return []; } };
  const write = list => { try { sessionStorage.setItem(key, JSON.stringify(list.slice(-MOST_KEPT))); } catch { /* no storage: this page alone knows */ } };
  const earlier = new Map(read().map(([ref, , words]) => [ref, words]));
  return {
    add(ref, path, words) { if (IS_KEPT.test(path)) write([...read(), [ref, path, words]]); },
    drop(ref) { const list = read(); if (list.some(([one]) => one === ref)) write(list.filter(([one]) => one !== ref)); },
    // What was asked in an earlier life of the page.
    earlier: ref => earlier.get(ref),
    get list() { return read().map(([ref, path]) => [ref, path]); },
  };
};

// -- the kernel
const PATIENCE_MS = 25000; // the kernel itself waits 20 s for the engine
const NO_ANSWER = "No answer came back: it is not known whether the engine got this. It will be asked as soon as it can be reached.";
const NOT_NOW = "It cannot be sent now: this page has lost its kernel. Nothing was done; send it again when the page flows.";
// on: {parts(parts, all), link(state, problem), beat(message), answer(message)}, each optional.
// Gives {ask(method, path, body), need(name), clock, state, stop}. `ask` resolves with {status, certain, body, ...};
// with certain false it is not known whether the engine got it: a later answer of the same ref goes to on.answer.
// An answer to what was asked in an earlier life of the page says in `earlier` what that was.
const connect = (model, on) => {
  const clock = venueClock(), asked = new Map(), wanted = new Map(), shown = {};
  const inVoila = () => !!document.body.dataset.voila;
  let kept = null, kernelMs = 0, kernelAt = 0, n = 0, heard = performance.now(), cut = false, check = 0, stopped = false;
  const link = () => on.link?.(cut ? "still" : model.get("link"), cut ? "this page has lost its kernel; is the tunnel up?" : model.get("problem"));
  const setLink = () => { if (cut || model.get("link") !== "flowing") clock.hold(); link(); };
  const told = m => {
    heard = performance.now();
    if (m.kernel_ms) { kernelMs = m.kernel_ms; kernelAt = heard; }
    if (m.name && m.kernel_ms && !kept) { kept = keepAsked(`genesis.asked.${m.name}`); find(); }
    if (cut) { cut = false; setLink(); find(); }
    if (m.kind === "view") { clock.set(m.t, m.speed); Object.assign(shown, m.parts); on.parts?.(m.parts, shown, m); }
    else if (m.kind === "beat") { clock.set(m.t, m.speed); on.beat?.(m); }
    else if (m.kind === "answer") answered(m);
    else if (m.kind === "module") { wanted.get(m.name)?.(m); wanted.delete(m.name); }
  };
  const answered = m => {
    if (m.certain && kept) { kept.drop(m.ref); m.earlier = kept.earlier(m.ref); }
    asked.get(m.ref)?.(m); asked.delete(m.ref); on.answer?.(m);
    return m;
  };
  const send = m => { try { model.send(m); } catch { cut = true; setLink(); } };
  // The server is there but our kernel is not: under Voila the page starts over; in a notebook it says so.
  const revive = async () => {
    cut = true; setLink();
    if (!inVoila()) return;
    const is_there = await fetch((document.body.dataset.baseUrl ?? "/").replace(/voila\/$/, "") + "is-there", { cache: "no-store" }).then(() => true, () => false);
    if (is_there && cut && !stopped && !document.hidden) location.reload();
  };
  const expect = ms => { clearTimeout(check); const since = heard; check = setTimeout(() => { if (heard === since && !document.hidden && !stopped) revive(); }, ms); };
  const pulse = () => { if (document.hidden) return; send({ kind: "pulse", n: ++n }); if (performance.now() - heard > 12000) expect(3000); };
  const seen = () => { if (!document.hidden) { send({ kind: "hello", n: ++n }); find(); expect(3000); } };
  // What became of commands whose answers were lost; those that may still be answered are waited for.
  const find = () => { const list = (kept?.list ?? []).filter(([ref]) => !asked.has(ref)); if (list.length) send({ kind: "find", asked: list }); };
  const lose = (ref, path) => { answered({ kind: "answer", ref, path, status: 0, certain: false, body: null, text: NO_ANSWER }); if (!cut) find(); };
  // `late` is called unless an answer came in time.
  const patiently = (waiting, name, done, late) => {
    const timer = setTimeout(() => { if (!stopped) late(); }, PATIENCE_MS);
    waiting.set(name, m => { clearTimeout(timer); done(m); });
  };
  model.on("msg:custom", told); model.on("change:link", setLink); model.on("change:problem", link);
  document.addEventListener("visibilitychange", seen); addEventListener("pageshow", seen);
  const beat = setInterval(pulse, 5000);
  queueMicrotask(() => { setLink(); send({ kind: "hello", n }); });
  return {
    clock, send,
    get state() { return cut ? "still" : model.get("link"); },
    ask(method, path, body, ref = newRef()) {
      // Sent into nothing it would wait there, and might be done later at another price.
      if (cut && path === "/commands") return Promise.resolve({ kind: "answer", ref, path, status: 0, certain: true, body: { reason: NOT_NOW }, text: NOT_NOW }).then(answered);
      kept?.add(ref, path, body?.text ?? path.split("/").pop());
      return new Promise(done => {
        patiently(asked, ref, done, () => lose(ref, path));
        send({ kind: "ask", ref, method, path, body, kernel_ms: kernelMs ? kernelMs + performance.now() - kernelAt : null });
      });
    },
    // A script (and its style, put into `root`) that is rarely used, from the kernel: resolves with the export of that name.
    need(name, root) {
      return new Promise((done, fail) => {
        patiently(wanted, name, done, () => { wanted.delete(name); fail(new Error("no answer came back")); });
        send({ kind: "need", name });
      }).then(m => {
        if (m.css) make("style", "", root, m.css);
        const url = URL.createObjectURL(new Blob([m.text], { type: "text/javascript" }));
        return import(url).then(found => found[name]).finally(() => URL.revokeObjectURL(url));
      });
    },
    stop() {
      stopped = true; clearInterval(beat); clearTimeout(check);
      model.off("msg:custom", told); model.off("change:link", setLink); model.off("change:problem", link);
      document.removeEventListener("visibilitychange", seen); removeEventListener("pageshow", seen);
    },
  };
};
