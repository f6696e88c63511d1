// SPDX-License-Identifier: GPL-2.0-or-later
// From measured values to lines of a table.

function quantile(sorted, part) {
  const at = (sorted.length - 1) * part;
  const low = Math.floor(at);
  return sorted[low] + (sorted[Math.min(low + 1, sorted.length - 1)] - sorted[low]) * (at - low);
}

// {median, low, high}: half of the values lie between low and high.
export function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

const digits = (value) => value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0);

export function show({ median, low, high }, unit) {
  return `${digits(median)} ${unit} (${digits(low)} to ${digits(high)})`;
}

// A line: what is done, our figure and the peer's as text, the figure that is judged, and its reach.
// `most` or `least` is the reach; `unit` is behind both.
export function row({ work, ours, peer = '', figure, most, least, unit = '' }) {
  const met = most !== undefined ? figure <= most : figure >= least;
  const reach = most !== undefined ? `<= ${most}${unit}` : `>= ${least}${unit}`;
  return { work, ours, peer, figure: `${digits(figure)}${unit}`, reach, met };
}

export function table(rows) {
  const cells = [['Work', 'Porthole', 'Peer', 'Figure', 'Reach', 'Met'],
    ...rows.map((r) => [r.work, r.ours, r.peer, r.figure, r.reach, r.met ? 'yes' : '**no**'])];
  const widths = cells[0].map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const line = (texts) => `| ${texts.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [line(cells[0]), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...cells.slice(1).map(line)].join('\n');
}
