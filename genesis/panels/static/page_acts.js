// What stays open while a page is due: closing, reducing, tighter stops, and a halt.
const SURE_MS = 6000, REASON_MIN = 10, HALT_PHRASE = "HALT TRADING NOW", CLOSE_PHRASE = "CLOSE ALL POSITIONS";
const REDUCES = new Set(["close", "cancel", "sell", "stop", "status"]);
const RISK_WAITS = "New risk waits until the page is accepted: this was not sent. Closing, reducing and tighter stops go through.";
const OPEN_LINES = "Here a line is close SYMBOL, close SYMBOL 50%, close all, sell AMOUNT BASE SYMBOL, cancel all, stop SYMBOL PRICE, status or halt REASON. This was not sent.";
const keepActs = (parent, link) => {
  const asking = keepAsking(link), section = make("section", "acts", parent);
  section.setAttribute("aria-label", "what stays open");
  const stones = make("div", "stones", section), line = make("form", "line", section), input = make("input", "", line);
  input.setAttribute("aria-label", "a command that reduces risk"); input.autocomplete = "off"; input.spellcheck = false; input.maxLength = 500; input.enterKeyHint = "send"; input.autocapitalize = "off";
  input.placeholder = "close, reduce, stop or cancel";
  const examples = make("div", "examples", line), halt = make("button", "quiet grave", line, "halt");
  halt.type = "button"; examples.setAttribute("aria-label", "examples");
  const sure = make("form", "sure", section); sure.hidden = true;
  make("p", "", sure, "A halt ends new risk in this home; the way back (genesis tier reset) takes a day, a page and a written reason. Open positions keep their stops and may still be reduced.");
  const why = make("label", "", sure, "reason "), reason = make("input", "", why), exact = make("label", "", sure, `type ${HALT_PHRASE}`), phrase = make("input", "", exact);
  reason.maxLength = 500; phrase.autocomplete = "off"; phrase.spellcheck = false; phrase.setAttribute("autocapitalize", "off");
  const ends = make("div", "ends", sure), go = make("button", "grave", ends, "halt now"), not = make("button", "quiet", ends, "not now");
  go.type = not.type = "button";
  const told = make("p", "told", section); told.setAttribute("aria-live", "polite");

  const closing = new Set();
  let held = [], timer = 0, armed = false;
  const tell = (answer, done = "") => {
    const words = answer.words ? [answer.words.title, ...answer.words.lines].join(" ") : answer.body?.reason ?? answer.body?.detail ?? "The engine gave no answer that could be read.";
    say(told, answer.text || (answer.status === 200 && done) || words);
  };
  // A button stays shut until it is certain what became of its press.
  const leave = (symbol, path, body, done) => {
    closing.add(symbol); place();
    asking.ask(path, body, answer => { if (answer.certain) closing.delete(symbol); tell(answer, done); place(); });
  };
  const press = symbol => {
    if (symbol) return leave(symbol, "/commands", { text: `close ${symbol}` }, "Closing goes out.");
    clearTimeout(timer); armed = !armed;
    if (!armed) return leave("", "/emergency/close-all", { confirmation: CLOSE_PHRASE });
    timer = setTimeout(() => { armed = false; place(); }, SURE_MS);
    place();
  };
  const place = () => {
    const names = held.length ? [...held, ""] : [];
    stones.hidden = !names.length;
    rows(stones, "button", names, button => { button.type = "button"; button.className = "quiet"; return button; }, (button, symbol) => {
      say(button, symbol ? `close ${symbol}` : armed ? "press again to close everything" : "close all");
      button.disabled = closing.has(symbol); button.onclick = () => press(symbol);
    });
    const base = held[0]?.split("/")[0].toLowerCase(), lines = [...(base ? [`stop ${base} `] : []), "cancel all"];
    rows(examples, "button", lines, button => { button.type = "button"; button.className = "quiet"; return button; }, (button, text) => { say(button, text.trim()); button.onclick = () => { input.value = text; input.focus(); }; });
  };

  // -- the line
  const said = [];
  let at = 0, keys = 0, back = 0;
  input.addEventListener("keydown", event => {
    if (event.key === "ArrowUp" || event.key === "ArrowDown") { event.preventDefault(); at = Math.max(0, Math.min(said.length, at + (event.key === "ArrowUp" ? -1 : 1))); input.value = said[at] ?? ""; return; }
    keys++; if (event.key === "Backspace") back++;
    if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); if (!event.repeat) submit(); } // a notebook keeps the form from it
  });
  line.onsubmit = event => { event.preventDefault(); submit(); };
  const submit = () => {
    const text = input.value.trim(), [verb, ...rest] = text.split(/\s+/), name = verb.toLowerCase();
    if (!text) return;
    const pressed = { keys, backspaces: back };
    keys = back = 0;
    if (name === "halt") { openHalt(rest.join(" ")); input.value = ""; return; }
    if (!REDUCES.has(name)) { say(told, name === "buy" ? RISK_WAITS : OPEN_LINES); return; }
    if (said[said.length - 1] !== text) said.push(text);
    at = said.length; input.value = ""; say(told, "");
    asking.ask("/commands", { text, ...pressed }, tell);
  };

  // -- the halt asks first
  const openHalt = words => {
    reason.value = words || "halted by hand beside the page"; phrase.value = ""; sure.hidden = false;
    mark(reason, "wrong", ""); mark(phrase, "wrong", ""); phrase.focus();
  };
  const closeHalt = () => { sure.hidden = true; halt.focus(); };
  const doHalt = () => {
    const words = reason.value.trim(), is_short = charsIn(words) < REASON_MIN, is_exact = phrase.value.trim() === HALT_PHRASE;
    mark(reason, "wrong", is_short ? 1 : ""); mark(phrase, "wrong", is_exact ? "" : 1);
    if (is_short || !is_exact) { (is_short ? reason : phrase).focus(); return; }
    closeHalt(); halt.disabled = true;
    asking.ask("/emergency/halt", { confirmation: HALT_PHRASE, reason: words }, answer => { halt.disabled = !answer.certain; tell(answer, ""); });
  };
  halt.onclick = () => { if (sure.hidden) openHalt(""); else closeHalt(); };
  go.onclick = doHalt; not.onclick = closeHalt; sure.onsubmit = event => event.preventDefault();
  sure.addEventListener("keydown", event => {
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); closeHalt(); }
    else if (event.key === "Enter" && event.target.tagName === "INPUT") { event.preventDefault(); if (!event.repeat) doHalt(); }
  });

  return {
    // positions: what is held. has_line: not where the garden's own line can be reached.
    place(positions, has_line) { held = positions.map(one => one.symbol); line.hidden = !has_line; if (!has_line) sure.hidden = true; place(); },
    hide() { stones.hidden = line.hidden = sure.hidden = true; },
    answer: message => asking.answer(message),
    close() { clearTimeout(timer); },
  };
};
