// The two pictures of the garden. Decoration is fixed by `hash`; everything that means something is data.

// -- the mountain: the path of equity in layered ink washes
const evenly = (times, values, count) => {
  const first = times[0], span = Math.max(1, times[times.length - 1] - first), out = new Array(count);
  for (let i = 0, j = 0; i < count; i++) {
    const t = first + span * i / (count - 1);
    while (j < times.length - 2 && times[j + 1] < t) j++;
    const a = times[j], b = times[j + 1] ?? a;
    out[i] = b > a ? values[j] + (values[j + 1] - values[j]) * Math.min(1, Math.max(0, (t - a) / (b - a))) : values[j];
  }
  return out;
};
const smooth = (line, reach) => {
  const sums = [0];
  for (const v of line) sums.push(sums[sums.length - 1] + v);
  return line.map((_, i) => { const a = Math.max(0, i - reach), b = Math.min(line.length, i + reach + 1); return (sums[b] - sums[a]) / (b - a); });
};
const wave = (x, salt) => .5 * Math.sin(x * 3.1 + salt) + .28 * Math.sin(x * 7.3 + salt * 2.1) + .16 * Math.sin(x * 15.7 + salt * 3.7) + .08 * Math.sin(x * 31 + salt);

const paintMountain = (canvas, path, start, c) => {
  const [g, w, h] = fit(canvas);
  const gutter = w < 520 ? 62 : 84, W = w - gutter, foot = h - 6;
  const sun = g.createRadialGradient(W * .79, h * .3, 4, W * .79, h * .3, 40);
  sun.addColorStop(0, c("ochre", .30)); sun.addColorStop(.62, c("ochre", .22)); sun.addColorStop(.68, c("ochre", .05)); sun.addColorStop(1, c("ochre", 0));
  g.fillStyle = sun; g.fillRect(W * .79 - 44, 0, 88, h);

  const columns = Math.max(40, Math.round(W / 3));
  const fill = (line, top, stops) => {
    g.beginPath(); g.moveTo(0, h);
    line.forEach((y, i) => g.lineTo(i / (columns - 1) * W, y));
    g.lineTo(W, h); g.closePath();
    const wash = g.createLinearGradient(0, top, 0, h);
    for (const [at, colour] of stops) wash.addColorStop(at, colour);
    g.fillStyle = wash; g.fill();
  };
  // far ranges are decoration: they stand there on the flattest day
  const peaks = (salt, height, foot, steep) => Array.from({ length: columns }, (_, i) => {
    const x = i / columns * 5 + salt, crest = Math.abs(Math.sin(x * .9 + salt)) ** steep * .7 + Math.abs(Math.sin(x * 2.3 + salt * 3)) * .22 + .08 * wave(x * 3, salt);
    return foot - height * crest - 1.2 * hash(i, salt);
  });
  fill(peaks(.4, h * .44, h * .72, 1.6), h * .2, [[0, c("slate", .17)], [.5, c("slate", .08)], [.95, c("slate", 0)]]);
  fill(peaks(2.9, h * .30, h * .76, 1.3), h * .3, [[0, c("slate", .20)], [.5, c("slate", .09)], [.95, c("slate", 0)]]);
  const mist = (x, y, r, flat, alpha) => {
    g.save(); g.translate(x, y); g.scale(1, flat);
    const cloud = g.createRadialGradient(0, 0, 0, 0, 0, r);
    cloud.addColorStop(0, c("paper", alpha)); cloud.addColorStop(.5, c("paper", alpha * .6)); cloud.addColorStop(1, c("paper", 0));
    g.fillStyle = cloud; g.fillRect(-r, -r, 2 * r, 2 * r); g.restore();
  };
  for (let i = 0; i < 5; i++) mist(W * (.06 + .23 * i), h * (.56 + .08 * hash(i, 2)), W * (.15 + .08 * hash(i, 3)), .16, .8);

  if (path.times.length < 2) return;
  const line = evenly(path.times, path.values, columns);
  let low = Math.min(...line, start ?? Infinity), high = Math.max(...line, start ?? -Infinity);
  const relief = Math.min(1, (high - low) / Math.max(.3, high * .0012));
  const room = Math.max((high - low) * .12, high * .0002, .02);
  low -= room; high += room;
  const top = h * (.62 - .36 * relief), base = h * .82, Y = v => base - (v - low) / (high - low) * (base - top);
  const ys = line.map(Y), crown = Math.min(...ys);
  fill(smooth(ys, Math.round(columns * .05)).map((y, i) => y - relief * h * (.07 + .06 * wave(i / columns * 8, 4))), crown - h * .1, [[0, c("slate", .24 * relief)], [.6, c("slate", .10 * relief)], [1, c("slate", 0)]]);
  for (let i = 0; i < 3; i++) mist(W * (.2 + .3 * i), (crown + base) / 2 + h * .05 * hash(i, 6), W * .17, .14, .45);
  fill(smooth(ys, Math.round(columns * .016)).map((y, i) => y - relief * h * (.022 + .028 * wave(i / columns * 15, 8))), crown - 8, [[0, c("moss", .26 * relief)], [.7, c("slate", .10 * relief)], [1, c("slate", 0)]]);
  fill(ys, crown, [[0, c("ink", .16 + .30 * relief)], [.26, c("moss", .12 + .26 * relief)], [.62, c("slate", .05 + .10 * relief)], [1, c("slate", 0)]]);
  // dry brush strokes run down from the ridge
  g.lineCap = "round";
  for (let i = 2; i < columns - 2; i++) {
    const x = i / (columns - 1) * W, slope = Math.max(-1, Math.min(1, (ys[i + 2] - ys[i - 2]) / 8)), depth = base + 12 - ys[i];
    for (let k = 0; k < 3; k++) {
      const at = hash(i, k) ** 2, from = ys[i] + 3 + at * depth * .75, long = (5 + 24 * hash(i, k + 5)) * Math.min(1, depth / 70);
      g.beginPath(); g.moveTo(x, from); g.quadraticCurveTo(x + slope * 6 + 2, from + long * .5, x + slope * 10 + 6 * (hash(i, 9) - .3), from + long);
      g.strokeStyle = c("ink", relief * (.02 + .13 * hash(i, k + 7) ** 2 * (1 - at))); g.lineWidth = .6 + 1.5 * hash(i, k + 3); g.stroke();
    }
  }
  const haze = g.createLinearGradient(0, base - 22, 0, h);
  haze.addColorStop(0, c("paper", 0)); haze.addColorStop(.7, c("paper", .9)); haze.addColorStop(1, c("paper", 1));
  g.fillStyle = haze; g.fillRect(0, base - 22, W, h - base + 22);
  g.globalCompositeOperation = "destination-out";
  for (const [x, to] of [[0, 60], [W, W - 70]]) {
    const edge = g.createLinearGradient(x, 0, to, 0);
    edge.addColorStop(0, "#000"); edge.addColorStop(1, "#0000"); g.fillStyle = edge; g.fillRect(Math.min(x, to), 0, Math.abs(to - x), h);
  }
  g.globalCompositeOperation = "source-over";
  // the ridge itself, as a brush would draw it
  g.lineJoin = "round"; g.lineCap = "butt"; g.strokeStyle = c.ink;
  for (let i = 1, step = 6; i < columns; i += step) {
    g.beginPath(); g.globalAlpha = Math.min(.86, .1 + i / columns * 9);
    for (let j = i - 1; j <= Math.min(columns - 1, i + step - 1); j++) { const x = j / (columns - 1) * W; j === i - 1 ? g.moveTo(x, ys[j]) : g.lineTo(x, ys[j]); }
    g.lineWidth = .9 + .8 * (.5 + .5 * Math.sin(i * .11) * Math.sin(i * .037 + 1)); g.stroke();
  }
  g.globalAlpha = 1;

  g.font = "12px " + getComputedStyle(canvas).fontFamily; g.textBaseline = "middle";
  const now = line[columns - 1], yNow = ys[columns - 1], taken = [yNow];
  const label = (text, y, colour) => { g.fillStyle = colour; g.fillText(text, W + 10, y); };
  if (start != null) {
    const y = Y(start);
    g.setLineDash([2, 5]); g.beginPath(); g.moveTo(30, y); g.lineTo(W, y); g.strokeStyle = c("ash", .55); g.lineWidth = 1; g.stroke(); g.setLineDash([]);
    if (Math.abs(y - yNow) > 13) { taken.push(y); label((w < 520 ? "" : "start ") + money(start), y, c.ash); }
  }
  for (const v of [high - room, low + room]) { const y = Y(v); if (taken.every(t => Math.abs(y - t) > 13)) { taken.push(y); label(money(v), y, c.ash); } }
  g.beginPath(); g.arc(W, yNow, 6, 0, 7); g.fillStyle = c("clay", .22); g.fill();
  g.beginPath(); g.arc(W, yNow, 2.8, 0, 7); g.fillStyle = c.clay; g.fill();
  label(money(now), yNow, c.ink);
};

// -- the sand: raked lines, and a stone with its rings for every open position
let grainOf = "", grain = null;
const grainTile = (g, c) => {
  if (grainOf === c.rake) return grain;
  const tile = document.createElement("canvas"); tile.width = tile.height = 96;
  const t = tile.getContext("2d");
  for (let i = 0; i < 1500; i++) { t.fillStyle = hash(i, 3) > .5 ? c("rake", .10) : c("light", .28); t.fillRect(hash(i, 1) * 96, hash(i, 2) * 96, 1, 1); }
  grainOf = c.rake; grain = g.createPattern(tile, "repeat");
  return grain;
};
const stoneShape = (g, x, y, r, seed) => {
  const n = 14, pts = [];
  for (let i = 0; i < n; i++) {
    const a = i / n * Math.PI * 2, k = .9 + .2 * hash(seed * 31 + i, 1) + .06 * Math.sin(a * 2 + seed);
    pts.push([x + Math.cos(a) * r * k * 1.08, y + Math.sin(a) * r * k * (Math.sin(a) > 0 ? .50 : .74)]);
  }
  g.beginPath();
  pts.forEach(([px, py], i) => { const [qx, qy] = pts[(i + 1) % n], mx = (px + qx) / 2, my = (py + qy) / 2; i ? g.quadraticCurveTo(px, py, mx, my) : g.moveTo((pts[n - 1][0] + px) / 2, (pts[n - 1][1] + py) / 2); if (!i) g.quadraticCurveTo(px, py, mx, my); });
  g.closePath();
};
const paintStone = (g, c, x, y, r, seed, cap) => {
  g.save(); g.translate(x + r * .22, y + r * .34); g.scale(1.2, .42);
  const shade = g.createRadialGradient(0, 0, r * .3, 0, 0, r * 1.1);
  shade.addColorStop(0, "#1c180f66"); shade.addColorStop(1, "#1c180f00"); g.fillStyle = shade; g.fillRect(-r * 1.2, -r * 1.2, r * 2.4, r * 2.4); g.restore();
  stoneShape(g, x, y, r, seed); g.save(); g.clip();
  const body = g.createRadialGradient(x - r * .45, y - r * .6, r * .1, x, y, r * 1.35);
  body.addColorStop(0, "#a9a69c"); body.addColorStop(.5, "#77756d"); body.addColorStop(1, "#3f3e3a");
  g.fillStyle = body; g.fillRect(x - r * 1.5, y - r * 1.5, r * 3, r * 3);
  for (let i = 0; i < 60; i++) { g.fillStyle = hash(i, seed) > .5 ? "#ffffff14" : "#00000018"; g.fillRect(x + (hash(i, seed + 1) - .5) * 2.2 * r, y + (hash(i, seed + 2) - .6) * 1.6 * r, 1.6, 1.2); }
  if (cap) for (let i = 0; i < 170; i++) {
    const a = hash(i, seed + 4) * Math.PI * 2, d = Math.sqrt(hash(i, seed + 5));
    g.beginPath(); g.ellipse(x - r * .12 + Math.cos(a) * d * r * .82, y - r * .50 + Math.sin(a) * d * r * .26, r * .075, r * .05, 0, 0, 7); g.fillStyle = c(cap, .30 + .45 * hash(i, seed + 6)); g.fill();
  }
  g.restore();
};
const ripple = (g, c, x, y, a, amp, phase, k) => {
  for (const [dy, colour] of [[0, c("rake", .42)], [1.5, c("light", .9)]]) {
    g.beginPath();
    for (let s = 0; s <= 72; s++) { const t = s / 72 * Math.PI * 2, q = a + amp * (.5 * Math.sin(t * 5 + phase + k) + .4 * Math.sin(t * 9 - phase * 1.4)); const px = x + Math.cos(t) * q, py = y + dy + Math.sin(t) * q * .46; s ? g.lineTo(px, py) : g.moveTo(px, py); }
    g.strokeStyle = colour; g.lineWidth = 1.1; g.stroke();
  }
};
// stones: parts of the view; unrest: 0 to 1, how much the lines waver; phase: where they are in it.
const paintSand = (canvas, stones, unrest, phase, isHalted, c) => {
  const [g, w, h] = fit(canvas);
  g.fillStyle = c.sand; g.fillRect(0, 0, w, h);
  g.fillStyle = grainTile(g, c); g.fillRect(0, 0, w, h);
  const amp = 15 * unrest ** 1.4;
  for (let y = 5, row = 0; y < h + amp; row++) {
    const depth = Math.min(1, y / h), size = .45 + .75 * depth, points = [];
    for (let x = 0; x <= w + 12; x += 12) points.push(y + size * (.5 * Math.sin(x * .013 + row * 1.9) + amp * (Math.sin(x * .017 / size + row * .42 + phase) + .55 * Math.sin(x * .041 / size - row * .7 - phase * 1.3)) * .62));
    for (const [dy, colour] of [[0, c("rake", .13 + .20 * depth)], [.6 + size, c("light", .45 + .4 * depth)]]) {
      g.beginPath(); points.forEach((p, i) => i ? g.lineTo(i * 12, p + dy) : g.moveTo(0, p + dy));
      g.strokeStyle = colour; g.lineWidth = .7 + .7 * depth; g.stroke();
    }
    y += 4.4 + 7.2 * depth;
  }
  const places = stones.map((s, i) => { const r = (15 + 19 * s.size) * (w < 520 ? .85 : 1); return { s, r, x: w * (i + 1) / (stones.length + 1) + (stones.length === 1 ? -w * .07 : 0), y: h * (stones.length === 1 ? .48 : .44 + .1 * (i % 2)), seed: 3 + i * 7 + (s.base?.charCodeAt(0) ?? 0) % 11 }; });
  for (const { s, r, x, y } of places) {
    const gap = 9.5, reach = r * 1.25 + s.rings * gap;
    g.save(); g.beginPath(); g.ellipse(x, y + r * .22, reach + 4, (reach + 4) * .46, 0, 0, 7); g.clip();
    g.fillStyle = c.sand; g.fillRect(x - reach - 8, y - reach, 2 * reach + 16, 2 * reach); g.fillStyle = grainTile(g, c); g.fillRect(x - reach - 8, y - reach, 2 * reach + 16, 2 * reach); g.restore();
    for (let k = s.rings; k >= 1; k--) ripple(g, c, x, y + r * .22, r * 1.22 + k * gap, amp * .45, phase, k);
  }
  g.textAlign = "center"; g.textBaseline = "alphabetic";
  const family = getComputedStyle(canvas).fontFamily;
  for (const { s, r, x, y, seed } of places) {
    paintStone(g, c, x, y, r, seed, s.sign < 0 ? "clay" : s.sign > 0 ? "moss" : "");
    const line = (text, dy, size, colour) => { g.font = `${size}px ${family}`; g.lineWidth = 5; g.lineJoin = "round"; g.strokeStyle = c("sand", .9); g.strokeText(text, x, y + dy); g.fillStyle = colour; g.fillText(text, x, y + dy); };
    line(s.base, r * .62 + 17, 13, c.ink); line(s.pnl, r * .62 + 33, 13, s.sign < 0 ? c["clay-text"] : s.sign > 0 ? c["moss-text"] : c.ink);
  }
  g.textAlign = "start";
  if (isHalted) { // a stone bound with rope stands where nobody may enter
    const x = w * .87, y = h * .64, r = 21;
    for (let k = 3; k >= 1; k--) ripple(g, c, x, y + 4, r + k * 8, 0, 0, k);
    paintStone(g, c, x, y, r, 5, "");
    g.strokeStyle = "#4a3420"; g.lineWidth = 2.6; g.lineCap = "round";
    g.beginPath(); g.moveTo(x - r * 1.02, y - 1); g.quadraticCurveTo(x, y + 7, x + r * 1.02, y - 1); g.moveTo(x - 1, y - r * .72); g.quadraticCurveTo(x + 5, y - 3, x + 1, y + r * .52); g.moveTo(x, y - r * .74); g.lineTo(x - 6, y - r * .74 - 8); g.moveTo(x, y - r * .74); g.lineTo(x + 7, y - r * .74 - 7); g.stroke();
  }
  // the bed has soft edges
  g.globalCompositeOperation = "destination-out";
  for (const [x0, y0, x1, y1] of [[0, 0, 0, 26], [0, h, 0, h - 10], [0, 0, 22, 0], [w, 0, w - 22, 0]]) {
    const edge = g.createLinearGradient(x0, y0, x1, y1);
    edge.addColorStop(0, "#000"); edge.addColorStop(1, "#0000"); g.fillStyle = edge; g.fillRect(Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0) || w, Math.abs(y1 - y0) || h);
  }
  g.globalCompositeOperation = "source-over";
};
