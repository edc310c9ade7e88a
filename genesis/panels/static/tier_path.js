// Places what the kernel made of the engine's answers; decides nothing.
const PATH_MS = 20000;
const openPath = ({ model, el }) => {
  const root = make("section", "genesis leaf path", el);
  root.setAttribute("aria-label", "the path of the tiers");
  const head = makeHead(root, "the path");
  const scene = make("div", "scene", root), canvas = make("canvas", "", scene), way = make("ol", "way", scene);
  canvas.setAttribute("role", "img");
  const mode = make("section", "mode", root), modeTitle = make("p", "title", mode), plan = make("ul", "", mode), waits = make("ul", "waits", mode);
  modeTitle.setAttribute("role", "status");

  const invite = make("section", "invite", root), inviteTitle = make("p", "title", invite), inviteLeft = make("p", "num ash", invite), begin = make("button", "", invite, "begin the ceremony");
  begin.type = "button"; invite.hidden = true;
  const notice = make("section", "notice", root), noticeTitle = make("h3", "title", notice), noticeBody = make("dl", "", notice);
  notice.hidden = true; notice.setAttribute("aria-label", "what happened, and what comes next");

  const pair = make("div", "pair", root), gates = part(pair, "gates", "the next gate"), summary = make("p", "ash", gates);
  const heads = [["", ""], ["what", ""], ["now", "num"], ["asked", "num"], ["", ""]];
  const now = table(gates, "gates at this moment", heads), noGates = make("p", "none", gates);
  const night = part(pair, "night", "the last evaluation"), verdict = make("p", "ash", night), then = table(night, "gates at the last evaluation", heads);
  const past = part(make("div", "", root), "past", "the way so far"), history = table(past, "changes of tier and mode, the newest first", [["when", "num"], ["where", ""], ["", ""], ["why", ""]]);

  let palette = colours(root), seen = { stones: [], share: 0 }, rite = null, ceremony = null, noticeUntil = null, noticeLeft = null, asked = -Infinity, link = null;
  const painting = painter(() => { if (root.isConnected && canvas.clientWidth) paintWay(canvas, seen.stones, seen.share, palette); return false; });
  const gateRows = (body, list) => {
    body.parentElement.hidden = !list.length;
    rows(body, "tr", list, tr => { const first = make("td", "", tr); return [make("i", "disc", first), make("th", "", tr), make("td", "num", tr), make("td", "num", tr), make("td", "", tr), tr]; }, ([disc, a, b, d, e, tr], gate) => {
      disc.style.setProperty("--p", gate.share); a.scope = "row"; mark(tr, "passed", gate.passed ? 1 : ""); say(a, gate.name); say(b, gate.has); say(d, gate.needed); say(e, gate.passed ? "passed" : "open");
    });
  };
  const lines = (ul, list) => rows(ul, "li", list, li => li, (li, text) => say(li, text));
  const about = (term, fill) => { make("dt", "", noticeBody, term); fill(make("dd", "", noticeBody)); };
  const several = list => dd => { const ul = make("ul", "", dd); lines(ul, list); };
  let noticed = "";
  const placeNotice = told => {
    notice.hidden = !told;
    const key = JSON.stringify(told);
    if (!told || key === noticed) return;
    noticed = key; noticeBody.replaceChildren(); noticeLeft = null; noticeUntil = told.until;
    say(noticeTitle, told.title);
    about("What happened", dd => { make("p", "", dd, told.happened); if (told.at) make("p", "ash num", dd, `${told.at} UTC`); });
    about("What stays protected", dd => make("p", "", dd, told.safe));
    if (told.reduce.length) about("What may only be reduced", several(told.reduce));
    if (told.asks.length) about("What the way back asks", several(told.asks));
    if (told.until) about("The way up opens again", dd => { make("p", "num", dd, `${told.until.slice(0, 16).replace("T", " ")} UTC`); noticeLeft = make("p", "ash num", dd); });
  };
  const place = view => {
    seen = view; ceremony = view.ceremony;
    head.known();
    canvas.setAttribute("aria-label", view.stones.map(stone => `${stone.name.toLowerCase()}: ${stone.state}`).join(", "));
    rows(way, "li", view.stones, li => [make("b", "", li), make("small", "ash", li)], ([a, b], stone, li) => { say(a, stone.name.toLowerCase()); say(b, stone.state === "here" ? "you are here" : stone.about); mark(li, "state", stone.state); if (stone.state === "here") li.setAttribute("aria-current", "step"); else li.removeAttribute("aria-current"); });
    say(modeTitle, `${view.mode.words}${view.mode.since ? `, since ${view.mode.since} UTC` : ""}`); lines(plan, view.mode.plan);
    rows(waits, "li", view.waits, li => [make("span", "", li), make("em", "num", li)], ([a, b], it) => { say(a, it.words); b.until = it.until; });
    invite.hidden = !ceremony;
    if (ceremony) say(inviteTitle, `The gate to ${ceremony.tier.toLowerCase()} stands open.`);
    placeNotice(view.notice);
    say(summary, view.gates.summary); say(noGates, view.gates.none); gateRows(now, view.gates.rows);
    say(verdict, view.evaluation.title); gateRows(then, view.evaluation.rows);
    rows(history, "tr", view.history, tr => [make("td", "num", tr), make("td", "", tr), make("td", "", tr), make("td", "", tr), tr], ([a, b, d, e, tr], one) => { say(a, one.at); say(b, one.way); say(d, one.mode); say(e, one.reason); mark(tr, "up", one.up ? 1 : ""); });
    if (rite && !ceremony && !rite.isHeld()) rite.close();
    tick(); painting.wake();
  };
  begin.onclick = () => { if (ceremony && !rite) rite = openCeremony(root, link, ceremony, () => { rite = null; begin.focus(); look(true); }); };
  const tick = () => {
    if (!link) return;
    head.tick(link.clock.now());
    if (ceremony) say(inviteLeft, ceremony.until ? `${left(link.clock.until(ceremony.until))} still` : "");
    if (noticeLeft) say(noticeLeft, `${left(link.clock.until(noticeUntil))} still`);
    for (const { parts: [, b] } of waits.children) say(b, b.until ? whenText(link.clock, b.until) : "");
  };
  const look = async (at_once = false) => {
    if (document.hidden || !link || link.state !== "flowing" || (!at_once && performance.now() - asked < PATH_MS)) return;
    asked = performance.now();
    const { view } = await link.ask("GET", "/tier/path");
    if (view) place(view);
  };
  link = connect(model, {
    parts(parts) { if (parts.head) head.tier(parts.head.tier); if (parts.key) look(true); tick(); },
    link(state, problem) { head.link(state, problem, link?.clock.now()); if (state === "flowing") look(true); },
    answer(message) { rite?.answer(message); },
  });
  const pulse = setInterval(tick, 250), slow = setInterval(look, 2000);
  const dark = matchMedia("(prefers-color-scheme: dark)"), recolour = () => { palette = colours(root); painting.wake(); };
  dark.addEventListener("change", recolour);
  const size = new ResizeObserver(painting.wake); size.observe(root);
  look(true);
  return () => { clearInterval(pulse); clearInterval(slow); dark.removeEventListener("change", recolour); size.disconnect(); painting.stop(); rite?.close(); link.stop(); };
};
export default { render: openPath };
