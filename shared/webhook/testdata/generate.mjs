// Writes the corpus: `node shared/webhook/testdata/generate.mjs`.
//
// Signatures are made here, by Node's crypto, and not by the code they test.
// Cases with a published signature carry it verbatim, with its source.
// The output is deterministic; commit it.
import { createHmac, createPrivateKey, createPublicKey, sign as edSign, createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
for (const e of readdirSync(root, { withFileTypes: true })) if (e.isDirectory() && e.name !== 'fuzz') rmSync(join(root, e.name), { recursive: true });

const NOW = 1767268800; // 2026-01-01T12:00:00Z
const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');
const hmac = (alg, key, enc, ...msg) => msg.reduce((h, m) => h.update(m), createHmac(alg, key)).digest(enc);

function write(provider, name, c) {
  mkdirSync(join(root, provider), { recursive: true });
  const body = Buffer.isBuffer(c.body) ? c.body : Buffer.from(c.body);
  const secrets = c.secrets.map((s) => `${s.id} ${s.from ?? '-'} ${s.until ?? '-'} ${s.value}\n`).join('');
  const want = c.error ? `error: ${c.error}\n` : 'ok\n' + Object.entries(c.want).map(([k, v]) => `${k}: ${v}\n`).join('');
  writeFileSync(join(root, provider, name + '.txtar'), Buffer.concat([
    Buffer.from(`${c.why}\n-- request --\n${c.method ?? 'POST'} https://hooks.example.com/webhooks/acme/${provider}\n`),
    Buffer.from(c.headers.map(([k, v]) => `${k}: ${v}\n`).join('') + '\n'),
    body,
    Buffer.from(`\n-- secrets --\n${secrets}-- now --\n${c.now ?? NOW}\n-- want --\n${want}`),
  ]));
}

// The cases every row has. p says how its provider signs:
//   headers(secret, body, ts) → header lines, the signature's name in p.signature
function common(provider, p) {
  const [a, b] = p.secrets;
  const main = { id: 'main', value: a }, next = { id: 'next', value: b };
  const set = (hs, name, f) => hs.map(([k, v]) => (k === name ? [k, f(v)] : [k, v]));
  const ok = (over = {}) => ({ id: p.id, type: p.type, time: p.time ?? '-', secret: 'main', authenticated: 'signature', ...over });
  const base = { body: p.body, secrets: [main], headers: p.headers(a, p.body, NOW) };
  const put = (name, c) => write(provider, (p.prefix ?? '') + name, { ...base, ...c });

  put('accept', { why: `A delivery as the provider sends it.${p.whyAccept ? ' ' + p.whyAccept : ''}`, want: ok() });
  put('second-secret', {
    why: 'While a secret rotates, a delivery signed with either is accepted, and the result says with which.',
    secrets: [main, next], headers: p.headers(b, p.body, NOW), want: ok({ secret: 'next' }),
  });
  put('first-secret', { why: 'The older secret still verifies during the overlap.', secrets: [main, next], want: ok() });
  put('secret-ended', {
    why: 'The overlap has ended: the old secret no longer verifies.',
    secrets: [{ ...main, until: NOW }, next], error: 'bad_signature',
  });
  put('secret-not-yet', {
    why: 'A secret prepared for later does not verify before its time.',
    secrets: [next, { ...main, from: NOW + 1 }], error: 'bad_signature',
  });
  put('no-active-secret', {
    why: 'With every secret ended there is nothing to verify with: refused, never let through.',
    secrets: [{ ...main, until: NOW }], error: 'source_not_ready',
  });
  const changed = Buffer.from(p.body); changed[changed.length - 2] ^= 1;
  put('tampered-body', { why: 'One bit of the body differs from what was signed.', body: changed, error: 'bad_signature' });
  put('truncated-body', {
    why: 'The body was cut off on the way, as behind a reader with a limit (pitfall 14).',
    body: Buffer.from(p.body).subarray(0, -1), error: 'bad_signature',
  });
  put('tampered-signature', {
    why: 'One character of the signature differs.',
    headers: set(base.headers, p.signature, p.tamper), error: 'bad_signature',
  });
  put('wrong-secret', { why: 'Signed with a secret this source does not have.', headers: p.headers(p.wrong, p.body, NOW), error: 'bad_signature' });
  put('missing-signature', {
    why: 'No signature header at all (pitfall 1: refused, not skipped).',
    headers: base.headers.filter(([k]) => k !== p.signature), error: 'missing_signature',
  });
  put('empty-signature', { why: 'The signature header is there and empty.', headers: set(base.headers, p.signature, () => ''), error: 'missing_signature' });
  put('malformed-signature', { why: 'The signature is not in the scheme\'s form.', headers: set(base.headers, p.signature, p.malform), error: 'malformed_signature' });
  put('short-signature', { why: 'A signature cut short must not match as a prefix.', headers: set(base.headers, p.signature, p.shorten), error: 'bad_signature' });
  const forged = p.headers(p.wrong, p.body, NOW).find(([k]) => k === p.signature);
  put('duplicate-signature', {
    why: 'Two signature lines, the good one first: which one another reader sees is anybody\'s guess (pitfall 13).',
    headers: [...base.headers, forged], error: 'duplicate_header',
  });
  put('joined-signature', {
    why: 'The same two lines as the Fetch standard hands them on: joined by a comma and a space.',
    headers: set(base.headers, p.signature, (v) => `${v}, ${forged[1]}`), error: 'duplicate_header',
  });
  put('equal-duplicate-signature', { why: 'Two equal lines are refused too.', headers: [...base.headers, base.headers.find(([k]) => k === p.signature)], error: 'duplicate_header' });
  put('method', { why: 'The provider does not use this method.', method: 'PUT', error: 'method_not_allowed' });
  const odd = Buffer.from([0x7b, 0xff, 0x00, 0x0d, 0x0a, 0x7d]);
  put('not-utf-8', {
    why: 'The signature covers bytes, whatever they are; without a readable id the event is named by their hash.',
    body: odd, headers: (p.bareHeaders ?? p.headers)(a, odd, NOW), want: ok(p.odd(odd)),
  });
  if (!p.timed) return;
  put('edge-of-tolerance', { why: 'Exactly as old as the tolerance allows.', now: NOW + 300, want: ok() });
  put('stale', { why: 'One second older than the tolerance: a replay.', now: NOW + 301, error: 'stale_timestamp' });
  put('edge-of-future', { why: 'The provider\'s clock is ahead by just what is tolerated.', now: NOW - 300, want: ok() });
  put('future', { why: 'Dated further ahead than the tolerance (pitfall 8: bolt accepts a whole day).', now: NOW - 301, error: 'future_timestamp' });
  for (const [name, ts, why] of [
    ['milliseconds', NOW * 1000, 'Milliseconds where seconds belong are a date far ahead (pitfall 8).'],
    ['plus', `+${NOW}`, 'A sign is not a digit (pitfall 8).'],
    ['space', ` ${NOW}`, 'A space is not a digit (pitfall 8).'],
    ['fraction', `${NOW}.0`, 'The format has no fraction (pitfall 8).'],
    ['exponent', '1e9', 'The format has no exponent (pitfall 8).'],
    ['overflow', '99999999999999999999999', 'More digits than an integer holds (pitfall 8).'],
    ['arabic-digits', '١٧٦٧٢٦٨٨٠٠', 'Only ASCII digits count (pitfall 8).'],
  ]) {
    const error = name === 'milliseconds' ? 'future_timestamp' : 'malformed_signature';
    put(`timestamp-${name}`, { why: why + ' It is even signed so.', headers: p.headers(a, p.body, ts), error });
  }
  put('tampered-timestamp', { why: 'The timestamp was moved to look fresh.', headers: p.restamp(base.headers, NOW + 10), error: 'bad_signature' });
}

const flipHex = (v) => v.replace(/.$/, (c) => (c === '0' ? '1' : '0'));
const flipB64 = (v) => v.replace(/(.)(=*)$/, (_, c, pad) => (c === 'A' ? 'E' : 'A') + pad);
const sha = (...b) => 'sha256-' + b.reduce((h, x) => h.update(x), createHash('sha256')).digest('hex');

// --- GitHub ---------------------------------------------------------------
{
  const guid = '72d3162e-cc78-11e3-81ab-4c9367dc0958';
  const signed = (s, body) => ['X-Hub-Signature-256', 'sha256=' + hmac('sha256', s, 'hex', body)];
  const headers = (s, body) => [
    ['Content-Type', 'application/json'], ['X-GitHub-Event', 'push'], ['X-GitHub-Delivery', guid],
    ['X-Hub-Signature', 'sha1=' + hmac('sha1', s, 'hex', body)], signed(s, body),
  ];
  const body = '{"ref":"refs/heads/main","after":"6113728f27ae82c7b1a177c8d03f9e96e0adf246","repository":{"id":1296269}}';
  const secret = 'github-secret-one';
  const p = {
    secrets: [secret, 'github-secret-two'], wrong: 'github-secret-not', body, headers, signature: 'X-Hub-Signature-256',
    id: guid, type: 'com.github.push', tamper: flipHex, malform: (v) => v.replace('sha256=', ''), shorten: (v) => v.slice(0, -2),
    odd: () => ({}),
  };
  common('github', p);
  const want = { id: guid, type: 'com.github.push', time: '-', secret: 'main', authenticated: 'signature' };
  const secrets = [{ id: 'main', value: secret }];
  write('github', 'published-vector', {
    why: 'Signature printed in GitHub\'s documentation, "Validating webhook deliveries", section Testing:\nhttps://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries',
    body: 'Hello, World!', secrets: [{ id: 'main', value: "It's a Secret to Everybody" }],
    headers: [['X-Hub-Signature-256', 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17']],
    want: { ...want, id: sha('Hello, World!'), type: 'com.github.unknown' },
  });
  write('github', 'sha1-only', {
    why: 'The older SHA-1 header alone proves nothing any more.', body, secrets,
    headers: [['X-GitHub-Delivery', guid], ['X-Hub-Signature', 'sha1=' + hmac('sha1', secret, 'hex', body)]], error: 'missing_signature',
  });
  write('github', 'sha1-in-sha256-header', {
    why: 'A SHA-1 MAC under the SHA-256 header is another length and never matches.', body, secrets,
    headers: [['X-Hub-Signature-256', 'sha256=' + hmac('sha1', secret, 'hex', body)]], error: 'bad_signature',
  });
  write('github', 'upper-case-hex', {
    why: 'MACs are compared as bytes, so the case of the hex digits is no matter.', body, secrets,
    headers: headers(secret, body).map(([k, v]) => (k === 'X-Hub-Signature-256' ? [k, 'sha256=' + v.slice(7).toUpperCase()] : [k, v])), want,
  });
  write('github', 'reserialised', {
    why: 'The same JSON, written out again by a parser: not what was signed (pitfall 4).', secrets,
    body: JSON.stringify(JSON.parse('{"b":1.0,"a":"\\u00e9"}')), headers: headers(secret, '{"b":1.0,"a":"\\u00e9"}'), error: 'bad_signature',
  });
  write('github', 'unusual-json', {
    why: 'JSON that a parser would write differently verifies as it is (pitfall 4).', secrets,
    body: ' {"b":1.0,\t"a":"\\u00e9", "a":"é"} \r\n', headers: headers(secret, ' {"b":1.0,\t"a":"\\u00e9", "a":"é"} \r\n'), want,
  });
  const form = 'payload=%7B%22zen%22%3A%22Keep+it+logically+awesome.%22%7D';
  write('github', 'form', {
    why: 'Hooks with the form content type are signed over the form\'s bytes.', secrets, body: form,
    headers: headers(secret, form).map(([k, v]) => (k === 'X-GitHub-Event' ? [k, 'ping'] : [k, v])), want: { ...want, type: 'com.github.ping' },
  });
  write('github', 'duplicate-delivery', {
    why: 'Two delivery ids: which event is it? Refused.', secrets, body,
    headers: [...headers(secret, body), ['X-GitHub-Delivery', 'another']], error: 'duplicate_header',
  });
  write('github', 'joined-delivery', {
    why: 'Two delivery ids, joined by the platform.', secrets, body,
    headers: headers(secret, body).map(([k, v]) => (k === 'X-GitHub-Delivery' ? [k, v + ', another'] : [k, v])), error: 'duplicate_header',
  });
  write('github', 'odd-delivery', {
    why: 'An id with a space would not survive a header: its hash takes its place.', secrets, body,
    headers: headers(secret, body).map(([k, v]) => (k === 'X-GitHub-Delivery' ? [k, 'a b'] : [k, v])), want: { ...want, id: sha('a b') },
  });
  write('github', 'long-delivery', {
    why: 'An id longer than a key has room for: its hash takes its place.', secrets, body,
    headers: headers(secret, body).map(([k, v]) => (k === 'X-GitHub-Delivery' ? [k, 'x'.repeat(257)] : [k, v])), want: { ...want, id: sha('x'.repeat(257)) },
  });
  write('github', 'hash-lookalike-delivery', {
    why: 'An id in the form of a hash is hashed, so that it cannot pose as another event without id.', secrets, body,
    headers: headers(secret, body).map(([k, v]) => (k === 'X-GitHub-Delivery' ? [k, sha('other')] : [k, v])), want: { ...want, id: sha(sha('other')) },
  });
  write('github', 'no-delivery', {
    why: 'Without a delivery id the event is named by the hash of what was signed.', secrets, body,
    headers: headers(secret, body).filter(([k]) => k !== 'X-GitHub-Delivery'), want: { ...want, id: sha(body) },
  });
}

// --- Shopify ----------------------------------------------------------------
{
  const wid = 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043';
  const make = (pre) => (s, body) => [
    ['Content-Type', 'application/json'], [`${pre}Topic`, 'orders/create'], [`${pre}Webhook-Id`, wid],
    [`${pre}Event-Id`, '98880550-7158-44d4-b7cd-2c97c8a091b5'], [`${pre}Triggered-At`, '2026-01-01T11:59:58.123456789Z'],
    [`${pre}Hmac-Sha256`, hmac('sha256', s, 'base64', body)],
  ];
  const headers = make('X-Shopify-');
  const body = '{"id":820982911946154508,"email":"jon@example.com","total_price":"254.98"}';
  common('shopify', {
    secrets: ['hush-shopify-one', 'hush-shopify-two'], wrong: 'hush-shopify-not', body, headers, signature: 'X-Shopify-Hmac-Sha256',
    id: wid, type: 'com.shopify.orders.create', time: '2026-01-01T11:59:58.123456789Z',
    tamper: flipB64, malform: (v) => v.replace('=', '*'), shorten: (v) => Buffer.from(v, 'base64').subarray(0, 30).toString('base64'), odd: () => ({}),
  });
  const secrets = [{ id: 'main', value: 'hush-shopify-one' }];
  const want = { id: wid, type: 'com.shopify.orders.create', time: '2026-01-01T11:59:58.123456789Z', secret: 'main', authenticated: 'signature' };
  write('shopify', 'events-preview', { why: 'The Events preview drops the X- of every header.', secrets, body, headers: make('shopify-')('hush-shopify-one', body), want });
  write('shopify', 'other-subscription', {
    why: 'The event id is the same on every subscription; the webhook id is the delivery\'s and names the event (pitfall 9).', secrets, body,
    headers: headers('hush-shopify-one', body).map(([k, v]) => (k === 'X-Shopify-Webhook-Id' ? [k, 'c0ffee00-0000-4000-8000-000000000001'] : [k, v])),
    want: { ...want, id: 'c0ffee00-0000-4000-8000-000000000001' },
  });
  write('shopify', 'id-of-another-set', {
    why: 'The id is read from the same set of headers as the signature.', secrets, body,
    headers: [...headers('hush-shopify-one', body).filter(([k]) => k !== 'X-Shopify-Webhook-Id'), ['Shopify-Webhook-Id', 'other']], want: { ...want, id: sha(body) },
  });
  write('shopify', 'both-sets', {
    why: 'A good signature of the second set does not help a bad one of the first.', secrets, body,
    headers: [...headers('wrong-wrong', body), ...make('Shopify-')('hush-shopify-one', body)], error: 'bad_signature',
  });
  write('shopify', 'unpadded', {
    why: 'Base64 without its padding is not what Shopify sends.', secrets, body,
    headers: headers('hush-shopify-one', body).map(([k, v]) => (k === 'X-Shopify-Hmac-Sha256' ? [k, v.replace(/=+$/, '')] : [k, v])), error: 'malformed_signature',
  });
}

// --- Slack ------------------------------------------------------------------
{
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';
  const headers = (s, body, ts) => [
    ['Content-Type', 'application/json'], ['X-Slack-Request-Timestamp', ts],
    ['X-Slack-Signature', 'v0=' + hmac('sha256', s, 'hex', `v0:${ts}:`, body)],
  ];
  const event = (event, extra = {}) => JSON.stringify({ token: 'x', team_id: 'T1', api_app_id: 'A1', event, type: 'event_callback', event_id: 'Ev0PV52K25', event_time: NOW - 2, ...extra });
  const body = event({ type: 'reaction_added', user: 'U1', item: { type: 'message', channel: 'C1', ts: '1.1' }, event_ts: '2.2' });
  common('slack', {
    timed: true, secrets: [secret, 'slack-signing-two'], wrong: 'slack-signing-not', body, headers, signature: 'X-Slack-Signature',
    id: 'Ev0PV52K25', type: 'com.slack.reaction_added', time: iso(NOW - 2), tamper: flipHex, malform: (v) => v.replace('v0=', 'v1='),
    shorten: (v) => v.slice(0, -2), restamp: (hs, ts) => hs.map(([k, v]) => (k === 'X-Slack-Request-Timestamp' ? [k, ts] : [k, v])),
    odd: (b) => ({ id: sha(`v0:${NOW}:`, b), type: 'com.slack.unknown', time: iso(NOW) }),
  });
  const secrets = [{ id: 'main', value: secret }];
  const want = { id: 'Ev0PV52K25', type: 'com.slack.message', time: iso(NOW - 2), secret: 'main', authenticated: 'signature' };
  const put = (name, body, c) => write('slack', name, { body, secrets, headers: headers(secret, body, NOW), ...c });

  write('slack', 'published-vector', {
    why: 'Signature printed in Slack\'s documentation, "Verifying requests from Slack":\nhttps://docs.slack.dev/authentication/verifying-requests-from-slack\nA slash command is named by its trigger.',
    now: 1531420618, secrets,
    body: 'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    headers: [['X-Slack-Request-Timestamp', '1531420618'], ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503']],
    want: { ...want, id: '398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c', type: 'com.slack.slash_command', time: iso(1531420618) },
  });
  put('missing-timestamp', body, { why: 'Without its timestamp a signature proves nothing.', headers: headers(secret, body, NOW).filter(([k]) => k !== 'X-Slack-Request-Timestamp'), error: 'missing_signature' });
  put('duplicate-timestamp', body, { why: 'Two timestamps.', headers: [...headers(secret, body, NOW), ['X-Slack-Request-Timestamp', NOW + 1]], error: 'duplicate_header' });
  put('joined-timestamp', body, { why: 'Two timestamps, joined by the platform.', headers: headers(secret, body, NOW).map(([k, v]) => (k === 'X-Slack-Request-Timestamp' ? [k, `${v}, ${v}`] : [k, v])), error: 'duplicate_header' });

  const message = { type: 'message', channel: 'C024BE91L', user: 'U2147483697', text: 'Hello', ts: '1355517523.000005', event_ts: '1355517523.000005' };
  put('message', event(message), { why: 'A message is named by channel and ts: polling the channel\'s history finds the same name (DESIGN §4).', want: { ...want, id: 'C024BE91L:1355517523.000005' } });
  put('message-bot', event({ ...message, subtype: 'bot_message' }), { why: 'Messages of a subtype stand in the history too, by the same ts.', want: { ...want, id: 'C024BE91L:1355517523.000005' } });
  put('message-changed', event({ type: 'message', subtype: 'message_changed', hidden: true, channel: 'C024BE91L', ts: '1355517523.000005', message: { ...message, text: 'Hello!' } }), {
    why: 'An edit is another event than the message it is about, even under the same ts: it must not be swallowed as its duplicate.', want });
  put('message-deleted', event({ type: 'message', subtype: 'message_deleted', hidden: true, channel: 'C024BE91L', ts: '1358878755.000001', deleted_ts: '1355517523.000005' }), { why: 'So is a deletion.', want });
  put('message-deleted-previous', event({ type: 'message', subtype: 'message_deleted', channel: 'C024BE91L', ts: '1355517523.000005', previous_message: message }), { why: 'The message that is gone, inside the event about it, tells a deletion too.', want });
  put('message-replied', event({ type: 'message', channel: 'C024BE91L', ts: '1355517523.000005', message: { type: 'message', thread_ts: '1355517523.000005', reply_count: 1 } }), {
    why: 'Slack omits the subtype of message_replied over the Events API; what tells it apart is the message inside.', want });
  put('app-mention', event({ ...message, type: 'app_mention' }), {
    why: 'The mention of a message is its own event: an app subscribed to both receives both.', want: { ...want, type: 'com.slack.app_mention' } });
  put('message-without-ts', event({ type: 'message', channel: 'C024BE91L' }), { why: 'Half a name is none: event_id serves.', want });
  put('duplicate-ts', event(message).replace('"ts":"1355517523.000005"', '"ts":"1355517523.000005","ts":"1"'), {
    why: 'Two values for one key of the name: readers would differ, so it is not used and event_id serves.', want });
  put('duplicate-event-id', event({ type: 'x' }).replace('"event_id":"Ev0PV52K25"', '"event_id":"Ev0PV52K25","event\\u005fid":"EvOther"'), {
    why: 'An id said twice, once escaped, is no id: the hash of what was signed serves.',
    want: { ...want, type: 'com.slack.x', id: sha(`v0:${NOW}:`, event({ type: 'x' }).replace('"event_id":"Ev0PV52K25"', '"event_id":"Ev0PV52K25","event\\u005fid":"EvOther"')) } });
  put('retry', body, {
    why: 'A retry is accepted and has the same id: the first attempt may have failed (pitfall 11).',
    headers: [...headers(secret, body, NOW), ['X-Slack-Retry-Num', '1'], ['X-Slack-Retry-Reason', 'http_timeout']], want: { ...want, type: 'com.slack.reaction_added' } });
  const payload = JSON.stringify({ type: 'block_actions', trigger_id: '12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3', user: { id: 'U1' }, actions: [{ value: 'a+b & c=d é' }] });
  const form = 'payload=' + new URLSearchParams({ p: payload }).toString().slice(2);
  put('interactivity', form, {
    why: 'Interactivity is a form with JSON inside, with a charset on its content type (pitfall 11).',
    headers: [['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'], ...headers(secret, form, NOW).slice(1)],
    want: { ...want, id: '12321423423.333649436676.d8c1bb837935619ccad0f624c448ffb3', type: 'com.slack.block_actions', time: iso(NOW) } });
  put('form-without-trigger', 'payload=%7B%22type%22%3A%22block_suggestion%22%7D', {
    why: 'Without a trigger the hash of what was signed names the event.',
    want: { ...want, id: sha(`v0:${NOW}:payload=%7B%22type%22%3A%22block_suggestion%22%7D`), type: 'com.slack.block_suggestion', time: iso(NOW) } });
  put('form-duplicate-trigger', 'command=%2Fx&trigger_id=1&trigger%5Fid=2', {
    why: 'A form field said twice is no id.', want: { ...want, id: sha(`v0:${NOW}:command=%2Fx&trigger_id=1&trigger%5Fid=2`), type: 'com.slack.slash_command', time: iso(NOW) } });

  const challenge = '3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P';
  const verification = JSON.stringify({ token: 'Jhj5dZrVaK7ZwHHjRyZWjbDl', challenge, type: 'url_verification' });
  put('url-verification', verification, {
    why: 'The handshake is answered with its challenge, and is no event.', want: { secret: 'main', authenticated: 'signature', reply: '200 text/plain; charset=utf-8', 'reply-body': challenge } });
  put('url-verification-unsigned', verification, { why: 'A stranger\'s challenge is not answered.', headers: headers('slack-signing-not', verification, NOW), error: 'bad_signature' });
  put('url-verification-without-challenge', '{"type":"url_verification"}', { why: 'Nothing to answer with.', error: 'invalid_handshake' });
  put('url-verification-two-challenges', '{"type":"url_verification","challenge":"a","challenge":"b"}', { why: 'Which one?', error: 'invalid_handshake' });
  put('url-verification-markup', '{"type":"url_verification","challenge":"<b>\\n</b>"}', { why: 'A challenge is one short word, whatever is put in it.', error: 'invalid_handshake' });
  put('url-verification-long', JSON.stringify({ type: 'url_verification', challenge: 'x'.repeat(1025) }), { why: 'A challenge is short.', error: 'invalid_handshake' });
  put('url-verification-inside', event({ type: 'url_verification', challenge: 'x' }), { why: 'Only the outer type is the handshake\'s.', want: { ...want, type: 'com.slack.url_verification' } });
}

// --- Stripe -----------------------------------------------------------------
{
  const secret = 'whsec_stripe_one_0123456789';
  const v1 = (s, body, ts) => hmac('sha256', s, 'hex', `${ts}.`, body);
  const headers = (s, body, ts) => [['Content-Type', 'application/json; charset=utf-8'], ['Stripe-Signature', `t=${ts},v1=${v1(s, body, ts)},v0=${'0'.repeat(64)}`]];
  const body = '{\n  "id": "evt_1MqqbKLt4dXK03v5qaIbiNCC",\n  "object": "event",\n  "created": 1767268790,\n  "type": "invoice.paid",\n  "data": {"object": {"id": "in_1", "type": "x", "created": 1}}\n}';
  const v1only = (f) => (v) => v.replace(/v1=([0-9a-f]+)/, (_, h) => 'v1=' + f(h));
  common('stripe', {
    timed: true, secrets: [secret, 'whsec_stripe_two_0123456789'], wrong: 'whsec_stripe_not_0123456789', body, headers, signature: 'Stripe-Signature',
    id: 'evt_1MqqbKLt4dXK03v5qaIbiNCC', type: 'com.stripe.invoice.paid', time: iso(1767268790),
    tamper: v1only(flipHex), malform: (v) => v.replace('v1=', 'v2='), shorten: v1only((h) => h.slice(0, -2)),
    restamp: (hs, ts) => hs.map(([k, v]) => (k === 'Stripe-Signature' ? [k, v.replace(/t=\d+/, `t=${ts}`)] : [k, v])),
    odd: (b) => ({ id: sha(`${NOW}.`, b), type: 'com.stripe.unknown', time: '-' }),
  });
  const secrets = [{ id: 'main', value: secret }];
  const want = { id: 'evt_1MqqbKLt4dXK03v5qaIbiNCC', type: 'com.stripe.invoice.paid', time: iso(1767268790), secret: 'main', authenticated: 'signature' };
  const good = v1(secret, body, NOW), bad = v1('whsec_stripe_old_0123456789', body, NOW);
  const put = (name, value, c) => write('stripe', name, { body, secrets, headers: value === null ? [] : [['Stripe-Signature', value]], ...c });
  put('several-v1-good-last', `t=${NOW},v1=${bad},v1=${good}`, { why: 'While Stripe rolls a secret it sends one v1 per secret; any may match (pitfall 6).', want });
  put('several-v1-good-first', `t=${NOW},v1=${good},v1=${bad}`, { why: 'The other order (pitfall 6: n8n keeps only the last).', want });
  put('timestamp-last', `v1=${good},t=${NOW}`, { why: 'Elements come in any order.', want });
  put('several-v1-none-good', `t=${NOW},v1=${bad},v1=${bad}`, { why: 'None of several matches.', error: 'bad_signature' });
  put('v0-only', `t=${NOW},v0=${good}`, { why: 'v0 is for test events and proves nothing, even if its bytes were right.', error: 'malformed_signature' });
  put('one-v1-broken', `t=${NOW},v1=zz,v1=${good}`, { why: 'An element that cannot be read does not hide one that can.', want });
  put('no-timestamp', `v1=${good}`, { why: 'Without t= a signature proves nothing.', error: 'missing_signature' });
  put('empty-timestamp', `t=,v1=${good}`, { why: 'An empty timestamp.', error: 'malformed_signature' });
  put('two-timestamps', `t=${NOW},v1=${good},t=${NOW}`, { why: 'Two timestamps, equal even: a header joined from two.', error: 'duplicate_header' });
  put('timestamp-alone', `t=${NOW}`, { why: 'What syumai\'s request adapter leaves of the header after splitting it on commas.', error: 'malformed_signature' });
  put('too-many-signatures', `t=${NOW}` + `,v1=${bad}`.repeat(16) + `,v1=${good}`, { why: 'More signatures than any rotation needs: not worth the comparison.', error: 'malformed_signature' });
  put('too-many-elements', `t=${NOW},` + 'v9=0,'.repeat(31) + `v1=${good}`, { why: 'A flood of elements is not read to its end.', error: 'malformed_signature' });
  put('header-flood', `t=${NOW},v1=${good},` + 'x'.repeat(9000), { why: 'A header of 9 KB is not a signature.', error: 'malformed_signature' });
  const thin = '{"id":"evt_test_65RM8sQH2oXnebF5Rpc16RJyfa2xSQLHJJh1sxm7H0KI92","object":"v2.core.event","type":"v1.billing.meter.no_meter_found","livemode":false,"created":"2026-01-01T11:59:50.366Z"}';
  put('thin-event', null, {
    why: 'A thin event is signed alike; its time is text (pitfall 12).', body: thin, headers: headers(secret, thin, NOW),
    want: { ...want, id: 'evt_test_65RM8sQH2oXnebF5Rpc16RJyfa2xSQLHJJh1sxm7H0KI92', type: 'com.stripe.v1.billing.meter.no_meter_found', time: '2026-01-01T11:59:50.366Z' } });
  const twice = '{"id":"evt_a","type":"t","id":"evt_b"}';
  put('duplicate-id', null, { why: 'An id said twice is no id: the hash of what was signed names the event.', body: twice, headers: headers(secret, twice, NOW), want: { ...want, id: sha(`${NOW}.`, twice), type: 'com.stripe.t', time: '-' } });
}

// --- Standard Webhooks --------------------------------------------------------
{
  const seed = (n) => Buffer.alloc(32, n);
  const pkcs8 = (s) => createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), s]), format: 'der', type: 'pkcs8' });
  const whpk = (s) => 'whpk_' + createPublicKey(pkcs8(s)).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  const key = (n) => 'whsec_' + Buffer.alloc(32, n).toString('base64');
  const v1 = (s, id, ts, body) => 'v1,' + hmac('sha256', Buffer.from(s.replace('whsec_', ''), 'base64'), 'base64', `${id}.${ts}.`, body);
  const v1raw = (s, id, ts, body) => 'v1,' + hmac('sha256', s, 'base64', `${id}.${ts}.`, body);
  const v1a = (s, id, ts, body) => 'v1a,' + edSign(null, Buffer.concat([Buffer.from(`${id}.${ts}.`), Buffer.from(body)]), pkcs8(s)).toString('base64');
  const id = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
  const make = (signer, pre = 'webhook-') => (s, body, ts, mid = id) => [[`${pre}id`, mid], [`${pre}timestamp`, ts], [`${pre}signature`, signer(s, mid, ts, body)]];
  const body = '{"type":"contact.created","timestamp":"2026-01-01T11:58:00.5Z","data":{"id":"1f81eb52-5198-4599-803e-771906343485","type":"contact"}}';
  const want = { id, type: 'com.standardwebhooks.contact.created', time: '2026-01-01T11:58:00.5Z', secret: 'main', authenticated: 'signature' };
  const shape = {
    timed: true, body, signature: 'webhook-signature', id, type: want.type, time: want.time, tamper: flipB64, malform: (v) => v.replace(',', ';'),
    shorten: (v) => v.replace(/,(.*)$/, (_, b) => ',' + Buffer.from(b, 'base64').subarray(0, 30).toString('base64')),
    restamp: (hs, ts) => hs.map(([k, v]) => (k === 'webhook-timestamp' ? [k, ts] : [k, v])),
    odd: () => ({ type: 'com.standardwebhooks.unknown', time: iso(NOW) }),
  };
  common('standard-webhooks', { ...shape, secrets: [key(1), key(2)], wrong: key(3), headers: make(v1) });
  common('standard-webhooks-raw', { ...shape, secrets: ['polar_whs_one_0123456789', 'polar_whs_two_0123456789'], wrong: 'polar_whs_not_0123456789', headers: make(v1raw) });
  // The same row with Ed25519 keys: secrets are public keys, signing takes the seed.
  const bySecret = new Map([1, 2, 3].map((n) => [whpk(seed(n)), seed(n)]));
  common('standard-webhooks', { ...shape, prefix: 'v1a-', secrets: [whpk(seed(1)), whpk(seed(2))], wrong: whpk(seed(3)), headers: (s, b, ts) => make(v1a)(bySecret.get(s), b, ts) });

  const sec = [{ id: 'main', value: key(1) }];
  const put = (name, c) => write('standard-webhooks', name, { body, secrets: sec, headers: make(v1)(key(1), body, NOW), ...c });
  const vector = { body: '{"test": 2432232314}', now: 1614265330, want: { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', type: 'com.standardwebhooks.unknown', time: iso(1614265330), secret: 'main', authenticated: 'signature' } };
  const published = (pre, signature) => [[`${pre}id`, 'msg_p5jXN8AQM9LWM0D4loKWxJek'], [`${pre}timestamp`, '1614265330'], [`${pre}signature`, signature]];
  const sig1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
  const sig1a = 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==';
  const sk = { id: 'main', value: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }, pk = { id: 'main', value: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=' };
  put('published-vector', { ...vector, why: 'Signature printed in Svix\'s documentation, "Verifying webhooks manually":\nhttps://docs.svix.com/receiving/verifying-payloads/how-manual', secrets: [sk], headers: published('webhook-', sig1) });
  put('published-vector-svix', { ...vector, why: 'The same under the header names Svix sends itself.', secrets: [sk], headers: published('svix-', sig1) });
  put('published-vector-no-prefix', { ...vector, why: 'A secret without prefix is base64, as the libraries read it.', secrets: [{ id: 'main', value: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }], headers: published('webhook-', sig1) });
  put('v1a-published-vector', { ...vector, why: 'Public key from svix-webhooks README.md, signature from its test in worker.rs:\nhttps://github.com/svix/svix-webhooks', secrets: [pk], headers: published('webhook-', sig1a) });
  put('v1-and-v1a-hmac-secret', { ...vector, why: 'A sender that signs both ways; this source holds the HMAC secret.', secrets: [sk], headers: published('webhook-', `${sig1} ${sig1a}`) });
  put('v1-and-v1a-public-key', { ...vector, why: 'The same; this source holds the public key.', secrets: [pk], headers: published('webhook-', `${sig1} ${sig1a}`) });
  put('migrating-to-v1a', { ...vector, why: 'A source that migrates holds a secret and a public key; v1a alone verifies.', secrets: [sk, { ...pk, id: 'public' }], headers: published('webhook-', sig1a), want: { ...vector.want, secret: 'public' } });
  put('v1-bytes-as-v1a', { ...vector, why: 'A v1 signature under the label of v1a verifies under neither key.', secrets: [sk, { ...pk, id: 'public' }], headers: published('webhook-', sig1.replace('v1,', 'v1a,')), error: 'bad_signature' });
  put('v1-bytes-as-v1a-beside-v1', { ...vector, why: 'Nor beside a v1 signature that is wrong: bytes count under their own label alone.', secrets: [sk], headers: published('webhook-', `${flipB64(sig1)} ${sig1.replace('v1,', 'v1a,')}`), error: 'bad_signature' });
  put('v1a-bytes-as-v1-beside-v1a', { ...vector, why: 'The other way round.', secrets: [pk], headers: published('webhook-', `${flipB64(sig1a)} ${sig1a.replace('v1a,', 'v1,')}`), error: 'bad_signature' });

  const two = (order) => order.map((n) => v1(key(n), id, NOW, body)).join(' ');
  const withSignature = (s) => [['webhook-id', id], ['webhook-timestamp', NOW], ['webhook-signature', s]];
  put('several-good-last', { why: 'One signature per secret the sender rotates; any may match (pitfall 6).', headers: withSignature(two([3, 1])), want });
  put('several-good-first', { why: 'The other order (pitfall 6).', headers: withSignature(two([1, 3])), want });
  put('unknown-version', { why: 'A scheme that comes later is passed over.', headers: withSignature(`v2,AAAA ${two([1])}`), want });
  put('unknown-version-alone', { why: 'Nothing that could be verified.', headers: withSignature('v2,AAAA'), error: 'malformed_signature' });
  put('missing-id', { why: 'Without its id a signature proves nothing.', headers: withSignature(two([1])).slice(1), error: 'missing_signature' });
  put('missing-timestamp', { why: 'Nor without its timestamp.', headers: withSignature(two([1])).filter(([k]) => k !== 'webhook-timestamp'), error: 'missing_signature' });
  put('duplicate-id', { why: 'Two ids.', headers: [...withSignature(two([1])), ['Webhook-Id', 'msg_other']], error: 'duplicate_header' });
  put('joined-id', { why: 'Two ids, joined by the platform, and signed so: an id has no comma.', headers: make(v1)(key(1), body, NOW, 'msg_a, msg_b'), error: 'duplicate_header' });
  put('tampered-id', { why: 'The id is signed: a replay cannot pass as another event.', headers: withSignature(two([1])).map(([k, v]) => (k === 'webhook-id' ? [k, 'msg_other'] : [k, v])), error: 'bad_signature' });
  put('mixed-sets', { why: 'The id is read from the same set of headers as the signature.', headers: [['svix-id', id], ...withSignature(two([1])).slice(1)], error: 'missing_signature' });
  put('id-with-space', { why: 'An id is one word.', headers: make(v1)(key(1), body, NOW, 'msg a'), error: 'malformed_signature' });
  put('id-with-full-stop', { why: 'Senders should avoid full stops in an id; one alone is no harm.', headers: make(v1)(key(1), body, NOW, 'msg.a'), want: { ...want, id: 'msg.a' } });
  // A genuine delivery of id `msg.TS` at TS, cut one segment earlier.
  const genuine = make(v1)(key(1), body, NOW, `msg.${NOW - 5}`);
  put('shifted-id', {
    why: 'A captured delivery whose id ended in digits, cut one segment earlier: the MAC is right, the id and the body are not.\nThe specification: "not be allowed to include any `.` to prevent certain attacks".',
    body: `${NOW}.${body}`, headers: [['webhook-id', 'msg'], ['webhook-timestamp', NOW - 5], genuine[2]], error: 'malformed_signature' });
  put('raw-key-not-guessed', { why: 'A secret is base64 here; its own characters are another key (see standard-webhooks-raw).', headers: make(v1raw)(key(1), body, NOW), error: 'bad_signature' });
}
