// Follows server-sent events by fetch: EventSource can't send the header that carries the token.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;
const SILENT_MS = 45_000; // three heartbeats: the connection is dead although nobody said so

/**
 * Follow an address until the returned function is called.
 *
 * @param {string} address
 * @param {() => string | null} token  gives the token, null for none
 * @param {{state: (name: string, detail?: string) => void, event: (call: object) => void}} on
 */
export function follow(address, token, on) {
  const stop = new AbortController();
  run(address, token, on, stop.signal);
  return () => stop.abort();
}

async function run(address, token, on, stopped) {
  let seen = null;
  let tries = 0;
  while (!stopped.aborted) {
    on.state(tries ? "reconnecting" : "connecting");
    const watch = watchdog(stopped);
    try {
      const response = await open(address, token(), seen, watch.signal);
      if (response.status === 401 || response.status === 403) {
        on.state(response.status === 401 ? "token" : "refused", await detailOf(response));
        return;
      }
      if (!response.ok) throw new Error(await detailOf(response));
      tries = 0;
      on.state("open");
      for await (const event of events(response.body, watch.alive)) {
        seen = event.id ?? seen;
        if (event.name === "score") on.event(JSON.parse(event.data));
      }
    } catch {
      // whatever went wrong, it is tried again
    } finally {
      watch.end();
    }
    tries += 1;
    if (!stopped.aborted) await pause(tries, on, stopped);
  }
}

function open(address, token, seen, signal) {
  const headers = { Accept: "text/event-stream" };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (seen !== null) headers["Last-Event-ID"] = seen;
  return fetch(address, { headers, signal, cache: "no-store", credentials: "omit" });
}

/** Give a signal that ends a silent connection, and with it whoever waits for it. */
function watchdog(stopped) {
  const silent = new AbortController();
  let timer;
  const alive = () => {
    clearTimeout(timer);
    timer = setTimeout(() => silent.abort(), SILENT_MS);
  };
  const end = () => {
    clearTimeout(timer);
    silent.abort();
    stopped.removeEventListener("abort", end);
  };
  stopped.addEventListener("abort", end);
  alive();
  return { signal: silent.signal, alive, end };
}

/** Wait longer after each failure, and never as long as all the others. */
async function pause(tries, on, stopped) {
  const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (tries - 1));
  const wait = longest * (0.5 + Math.random() / 2);
  on.state("reconnecting", `${Math.max(1, Math.round(wait / 1000))} s`);
  await new Promise((done) => {
    const timer = setTimeout(done, wait);
    stopped.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
    addEventListener("online", done, { once: true });
  });
}

async function* events(body, alive) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    alive();
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    yield* blocks.map(read).filter((event) => event.data);
  }
}

/** Read one block of lines, as our service writes them. */
export function read(block) {
  const event = { name: "message", id: null, data: "" };
  for (const line of block.split("\n")) {
    const [, field, value] = /^(\w*): ?(.*)$/.exec(line) ?? [];
    if (field === "event") event.name = value;
    if (field === "id") event.id = value;
    if (field === "data") event.data += value;
  }
  return event;
}

/** Say what a problem document says. */
export async function detailOf(response) {
  try {
    return (await response.json()).detail;
  } catch {
    return `the service answered ${response.status}`;
  }
}
