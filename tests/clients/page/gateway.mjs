// Starts the server under test and pushes to it. SERVER_COMMAND is a JSON array of words, with {port} and {flags}.
import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { chromium } from 'playwright-core';

export const json = (value) => JSON.stringify(value);

export const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
});

const freePort = () => new Promise((done) => {
  const server = net.createServer().listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    server.close(() => done(port));
  });
});

export async function start(test, ...flags) {
  const port = await freePort();
  const words = JSON.parse(process.env.SERVER_COMMAND)
    .flatMap((word) => (word === '{flags}' ? flags : [word.replace('{port}', port)]));
  const process_ = spawn(words[0], words.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
  let log = '';
  process_.stderr.on('data', (data) => { log = (log + data).slice(-20000); });
  test.after(() => process_.kill('SIGKILL'));
  const url = `http://127.0.0.1:${port}`;
  const prefix = flags.find((flag) => flag.startsWith('--web.route-prefix='))?.slice('--web.route-prefix='.length)
    ?? flags.find((flag) => flag.startsWith('--web.external-url='))?.replace(/^[^/]*\/\/[^/]*/, '') ?? '';
  for (let i = 0; ; i++) {
    try {
      if ((await fetch(`${url}${prefix.replace(/\/$/, '')}/-/ready`)).ok) {
        break;
      }
    } catch (error) {
      if (i > 600 || process_.exitCode !== null) {
        throw new Error(`the server did not start: ${error}\n${log}`);
      }
    }
    await new Promise((done) => { setTimeout(done, 100); });
  }
  const send = async (method, path, body, headers) => {
    const answer = await fetch(url + path, { method, body, headers });
    return { status: answer.status, text: await answer.text() };
  };
  return {
    port,
    url,
    log: () => log,
    push: (path, body) => send('PUT', `/metrics/job/${path}`, body),
    post: (path, body, headers) => send('POST', `/metrics/job/${path}`, body, headers),
    pushMany: (count, group) => pushMany(port, count, group),
    send,
    groups: async () => (await (await fetch(`${url}/api/v1/metrics`)).json()).data.map((group) => group.labels),
  };
}

// Pushes one series to each of many groups, one request after the other without waiting for answers.
function pushMany(port, count, group) {
  return new Promise((done, fail) => {
    const socket = net.connect(port, '127.0.0.1');
    let [sent, answered, rest] = [0, 0, ''];
    socket.on('error', fail);
    socket.on('data', (data) => {
      const text = rest + data.toString('latin1');
      answered += text.split('HTTP/1.1 200').length - 1;
      rest = text.slice(-('HTTP/1.1 200'.length - 1));
      if (answered === count) {
        socket.end();
        done();
      }
      more();
    });
    const more = () => {
      for (let text = ''; sent < count && sent - answered < 2000; text = '') {
        for (const end = Math.min(count, sent + 500); sent < end; sent++) {
          text += `PUT /metrics/job/${group(sent)} HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\nrows ${String(sent).padStart(6, '0')}\n`;
        }
        socket.write(text);
      }
    };
    more();
  });
}

// A delimited family of one native histogram, in protobuf.
export function nativeHistogram(name, sum, deltas) {
  const varint = (value) => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)]);
  const signed = (value) => varint(value < 0 ? (-value * 2) - 1 : value * 2);
  const bytes = (field, content) => [(field * 8) + 2, ...varint(content.length), ...content];
  const double = (field, value) => [(field * 8) + 1, ...new Uint8Array(new Float64Array([value]).buffer)];
  let bucket = 0;
  const count = deltas.reduce((all, delta) => { bucket += delta; return all + bucket; }, 0);
  const span = [8, ...signed(-8), 16, ...varint(deltas.length)];
  const histogram = [8, ...varint(count), ...double(2, sum), 5 * 8, ...signed(3), ...double(6, 1e-6), 7 * 8, 0, ...bytes(12, span), ...bytes(13, deltas.flatMap(signed))];
  const family = [...bytes(1, [...Buffer.from(name)]), 3 * 8, 4, ...bytes(4, bytes(7, histogram))];
  return Buffer.from([...varint(family.length), ...family]);
}

// A reverse proxy that takes what is below a path away.
export async function strip(test, gateway, prefix) {
  const server = http.createServer((request, response) => {
    if (!request.url.startsWith(`${prefix}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { port } = gateway;
    const onward = http.request(
      { port, host: '127.0.0.1', method: request.method, path: request.url.slice(prefix.length), headers: request.headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }).listen(0, '127.0.0.1');
  await new Promise((done) => { server.on('listening', done); });
  test.after(() => server.close());
  return `http://127.0.0.1:${server.address().port}${prefix}`;
}

export async function open(test, address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  test.after(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20000);
  const faults = [];
  page.on('pageerror', (error) => faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (4|5)\d\d/.test(message.text())) {
      faults.push(message.text());
    }
  });
  page.faults = faults;
  await page.goto(address);
  return page;
}

export const rows = (page) => page.locator('.groups tbody tr');
export const said = (page, text) => page.locator('#say', { hasText: text }).waitFor();
