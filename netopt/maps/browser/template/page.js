"use strict";
(() => {
const content = JSON.parse(document.getElementById("netopt-content").textContent);
const { looks, places, sites, types, commodities, stages, policies, stretches, ways } = content;
const SIDES = ["left", "right"].slice(0, Math.min(policies.length, 2));
const FIGURES = ["collected_tonnes_per_year", "retired_tonnes_per_year", "processed_tonnes_per_year"];
const WIDEST_PX = 9, THINNEST_PX = 0.8, LARGEST_RADIUS_PX = 9, SMALLEST_RADIUS_PX = 2.6;
const ARROW_SHARE = 2 / 3, ARROW_LENGTH_PX = 30, N_TABLE_ROWS = 40, N_NAMES = 3;
const SVG = "http://www.w3.org/2000/svg";
const stageRank = Object.fromEntries(stages.map((stage, rank) => [stage.id, rank]));
const stretchXs = stretches.map(([xs]) => xs.map(value => value * content.unit_m));
const stretchYs = stretches.map(([, ys]) => ys.map(value => value * content.unit_m));

const state = {
  language: content.language, view: "side", left: 0, right: Math.min(1, policies.length - 1),
  moment: 0, fill: FIGURES[0], goods: new Set(commodities.name.keys()),
};
let plots = null;  // Bokeh's models, once they are there.

// ---- words and figures -------------------------------------------------------------------------
const word = key => content.words[key][state.language];
const named = (thing, row) => (state.language === "zh" && thing.name_zh?.[row]) || thing.name[row];
const called = thing => (state.language === "zh" && thing.name_zh) || thing.name;
const stageName = stage => called(stage) || word(stage.id);
const amount = value => {
  const size = Math.abs(value);
  if (size === 0) return "0";
  const digits = size >= 1e6 ? 4 : 3;
  return Number(value.toPrecision(digits)).toLocaleString("en", { maximumSignificantDigits: digits });
};
const signed = value => (value > 0 ? "+" : value < 0 ? "−" : "±") + amount(Math.abs(value));
const isDifference = side => state.view === "difference" && side === "right";
const policyOf = side => policies[state[side]];

// ---- scales: one for all policies and moments --------------------------------------------------
const everyMoment = content.moments.map((_, moment) => moment);
const mostMoved = Math.max(1e-9, ...policies.flatMap(policy =>
  everyMoment.map(moment => Math.max(0, ...traffic(policy, moment, null).total))));
const mostCapacity = Math.max(1e-9, ...policies.flatMap(policy =>
  everyMoment.flatMap(moment => symbols(policy, moment).map(symbol => symbol.capacity))));
const widthPx = tonnes => tonnes > 0 ? Math.max(THINNEST_PX, WIDEST_PX * Math.sqrt(tonnes / mostMoved)) : 0;
const radiusPx = capacity => Math.max(SMALLEST_RADIUS_PX, LARGEST_RADIUS_PX * Math.sqrt(capacity / mostCapacity));

// ---- traffic -----------------------------------------------------------------------------------
/** Add routes up over the stretches that they pass: total, onward and by stage, t/yr, and who passes. */
function traffic(policy, moment, goods) {
  const { routes } = policy, n = stretches.length;
  const sum = { total: new Float64Array(n), onward: new Float64Array(n), passing: Array.from({ length: n }, () => []) };
  sum.stages = stages.map(() => new Float64Array(n));
  routes.way.forEach((way, route) => {
    const tonnes = routes.tonnes[route][moment];
    if (!(tonnes > 0) || (goods && !goods.has(routes.commodity[route]))) return;
    const ofStage = sum.stages[stageRank[routes.stage[route]]];
    for (const step of ways[way]) {
      const stretch = Math.abs(step) - 1;
      sum.total[stretch] += tonnes;
      ofStage[stretch] += tonnes;
      if (step > 0) sum.onward[stretch] += tonnes;
      sum.passing[stretch].push(route);
    }
  });
  return sum;
}

/** Bands of one stretch, the outer one first: each as wide as the tonnes of its and all later stages. */
function bandsOf(sum, stretch) {
  const total = sum.total[stretch], whole = widthPx(total), bands = [];
  let left = total;
  stages.forEach((stage, rank) => {
    const tonnes = sum.stages[rank][stretch];
    if (tonnes > 0) bands.push({ rank, colour: stage.colour, width: whole * left / total });
    left -= tonnes;
  });
  return bands;
}

function routeLine(policy, route, tonnes) {
  const { routes } = policy;
  const ends = `${named(places, routes.from[route])} → ${named(places, routes.to[route])}`;
  const by = content.modes.length > 1 ? ` (${content.modes[routes.mode[route]]})` : "";
  return `${ends}${by}: ${named(commodities, routes.commodity[route])}, ${amount(tonnes)} ${word("tonnes_per_year")}, ` +
    `${amount(routes.km[route])} ${word("km")}, ${amount(routes.cny_per_tonne[route])} ${word("cny_per_tonne")}`;
}

function stretchTip(policy, sum, stretch) {
  const total = sum.total[stretch], onward = Math.max(sum.onward[stretch], total - sum.onward[stretch]) / total;
  const heaviest = sum.passing[stretch]
    .map(route => [policy.routes.tonnes[route][state.moment], route]).sort((a, b) => b[0] - a[0]);
  const lines = heaviest.slice(0, N_NAMES).map(([tonnes, route]) => routeLine(policy, route, tonnes));
  const more = heaviest.length - lines.length;
  return [
    `${amount(total)} ${word("tonnes_per_year")} · ${heaviest.length} ${word("hauls")} · ${Math.round(100 * onward)}% ${word("onward")}`,
    ...lines, more > 0 ? word("others").replace("{n}", more) : "",
  ];
}

function trafficColumns(side) {
  const found = { casing: [], bands: [], stretches: [] };
  const policy = policyOf(side), sum = traffic(policy, state.moment, state.goods);
  const before = isDifference(side) ? traffic(policyOf("left"), state.moment, state.goods) : null;
  stretches.forEach((_, stretch) => {
    const total = sum.total[stretch], old = before ? before.total[stretch] : 0;
    if (!(total > 0) && !(old > 0)) return;
    if (before) return differing(found, stretch, total, old);
    const bands = bandsOf(sum, stretch), width = bands[0].width;
    found.casing.push({ stretch, width: width + 1.6 });
    bands.forEach(band => found.bands.push({ stretch, ...band }));
    found.stretches.push({ stretch, width: Math.max(width, 8), tip: stretchTip(policy, sum, stretch) });
  });
  found.bands.sort((a, b) => a.rank - b.rank);
  return { found, arrows: before ? [] : found.stretches.map(row => ({ ...row, sum })) };
}

function differing(found, stretch, total, old) {
  const change = total - old, isSame = Math.abs(change) <= 1e-3 * Math.max(total, old);
  const colour = isSame ? "#c3cad0" : change > 0 ? looks.more : looks.less;
  const width = isSame ? 1 : widthPx(Math.abs(change));
  found.casing.push({ stretch, width: width + 1.6 });
  found.bands.push({ stretch, colour, width, rank: isSame ? -1 : Math.abs(change) });
  const head = `${signed(isSame ? 0 : change)} ${word("tonnes_per_year")}`;
  const tip = [head, `${amount(old)} → ${amount(total)} ${word("tonnes_per_year")}`, "", "", ""];
  found.stretches.push({ stretch, width: Math.max(width, 8), tip });
}

const lineData = (rows, extra) => ({
  xs: rows.map(row => stretchXs[row.stretch]), ys: rows.map(row => stretchYs[row.stretch]),
  width: rows.map(row => row.width), ...extra,
});
const tipData = rows => Object.fromEntries(
  ["head", "line_1", "line_2", "line_3", "line_4"].map((name, rank) => [name, rows.map(row => row.tip[rank] ?? "")]));

// ---- facilities --------------------------------------------------------------------------------
/** One symbol for all sites of a type at a place of which the policy says the same. */
function symbols(policy, moment, byForced = true) {
  const own = policy.facilities, groups = new Map();
  own.site.forEach((site, row) => {
    if (content.statuses[own.status[row][moment]] === "absent") return;
    const place = sites.place[site], kind = sites.type[site], forced = own.forced[row];
    const key = byForced ? `${place}|${kind}|${forced}` : `${place}|${kind}`;
    if (!groups.has(key)) groups.set(key, { key, place, kind, forced, capacity: 0, load: 0, found: new Set(), sites: [] });
    const group = groups.get(key);
    group.forced ||= forced;
    group.capacity += own.capacity[row][moment];
    group.load += own.load[row][moment];
    group.found.add(content.statuses[own.status[row][moment]]);
    group.sites.push(site);
  });
  return [...groups.values()].map(group => ({ ...group, status: statusOf(group.found) }));
}

function statusOf(found) {
  if (found.has("expanded") || (found.has("existing") && found.has("new"))) return "expanded";
  return ["new", "existing", "closed", "barred"].find(name => found.has(name));
}

/** The symbols of a side; in the difference those of both policies, with what became of them. */
function symbolsOf(side) {
  if (!isDifference(side)) return symbols(policyOf(side), state.moment);
  const now = symbols(policyOf(side), state.moment, false);
  const before = new Map(symbols(policyOf("left"), state.moment, false).map(symbol => [symbol.key, symbol]));
  const both = now.map(symbol => changed(symbol, before.get(symbol.key)?.capacity ?? 0));
  const gone = [...before.values()].filter(symbol => !now.some(each => each.key === symbol.key));
  return [...both, ...gone.map(symbol => changed({ ...symbol, capacity: 0 }, symbol.capacity))];
}

function changed(symbol, old) {
  const capacity = symbol.capacity, near = 1e-3 * Math.max(capacity, old);
  const change = Math.abs(capacity - old) <= near ? "same" : old <= 0 ? "opened" : capacity <= 0 ? "shut"
    : capacity > old ? "larger" : "smaller";
  return { ...symbol, old, change, capacity: Math.max(capacity, old), now: capacity };
}

/** Move the symbols of a place onto a ring on which no two touch, px. */
function sideBySide(found) {
  const groups = Map.groupBy ? Map.groupBy(found, symbol => symbol.place) : grouped(found);
  for (const group of groups.values()) {
    group.sort((a, b) => a.kind - b.kind);
    const radii = group.map(symbol => radiusPx(symbol.capacity) + (symbol.forced === "open" ? 2.5 : 0));
    const widest = Math.max(...radii.map((radius, rank) => radius + radii[(rank + 1) % radii.length])) + 1;
    const ring = group.length > 1 ? widest / (2 * Math.sin(Math.PI / group.length)) : 0;
    group.forEach((symbol, rank) => {
      const angle = Math.PI - 2 * Math.PI * rank / group.length;
      symbol.dx = ring * Math.cos(angle);
      symbol.dy = ring * Math.sin(angle);
    });
  }
  return found.sort((a, b) => b.capacity - a.capacity);
}

function grouped(found) {
  const groups = new Map();
  found.forEach(symbol => groups.set(symbol.place, [...(groups.get(symbol.place) ?? []), symbol]));
  return groups;
}

function look(symbol) {
  const colour = types[symbol.kind].colour, hollow = "#ffffff";
  if (symbol.change) {
    const tone = { opened: looks.more, larger: looks.more, shut: looks.less, smaller: looks.less, same: "#8a949c" }[symbol.change];
    const isFull = symbol.change === "opened" || symbol.change === "shut";
    return { fill: isFull ? tone : hollow, edge: isFull ? "#ffffff" : tone, edge_width: isFull ? 0.6 : symbol.change === "same" ? 1 : 2.2 };
  }
  if (symbol.status === "new") return { fill: colour, edge: "#ffffff", edge_width: 0.6 };
  if (symbol.status === "closed") return { fill: looks.pale_fill, edge: looks.pale_edge, edge_width: 1 };
  if (symbol.status === "barred") return { fill: null, edge: null, edge_width: 0 };
  return { fill: hollow, edge: colour, edge_width: 1.6 };
}

function facilityTip(symbol) {
  const what = symbol.change ? word(symbol.change) : word(symbol.status === "barred" ? "forced_closed" : symbol.status);
  const figures = symbol.change
    ? `${amount(symbol.old)} → ${amount(symbol.now)} ${word("tonnes_per_year")}`
    : `${word("capacity")}: ${amount(symbol.capacity)} · ${word("load")}: ${amount(symbol.load)}` +
      (symbol.capacity > 0 ? ` (${Math.round(100 * symbol.load / symbol.capacity)}%)` : "");
  const who = symbol.sites.slice(0, N_NAMES).map(site => `${sites.name[site]} (${sites.operator[site]})`).join("; ");
  const more = symbol.sites.length - N_NAMES;
  return [
    `${called(types[symbol.kind])} · ${named(places, symbol.place)}`, what + (symbol.forced && symbol.status !== "barred" ? ` · ${word("forced_" + (symbol.forced === "open" ? "open" : "closed"))}` : ""),
    figures, who, more > 0 ? word("others").replace("{n}", more) : "",
  ];
}

// ---- provinces ---------------------------------------------------------------------------------
function breaksOf(values) {
  const figures = values.filter(value => value > 0).sort((a, b) => a - b), n = looks.fills.length;
  const lasts = looks.fills.map((_, rank) => Math.max(0, Math.ceil((rank + 1) * figures.length / n) - 1));
  return figures.length ? [...new Set(lasts.map(last => roundUp(figures[last])))] : [];
}
function roundUp(value) {
  const power = 10 ** (Math.floor(Math.log10(value)) - 1);
  return Math.max(Number((Math.ceil(value / power - 1e-9) * power).toPrecision(12)), value);
}
/** Classes of the chosen figure, the same for all policies and moments. */
function classes() {
  return breaksOf(policies.flatMap(policy => policy.provinces[state.fill].flat()));
}
function classOf(value, breaks) {
  if (!(value > 0) || !breaks.length) return null;
  const rank = breaks.findIndex(limit => value <= limit);
  return rank < 0 ? breaks.length - 1 : rank;
}
const figureOf = (policy, row) => policy.provinces[state.fill][row][state.moment];
const changes = () => content.jurisdictions.id.map((_, row) => figureOf(policyOf("right"), row) - figureOf(policyOf("left"), row));
function changeClasses() {
  const most = Math.max(0, ...changes().map(Math.abs));
  return most > 0 ? [roundUp(most / 10), roundUp(most / 3), roundUp(most)] : [];
}

function fillProvinces(side) {
  const source = plots.source(side, "provinces"), breaks = classes(), steps = isDifference(side) ? changeClasses() : [];
  const rows = source.data.unit.map((unit, at) => {
    const row = content.jurisdictions.id.indexOf(unit);
    const own = { name: [source.data.name[at]], name_zh: [source.data.name_zh[at]] };
    if (row < 0) return { fill: looks.no_figure, edge: "#d4d9dd", tip: [named(own, 0), word("no_figure")] };
    if (isDifference(side)) return { ...changeFill(changes()[row], steps), tip: changeTip(row) };
    const rank = classOf(figureOf(policyOf(side), row), breaks);
    const fill = rank === null ? looks.no_figure : looks.fills[rank + looks.fills.length - breaks.length];
    return { fill, edge: rank === null ? "#d4d9dd" : "#ffffff", tip: provinceTip(policyOf(side), row) };
  });
  source.data = {
    ...source.data, fill: rows.map(row => row.fill), edge: rows.map(row => row.edge), ...tipData(rows),
  };
}
function changeFill(change, steps) {
  const rank = classOf(Math.abs(change), steps);
  if (rank === null || Math.abs(change) < 1e-6) return { fill: "#f0f2f4", edge: "#d4d9dd" };
  return { fill: (change > 0 ? looks.more_fills : looks.less_fills)[rank], edge: "#ffffff" };
}
const provinceTip = (policy, row) => [
  named(content.jurisdictions, row),
  ...FIGURES.map(figure => `${word(figure)}: ${amount(policy.provinces[figure][row][state.moment])}`),
];
const changeTip = row => [
  named(content.jurisdictions, row),
  ...FIGURES.map(figure => {
    const [old, now] = SIDES.map(side => policyOf(side).provinces[figure][row][state.moment]);
    return `${word(figure)}: ${amount(old)} → ${amount(now)} (${signed(Math.abs(now - old) < 1e-6 ? 0 : now - old)})`;
  }),
];

// ---- drawing -----------------------------------------------------------------------------------
function draw() {
  for (const side of SIDES) {
    if (plots.source(side, "provinces")) fillProvinces(side);
    const { found, arrows } = trafficColumns(side);
    plots.set(side, "casing", lineData(found.casing));
    plots.set(side, "bands", lineData(found.bands, { colour: found.bands.map(row => row.colour) }));
    plots.set(side, "stretches", lineData(found.stretches, tipData(found.stretches)));
    plots.drawn[side] = { arrows, symbols: sideBySide(symbolsOf(side)) };
  }
  place();
  head();
  legend();
  tables();
}

/** Put down what keeps its size on the screen: symbols side by side, arrows, names. */
function place() {
  for (const side of SIDES) {
    const map = plots.map(side), metresPerPx = (map.x_range.end - map.x_range.start) / Math.max(1, map.inner_width || 600);
    const { symbols: found, arrows } = plots.drawn[side];
    const at = symbol => ({
      x: places.x[symbol.place] * content.unit_m + symbol.dx * metresPerPx,
      y: places.y[symbol.place] * content.unit_m + symbol.dy * metresPerPx,
    });
    const rows = found.map(symbol => ({
      ...at(symbol), size: 2 * radiusPx(symbol.capacity), marker: types[symbol.kind].marker, ...look(symbol), tip: facilityTip(symbol), symbol,
    }));
    const data = (list, names) => Object.fromEntries(names.map(name => [name, list.map(row => row[name])]));
    plots.set(side, "facilities", { ...data(rows, ["x", "y", "size", "marker", "fill", "edge", "edge_width"]), ...tipData(rows) });
    const cores = rows.filter(row => !row.symbol.change && row.symbol.status === "expanded");
    plots.set(side, "cores", data(cores.map(row => ({ ...row, size: row.size * 0.5, fill: row.edge })), ["x", "y", "size", "marker", "fill"]));
    const forced = rows.filter(row => row.symbol.forced).map(row => row.symbol.forced === "open"
      ? { ...row, size: row.size + 5, marker: "circle" } : { ...row, size: row.size + 2, marker: "x" });
    plots.set(side, "forced", data(forced, ["x", "y", "size", "marker"]));
    const built = new Set(found.filter(symbol => symbol.status !== "barred").map(symbol => symbol.place));
    const bare = [...places.x.keys()].filter(row => places.has_source[row] && !built.has(row));
    plots.set(side, "sources", { x: bare.map(row => places.x[row] * content.unit_m), y: bare.map(row => places.y[row] * content.unit_m) });
    plots.set(side, "arrows", arrowData(arrows, metresPerPx));
    plots.set(side, "labels", labelData(map, rows, metresPerPx));
  }
}

function arrowData(rows, metresPerPx) {
  const found = { x: [], y: [], size: [], angle: [] };
  for (const { stretch, sum } of rows) {
    const share = sum.onward[stretch] / sum.total[stretch], width = widthPx(sum.total[stretch]);
    if ((share < ARROW_SHARE && 1 - share < ARROW_SHARE) || width < 2) continue;
    const spot = middle(stretchXs[stretch], stretchYs[stretch]);
    if (spot.length < ARROW_LENGTH_PX * metresPerPx) continue;
    found.x.push(spot.x);
    found.y.push(spot.y);
    found.size.push(Math.max(5, Math.min(9, width + 1.5)));
    found.angle.push(spot.angle - Math.PI / 2 + (share >= ARROW_SHARE ? 0 : Math.PI));
  }
  return found;
}

function middle(xs, ys) {
  const steps = xs.slice(1).map((x, rank) => Math.hypot(x - xs[rank], ys[rank + 1] - ys[rank]));
  const length = steps.reduce((sum, step) => sum + step, 0);
  let left = length / 2, rank = 0;
  while (rank < steps.length - 1 && left > steps[rank]) left -= steps[rank++];
  const share = steps[rank] > 0 ? left / steps[rank] : 0;
  const dx = xs[rank + 1] - xs[rank], dy = ys[rank + 1] - ys[rank];
  return { x: xs[rank] + share * dx, y: ys[rank] + share * dy, angle: Math.atan2(dy, dx), length };
}

// ---- names -------------------------------------------------------------------------------------
/** Names that hide no symbol and no other name: cities by capacity, then provinces, then sources. */
function labelData(map, rows, metresPerPx) {
  const inside = (x, y) => x > map.x_range.start && x < map.x_range.end && y > map.y_range.start && y < map.y_range.end;
  const toPx = (x, y) => [(x - map.x_range.start) / metresPerPx, (map.y_range.end - y) / metresPerPx];
  const taken = rows.filter(row => row.symbol.capacity > 0).map(row => {
    const [px, py] = toPx(row.x, row.y), radius = row.size / 2;
    return [px - radius, py - radius, px + radius, py + radius];
  });
  const found = { x: [], y: [], text: [], dx: [], dy: [], align: [], size: [], colour: [], style: [] };
  const isFree = box => !taken.some(other => box[0] < other[2] && box[2] > other[0] && box[1] < other[3] && box[3] > other[1]);
  const put = (x, y, text, reach, kind) => {
    if (!inside(x, y) || !text) return;
    const size = kind === "city" ? 11 : 10, [px, py] = toPx(x, y), half = size * 0.62;
    const long = [...text].reduce((sum, letter) => sum + (letter.charCodeAt(0) > 0x2e80 ? size : size * 0.56), 4);
    const spots = kind === "province" ? [["center", 0, 0]]
      : [["left", reach, 0], ["right", -reach, 0], ["center", 0, -reach - half], ["center", 0, reach + half]];
    for (const [align, dx, dy] of spots) {
      const left = px + dx - (align === "left" ? 0 : align === "right" ? long : long / 2);
      const box = [left, py + dy - half, left + long, py + dy + half];
      if (box[0] < 0 || box[2] > map.inner_width || !isFree(box)) continue;
      taken.push(box);
      const row = [x, y, text, dx, dy, align, `${size}px`, kind === "city" ? looks.ink : looks.quiet, kind === "province" ? "italic" : "normal"];
      Object.keys(found).forEach((name, rank) => found[name].push(row[rank]));
      return;
    }
  };
  const spot = row => [places.x[row] * content.unit_m, places.y[row] * content.unit_m];
  const cities = new Map();
  rows.forEach(({ symbol, size }) => {
    if (symbol.status === "barred") return;
    const known = cities.get(symbol.place) ?? { capacity: 0, reach: 0 };
    const reach = Math.hypot(symbol.dx, symbol.dy) + size / 2 + 3;
    cities.set(symbol.place, { capacity: known.capacity + symbol.capacity, reach: Math.max(known.reach, reach) });
  });
  const byCapacity = [...cities].sort((a, b) => b[1].capacity - a[1].capacity);
  const isFar = metresPerPx > 2500, few = Math.max(10, Math.round((map.inner_width || 600) / 45));
  byCapacity.slice(0, isFar ? few : undefined).forEach(([row, { reach }]) => put(...spot(row), short(named(places, row)), reach, "city"));
  content.jurisdictions.spot.forEach((at, row) => {
    if (at) put(at[0] * content.unit_m, at[1] * content.unit_m, short(named(content.jurisdictions, row)), 0, "province");
  });
  if (!isFar || places.x.length < 60) places.x.forEach((_, row) => {
    if (places.has_source[row] && !cities.has(row)) put(...spot(row), short(named(places, row)), 4, "source");
  });
  return found;
}
const short = text => text.length > 28 ? text.slice(0, 27) + "…" : text;

// ---- around the maps ---------------------------------------------------------------------------
function made(kind, text, attributes = {}) {
  const element = document.createElement(kind);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function head() {
  for (const side of SIDES) {
    const panel = document.getElementById(side), about = content.heads[state[side]];
    const title = policyOf(side).title;
    panel.querySelector("h2").textContent = isDifference(side) ? `${title} · ${word("against")} ${policyOf("left").title}` : title;
    panel.querySelector(".volume").textContent = about.volume[state.language];
    const cost = panel.querySelector(".cost");
    cost.textContent = about.cost ? `${about.cost[state.language]} · ${about.proof[state.language]}` : "";
    cost.classList.toggle("unproven", !about.is_proven);
  }
}

function svg(width, height, shapes) {
  const root = document.createElementNS(SVG, "svg");
  root.setAttribute("width", width);
  root.setAttribute("height", height);
  root.setAttribute("aria-hidden", "true");
  for (const [kind, attributes] of shapes) {
    const shape = document.createElementNS(SVG, kind);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    root.append(shape);
  }
  return root;
}
const swatch = fill => svg(28, 14, [["rect", { width: 27, height: 13, x: .5, y: .5, fill, stroke: "#c3cad0" }]]);
const line = (colour, width) => svg(28, 14, [["line", { x1: 0, x2: 28, y1: 7, y2: 7, stroke: colour, "stroke-width": width }]]);
function mark(marker, radius, { fill, edge, edge_width: width }, core) {
  const half = Math.max(7, radius + 2), shapes = [shape(marker, half, radius, { fill: fill ?? "none", stroke: edge ?? "none", "stroke-width": width })];
  if (core) shapes.push(shape(marker, half, radius / 2, { fill: core }));
  return svg(28, 2 * half, shapes);
}
function shape(marker, half, radius, attributes) {
  if (marker === "circle" || marker === "hex") return ["circle", { cx: 14, cy: half, r: radius, ...attributes }];
  const corners = {
    square: [[-1, -1], [1, -1], [1, 1], [-1, 1]], diamond: [[0, -1.2], [.8, 0], [0, 1.2], [-.8, 0]],
    triangle: [[0, -1], [1, .8], [-1, .8]], inverted_triangle: [[0, 1], [1, -.8], [-1, -.8]],
  }[marker] ?? [[-1, -.4], [-.4, -.4], [-.4, -1], [.4, -1], [.4, -.4], [1, -.4], [1, .4], [.4, .4], [.4, 1], [-.4, 1], [-.4, .4], [-1, .4]];
  return ["polygon", { points: corners.map(([x, y]) => `${14 + radius * x},${half + radius * y}`).join(" "), ...attributes }];
}

function legend() {
  const root = document.querySelector(".legend");
  root.replaceChildren();
  const section = (title, rows) => {
    if (!rows.length) return;
    const own = document.createElement("section");
    own.append(made("h3", title));
    rows.forEach(([picture, text]) => { const row = document.createElement("div"); row.append(picture, made("span", text)); own.append(row); });
    root.append(own);
  };
  const used = new Set(policies.flatMap(policy => policy.routes.stage));
  const isDifferent = state.view === "difference" && SIDES.length > 1;
  section(word("routes"), stages.filter(stage => used.has(stage.id)).map(stage => [line(stage.colour, 4), stageName(stage)]));
  section(word("moved"), round(mostMoved).map(tonnes => [line(looks.quiet, widthPx(tonnes)), amount(tonnes)]));
  const kinds = new Set(policies.flatMap(policy => policy.facilities.site.map(site => sites.type[site])));
  const plain = kind => ({ fill: types[kind].colour, edge: "#ffffff", edge_width: .6 });
  section(word("facilities"), [...kinds].sort((a, b) => a - b).map(kind => [mark(types[kind].marker, 6, plain(kind)), called(types[kind])]));
  const quiet = { kind: 0 }, own = status => ({ ...look({ ...quiet, status }), ...(status === "new" ? { fill: looks.quiet } : status === "closed" ? {} : { edge: looks.quiet }) });
  section(word("states"), ["existing", "expanded", "new", "closed"].map(status =>
    [mark("circle", 6, own(status), status === "expanded" ? looks.quiet : null), word(status)]));
  if (policies.some(policy => policy.facilities.forced.some(Boolean))) section(word("policy"), ["forced_open", "forced_closed"].map(key => [
    key === "forced_open" ? mark("circle", 6, { fill: "none", edge: looks.ink, edge_width: 1.4 })
      : svg(28, 14, [["path", { d: "M9 2 L19 12 M19 2 L9 12", stroke: looks.ink, "stroke-width": 1.4 }]]), word(key)]));
  section(word("capacity"), round(mostCapacity).map(tonnes => [mark("circle", radiusPx(tonnes), { fill: looks.quiet, edge: "#fff", edge_width: .6 }), amount(tonnes)]));
  section("", [[mark("circle", 1.8, { fill: looks.quiet, edge: null, edge_width: 0 }), word("source")]]);
  if (content.jurisdictions.spot.some(Boolean)) {
    const breaks = classes();
    section(word(state.fill), [
      ...breaks.map((limit, rank) => [swatch(looks.fills[rank + looks.fills.length - breaks.length]), `${amount(rank ? breaks[rank - 1] : 0)} – ${amount(limit)}`]),
      [swatch(looks.no_figure), word("no_figure")],
    ]);
  }
  if (isDifferent) differenceLegend(section);
}
function differenceLegend(section) {
  const steps = changeClasses(), spans = steps.map((limit, rank) => [rank, `${amount(rank ? steps[rank - 1] : 0)} – ${amount(limit)}`]);
  section(`${word("difference")}: ${word("change_moved")}`, [
    [line(looks.more, 4), word("more")], [line(looks.less, 4), word("less")], [line("#c3cad0", 1), word("same")]]);
  section(`${word("difference")}: ${word("facilities")}`, ["opened", "shut", "larger", "smaller", "same"].map(change =>
    [mark("circle", 6, look({ kind: 0, change })), word(change)]));
  if (content.jurisdictions.spot.some(Boolean)) section(`${word("difference")}: ${word("change_filled")}`, [
    ...spans.map(([rank, text]) => [swatch(looks.less_fills[rank]), "−(" + text + ")"]).reverse(),
    [swatch("#f0f2f4"), word("no_change")],
    ...spans.map(([rank, text]) => [swatch(looks.more_fills[rank]), "+(" + text + ")"])]);
}
function round(largest) {
  const floor = value => { const power = 10 ** Math.floor(Math.log10(value)); return [5, 2, 1].find(step => step * power <= value * (1 + 1e-9)) * power; };
  const top = floor(largest);
  return [top, floor(top / 2), floor(top / 10)];
}

// ---- tables ------------------------------------------------------------------------------------
function hauls() {
  const rows = new Map();
  SIDES.forEach(side => {
    const { routes } = policyOf(side);
    routes.way.forEach((way, route) => {
      if (!state.goods.has(routes.commodity[route])) return;
      const key = `${routes.from[route]}|${routes.to[route]}|${routes.commodity[route]}|${routes.mode[route]}`;
      const row = rows.get(key) ?? { routes, route, left: 0, right: 0 };
      row[side] += routes.tonnes[route][state.moment];
      rows.set(key, row);
    });
  });
  const weight = state.view === "difference" ? row => Math.abs(row.right - row.left) : row => Math.max(row.left, row.right);
  return [...rows.values()].map(row => ({ ...row, weight: weight(row) }))
    .filter(row => row.weight > 1e-3 * Math.max(1e-9, row.left, row.right)).sort((a, b) => b.weight - a.weight);
}

function fill(table, columns, rows, all) {
  table.replaceChildren();
  if (!rows.length) { table.append(made("caption", word("nothing_differs"))); return; }
  if (all > rows.length) table.append(made("caption", word("shown_of").replace("{n}", rows.length).replace("{all}", all)));
  const line = (cells, kind) => {
    const row = document.createElement("tr");
    cells.forEach((text, rank) => row.append(made(kind, text, { ...(columns[rank].number ? { class: "number" } : {}), ...(kind === "th" ? { scope: "col" } : {}) })));
    return row;
  };
  const top = document.createElement("thead"), body = document.createElement("tbody");
  top.append(line(columns.map(column => column.title), "th"));
  rows.forEach(row => body.append(line(columns.map(column => column.cell(row)), "td")));
  table.append(top, body);
}

function tables() {
  const isDifferent = state.view === "difference" && SIDES.length > 1;
  const tonnes = SIDES.map(side => ({ number: true, title: `${policyOf(side).name}, ${word("tonnes_per_year")}`, cell: row => amount(row[side]) }));
  const change = isDifferent ? [{ number: true, title: word("change"), cell: row => signed(row.right - row.left) }] : [];
  const found = hauls();
  document.querySelector(".routes-title").textContent = word(isDifferent ? "changes_table" : "routes_table");
  fill(document.querySelector("table.routes"), [
    { title: word("from"), cell: row => named(places, row.routes.from[row.route]) },
    { title: word("to"), cell: row => named(places, row.routes.to[row.route]) },
    { title: word("carries"), cell: row => named(commodities, row.routes.commodity[row.route]) },
    ...(content.modes.length > 1 ? [{ title: word("mode"), cell: row => content.modes[row.routes.mode[row.route]] }] : []),
    ...tonnes, ...change,
    { number: true, title: word("distance"), cell: row => amount(row.routes.km[row.route]) },
    { number: true, title: word("haulage"), cell: row => amount(row.routes.cny_per_tonne[row.route]) },
  ], found.slice(0, N_TABLE_ROWS), found.length);
  facilityTable(isDifferent, tonnes, change);
}

function facilityTable(isDifferent, tonnes, change) {
  const rows = new Map();
  SIDES.forEach(side => symbols(policyOf(side), state.moment, false).forEach(symbol => {
    const row = rows.get(symbol.key) ?? { symbol, left: 0, right: 0 };
    row[side] = symbol.capacity;
    rows.set(symbol.key, row);
  }));
  const weight = isDifferent ? row => Math.abs(row.right - row.left) : row => Math.max(row.left, row.right);
  const found = [...rows.values()].map(row => ({ ...row, weight: weight(row) }))
    .filter(row => row.weight > 1e-3 * Math.max(1e-9, row.left, row.right)).sort((a, b) => b.weight - a.weight);
  document.querySelector(".facilities-title").textContent = word(isDifferent ? "facilities_table" : "facilities_in_use");
  fill(document.querySelector("table.facilities"), [
    { title: word("place"), cell: row => named(places, row.symbol.place) },
    { title: word("type"), cell: row => called(types[row.symbol.kind]) }, ...tonnes, ...change,
  ], found.slice(0, N_TABLE_ROWS), found.length);
}

// ---- controls ----------------------------------------------------------------------------------
function speak() {
  document.documentElement.lang = state.language;
  document.querySelectorAll("[data-word]").forEach(element => { element.textContent = word(element.dataset.word); });
  document.querySelectorAll("[data-label]").forEach(element => { element.setAttribute("aria-label", word(element.dataset.label)); });
  document.querySelectorAll("[data-language]").forEach(button => button.setAttribute("aria-pressed", button.dataset.language === state.language));
  const options = (name, texts, chosen) => {
    const select = document.querySelector(`select[name="${name}"]`);
    select.replaceChildren(...texts.map(([value, text]) => made("option", text, { value })));
    select.value = chosen;
  };
  SIDES.forEach(side => options(side, policies.map((policy, row) => [row, policy.title]), state[side]));
  options("fill", FIGURES.map(figure => [figure, word(figure)]), state.fill);
  document.querySelector(".period output").textContent = content.moment_names[state.moment][state.language];
  document.querySelector(".notes").replaceChildren(...content.notes.map(note => made("li", note[state.language])));
  document.querySelector(".credits").textContent = content.credits.join(" ");
  goodsList();
}

function goodsList() {
  const list = document.querySelector(".goods .list"), buttons = document.createElement("div");
  buttons.className = "buttons";
  for (const key of ["all", "none"]) {
    const button = made("button", word(key), { type: "button" });
    button.addEventListener("click", () => { state.goods = new Set(key === "all" ? commodities.name.keys() : []); goodsList(); draw(); });
    buttons.append(button);
  }
  list.replaceChildren(buttons);
  const moved = new Set(policies.flatMap(policy => policy.routes.commodity));
  stages.forEach(stage => {
    const own = [...moved].filter(row => commodities.stage[row] === stage.id).sort((a, b) => a - b);
    own.forEach(row => {
      const label = document.createElement("label"), box = made("input", "", { type: "checkbox" });
      box.checked = state.goods.has(row);
      box.addEventListener("change", () => { state.goods[box.checked ? "add" : "delete"](row); count(); draw(); });
      label.append(box, made("span", named(commodities, row)));
      list.append(label);
    });
  });
  const count = () => { document.querySelector(".goods .count").textContent = `(${[...moved].filter(row => state.goods.has(row)).length}/${moved.size})`; };
  count();
}

function listen() {
  const form = document.querySelector(".controls");
  form.addEventListener("submit", event => event.preventDefault());
  form.addEventListener("input", ({ target }) => {
    if (target.name === "view") state.view = target.value;
    else if (target.name === "left" || target.name === "right") state[target.name] = Number(target.value);
    else if (target.name === "fill") state.fill = target.value;
    else if (target.name === "moment") state.moment = Number(target.value);
    else return;
    document.querySelector(".period output").textContent = content.moment_names[state.moment][state.language];
    draw();
  });
  document.querySelectorAll("[data-language]").forEach(button => button.addEventListener("click", () => {
    state.language = button.dataset.language;
    speak();
    draw();
  }));
  const slider = document.querySelector('input[name="moment"]');
  slider.max = content.moments.length - 1;
  document.querySelector(".period").hidden = content.moments.length < 2;
  if (content.moments.length < 2) document.querySelector(".period").style.display = "none";
}

// ---- start: once Bokeh has laid its figures out ------------------------------------------------
function bokehModels(document_) {
  const model = name => document_.get_model_by_name(name);
  return {
    drawn: {}, map: side => model(`${side}_map`), source: (side, what) => model(`${side}_${what}`),
    set: (side, what, data) => { model(`${side}_${what}`).data = data; },
  };
}

let waiting = null;
window.netoptMap = {
  state,
  isDrawn: false,
  drawnAfterMs: null,
  zoomed() {
    clearTimeout(waiting);
    waiting = setTimeout(() => { if (plots) place(); }, 60);
  },
};

function start() {
  const document_ = window.Bokeh?.documents?.[0];
  if (!document_ || !document_.get_model_by_name("left_map")?.inner_width) {
    requestAnimationFrame(start);
    return;
  }
  plots = bokehModels(document_);
  draw();
  window.addEventListener("resize", window.netoptMap.zoomed);
  requestAnimationFrame(() => {
    window.netoptMap.drawnAfterMs = performance.now();
    window.netoptMap.isDrawn = true;
  });
}
speak();
listen();
start();
})();
