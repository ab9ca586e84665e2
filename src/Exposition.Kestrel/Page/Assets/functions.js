// Delete buttons of the page. The addresses are relative to the page, so they work behind any path of a reverse proxy.
'use strict';

const message = document.getElementById('message');

async function send(button, method, address, question, done) {
  if (!window.confirm(question)) {
    return;
  }
  button.disabled = true;
  try {
    const answer = await fetch(address, { method, headers: { 'Exposition-Page': '1' } });
    if (!answer.ok) {
      throw new Error(answer.status + ' ' + (await answer.text()));
    }
    done();
  } catch (error) {
    button.disabled = false;
    message.textContent = 'Deleting failed: ' + error.message;
  }
}

function setCount(change) {
  const count = document.getElementById('count');
  if (count) {
    const groups = change(Number(count.textContent));
    count.textContent = String(groups);
    count.closest('button').disabled = groups === 0;
  }
}

document.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (button === null) {
    return;
  }
  if (button.dataset.delete !== undefined) {
    const group = button.dataset.group;
    send(button, 'DELETE', button.dataset.delete, 'Delete all metrics of group ' + group + '?', () => {
      button.closest('details.group').remove();
      setCount((groups) => Math.max(groups - 1, 0));
      message.textContent = 'Deleted ' + group;
    });
  } else if (button.dataset.wipe !== undefined) {
    send(button, 'PUT', button.dataset.wipe, 'Delete all metrics of ALL groups?', () => {
      document.querySelectorAll('details.group, nav.pages').forEach((part) => part.remove());
      setCount(() => 0);
      message.textContent = 'Deleted all groups';
    });
  }
});
