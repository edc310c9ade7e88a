// A way through the hills with four gates, and the stone that travels it. Decoration is fixed by `hash`.
const onWay = (w, h) => {
  const spots = [0, 1, 2, 3].map(n => [w * (n + 0.5) / 4, h * (0.84 - 0.135 * n)]);
  const start = [-w * 0.05, h * 0.95], end = [w * 1.04, h * 0.33];
  const all = [start, ...spots, end];
  // A smooth curve through all of them; `at(n + share)` lies between gate n and the next.
  const at = place => {
    const t = Math.max(-1, Math.min(3.999, place)) + 1, i = Math.floor(t), f = t - i;
    const p = k => all[Math.max(0, Math.min(all.length - 1, i + k))];
    const [a, b, d, e] = [p(-1), p(0), p(1), p(2)];
    const blend = n => 0.5 * (2 * b[n] + (d[n] - a[n]) * f + (2 * a[n] - 5 * b[n] + 4 * d[n] - e[n]) * f * f + (3 * b[n] - a[n] - 3 * d[n] + e[n]) * f * f * f);
    return [blend(0), blend(1) + Math.sin(f * Math.PI * 2) * h * 0.035];
  };
  return { spots, at };
};
const hills = (g, w, h, c) => {
  const wash = (base, rise, salt, colour, alpha) => {
    g.beginPath(); g.moveTo(0, h);
    for (let x = 0; x <= w; x += 6) {
      const u = x / w;
      g.lineTo(x, h * (base - rise * (0.55 * u + 0.28 * Math.sin(u * 5.1 + salt) + 0.13 * Math.sin(u * 12.3 + salt * 2.3) + 0.05 * Math.sin(u * 31 + salt))));
    }
    g.lineTo(w, h); g.closePath();
    const fill = g.createLinearGradient(0, h * (base - rise), 0, h);
    fill.addColorStop(0, c(colour, alpha)); fill.addColorStop(0.75, c(colour, alpha * 0.12)); fill.addColorStop(1, c(colour, 0));
    g.fillStyle = fill; g.fill();
  };
  const sun = g.createRadialGradient(w * 0.9, h * 0.2, 3, w * 0.9, h * 0.2, 30);
  sun.addColorStop(0, c("ochre", 0.4)); sun.addColorStop(0.7, c("ochre", 0.3)); sun.addColorStop(0.76, c("ochre", 0.04)); sun.addColorStop(1, c("ochre", 0));
  g.fillStyle = sun; g.fillRect(w * 0.9 - 34, 0, 68, h * 0.6);
  wash(0.62, 0.46, 2.2, "slate", 0.2); wash(0.8, 0.42, 5.4, "slate", 0.17); wash(0.98, 0.4, 0.7, "moss", 0.2);
};
const torii = (g, x, y, s, colour, alpha, c) => {
  g.save(); g.translate(x, y); g.scale(s, s);
  g.fillStyle = c(colour, alpha); g.strokeStyle = c(colour, alpha); g.lineCap = "round";
  const pillar = side => { g.beginPath(); g.moveTo(side * 15, 0); g.lineTo(side * 12.6, -39); g.lineWidth = 4.2; g.stroke(); };
  pillar(-1); pillar(1);
  g.lineWidth = 3; g.beginPath(); g.moveTo(-17.5, -28); g.lineTo(17.5, -28); g.stroke();
  g.lineWidth = 2.4; g.beginPath(); g.moveTo(0, -28); g.lineTo(0, -38); g.stroke();
  g.beginPath(); g.moveTo(-24, -45.5); g.quadraticCurveTo(0, -39.5, 24, -45.5); g.lineTo(22, -38.6); g.quadraticCurveTo(0, -34.4, -22, -38.6); g.closePath(); g.fill();
  g.restore();
};
const pebble = (g, x, y, r, c) => {
  g.fillStyle = "#0000002e"; g.beginPath(); g.ellipse(x + 2, y + r * 0.22, r * 1.15, r * 0.34, 0, 0, 7); g.fill();
  g.beginPath();
  for (let a = 0; a < 6.28; a += 0.2) { const k = 1 + 0.07 * Math.sin(a * 2 + 1) + 0.04 * Math.sin(a * 5); g.lineTo(x + Math.cos(a) * r * k, y - r * 0.42 + Math.sin(a) * r * 0.68 * k); }
  g.closePath();
  const body = g.createRadialGradient(x - r * 0.4, y - r * 0.9, r * 0.1, x, y - r * 0.3, r * 1.3);
  body.addColorStop(0, "#a8a59a"); body.addColorStop(0.6, "#75736b"); body.addColorStop(1, "#4d4c47");
  g.fillStyle = body; g.fill();
  g.fillStyle = c("moss", 0.9); g.beginPath(); g.ellipse(x - r * 0.08, y - r * 0.82, r * 0.55, r * 0.2, -0.1, 0, 7); g.fill();
};
const paintWay = (canvas, stones, share, c) => {
  const [g, w, h] = fit(canvas), way = onWay(w, h), here = stones.findIndex(stone => stone.state === "here");
  hills(g, w, h, c);
  // The raked way: darker where it was walked already.
  const track = (from, to, colour, alpha, width, shift = 0) => {
    g.beginPath();
    for (let t = from; t <= to; t += 0.02) { const [x, y] = way.at(t); g.lineTo(x, y + shift); }
    g.strokeStyle = c(colour, alpha); g.lineWidth = width; g.lineCap = "round"; g.lineJoin = "round"; g.stroke();
  };
  const wide = Math.max(11, h * 0.075);
  track(-1, 4, "sand", 1, wide); track(-1, 4, "light", 0.5, wide * 0.6);
  for (const shift of [-wide * 0.3, -wide * 0.1, wide * 0.1, wide * 0.3]) track(-1, 4, "rake", 0.2, 1, shift);
  const stands = Math.max(0, here) + (here < 0 ? 0 : 0.16 + 0.66 * share);
  track(-1, stands, "moss", 0.3, wide * 0.5);
  // What lies further away is drawn first, and paler.
  [...stones].map((stone, n) => [stone, n]).reverse().forEach(([stone, n]) => {
    const [x, y] = way.spots[n], s = (w < 520 ? 0.8 : 1.22) * (1 - 0.05 * n);
    torii(g, x, y + wide * 0.25, s, stone.state === "ahead" ? "ash" : stone.state === "here" ? "clay" : "moss", stone.state === "ahead" ? 0.42 : 0.92, c);
  });
  if (here >= 0) { const [x, y] = way.at(stands); pebble(g, x, y + 2, w < 520 ? 9 : 12, c); }
  const mist = g.createLinearGradient(0, h * 0.72, 0, h);
  mist.addColorStop(0, c("paper", 0)); mist.addColorStop(1, c("paper", 0.9));
  g.fillStyle = mist; g.fillRect(0, h * 0.72, w, h * 0.28);
};

// A circle drawn in one breath with a brush that runs dry. `progress`: 0 to 1.
const paintEnso = (canvas, progress, c) => {
  const [g, w, h] = fit(canvas), R = Math.min(w, h) * 0.38, x = w / 2, y = h / 2, hairs = 42, full = Math.PI * 2 * 0.95, from = Math.PI * 0.64;
  const end = full * progress, step = 0.03;
  const press = t => (0.16 + 0.84 * Math.sin(Math.min(1, t * 6) * Math.PI / 2)) * (1 - 0.5 * t);
  const ring = (a, side) => R * (1 + 0.025 * Math.sin(a * 2 + 0.6)) + side * R * 0.3 * press(a / full);
  const spot = (a, r) => [x + Math.cos(from + a) * r, y + Math.sin(from + a) * r];
  for (let k = 0; k < hairs; k++) {
    const side = (k + 0.5) / hairs - 0.5 + (hash(k, 5) - 0.5) * 0.02, half = (0.55 + 0.5 * hash(k, 9)) / hairs, dry = 0.3 + 0.75 * hash(k, 7), late = full * (0.9 + 0.1 * hash(k, 2));
    const ink = g.createConicGradient(from, x, y), wet = 0.5 + 0.4 * hash(k, 3);
    ink.addColorStop(0, c("ink", wet)); ink.addColorStop(0.5, c("ink", wet * 0.82)); ink.addColorStop(0.95, c("ink", wet * 0.5)); ink.addColorStop(1, c("ink", wet));
    g.fillStyle = ink;
    let run = [];
    const flush = () => {
      if (run.length > 1) {
        g.beginPath();
        for (const a of run) g.lineTo(...spot(a, ring(a, side + half)));
        for (const a of run.reverse()) g.lineTo(...spot(a, ring(a, side - half)));
        g.closePath(); g.fill();
      }
      run = [];
    };
    for (let a = hash(k, 1) * 0.06; a < Math.min(end, late); a += step) {
      const t = a / full, parched = t > dry && hash(Math.floor(a * 5 + hash(k, 4) * 3) + k * 31, 11) < (t - dry) * 2.6;
      if (parched) flush(); else run.push(a);
    }
    flush();
  }
};
