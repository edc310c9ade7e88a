"use strict";
// Draws every figure of the page in its light or dark colours, again when they change.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const config = { displaylogo: false, displayModeBar: false, responsive: true };
  const night = JSON.parse(document.getElementById("night").textContent);

  // The house colours are made for light paper; on a dark page each becomes its dark sister.
  const told = (script, isDark) => {
    let text = script.textContent;
    if (isDark) for (const [light, shade] of night) text = text.replaceAll(light, shade);
    return JSON.parse(text);
  };

  const draw = (isDark) => {
    for (const script of document.querySelectorAll("script[data-for]")) {
      const { data, layout } = told(script, isDark);
      const clear = { paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)" };
      const { width, ...own } = layout; // as wide as the page is
      Plotly.react(script.dataset.for, data, { ...own, ...clear }, config);
    }
  };

  const unpacked = async (packed) => {
    const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  };

  const begin = async () => {
    const code = await unpacked(document.getElementById("plotly").textContent);
    document.head.append(Object.assign(document.createElement("script"), { text: code }));
    draw(dark.matches);
    dark.addEventListener("change", () => draw(dark.matches));
    addEventListener("beforeprint", () => draw(false));
    addEventListener("afterprint", () => draw(dark.matches));
  };

  begin().catch((problem) => {
    const words = `The figures could not be drawn (${problem.message}): a newer browser draws them.`;
    for (const figure of document.querySelectorAll(".figure")) {
      figure.append(Object.assign(document.createElement("p"), { className: "warns", textContent: words }));
      figure.style.minHeight = "0";
    }
  });
})();
