// Each place, light and dark, narrow and wide: no violation that axe finds, nothing wider than the window, and a picture for people where
// SCREENSHOTS names a folder. The long list has 100,000 groups then.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, test } from 'node:test';
import { browser, nativeHistogram, open, start } from './gateway.mjs';

after(() => browser.close());

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const protobuf = 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited';

async function filled(t) {
  const gateway = await start(t, '--web.enable-admin-api', '--push.disable-consistency-check', '--push.expire-after={job=~"e.*"}=10m',
    '--push.expect={job="late"}=1s', '--push.expect={job="never_came"}=26h', '--limit.groups=11');
  await gateway.push('late', '# TYPE a gauge\na 1\n');
  await gateway.push('nightly_backup/instance/db1', '# HELP backup_rows Rows that were copied.\n# TYPE backup_rows gauge\nbackup_rows{table="users"} 42\nbackup_rows{table="orders"} 7\n');
  await gateway.push('etl', '# TYPE etl_seconds histogram\netl_seconds_bucket{le="0.5"} 2\netl_seconds_bucket{le="1"} 5\netl_seconds_bucket{le="+Inf"} 6\netl_seconds_sum 12.5\netl_seconds_count 6\n# TYPE s summary\ns{quantile="0.5"} 1\ns{quantile="0.9"} 3\ns_sum 4\ns_count 2\n');
  await gateway.push('hidden/instance/1', '# TYPE clash gauge\nclash 1\n');
  await gateway.push('hidden/instance/2', '# TYPE clash counter\nclash 1\n');
  await gateway.push('long', `a 1\n`);
  await gateway.push(`long/instance/${'x'.repeat(500)}`, `a{y="${'z'.repeat(500)}"} 1\n`);
  await gateway.push('broken', 'a{ 1\n');
  await gateway.push('broken/instance/2', 'a 1 5\n');
  const pushed = await gateway.post('native', nativeHistogram('request_seconds', 48.5, [1, 2, 4, -1, 3, -2, -3, 0, -2, 5, -6]), { 'Content-Type': protobuf });
  assert.equal(pushed.status, 202, pushed.text);
  const counter = '# TYPE shop_orders_total counter\nshop_orders_total{shop="a"} 5\n';
  for (const [source, id] of [['web-1', 'first'], ['web-2', 'second']]) {
    const added = await gateway.post('sums', counter, { 'Exposition-Push-Mode': 'cumulative', 'Exposition-Source': source, 'Exposition-Push-Id': id });
    assert.equal(added.status, 202, added.text);
  }
  for (let i = 0; i < 4; i++) {
    await gateway.push(`more/instance/${i}`, 'a 1\n');
  }
  await fetch(`${gateway.url}/metrics`, { headers: { 'Accept-Encoding': 'gzip' } });
  await fetch(`${gateway.url}/metrics/job/x`, { method: 'PATCH' });
  await new Promise((done) => { setTimeout(done, 1200); });
  return gateway;
}

async function many(t) {
  const gateway = await start(t, '--web.enable-admin-api', '--limit.groups=0');
  await gateway.pushMany(process.env.SCREENSHOTS ? 100_000 : 2000, (i) => `job-${i % 50}/instance/host-${String(i).padStart(6, '0')}`);
  return gateway;
}

async function check(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  assert.deepEqual(violations.map(({ id, nodes }) => `${what}: ${id}: ${nodes.map(({ html }) => html.slice(0, 200)).slice(0, 3).join(' | ')}`), []);
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: `${process.env.SCREENSHOTS}/${what}.png`, fullPage: true });
  }
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  assert.ok(wider <= 0, `${what} is ${wider} pixels wider than the window`);
}

for (const [name, options] of [
  ['phone', { viewport: { width: 390, height: 844 } }],
  ['laptop', { viewport: { width: 1280, height: 800 } }],
  ['wide', { viewport: { width: 1920, height: 1080 } }],
  ['dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
]) {
  test(`every place, ${name}`, async (t) => {
    const empty = await start(t);
    const page = await open(t, `${empty.url}/`, { bypassCSP: true, ...options });
    await check(page, `${name}-empty`);
    const gateway = await filled(t);
    const places = [['groups', '/'], ['one', '/?match=etl'], ['none', '/?match=nothing'], ['wrong', '/?match=%7Bjob'], ['jobs', '/?by=job'],
      ['overdue', '/?state=overdue'], ['refusals', '/?view=refusals'], ['status', '/status']];
    for (const [place, path] of places) {
      await page.goto(gateway.url + path);
      await check(page, `${name}-${place}`);
    }
    for (const job of ['nightly_backup', 'etl', 'hidden', 'long', 'broken', 'native', 'sums', 'late']) {
      await page.goto(`${gateway.url}/?sort=trouble&match=${job}`);
      await page.locator('a.to').first().click();
      for (const part of await page.locator('details').all()) {
        await part.evaluate((element) => { element.open = true; });
      }
      await check(page, `${name}-group-${job}`);
    }
    await page.getByRole('button', { name: 'Delete this group' }).click();
    await check(page, `${name}-question`);
    const large = await many(t);
    await page.goto(`${large.url}/`);
    await check(page, `${name}-many`);
    await page.getByRole('button', { name: 'Delete All Groups' }).click();
    await check(page, `${name}-many-question`);
  });
}
