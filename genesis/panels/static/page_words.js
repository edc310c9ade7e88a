// The words of a page, counted and judged as the engine does it (genesis/tilt/journal.py), while
// they are written. The engine's verdict is the one that counts.
const PAGE_RULES = {
  words_min: 500, ratio_words: 500, ratio_min: 0.25, repeated_trigrams_max: 0.3, top_word_share_max: 0.12,
  typing_min_ms: 480000, words_per_s_max: 1.2, active_share_min: 0.5, pause_ms: 15000,
  paste_chars_max: 40, burst_chars: 15, burst_share_max: 0.1, unseen_share_max: 0.1,
};
// Chinese and Japanese: there two characters count as a word.
const IN_PAIRS = [[0x3005, 0x3007], [0x3040, 0x30ff], [0x3400, 0x4dbf], [0x4e00, 0x9fff], [0xf900, 0xfaff], [0x20000, 0x3134f]];
const NOT_PASTE = new Set(["composition", "dictation", "draft"]);
const isPaired = char => { const n = char.codePointAt(0); return n > 0x3000 && IN_PAIRS.some(([low, high]) => low <= n && n <= high); };
const isLetter = char => /\p{L}/u.test(char) || isPaired(char);
const isMark = char => /\p{M}/u.test(char);
const isApostrophe = char => char === "'" || char === "\u2019";
const charsIn = text => [...text].length;

const pageTokens = text => {
  const words = [];
  let run = [];
  const end = () => {
    if (!run.length) return;
    if (isPaired(run[0])) for (let i = 0; i < run.length; i += 2) words.push(run.slice(i, i + 2).join(""));
    else words.push(run.join("").replace(/['\u2019]+$/, ""));
    run = [];
  };
  for (const char of text.normalize("NFKC").toLowerCase() + " ") {
    if (run.length && isPaired(char) !== isPaired(run[run.length - 1]) && !isMark(char)) end();
    if (isLetter(char) || (run.length && (isMark(char) || isApostrophe(char)))) run.push(char);
    else end();
  }
  return words;
};
const countWords = words => {
  const halves = words.filter(word => charsIn(word) === 1 && isPaired(word)).length;
  return words.length - halves + Math.floor(halves / 2);
};

const tally = keys => { const found = new Map(); for (const key of keys) found.set(key, (found.get(key) ?? 0) + 1); return found; };
const monotonyOf = (words, rules) => {
  if (!words.length) return null;
  const first = words.slice(0, rules.ratio_words);
  if (new Set(first).size < rules.ratio_min * first.length) return "repetitive";
  if (Math.max(...tally(words).values()) > rules.top_word_share_max * words.length) return "top_word";
  const trigrams = tally(words.slice(2).map((word, i) => words[i] + " " + words[i + 1] + " " + word));
  let repeated = 0;
  for (const times of trigrams.values()) repeated += times - 1;
  return repeated > rules.repeated_trigrams_max * trigrams.size ? "repeated_phrases" : null;
};
const isPasted = (length, deltas, rules) => {
  let typed = 0, spared = 0, bursts = 0, most = 0;
  for (const { inserted, how } of deltas) {
    if (NOT_PASTE.has(how)) { spared += inserted; continue; }
    typed += inserted;
    most = Math.max(most, inserted);
    if (inserted > rules.burst_chars) bursts += inserted;
  }
  return most > rules.paste_chars_max || bursts > rules.burst_share_max * length || length - typed - spared > rules.unseen_share_max * length;
};
// Milliseconds of venue time: the page must take `needed`, it took `spent`, `active` of it writing.
const paceOf = (count, deltas, opened, now, rules) => {
  const needed = Math.max(rules.typing_min_ms, Math.floor(count / rules.words_per_s_max * 1e9) / 1e6);
  const stamps = [opened, ...deltas.map(delta => delta.ts_ms).sort((a, b) => a - b)];
  let active = 0;
  for (let i = 1; i < stamps.length; i++) { const gap = stamps[i] - stamps[i - 1]; if (gap <= rules.pause_ms) active += gap; }
  return { needed, spent: now - opened, active, wanted: rules.active_share_min * needed };
};

// Everything at once; `reason` is what the engine would say now.
const judgePage = (text, deltas, opened, now, rules = PAGE_RULES) => {
  const words = pageTokens(text), count = countWords(words), length = charsIn(text);
  const seen = deltas.filter(delta => opened <= delta.ts_ms && delta.ts_ms <= now);
  const monotony = monotonyOf(words, rules), pasted = isPasted(length, seen, rules), pace = paceOf(count, seen, opened, now, rules);
  const haste = pace.spent < pace.needed ? "too_fast" : pace.active < pace.wanted ? "idle" : null;
  const reason = (count < rules.words_min ? "too_short" : null) ?? monotony ?? (pasted ? "paste" : null) ?? haste ?? "accepted";
  return { count, length, monotony, pasted, pace, haste, reason };
};
