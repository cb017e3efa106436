// The peer of writes: what a careful person writes by hand who needs a queue
// and nothing else. It takes one write or a list, puts it on a queue in
// batches, and sends what comes from there, six at a time. No order, no pace,
// no idempotency, no retry of its own, nothing kept.
const connections = 6;

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const json = await request.json();
    const list = Array.isArray(json) ? json : [json];
    const queue = pathname === "/sent" ? env.SENT : env.STORED;
    for (let i = 0; i < list.length; i += 100) await queue.sendBatch(list.slice(i, i + 100).map((body) => ({ body, contentType: "json" })));
    return Response.json({ accepted: list.length }, { status: 202 });
  },
  async queue(batch) {
    const waiting = [...batch.messages];
    await Promise.all(Array.from({ length: connections }, async () => {
      for (let m = waiting.shift(); m !== undefined; m = waiting.shift()) {
        const response = await fetch(m.body.url, { method: m.body.method, headers: { "content-type": "application/json" }, body: JSON.stringify(m.body.body) });
        await response.arrayBuffer();
        if (!response.ok) m.retry();
      }
    }));
  },
};
