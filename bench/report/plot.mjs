// The comparison as a picture: CPU per request beside the bare proxy, and added latency.
const width = 920;
const labelWidth = 170;
const rowHeight = 30;
const barHeight = 16;
const top = 92;
const left = { x: labelWidth, width: 370 };
const right = { x: labelWidth + 370 + 90, width: 260 };

const style = `
  .back { fill: #ffffff; } .text { fill: #1f2328; } .soft { fill: #59636e; } .line { stroke: #d1d9e0; }
  .bar { fill: #9aa7b4; } .own { fill: #0969da; } .mark { stroke: #1f2328; } .one { stroke: #cf222e; }
  .p50 { fill: #9aa7b4; } .p99 { fill: #ffffff; stroke: #9aa7b4; } .own50 { fill: #0969da; } .own99 { fill: #ffffff; stroke: #0969da; }
  .span { stroke: #9aa7b4; } .ownspan { stroke: #0969da; }
  @media (prefers-color-scheme: dark) {
    .back { fill: #0d1117; } .text { fill: #f0f6fc; } .soft { fill: #9198a1; } .line { stroke: #3d444d; }
    .bar { fill: #6e7b89; } .own { fill: #4493f8; } .mark { stroke: #f0f6fc; } .one { stroke: #f85149; }
    .p50 { fill: #6e7b89; } .p99 { fill: #0d1117; stroke: #6e7b89; } .own50 { fill: #4493f8; } .own99 { fill: #0d1117; stroke: #4493f8; }
    .span { stroke: #6e7b89; } .ownspan { stroke: #4493f8; }
  }
  text { font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
  .title { font-size: 16px; font-weight: 600; } .small { font-size: 11px; } .bold { font-weight: 600; }`;

/** An SVG text. Without the bare proxy there is nothing to compare with, and no plot. */
export function comparisonPlot(summaries, { machine, load }) {
  const rows = summaries.filter(({ cpuRatio }) => cpuRatio).sort((a, b) => a.cpuRatio.median - b.cpuRatio.median);
  if (rows.length < 2) return undefined;
  const bottom = top + rows.length * rowHeight;
  const height = bottom + 78;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">
<title id="title">CPU per request as a ratio to a bare undici proxy, and latency added at half speed</title>
<style>${style}
</style>
<rect class="back" width="${width}" height="${height}" rx="6"/>
${text(20, 32, 'Callora’s full paid path beside other proxies', 'text title')}
${text(left.x, 62, 'CPU per request, × bare undici proxy', 'text bold')}
${text(right.x, 62, 'added latency at half speed, ms', 'text bold')}
${cpuPanel(rows, bottom)}
${latencyPanel(rows, bottom)}
${text(20, height - 28, machine, 'soft small')}
${text(20, height - 12, load, 'soft small')}
</svg>
`;
}

function cpuPanel(rows, bottom) {
  const most = Math.max(...rows.map(({ cpuRatio }) => cpuRatio.max));
  const step = most > 4 ? 1 : 0.5;
  const end = Math.ceil((most * 1.12) / step) * step;
  const x = (value) => left.x + (value / end) * left.width;
  const ticks = Array.from({ length: Math.round(end / step) + 1 }, (_, at) => at * step);
  return [
    ...ticks.map((tick) => axisLine(x(tick), bottom, String(tick), tick === 1 ? 'one' : 'line')),
    ...rows.map(({ name, title, cpuRatio }, at) => {
      const y = top + at * rowHeight;
      const middle = y + rowHeight / 2;
      const own = isOwn(name);
      return [
        text(labelWidth - 12, middle + 4, title, own ? 'text bold' : 'text', 'end'),
        `<rect class="${own ? 'own' : 'bar'}" x="${left.x}" y="${middle - barHeight / 2}" width="${one(x(cpuRatio.median) - left.x)}" height="${barHeight}" rx="2"/>`,
        whisker(x(cpuRatio.min), x(cpuRatio.max), middle),
        text(x(cpuRatio.max) + 7, middle + 4, cpuRatio.median.toFixed(2), own ? 'text bold' : 'text'),
      ].join('\n');
    }),
  ].join('\n');
}

/** A logarithmic scale: the programs differ by powers of ten. What is less than its start is drawn at its start. */
function latencyPanel(rows, bottom) {
  const all = rows.flatMap(({ addedP50Ms, addedP99Ms }) => [addedP50Ms.median, addedP99Ms.median]);
  const first = Math.min(-1, Math.floor(Math.log10(Math.max(0.01, Math.min(...all)))));
  const last = Math.max(1, Math.ceil(Math.log10(Math.max(...all, 1))));
  const x = (ms) =>
    right.x + ((Math.max(Math.log10(Math.max(ms, 1e-9)), first) - first) / (last - first)) * right.width;
  const ticks = Array.from({ length: last - first + 1 }, (_, at) => first + at);
  const keyY = bottom + 33;
  return [
    ...ticks.map((power) => axisLine(x(10 ** power), bottom, String(Number((10 ** power).toFixed(3))), 'line')),
    ...rows.map(({ name, addedP50Ms, addedP99Ms }, at) => {
      const middle = top + at * rowHeight + rowHeight / 2;
      const own = isOwn(name) ? 'own' : 'p';
      const [from, to] = [x(addedP50Ms.median), x(addedP99Ms.median)];
      return [
        `<line class="${isOwn(name) ? 'ownspan' : 'span'}" stroke-width="2" x1="${one(from)}" x2="${one(to)}" y1="${middle}" y2="${middle}"/>`,
        `<circle class="${own}50" cx="${one(from)}" cy="${middle}" r="5"/>`,
        `<circle class="${own}99" stroke-width="2" cx="${one(to)}" cy="${middle}" r="4.5"/>`,
      ].join('\n');
    }),
    `<circle class="p50" cx="${right.x + 5}" cy="${keyY - 4}" r="5"/>`,
    text(right.x + 15, keyY, 'p50', 'soft small'),
    `<circle class="p99" stroke-width="2" cx="${right.x + 55}" cy="${keyY - 4}" r="4.5"/>`,
    text(right.x + 65, keyY, 'p99', 'soft small'),
  ].join('\n');
}

function isOwn(name) {
  return name === 'callora' || name === 'disk';
}

function axisLine(x, bottom, label, kind) {
  return [
    `<line class="${kind}" x1="${one(x)}" x2="${one(x)}" y1="${top - 6}" y2="${bottom}"/>`,
    text(x, bottom + 15, label, 'soft small', 'middle'),
  ].join('\n');
}

function whisker(from, to, y) {
  const cap = (x) => `M${one(x)} ${y - 4}v8`;
  return `<path class="mark" fill="none" d="M${one(from)} ${y}H${one(to)}${cap(from)}${cap(to)}"/>`;
}

function text(x, y, content, kind, anchor) {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text class="${kind}" x="${one(x)}" y="${one(y)}"${anchor ? ` text-anchor="${anchor}"` : ''}>${escaped}</text>`;
}

function one(value) {
  return Number(value.toFixed(1));
}
