// SPDX-License-Identifier: GPL-2.0-or-later
// A strict reader of Prometheus' text format 0.0.4, for what portholed tells: whatever the format forbids, or makes no
// sense, is an error.
import assert from 'node:assert/strict';
import http from 'node:http';
import { until } from './proc.mjs';

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*';
const HELP = new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n]|\\\\\\\\|\\\\n)+)$`);
const TYPE = new RegExp(`^# TYPE (${NAME}) (counter|gauge|histogram|summary|untyped)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(.*)\\})? (\\S+)$`);
const PAIR = new RegExp(`(${LABEL})="((?:[^"\\\\\\n]|\\\\\\\\|\\\\"|\\\\n)*)"(?:,|$)`, 'y');
const VALUE = /^(?:[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;

function readLabels(text, line) {
  const labels = {};
  PAIR.lastIndex = 0;
  for (let at = 0; at < text.length; at = PAIR.lastIndex) {
    PAIR.lastIndex = at;
    const pair = PAIR.exec(text);
    assert.ok(pair, line);
    assert.ok(!(pair[1] in labels), `${line}: the label twice`);
    labels[pair[1]] = pair[2].replace(/\\(.)/g, (_, ch) => (ch === 'n' ? '\n' : ch));
  }
  return labels;
}

const number = (text) => Number(text.replace('Inf', 'Infinity'));

// Of which metric is a sample? A histogram has several names.
function familyOf(families, name) {
  if (families.has(name)) return families.get(name);
  const family = families.get(name.replace(/_(bucket|sum|count)$/, ''));
  return family?.type === 'histogram' ? family : undefined;
}

function checkHistogram({ name, samples }) {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const one = (suffix) => {
    const found = samples.filter((sample) => sample.name === `${name}_${suffix}`);
    assert.equal(found.length, 1, `${name}_${suffix}`);
    return found[0].value;
  };
  assert.equal(samples.length, buckets.length + 2, name);
  for (let i = 1; i < buckets.length; i++) {
    assert.ok(number(buckets[i].labels.le) > number(buckets[i - 1].labels.le), `${name}: bounds rise`);
    assert.ok(buckets[i].value >= buckets[i - 1].value, `${name}: buckets are cumulative`);
  }
  assert.equal(buckets.at(-1).labels.le, '+Inf', name);
  assert.equal(buckets.at(-1).value, one('count'), name);
  assert.ok(one('sum') >= 0 && (one('count') > 0 || one('sum') === 0), name);
}

function check(family) {
  const { name, type, samples } = family;
  assert.ok(samples.length > 0, `${name}: no sample`);
  const keys = samples.map((sample) => sample.name + JSON.stringify(Object.entries(sample.labels).sort()));
  assert.equal(new Set(keys).size, keys.length, `${name}: a series twice`);
  if (type === 'counter') {
    assert.match(name, /_total$/);
    assert.ok(samples.every(({ value }) => value >= 0), name);
  } else {
    assert.doesNotMatch(name, /_total$/);
  }
  if (type === 'histogram') checkHistogram(family);
}

// The metrics of a text: get(name, labels) is a value.
export function parseMetrics(text) {
  const families = new Map();
  let present;
  assert.ok(text.endsWith('\n'));
  for (const line of text.slice(0, -1).split('\n')) {
    const help = HELP.exec(line);
    const type = TYPE.exec(line);
    if (help) {
      assert.ok(!families.has(help[1]), `${line}: twice`);
      families.set(help[1], present = { name: help[1], samples: [] });
    } else if (type) {
      assert.ok(present?.name === type[1] && !present.type && present.samples.length === 0, `${line}: not behind its HELP`);
      present.type = type[2];
    } else {
      const sample = SAMPLE.exec(line);
      assert.ok(sample && VALUE.test(sample[3]), line);
      assert.ok(present?.type && familyOf(families, sample[1]) === present, `${line}: not among its own`);
      present.samples.push({ name: sample[1], labels: readLabels(sample[2] ?? '', line), value: number(sample[3]) });
    }
  }
  for (const family of families.values()) check(family);
  const get = (name, labels = {}) => {
    const found = familyOf(families, name)?.samples.filter((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels));
    assert.equal(found?.length, 1, `${name}${JSON.stringify(labels)}\n${text}`);
    return found[0].value;
  };
  return { get, families };
}

// What the admin socket answers, read.
export function scrape(proxy) {
  return new Promise((resolve, reject) => {
    http.get({ socketPath: proxy.adminSocket, path: '/metrics' }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (data) => { text += data; }).on('end', () => {
        try {
          assert.equal(response.statusCode, 200);
          assert.equal(response.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
          resolve(parseMetrics(text));
        } catch (error) {
          reject(error);
        }
      });
    }).on('error', reject);
  });
}

// Waits until the numbers are these: [name, labels, value].
export const shows = (proxy, wanted) => until(JSON.stringify(wanted), async () => {
  const metrics = await scrape(proxy);
  for (const [name, labels, value] of wanted) assert.equal(metrics.get(name, labels), value, `${name}${JSON.stringify(labels)}`);
  return metrics;
});
