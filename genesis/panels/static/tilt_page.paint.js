// The path of the score: what it is made of, in stacked washes of ink.
const BANDS = ["moss", "ochre", "slate", "clay", "ash", "rake"];
const LINES = [[40, "caution"], [60, "warning"], [80, "locked"]];
const bandNames = points => {
  const total = new Map();
  for (const [, , , made] of points) for (const [name, n] of Object.entries(made ?? {})) total.set(name, (total.get(name) ?? 0) + n);
  return [...total.keys()].sort((a, b) => total.get(b) - total.get(a) || (a < b ? -1 : 1));
};
const isPaused = level => level === "WARNING" || level === "LOCKED";
const minuteText = ms => new Date(ms).toISOString().slice(11, 16);

const paintCourse = (canvas, points, names, c) => {
  const [g, w, h] = fit(canvas), gutter = 82, W = w - gutter, foot = h - 22, top = 10;
  const Y = score => foot - score / 100 * (foot - top);
  g.font = `12px ${getComputedStyle(canvas).fontFamily}`; g.textBaseline = "middle";
  for (const [score, words] of LINES) {
    g.setLineDash([2, 5]); g.strokeStyle = c("ash", .55); g.lineWidth = 1;
    g.beginPath(); g.moveTo(0, Y(score)); g.lineTo(W, Y(score)); g.stroke(); g.setLineDash([]);
    g.fillStyle = c.ash; g.fillText(`${score} ${words}`, W + 8, Y(score));
  }
  g.strokeStyle = c("ash", .5); g.beginPath(); g.moveTo(0, foot + .5); g.lineTo(W, foot + .5); g.stroke();
  if (!points.length) return;
  const last = points[points.length - 1][0], first = Math.min(points[0][0], last - 300000), X = t => (t - first) / (last - first) * W;
  const at = i => points[i][0];
  // Where trading was paused, the paper is hatched.
  for (let i = 0; i < points.length; i++) {
    if (!isPaused(points[i][2])) continue;
    const from = X(at(i));
    while (i + 1 < points.length && isPaused(points[i + 1][2])) i++;
    const to = i + 1 < points.length ? X(at(i + 1)) : W;
    g.fillStyle = c("clay", .07); g.fillRect(from, top, Math.max(1, to - from), foot - top);
    g.strokeStyle = c("clay", .2); g.lineWidth = 1; g.beginPath();
    for (let x = Math.ceil(from / 7) * 7; x < to; x += 7) { g.moveTo(x, top); g.lineTo(x, foot); }
    g.stroke();
  }
  const band = (lower, upper, colour, alpha) => {
    g.beginPath();
    points.forEach((_, i) => g.lineTo(X(at(i)), Y(upper[i])));
    for (let i = points.length - 1; i >= 0; i--) g.lineTo(X(at(i)), Y(lower[i]));
    g.closePath();
    const wash = g.createLinearGradient(0, top, 0, foot);
    wash.addColorStop(0, c(colour, alpha)); wash.addColorStop(1, c(colour, alpha * .55));
    g.fillStyle = wash; g.fill();
    g.strokeStyle = c(colour, Math.min(1, alpha + .25)); g.lineWidth = .8; g.beginPath();
    points.forEach((_, i) => g.lineTo(X(at(i)), Y(upper[i]))); g.stroke();
  };
  // What the past was made of is not always known: then it is one pale wash.
  let base = points.map(() => 0);
  const untold = points.map(([, score, , made]) => made ? 0 : score);
  if (untold.some(Boolean)) { band(base, untold, "ash", .2); base = untold; }
  names.forEach((name, n) => {
    const upper = points.map(([, , , made], i) => base[i] + (made?.[name] ?? 0));
    band(base, upper, BANDS[n % BANDS.length], .5);
    base = upper;
  });
  g.strokeStyle = c("ink", .85); g.lineWidth = 1.5; g.lineJoin = "round"; g.beginPath();
  points.forEach(([t, score]) => g.lineTo(X(t), Y(score))); g.stroke();
  const [t, score, level] = points[points.length - 1];
  g.beginPath(); g.arc(X(t), Y(score), 4, 0, 7); g.fillStyle = isPaused(level) ? c.clay : c.ink; g.fill();
  g.fillStyle = c.ash; g.textAlign = "left"; g.fillText(minuteText(first), 0, foot + 13);
  g.textAlign = "right"; g.fillText(minuteText(last), W, foot + 13); g.textAlign = "left";
};
