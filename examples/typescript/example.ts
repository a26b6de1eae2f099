// Scores a call as it begins, then follows it: npm start -- http://127.0.0.1:8000 $KEY

import type { components } from "./schema.d.ts";

type Schemas = components["schemas"];
type ScoreRequest = Schemas["ScoreRequest"];
type Score = Schemas["Score"];
type Call = Schemas["Call"];
type Problem = Schemas["Problem"];

const [address = "http://127.0.0.1:8000", key = ""] = process.argv.slice(2);

async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set("Content-Type", "application/json");
  if (key) headers.set("Authorization", `Bearer ${key}`);
  const answer = await fetch(address + path, { ...options, headers });
  if (!answer.ok) throw new Error(((await answer.json()) as Problem).detail);
  return answer;
}

async function score(request: ScoreRequest): Promise<Score> {
  const answer = await ask("/v1/score", { method: "POST", body: JSON.stringify(request) });
  return (await answer.json()) as Score;
}

/** Give the call after each score; begins again, with what was missed, where a connection breaks. */
async function* follow(contactId: string): AsyncGenerator<Call> {
  let seen: string | undefined;
  for (;;) {
    const headers: Record<string, string> = seen ? { "Last-Event-ID": seen } : {};
    try {
      const answer = await ask(`/v1/calls/${encodeURIComponent(contactId)}/events`, { headers });
      let text = "";
      for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
        const blocks = (text + chunk).split("\n\n");
        text = blocks.pop() ?? "";
        for (const block of blocks) {
          const data = /^data: (.*)$/m.exec(block)?.[1];
          seen = /^id: (.*)$/m.exec(block)?.[1] ?? seen;
          if (data) yield JSON.parse(data) as Call;
        }
      }
    } catch (error) {
      console.error(String(error));
    }
    await new Promise((done) => setTimeout(done, 2000));
  }
}

const contact_id = `example-${Date.now()}`;
const began = new Date().toISOString();
const first = await score({ contact_id, customer_id: "u-17", moment: "start", started_at: began });
console.log(`comes back: ${first.repeated.band} (${first.repeated.probability})`);

for await (const call of follow(contact_id)) {
  const now = call.scores[call.moment];
  console.log(call.moment, now?.repeated.band, call.check.map((item) => item.text));
  for (const reason of now?.reasons ?? []) console.log("  because", reason.text);
  if (call.moment === "wrapup") break;
  setTimeout(() => void score({ contact_id, moment: "wrapup", started_at: began }), 1000);
}
