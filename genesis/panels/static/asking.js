// What the page and the ceremony share: answers that may come late, and phrases that are typed.

// Requests with a reference. `settle` hears of each answer; until one is certain, the request waits.
const keepAsking = link => {
  const waiting = new Map();
  const send = (ref, { path, body }) => { link.ask("POST", path, body, ref); };
  return {
    ask(path, given, settle) {
      const ref = newRef(), request = { path, body: { ...given, client_ref: ref }, settle };
      waiting.set(ref, request);
      send(ref, request);
    },
    // Sent again as they are: only what the engine answers once, however often it is asked.
    again(refs) { for (const ref of refs) if (waiting.has(ref)) send(ref, waiting.get(ref)); },
    get refs() { return [...waiting.keys()]; },
    get isWaiting() { return waiting.size > 0; },
    // Was this an answer to one of them?
    answer(message) {
      const request = waiting.get(message.ref);
      if (!request) return false;
      if (message.certain) waiting.delete(message.ref);
      request.settle(message);
      return true;
    },
  };
};
const noPaste = (field, say_no) => field.addEventListener("beforeinput", event => {
  if (/paste|drop|yank|replacement/i.test(event.inputType ?? "")) { event.preventDefault(); say_no(); }
});
