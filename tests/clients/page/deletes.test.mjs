import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { browser, open, rows, said, start, strip } from './gateway.mjs';

after(() => browser.close());

const ask = (page) => page.locator('#ask');
const confirm = (page) => ask(page).getByRole('button', { name: 'Delete' }).click();

test('a group is deleted from its own place, and cancelling deletes nothing', async (t) => {
  const gateway = await start(t);
  await gateway.push('one', 'a 1\n');
  await gateway.push('two', 'a 1\n');
  const page = await open(t, `${gateway.url}/`);
  await page.locator('a.to', { hasText: 'one' }).click();
  await page.getByRole('button', { name: 'Delete this group' }).click();
  await ask(page).getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await gateway.groups()).length, 2);
  await page.getByRole('button', { name: 'Delete this group' }).click();
  await confirm(page);
  await page.waitForURL(`${gateway.url}/`);
  assert.deepEqual((await gateway.groups()).map((labels) => labels.job), ['two']);
});

test('those that are ticked are deleted, and the focus goes on', async (t) => {
  const gateway = await start(t);
  for (const job of ['a', 'b', 'c', 'd']) {
    await gateway.push(job, 'm 1\n');
  }
  const page = await open(t, `${gateway.url}/?sort=job`);
  await page.getByRole('checkbox', { name: /"b"/ }).check();
  await page.getByRole('checkbox', { name: /"c"/ }).check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  assert.match(await ask(page).innerText(), /2 groups[^]*2 jobs: b, c/);
  await confirm(page);
  await said(page, 'Deleted 2 groups.');
  assert.equal(await rows(page).count(), 2);
  assert.match(await page.locator('.sum').innerText(), /2 groups/);
  assert.match(await page.evaluate(() => document.activeElement.innerText), /"d"/);
});

test('a delete that fails is seen, with the reason', async (t) => {
  const gateway = await start(t);
  for (let i = 0; i < 40; i++) {
    await gateway.push(`j${i}`, 'm 1\n');
  }
  const page = await open(t, `${gateway.url}/?sort=job`);
  await page.route('**/metrics/job**', (route) => (route.request().method() === 'DELETE'
    ? route.fulfill({ status: 503, body: 'not ready: the persisted metrics are being loaded' }) : route.continue()));
  const last = page.getByRole('checkbox', { name: /Select \{.*"j9"/ });
  await last.scrollIntoViewIfNeeded();
  await last.check();
  await page.getByRole('button', { name: 'Delete selected' }).click();
  await confirm(page);
  await said(page, 'Deleting failed: 503 not ready');
  const box = await page.locator('#say').boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 800, JSON.stringify(box));
  assert.equal(await rows(page).count(), 40);
});

test('of deletes of which one fails it is said how many were done', async (t) => {
  const gateway = await start(t);
  for (const job of ['a', 'b', 'c', 'd']) {
    await gateway.push(job, 'm 1\n');
  }
  const page = await open(t, `${gateway.url}/?sort=job`);
  const third = await rows(page).nth(2).getAttribute('data-address');
  await page.route(`**/${third}`, (route) => route.fulfill({ status: 503, body: 'not now' }));
  for (const job of ['a', 'b', 'c', 'd']) {
    await page.getByRole('checkbox', { name: `"${job}"` }).check();
  }
  await page.getByRole('button', { name: 'Delete selected' }).click();
  await confirm(page);
  await said(page, 'Deleted 2 groups of 4, the next failed: 503 not now');
  assert.ok(await page.locator('#say').evaluate((line) => line.classList.contains('bad')));
  assert.deepEqual((await gateway.groups()).map((labels) => labels.job), ['c', 'd']);
  assert.equal(await rows(page).count(), 2);
});

test('all that match are deleted, as many as were asked about or none', async (t) => {
  const gateway = await start(t, '--web.enable-admin-api');
  for (let i = 0; i < 12; i++) {
    await gateway.push(`batch/instance/${i}`, 'm 1\n');
  }
  await gateway.push('other', 'm 1\n');
  const page = await open(t, `${gateway.url}/?match=${encodeURIComponent('{job="batch"}')}`);
  await page.getByRole('button', { name: /Delete all 12 matching/ }).click();
  await ask(page).waitFor();
  const go = ask(page).getByRole('button', { name: 'Delete' });
  assert.ok(await go.isDisabled());
  await gateway.push('batch/instance/late', 'm 1\n');
  await ask(page).getByRole('textbox').fill('12');
  await go.click();
  await said(page, 'Deleting failed: 409');
  assert.equal((await gateway.groups()).length, 14);

  await page.reload();
  await page.getByRole('button', { name: /Delete all 13 matching/ }).click();
  await ask(page).getByRole('textbox').fill('13');
  await go.click();
  await said(page, 'Deleted 13 groups.');
  assert.deepEqual((await gateway.groups()).map((labels) => labels.job), ['other']);
});

test('by the keyboard alone', async (t) => {
  const gateway = await start(t, '--web.enable-admin-api');
  await gateway.push('one', 'm 1\n');
  await gateway.push('two', 'm 1\n');
  const page = await open(t, `${gateway.url}/?sort=job`);
  const press = async (key, until) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press(key);
      if (await page.evaluate(until)) {
        return;
      }
    }
    assert.fail(`${key} did not lead to ${until}`);
  };
  await press('Tab', 'document.activeElement.name === "g"');
  await page.keyboard.press('Space');
  await press('Tab', 'document.activeElement.id === "selected"');
  await page.keyboard.press('Enter');
  await press('Tab', 'document.activeElement.value === "go"');
  await page.keyboard.press('Enter');
  await said(page, 'Deleted 1 group.');
  await press('Tab', 'document.activeElement.dataset.do === "wipe"');
  await page.keyboard.press('Enter');
  await press('Tab', 'document.activeElement.value === "go"');
  await page.keyboard.press('Enter');
  await said(page, 'Deleted all groups.');
  assert.deepEqual(await gateway.groups(), []);
});

for (const [name, flags, path, stripped, told] of [
  ['kept', ['--web.route-prefix=/sub/'], '/sub', false],
  ['stripped', [], '/sub', true],
  ['of an external URL', ['--web.external-url=http://127.0.0.1/sub', '--web.route-prefix=/'], '/sub', true, 'http://127.0.0.1/sub'],
]) {
  test(`below a prefix that is ${name}`, async (t) => {
    const gateway = await start(t, '--web.enable-admin-api', ...flags);
    const base = stripped ? await strip(t, gateway, path) : gateway.url + path;
    assert.equal((await fetch(`${base}/metrics/job/one`, { method: 'PUT', body: 'm 1\n' })).status, 200);
    assert.equal((await fetch(`${base}/metrics/job/two`, { method: 'PUT', body: 'm 1\n' })).status, 200);
    const page = await open(t, `${base}/`);
    const rules = () => page.evaluate(() => [...document.styleSheets].map((sheet) => sheet.cssRules.length).filter((count) => count > 20).length);
    assert.equal(await rules(), 1);
    await page.getByRole('link', { name: 'Status' }).click();
    await page.waitForURL(`${base}/status`);
    assert.equal(await rules(), 1);
    await page.getByRole('link', { name: 'Jobs' }).click();
    await page.getByRole('link', { name: 'one' }).click();
    await page.locator('a.to').click();
    const copied = await page.locator('pre').allInnerTexts();
    assert.ok(copied.includes(`curl -X PUT --data-binary @metrics.txt '${told ?? base}/metrics/job/one'`), copied.join('\n'));
    await page.getByRole('button', { name: 'Delete this group' }).click();
    await confirm(page);
    await page.waitForURL(`${base}/`);
    await rows(page).first().waitFor();
    assert.equal(await rows(page).count(), 1);
    await page.getByRole('button', { name: 'Delete All Groups' }).click();
    await confirm(page);
    await said(page, 'Deleted all groups.');
    assert.match(await page.locator('main').innerText(), /Nothing is stored/);
    assert.ok((await page.locator('pre').first().innerText()).includes(`'${told ?? base}/metrics/job/some_job'`));
    assert.deepEqual(page.faults, []);
  });
}

test('a page of another origin deletes nothing', async (t) => {
  const gateway = await start(t, '--web.enable-admin-api', '--web.enable-lifecycle');
  await gateway.push('one', 'm 1\n');
  const page = await open(t, `${gateway.url.replace('127.0.0.1', 'localhost')}/static/`);
  const tries = [['DELETE', '/metrics/job/one'], ['PUT', '/api/v1/admin/wipe'], ['DELETE', '/api/v1/admin/groups?match[]={job="one"}'],
    ['PUT', '/-/quit'], ['POST', '/-/quit'], ['POST', '/metrics/job/one'], ['POST', '/-/reload']];
  for (const [method, path] of tries) {
    for (const mode of ['cors', 'no-cors']) {
      await page.evaluate(async ([address, options]) => {
        try {
          await fetch(address, options);
        } catch {
          // As it should be.
        }
      }, [gateway.url + path, { method, mode, body: method === 'DELETE' ? undefined : 'm 2\n' }]);
    }
  }
  await page.evaluate((address) => {
    const form = document.createElement('form');
    form.method = 'post';
    form.action = address;
    document.body.append(form);
    form.submit();
  }, `${gateway.url}/-/quit`);
  await page.waitForTimeout(500);
  assert.match((await gateway.send('GET', '/metrics')).text, /^m\{instance="",job="one"\} 1$/m);
});

test('nothing is shown that the server would refuse', async (t) => {
  const gateway = await start(t, '--web.enable-admin-api', '--web.disable-delete');
  await gateway.push('one', 'm 1\n');
  const page = await open(t, `${gateway.url}/`);
  assert.equal(await page.locator('[data-do]').count(), 0);
  await page.locator('a.to').click();
  assert.equal(await page.locator('[data-do]').count(), 0);
  for (const [method, path] of [['DELETE', '/metrics/job/one'], ['PUT', '/api/v1/admin/wipe'], ['DELETE', '/api/v1/admin/groups?match[]={job="one"}']]) {
    assert.equal((await gateway.send(method, path)).status, 403, path);
  }
});
