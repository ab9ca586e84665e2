import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { browser, open, rows, start } from './gateway.mjs';

after(() => browser.close());

async function filled(t, ...flags) {
  const gateway = await start(t, ...flags);
  for (let i = 0; i < 60; i++) {
    await gateway.push(`job${i % 3}/instance/i${String(i).padStart(2, '0')}`, 'a 1\n'.concat(...Array.from({ length: i }, (_, k) => `b{k="${k}"} 1\n`)));
  }
  return gateway;
}

test('a list is searched, sorted, paged and opened', async (t) => {
  const gateway = await filled(t);
  const page = await open(t, `${gateway.url}/`);
  assert.equal(await rows(page).count(), 50);
  assert.match(await page.locator('.sum').innerText(), /60 groups/);
  await page.getByRole('link', { name: 'next 50' }).click();
  assert.equal(await rows(page).count(), 10);

  await page.getByRole('searchbox').fill('{job="job1",instance=~"i0.*"}');
  await page.getByRole('button', { name: 'Find' }).click();
  assert.equal(await rows(page).count(), 3);
  await page.getByRole('searchbox').fill('i05');
  await page.keyboard.press('Enter');
  await page.waitForURL(/match=i05/);
  assert.equal(await rows(page).count(), 1);
  await page.getByRole('searchbox').fill('{job=');
  await page.keyboard.press('Enter');
  assert.match(await page.getByRole('alert').innerText(), /no selector: .*(character|at) ?\d/);

  await page.goto(`${gateway.url}/`);
  await page.getByRole('link', { name: 'series' }).click();
  assert.match(await rows(page).first().innerText(), /i59/);
  await page.getByRole('link', { name: 'series' }).click();
  assert.match(await rows(page).first().innerText(), /i00/);

  await rows(page).first().locator('a.to').click();
  assert.match(await page.locator('h1').innerText(), /job="job0".*instance="i00"/);
  await page.goto(`${gateway.url}/?by=job`);
  await page.getByRole('link', { name: 'job2' }).click();
  assert.equal(await rows(page).count(), 20);
  assert.deepEqual(page.faults, []);
});

test('overdue groups, and those that never came, are counted and shown with their rules', async (t) => {
  const gateway = await start(t, '--push.expect={job=~"late.*"}=1s', '--push.expect={job="nightly"}=26h');
  await gateway.push('late1', 'a 1\n');
  await gateway.push('other', 'a 1\n');
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const page = await open(t, `${gateway.url}/`);
  assert.match(await page.locator('.sum').innerText(), /1 overdue/);
  assert.match(await rows(page).first().innerText(), /late1[^]*overdue since[^]*by \{job=~"late\.\*"\}=1s/);
  assert.match(await page.locator('main').innerText(), /Expected, not there[^]*job="nightly"[^]*expected, never pushed[^]*=26h0m0s/);
  await page.getByRole('link', { name: '1 overdue' }).click();
  assert.equal(await page.locator('table.groups tbody tr').count(), 1);
  await page.locator('a.to').first().click();
  assert.match(await page.locator('main').innerText(), /overdue since[^]*rule \{job=~"late\.\*"\}=1s/);
  assert.deepEqual(page.faults, []);
});

test('a group shows its families, and what was refused in words', async (t) => {
  const gateway = await start(t);
  await gateway.push('one', '# TYPE a gauge\na 1\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="+Inf"} 6\nh_sum 12.5\nh_count 6\n');
  await gateway.push('two', 'b 1\n');
  assert.equal((await gateway.push('two', '# TYPE a counter\na 1\n')).status, 400);
  const page = await open(t, `${gateway.url}/`);
  const failed = rows(page).first();
  assert.match(await failed.innerText(), /two[^]*pushed as COUNTER, but group \{[^}]*job="one"[^}]*\} has it as GAUGE[^]*Last push failed!/);
  await failed.locator('.why a').click();
  assert.equal(await rows(page).count(), 1);
  assert.match(await page.locator('main').textContent(), /sum 12\.5/);
  await page.goto(`${gateway.url}/?view=refusals`);
  assert.match(await page.locator('tbody tr').first().innerText(), /PUT[^]*\/metrics\/job\/two[^]*400[^]*inconsistent/);
  await page.goto(`${gateway.url}/status`);
  assert.match(await page.locator('main').innerText(), /Limits[^]*groups[^]*Newest pushes[^]*job="one"[^]*Build/);
  assert.deepEqual(page.faults, []);
});

test('the live list keeps a part unfolded, the focus and the scroll', async (t) => {
  const gateway = await start(t);
  await gateway.push('one', 'a{x="1"} 1\na{x="2"} 1\nb 1\n');
  const page = await open(t, `${gateway.url}/`);
  await page.locator('details', { hasText: 'a' }).first().locator('summary').click();
  await page.getByRole('checkbox', { name: 'live' }).check();
  await page.locator('a.to').first().focus();
  await gateway.push('one', 'a{x="1"} 77\na{x="2"} 1\nb 88\n');
  await page.locator('summary', { hasText: '88' }).waitFor();
  await page.getByText('77', { exact: true }).waitFor();
  assert.ok(await page.locator('a.to').first().evaluate((link) => link === document.activeElement));
  assert.deepEqual(page.faults, []);
});

test('all is read without a script, and nothing is dead', async (t) => {
  const gateway = await filled(t, '--web.enable-admin-api');
  const page = await open(t, `${gateway.url}/`, { javaScriptEnabled: false });
  assert.equal(await rows(page).count(), 50);
  await page.getByRole('searchbox').fill('i05');
  await page.getByRole('button', { name: 'Find' }).click();
  assert.equal(await rows(page).count(), 1);
  assert.equal(await page.locator('button:visible').count(), 1);
  assert.equal(await page.locator('input[type=checkbox]:visible').count(), 0);
  await page.locator('a.to').click();
  assert.equal(await page.locator('button:visible').count(), 0);
  await page.goto(`${gateway.url}/status`);
  assert.match(await page.locator('main').innerText(), /Flags that were given[^]*web.enable-admin-api/);
});

test('labels of strangers stay labels', async (t) => {
  const gateway = await start(t);
  const hostile = ['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "' onmouseover='alert(1)", '\u202egnirts', '\u0007bell', 'A'.repeat(3000)];
  for (const value of hostile) {
    const encoded = Buffer.from(value).toString('base64url');
    const pushed = await gateway.send('PUT', `/metrics/job@base64/${encoded}`, `# HELP a ${value.replace(/\n/g, '')}\na{l=${JSON.stringify(value.replace('\u0007', ''))}} 1\n`);
    assert.equal(pushed.status, 200, pushed.text);
  }
  const page = await open(t, `${gateway.url}/`);
  page.on('dialog', () => assert.fail('a script of a label has run'));
  assert.equal(await rows(page).count(), hostile.length);
  assert.equal(await page.locator('main img, main script').count(), 0);
  assert.match(await page.locator('.groups').innerText(), /\u2407bell/);
  assert.ok((await page.locator('.groups').innerText()).length < 5000);
  const links = await page.locator('a.to').evaluateAll((all) => all.map((link) => link.href));
  for (const link of links) {
    await page.goto(link);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.match(await page.locator('h1').innerText(), /job=/);
  }
  assert.deepEqual(page.faults, []);
});

test('keys find and move', async (t) => {
  const gateway = await filled(t);
  const page = await open(t, `${gateway.url}/?sort=job`);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /i03/);
  await page.keyboard.press('k');
  assert.match(await page.evaluate(() => document.activeElement.innerText), /i00/);
  await page.keyboard.press('/');
  await page.keyboard.type('i07');
  await page.keyboard.press('Enter');
  await page.waitForURL(/match=i07/);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await page.waitForURL(/group=/);
  assert.match(await page.locator('h1').innerText(), /i07/);
});
