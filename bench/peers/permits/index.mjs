// Not a peer: asks one Lane for permits, {calls} times {n}, as the queue's
// consumers do (shared/lane/invoke.go has the form), and counts the slots.
const text = new TextEncoder();

function bytes(...fields) {
  const parts = fields.map((f) => text.encode(f));
  const out = new Uint8Array(parts.reduce((size, p) => size + 4 + p.length, 4)); // the last four: no bodies
  const view = new DataView(out.buffer);
  let at = 0;
  for (const p of parts) {
    view.setUint32(at, p.length, true);
    out.set(p, at + 4);
    at += 4 + p.length;
  }
  return out;
}

export default {
  async fetch(request, env) {
    const { tenant, destination, calls, n } = await request.json();
    const lane = env.LANE.get(env.LANE.idFromName(`${tenant}/${destination}`));
    const payload = bytes(tenant, destination, JSON.stringify({ N: n, Horizon: 10e9, Lease: 1e9 }));
    let slots = 0;
    for (let i = 0; i < calls; i++) {
      const answer = await lane.invoke("permit", payload);
      if (answer[0] !== 0) return new Response(`error ${answer[0]}`, { status: 500 });
      const size = new DataView(answer.buffer, answer.byteOffset).getUint32(1, true);
      slots += JSON.parse(new TextDecoder().decode(answer.subarray(5, 5 + size))).Slots.length;
    }
    return Response.json({ slots });
  },
};
