import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { browser, open, start } from './gateway.mjs';

after(() => browser.close());

const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', 'A'.repeat(128)];
const counter = (value) => `# TYPE done_total counter\ndone_total ${value}\n`;

test('a group shows its mode, its newest sources and its last ids, however many there are', async (t) => {
  const gateway = await start(t);
  const push = async (path, headers) => {
    const answer = await fetch(`${gateway.url}/metrics/job/${path}`, { method: 'POST', body: counter(1), headers });
    assert.equal(answer.status, 200, await answer.text());
  };

  // Those of strangers come last, so that they are among the newest.
  for (let i = 0; i < 50; i++) {
    const source = i < 47 ? `instance-${i}` : hostile[i - 47];
    await push('sources', { 'Exposition-Push-Mode': 'cumulative', 'Exposition-Source': source });
  }
  for (let i = 0; i < 4096; i += 64) {
    await Promise.all(Array.from({ length: 64 }, (_, k) => push('ids', { 'Exposition-Push-Mode': 'add', 'Exposition-Push-Id': `<b>${i + k}</b>` })));
  }

  const page = await open(t, `${gateway.url}/`);
  page.on('dialog', () => assert.fail('a script of a source has run'));
  const remembered = async (job) => {
    await page.goto(`${gateway.url}/`);
    await page.locator('a.to', { hasText: job }).click();
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/remembered-${job}.png`, fullPage: true });
    }
    assert.equal(await page.locator('main img, main script, main b').count(), 0);
    const width = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth]);
    assert.ok(width[0] <= width[1], `the page is ${width[0]} wide, the window ${width[1]}`);
    return page.locator('main');
  };

  const sources = await remembered('sources');
  const rows = sources.locator('tr', { hasText: 'instance-45' }).locator('li');
  assert.equal(await rows.count(), 20);
  const text = await sources.innerText();
  assert.match(text, /mode of the last push\s+cumulative/);
  assert.match(text, /sources\s+50/);
  assert.match(text, /30 more/);
  assert.ok(text.includes(hostile[0]) && text.includes(hostile[1]), text);
  assert.ok(!text.includes('instance-3\n'), 'an old source is shown');

  const ids = await (await remembered('ids')).innerText();
  assert.match(ids, /mode of the last push\s+add/);
  assert.match(ids, /ids of pushes\s+4096 known/);
  assert.equal((ids.match(/^[0-9a-f]{12}\b/gm) ?? []).length, 5);
  assert.ok(ids.length < 3000, `${ids.length} characters`);

  const { data } = await (await fetch(`${gateway.url}/api/v1/groups`)).json();
  const of = (job) => data.groups.find((group) => group.labels.job === job);
  assert.equal(of('sources').mode, 'cumulative');
  assert.equal(of('sources').source_count, 50);
  assert.equal(Object.keys(of('sources').sources).length, 20);
  assert.ok(hostile.every((name) => name in of('sources').sources));
  assert.equal(of('ids').id_count, 4096);
  assert.equal(Object.keys(of('ids').ids).length, 5);
  assert.ok(Object.keys(of('ids').ids).every((id) => /^[0-9a-f]{32}$/.test(id)));
  assert.match(await (await fetch(`${gateway.url}/metrics`)).text(), /^pushgateway_push_ids_forgotten_total 0$/m);
  assert.deepEqual(page.faults, []);
});
