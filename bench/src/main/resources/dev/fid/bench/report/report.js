"use strict";
// The tables stand in the page already; this adds what needs a program: sorting, saving, and the curves by block size.

const report = JSON.parse(document.getElementById("data").textContent);

// ---- tables ----

function cellValue(row, column) {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
}

function sort(table, column, header) {
  const descending = header.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  header.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  rows.sort((a, b) => {
    const x = cellValue(a, column), y = cellValue(b, column);
    const order = typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en");
    return descending ? -order : order;
  });
  body.append(...rows);
}

for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(table, column, header));
    header.replaceChildren(button);
  });
}

function save(name, type, text) {
  const link = document.createElement("a");
  link.download = name;
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.click();
  URL.revokeObjectURL(link.href);
}

document.getElementById("save-json").addEventListener("click", () =>
  save("fid-bench.json", "application/json", document.getElementById("data").textContent));
document.getElementById("save-csv").addEventListener("click", () =>
  save("fid-bench.csv", "text/csv", document.getElementById("csv").textContent));

// ---- curves ----

const GIB = 2 ** 30;
const measures = {
  speed: { title: "GiB/s", of: ([bytes, wall]) => bytes / GIB / (wall / 1e9) },
  cpu: { title: "CPU seconds per GiB", of: ([bytes, , cpu]) => cpu / 1e9 / (bytes / GIB) },
};

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = q * (sorted.length - 1), below = Math.floor(at), above = Math.ceil(at);
  return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
}

function size(bytes) {
  return bytes >= 1 << 20 ? bytes / (1 << 20) + " MiB" : bytes / 1024 + " KiB";
}

// Colour and dash: neither alone has to be seen.
const STYLES = [["--fid", []], ["--jdk", [8, 4]], ["--c", [2, 3]], ["--method", [10, 3, 2, 3]], ["--good", [14, 4]]];

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function chart(race, measure, place) {
  const loops = race.contenders.filter(c => c.kind === "BLOCK");
  const sizes = [...new Set(loops.map(c => c.block))].sort((a, b) => a - b);
  const methods = [...new Set(loops.map(c => c.method))];
  const data = [sizes], series = [{ label: "block", value: (u, v) => v == null ? "" : size(v) }], bands = [];
  methods.forEach((method, i) => {
    const at = q => sizes.map(s => {
      const loop = loops.find(c => c.method === method && c.block === s);
      return loop === undefined ? null : quantile(loop.samples.map(measure.of), q);
    });
    const [name, dash] = STYLES[i % STYLES.length];
    const figures = (u, v) => v == null ? "" : v.toPrecision(3);
    const edge = { show: true, stroke: "transparent", width: 0, points: { show: false } };
    data.push(at(0.5), at(0.9), at(0.1));
    series.push({ label: method, stroke: color(name), width: 2, dash, value: figures, points: { show: true, size: 6 } },
      { ...edge, label: method + " p90", value: figures }, { ...edge, label: method + " p10", value: figures });
    bands.push({ series: [3 * i + 2, 3 * i + 3], fill: color(name) + "22" });
  });
  const axis = { stroke: color("--faint"), grid: { stroke: color("--rule"), width: 1 }, ticks: { stroke: color("--rule") } };
  const width = () => Math.max(240, place.clientWidth - 16);
  const plot = new uPlot({
    width: width(), height: 260, series, bands,
    scales: { x: { time: false, distr: 3, log: 2 }, y: { range: (u, low, high) => [0, high * 1.05] } },
    axes: [
      { ...axis, splits: () => sizes, values: (u, at) => at.map(size), space: 10, size: 50, rotate: width() < 420 ? -60 : 0 },
      { ...axis, label: measure.title, labelSize: 20, size: 50 },
    ],
    legend: { live: true },
  }, data, place);
  // The legend names each method once: its edges are in the band.
  plot.root.querySelectorAll(".u-legend .u-series").forEach((row, i) => { row.hidden = i > 0 && i % 3 !== 1; });
  new ResizeObserver(() => plot.setSize({ width: width(), height: 260 })).observe(place);
  return plot;
}

const plots = [];
function draw() {
  for (const { plot } of plots) plot.destroy();
  plots.length = 0;
  for (const place of document.querySelectorAll("[data-race]")) {
    const race = report.races.find(r => r.id === place.dataset.race);
    plots.push({ plot: chart(race, measures[place.dataset.measure], place) });
  }
}
draw();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
