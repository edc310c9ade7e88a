// The head that the tilt page and the tier path share.
const makeHead = (root, title) => {
  const head = make("header", "head", root), name = make("h1", "", head);
  make("i", "enso", name).setAttribute("aria-hidden", "true");
  make("span", "", name, title);
  const tier = make("span", "tier", head), link = make("span", "link ash", head), time = make("time", "ash num", head);
  link.setAttribute("role", "status");
  const unknown = make("p", "unknown ash", root, "Nothing is known yet: what stands here comes from the engine.");
  let since = 0;
  return {
    // The engine has told something: until then nothing is claimed.
    known() { mark(root, "known", 1); unknown.hidden = true; },
    tier: words => say(tier, words),
    link(state, problem, now) {
      if (state === "flowing") since = 0; else since ||= now;
      mark(root, "link", state);
      say(link, state === "flowing" ? "flowing" : state === "resting" ? "resting" : `still${problem ? ": " + problem : ""}${since ? `; numbers may be old since ${clockText(since)}` : ""}`);
    },
    tick: now => { if (now) { say(time, `${clockText(now)} UTC`); time.dateTime = new Date(now).toISOString(); } },
  };
};
const part = (parent, cls, title) => { const section = make("section", cls, parent); make("h2", "", section, title); return section; };
