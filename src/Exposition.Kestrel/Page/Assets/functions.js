// Deletes, refreshes, copies, knows some keys. Addresses are relative to the page, which holds behind any proxy.
'use strict';

const every = 5000;
const typed = 11; // Groups from which on the number is typed.
const $ = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const ask = $('#ask');
document.documentElement.classList.add('on');

function say(text, bad = false) {
  const line = $('#say');
  line.textContent = text;
  line.classList.toggle('bad', bad);
}

function localTimes() {
  for (const time of all('time[datetime]')) {
    if (!time.title.includes('(')) {
      time.title = `${new Date(time.dateTime).toLocaleString()} (${time.title})`;
    }
  }
}

// Only the browser knows what a silent proxy does.
function ownAddress() {
  for (const text of all('[data-root]')) {
    const root = new URL(text.dataset.to, location.href).href.replaceAll("'", '%27');
    text.textContent = text.textContent.replaceAll(text.dataset.root, () => root);
    text.removeAttribute('data-root');
  }
}

function settle() {
  localTimes();
  ownAddress();
  count();
}

// What is unfolded, focused, selected and scrolled stays.
async function refresh(mayStill = () => true) {
  const answer = await fetch(location.href, { headers: { Accept: 'text/html' } });
  const text = await answer.text();
  const now = new DOMParser().parseFromString(text, 'text/html');
  if (!now.querySelector('main')) {
    throw new Error(`${answer.status} ${text}`.trim());
  }
  if (!mayStill()) {
    return;
  }
  for (const part of ['header', 'main']) {
    Idiomorph.morph($(part), now.querySelector(part), {
      callbacks: {
        beforeAttributeUpdated: (name, node) => !(name === 'open' && node.localName === 'details'),
        beforeNodeMorphed: (node) => !(node.localName === 'form' && node.classList.contains('find')),
      },
    });
  }
  settle();
}

async function renewed(text, bad) {
  try {
    await refresh();
    say(text, bad);
  } catch (error) {
    say(`${text} The page is old: ${error.message}`, true);
  }
}

async function reason(answer) {
  let text = await answer.text();
  try {
    text = JSON.parse(text).error ?? text;
  } catch {
    // It is no JSON.
  }
  return `${answer.status} ${text}`.trim();
}

async function send(method, address) {
  const answer = await fetch(address, { method, headers: { 'Exposition-Page': '1' } });
  if (!answer.ok) {
    throw new Error(await reason(answer));
  }
  return answer;
}

function confirmed(question, groups, details) {
  ask.querySelector('.question').textContent = question;
  ask.querySelector('.details').textContent = details;
  const field = ask.querySelector('label');
  const input = field.querySelector('input');
  const go = ask.querySelector('[value=go]');
  field.hidden = groups < typed;
  input.value = '';
  const check = () => { go.disabled = groups >= typed && input.value.trim() !== String(groups); };
  input.oninput = check;
  check();
  ask.returnValue = '';
  ask.showModal();
  return new Promise((done) => {
    ask.addEventListener('close', () => done(ask.returnValue === 'go'), { once: true });
  });
}

const plural = (number, what) => `${number} ${what}${number === 1 ? '' : 's'}`;
const some = (names) => names.slice(0, 10).join(', ') + (names.length > 10 ? ` and ${names.length - 10} more` : '');

async function acts(button, what) {
  button.disabled = true;
  try {
    await what();
  } catch (error) {
    say(`Deleting failed: ${error.message}`, true);
  } finally {
    button.disabled = false;
    count();
  }
}

// Rows that go hand the focus on to the next one.
async function gone(rows, text, bad) {
  const next = rows.at(-1).nextElementSibling ?? rows[0].previousElementSibling;
  const to = next?.querySelector('a.to').getAttribute('href');
  rows.forEach((row) => row.remove());
  await renewed(text, bad);
  const links = all('.groups a.to');
  (links.find((link) => link.getAttribute('href') === to) ?? links[0] ?? $('main')).focus();
}

const selected = () => all('.groups tbody tr').filter((row) => row.querySelector('input[name=g]')?.checked);

function count() {
  const button = $('#selected');
  if (button) {
    button.disabled = selected().length === 0;
  }
}

const actions = {
  async one(button) {
    const { address, group, home } = button.dataset;
    if (await confirmed(`Delete ${group}?`, 1, 'All its metrics go, and its push times.')) {
      await send('DELETE', address);
      location.assign(home);
    }
  },

  async some() {
    const rows = selected();
    const jobs = [...new Set(rows.map((row) => row.querySelector('.job').textContent.slice(5, -1)))];
    if (!await confirmed(`Delete ${plural(rows.length, 'group')}?`, rows.length, `Of ${plural(jobs.length, 'job')}: ${some(jobs)}`)) {
      return;
    }
    const done = [];
    let failure;
    try {
      for (const row of rows) {
        await send('DELETE', row.dataset.address);
        done.push(row);
      }
    } catch (error) {
      failure = error;
    }
    if (done.length === 0) {
      throw failure;
    }
    const failed = failure ? ` of ${rows.length}, the next failed: ${failure.message}` : '.';
    await gone(done, `Deleted ${plural(done.length, 'group')}${failed}`, !!failure);
  },

  // As many as the dry run has said, or none.
  async matching(button) {
    const { address } = button.dataset;
    const found = (await (await send('DELETE', `${address}&dry-run=true`)).json()).data;
    const jobs = [...new Set((found.first ?? []).map((group) => group.labels?.job ?? ''))];
    const details = `${plural(found.series, 'series')}. Jobs of the first of them: ${some(jobs)}`;
    if (await confirmed(`Delete all ${plural(found.groups, 'group')} that match?`, found.groups, details)) {
      await send('DELETE', `${address}&expect=${found.groups}`);
      await renewed(`Deleted ${plural(found.groups, 'group')}.`);
    }
  },

  async wipe(button) {
    const groups = Number(button.dataset.groups);
    if (await confirmed(`Delete all ${plural(groups, 'group')}?`, groups, 'All metrics of all groups go, also of groups that come meanwhile.')) {
      await send('PUT', button.dataset.address);
      await renewed('Deleted all groups.');
    }
  },
};

async function copy(button) {
  const text = button.previousElementSibling;
  try {
    await navigator.clipboard.writeText(text.textContent);
    say('Copied.');
  } catch {
    // No clipboard over plain HTTP.
    getSelection().selectAllChildren(text);
    say('Selected: copy it with your keyboard.');
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button?.dataset.do) {
    acts(button, () => actions[button.dataset.do](button));
  } else if (button?.dataset.copy !== undefined) {
    copy(button);
  }
});

document.addEventListener('change', (event) => {
  if (event.target.id === 'every') {
    all('input[name=g]').forEach((box) => { box.checked = event.target.checked; });
  }
  if (event.target.id === 'live') {
    sessionStorage.setItem('live', event.target.checked ? '1' : '');
  }
  count();
});

document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || ask.open || /^(input|select|textarea)$/i.test(event.target.localName)) {
    return;
  }
  const links = all('.groups tbody a.to');
  const at = links.indexOf(document.activeElement);
  if (event.key === '/' && $('input[type=search]')) {
    event.preventDefault();
    $('input[type=search]').focus();
  } else if (event.key === 'j') {
    links[Math.min(at + 1, links.length - 1)]?.focus();
  } else if (event.key === 'k') {
    links[Math.max(at - 1, 0)]?.focus();
  }
});

const live = $('#live');
if (live) {
  const busy = () => document.hidden || ask.open || selected().length > 0 || document.activeElement?.matches('input[type=search], select');
  let failed = false;
  live.checked = sessionStorage.getItem('live') === '1';
  const next = async () => {
    try {
      if (live.checked && !busy()) {
        await refresh(() => !busy());
        if (failed) {
          say('');
        }
        failed = false;
      }
    } catch (error) {
      failed = true;
      say(`Refreshing failed: ${error.message}`, true);
    }
    setTimeout(next, every);
  };
  setTimeout(next, every);
}

settle();
