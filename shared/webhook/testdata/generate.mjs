// Writes the corpus: `node shared/webhook/testdata/generate.mjs`.
//
// Signatures are made here, by Node's crypto, and not by the code they test.
// Cases with a published signature carry it verbatim, with its source.
// The output is deterministic; commit it. A case that is no more is deleted by
// hand: other generators write beside this one.
import { createHmac, createPrivateKey, createPublicKey, sign as edSign, createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));

const NOW = 1767268800; // 2026-01-01T12:00:00Z
const iso = (s) => new Date(s * 1000).toISOString().replace('.000Z', 'Z');
const hmac = (alg, key, enc, ...msg) => msg.reduce((h, m) => h.update(m), createHmac(alg, key)).digest(enc);

function write(provider, name, c) {
  mkdirSync(join(root, provider), { recursive: true });
  const body = Buffer.isBuffer(c.body) ? c.body : Buffer.from(c.body);
  const secrets = c.secrets.map((s) => `${s.id} ${s.from ?? '-'} ${s.until ?? '-'} ${s.value}\n`).join('');
  const want = c.error ? `error: ${c.error}\n` : 'ok\n' + Object.entries(c.want).map(([k, v]) => `${k}: ${v}\n`).join('');
  writeFileSync(join(root, provider, name + '.txtar'), Buffer.concat([
    Buffer.from(`${c.why}\n-- request --\n${c.method ?? 'POST'} ${c.url ?? `https://hooks.example.com/webhooks/acme/${provider}`}\n`),
    Buffer.from(c.headers.map(([k, v]) => `${k}: ${v}\n`).join('') + '\n'),
    body,
    Buffer.from(`\n-- secrets --\n${secrets}${c.params ? `-- params --\n${c.params}\n` : ''}-- now --\n${c.now ?? NOW}\n-- want --\n${want}`),
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
    whyAccept: 'npm @octokit/webhooks-methods verifies it.',
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
    whyAccept: 'npm @shopify/shopify-api verifies it.',
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
    whyAccept: 'npm @slack/bolt verifies it.', timed: true, secrets: [secret, 'slack-signing-two'], wrong: 'slack-signing-not', body, headers, signature: 'X-Slack-Signature',
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
    whyAccept: 'npm stripe verifies it.', timed: true, secrets: [secret, 'whsec_stripe_two_0123456789'], wrong: 'whsec_stripe_not_0123456789', body, headers, signature: 'Stripe-Signature',
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
  common('standard-webhooks', { ...shape, whyAccept: 'npm standardwebhooks verifies it.', secrets: [key(1), key(2)], wrong: key(3), headers: make(v1) });
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
  put('published-vector-svix', { ...vector, why: 'The same (https://docs.svix.com/receiving/verifying-payloads/how-manual) under the header names Svix sends itself.', secrets: [sk], headers: published('svix-', sig1) });
  put('published-vector-no-prefix', { ...vector, why: 'The same (https://docs.svix.com/receiving/verifying-payloads/how-manual); a secret without prefix is base64, as the libraries read it.', secrets: [{ id: 'main', value: 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }], headers: published('webhook-', sig1) });
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

// --- The rest of the catalogue ------------------------------------------------
//
// A provider in a line or a few: its header, what it signs and how it writes
// it. Every row gets the cases no row goes without.
{
  const T = NOW - 2, at = iso(T), ms = `${T}000`;
  const seconds = (s) => `${s}`, millis = (s) => `${s}000`, date = iso;
  const flip = { hex: flipHex, base64: flipB64, base64url: flipB64 };
  const own = (name) => ['one', 'two', 'not'].map((n) => `${name}-secret-${n}-0123456789`);
  const hexKeys = [1, 2, 3].map((n) => Buffer.alloc(32, n).toString('hex'));
  const b64Keys = [1, 2, 3].map((n) => Buffer.alloc(32, n).toString('base64'));
  const fromHex = (s) => Buffer.from(s, 'hex'), fromB64 = (s) => Buffer.from(s, 'base64');

  // p: sig (its header), alg, enc, label; signed(body, stamp) the parts that
  // are signed; stamp(seconds) how a time is written, if one is signed;
  // header(mac, stamp) the signature header; more(stamp) the other headers;
  // key(secret); sign(secret, parts) in place of a MAC; past, future.
  function row(name, p) {
    const { alg = 'sha256', enc = 'hex', label = '', past = 300, future = past, sig, secrets = own(name) } = p;
    const bodyAt = typeof p.body === 'function' ? p.body : () => p.body;
    const lines = (secret, { sent = NOW, said = sent, spoil = (m) => m, body = bodyAt(sent) } = {}) => {
      const stamp = p.stamp?.(sent), shown = p.stamp?.(said);
      const parts = p.signed ? p.signed(body, stamp) : [body];
      const mac = spoil(p.sign ? p.sign(secret, parts).toString(enc) : hmac(alg, p.key?.(secret) ?? secret, enc, ...parts));
      return [['Content-Type', p.type?.startsWith('form:') ? 'application/x-www-form-urlencoded' : 'application/json'],
        ...(p.more?.(shown) ?? []), [sig, p.header ? p.header(mac, shown) : label + mac]];
    };
    const [a, b, not] = secrets, body = bodyAt(NOW);
    const main = { id: 'main', value: a }, next = { id: 'next', value: b };
    const [id, type, time] = p.want;
    const want = { id: id ?? sha(body), type, time: time ?? '-', secret: 'main', authenticated: 'signature' };
    const put = (n, c) => write(name, n, { body, secrets: [main], headers: lines(a), ...c });
    const changed = Buffer.from(body); changed[changed.length - 2] ^= 1;
    const good = lines(a), [, value] = good.at(-1), forged = lines(not).at(-1);
    put('accept', { why: `A delivery as the provider sends it.${p.why ? '\n' + p.why : ''}`, want });
    put('second-secret', { why: 'While a secret rotates either is accepted, and the result says which.', secrets: [main, next], headers: lines(b), want: { ...want, secret: 'next' } });
    put('no-active-secret', { why: 'With every secret ended nothing verifies.', secrets: [{ ...main, until: NOW }], error: 'source_not_ready' });
    put('tampered-body', { why: 'One bit of the body differs from what was signed.', body: changed, error: 'bad_signature' });
    put('tampered-signature', { why: 'One character of the signature differs.', headers: lines(a, { spoil: flip[enc] }), error: 'bad_signature' });
    put('wrong-secret', { why: 'Signed with a secret this source does not have.', headers: lines(not), error: 'bad_signature' });
    put('missing-signature', { why: 'No signature header: refused, not skipped.', headers: good.slice(0, -1), error: 'missing_signature' });
    put('duplicate-signature', { why: 'Two signature lines, the good one first.', headers: [...good, forged], error: 'duplicate_header' });
    put('joined-signature', { why: 'The same two lines, joined by the platform.', headers: [...good.slice(0, -1), [sig, `${value}, ${forged[1]}`]], error: 'duplicate_header' });
    if (!p.stamp && !p.timed) return put;
    put('stale', { why: 'One second older than the tolerance.', now: NOW + past + 1, error: 'stale_timestamp' });
    put('future', { why: 'Dated one second further ahead than the tolerance.', now: NOW - future - 1, error: 'future_timestamp' });
    put('tampered-timestamp', { why: 'The time was moved to look fresh.', ...(p.timed ? { body: bodyAt(NOW + 1) } : { headers: lines(a, { said: NOW + 1 }) }), error: 'bad_signature' });
    return put;
  }
  const dot = (b, t) => [`${t}.`, b], colon = (b, t) => [`${t}:`, b], after = (b, t) => [t, b], v0 = (b, t) => [`v0:${t}:`, b];
  const url = (name) => `https://hooks.example.com/webhooks/acme/${name}`;
  // Like Stripe: `t=…,v1=…` over time, full stop, body.
  const stamped = (sig, more) => ({ sig, stamp: seconds, signed: dot, header: (m, t) => `t=${t},v1=${m}`, ...more });
  const j = JSON.stringify;

  // Standard Webhooks under a provider's name.
  const msg = 'msg_2KWPBgLlAfxdpx2AI54pPJ85f4W';
  const standard = (name, body, type, { time = iso(NOW), prefix = 'whsec_', raw = false, names = 'webhook-', ...more } = {}) => row(name, {
    sig: `${names}signature`, enc: 'base64', label: 'v1,', stamp: seconds, body: j(body), ...more,
    secrets: raw ? own(name) : b64Keys.map((k) => prefix + k), key: raw ? undefined : (s) => fromB64(s.slice(prefix.length)),
    signed: (b, t) => [`${msg}.${t}.`, b], more: (t) => [[`${names}id`, msg], [`${names}timestamp`, t]], want: [msg, type, time],
  });
  standard('brex', { event_type: 'TRANSFER_PROCESSED', transfer_id: 'dptx_1', company_id: 'cuacc_1' }, 'com.brex.transfer_processed', { prefix: '' });
  standard('clerk', { type: 'user.created', object: 'event', data: { id: 'user_29w83sxmDNGwOuEthce5gg56FcC' } }, 'com.clerk.user.created', { names: 'svix-', why: 'npm @clerk/backend verifies: verifyWebhook.' });
  standard('fathom', { title: 'Weekly', recording_id: 123456789 }, 'video.fathom.unknown');
  standard('folk', { type: 'person.created', data: { id: 'per_1' } }, 'app.folk.person.created');
  standard('gemini', { type: 'batch.succeeded', version: 'v1', data: { id: 'batches/1' } }, 'com.google.gemini.batch.succeeded');
  standard('gitlab', { object_kind: 'push', ref: 'refs/heads/main' }, 'com.gitlab.push');
  standard('lithic', { event_type: 'card.created', token: 'c1' }, 'com.lithic.card.created', { why: 'npm lithic verifies: webhooks.unwrap.' });
  standard('liveblocks', { type: 'userEntered', data: { roomId: 'r' } }, 'io.liveblocks.userentered', { why: 'npm @liveblocks/node verifies: WebhookHandler.' });
  standard('loops', { eventName: 'email.delivered', eventTime: T }, 'so.loops.email.delivered');
  standard('openai', { id: 'evt_685343a1381c819085d44c354e1b330e', object: 'event', created_at: T, type: 'response.completed', data: { id: 'resp_1' } }, 'com.openai.response.completed', { why: 'npm openai verifies: webhooks.unwrap.' });
  standard('polar', { type: 'order.created', timestamp: at, data: {} }, 'sh.polar.order.created', { raw: true, time: at, why: 'npm @polar-sh/sdk verifies: validateEvent.' });
  standard('recall-ai', { event: 'bot.done', data: { bot: { id: 'b' } } }, 'ai.recall.bot.done');
  standard('render', { type: 'deploy_ended', timestamp: at, data: { id: 'evj-1' } }, 'com.render.deploy_ended', { time: at });
  standard('replicate', { id: 'ufawqhfynnddngldkgtslldrkq', status: 'succeeded' }, 'com.replicate.succeeded', { why: 'npm replicate verifies: validateWebhook.' });
  standard('resend', { type: 'email.sent', created_at: at, data: { email_id: 'e' } }, 'com.resend.email.sent', { names: 'svix-', why: 'npm resend verifies: webhooks.verify.' });
  standard('supabase', { metadata: { uuid: 'u', name: 'after-user-created' }, user: {} }, 'com.supabase.after-user-created', { prefix: 'v1,whsec_' });
  {
    const put = row('finch', {
      sig: 'Finch-Signature', enc: 'base64', label: 'v1,', stamp: seconds, secrets: b64Keys, key: fromB64, body: '{"company_id":"720be419","event_type":"account.updated"}',
      signed: (b, t) => [`${msg}.${t}.`, b], more: (t) => [['Finch-Event-Id', msg], ['Finch-Timestamp', t]], want: [msg, 'com.tryfinch.account.updated', iso(NOW)],
      why: 'npm @tryfinch/finch-api verifies: webhooks.unwrap.',
    });
    put('published-vector', {
      why: 'Signature from the tests of Finch\'s own library:\nhttps://github.com/Finch-API/finch-api-node tests/api-resources/webhooks.test.ts',
      now: 1676312382, secrets: [{ id: 'main', value: '5WbX5kEWLlfzsGNjH64I8lOOqUB6e8FH' }], body: '{"company_id":"720be419-0293-4d32-a707-32179b0827ab"}',
      headers: [['Finch-Event-Id', 'msg_2Lh9KRb0pzN4LePd3XiA4v12Axj'], ['finch-timestamp', '1676312382'], ['finch-signature', 'v1,m7y0TV2C+hlHxU42wCieApTSTaA8/047OAplBqxIV/s=']],
      want: { id: 'msg_2Lh9KRb0pzN4LePd3XiA4v12Axj', type: 'com.tryfinch.unknown', time: iso(1676312382), secret: 'main', authenticated: 'signature' } });
  }

  // The body alone, HMAC-SHA256 in hex.
  row('alchemy', { sig: 'X-Alchemy-Signature', body: j({ webhookId: 'wh_1', id: 'whevt_3iho0jjd9zsmfgkk', createdAt: at, type: 'GRAPHQL' }), want: ['whevt_3iho0jjd9zsmfgkk', 'com.alchemy.graphql', at] });
  row('airtable', { sig: 'X-Airtable-Content-MAC', label: 'hmac-sha256=', secrets: b64Keys, key: fromB64, body: j({ base: { id: 'app00000000000000' }, webhook: { id: 'ach00000000000000' }, timestamp: '2026-01-01T11:59:58.663Z' }), want: [, 'com.airtable.changed', '2026-01-01T11:59:58.663Z'] });
  row('attio', { sig: 'Attio-Signature', body: j({ webhook_id: 'w', events: [{ event_type: 'record.created' }] }), want: [, 'com.attio.record.created'] })(
    'older-header', { why: 'The header\'s older name.', headers: [['X-Attio-Signature', hmac('sha256', own('attio')[0], 'hex', '{}')]], body: '{}', want: { id: sha('{}'), type: 'com.attio.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  row('cal-com', { sig: 'X-Cal-Signature-256', body: j({ triggerEvent: 'BOOKING_CREATED', createdAt: at, payload: { uid: 'bFJeNb2uX8ANpT3JL5EfXw' } }), want: [, 'com.cal.booking_created', at] });
  row('checkout-com', { sig: 'Cko-Signature', body: j({ id: 'evt_az5sblvku4ge3dwpztvyizgcau', type: 'payment_approved', created_on: at }), want: ['evt_az5sblvku4ge3dwpztvyizgcau', 'com.checkout.payment_approved', at] });
  row('checkr', { sig: 'X-Checkr-Signature', body: j({ id: '507f1f77bcf86cd799439011', object: 'event', type: 'report.completed', created_at: at }), want: ['507f1f77bcf86cd799439011', 'com.checkr.report.completed', at] });
  row('clickup', { sig: 'X-Signature', body: j({ event: 'taskCreated', history_items: [{ id: '2800763136717140857', date: ms }], task_id: 'c0j' }), want: ['2800763136717140857', 'com.clickup.taskcreated', at] });
  row('coinbase-commerce', { sig: 'X-CC-Webhook-Signature', body: j({ attempt_number: 1, event: { id: '24934862-d980-46cb-9402-43c81b0cdba6', type: 'charge:created', created_at: at } }), want: ['24934862-d980-46cb-9402-43c81b0cdba6', 'com.coinbase.commerce.charge.created', at], why: 'npm coinbase-commerce-node verifies: Webhook.verifyEventBody.' });
  row('dropbox', { sig: 'X-Dropbox-Signature', body: '{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]}}', more: () => [['CF-Ray', '8f2d1a2b3c4d5e6f-FRA']], want: [sha('8f2d1a2b3c4d5e6f-FRA\n{"list_folder":{"accounts":["dbid:AAH4f99T0taONIb-OurWxbNQ6ywGRopQngc"]}}'), 'com.dropbox.changed'] });
  row('dwolla', { sig: 'X-Request-Signature-Sha-256', body: j({ id: 'cac95329-9fa5-42f1-a4fc-c08af7b868fb', topic: 'customer_transfer_created', timestamp: '2026-01-01T11:59:58.790Z' }), want: ['cac95329-9fa5-42f1-a4fc-c08af7b868fb', 'com.dwolla.customer_transfer_created', '2026-01-01T11:59:58.79Z'] });
  row('getstream', { sig: 'X-Signature', body: j({ type: 'message.new', created_at: at }), want: [, 'io.getstream.message.new', at], why: 'npm stream-chat verifies: verifyWebhook.' });
  row('gitea', { sig: 'X-Gitea-Signature', body: '{"ref":"refs/heads/main"}', more: () => [['X-Gitea-Delivery', 'f6266f16-1bf3-46a5-9ea4-602e06ead473'], ['X-Gitea-Event', 'push'], ['X-Gogs-Event', 'push']], want: ['f6266f16-1bf3-46a5-9ea4-602e06ead473', 'com.gitea.push'] });
  {
    const event = (n) => ({ id: `EV00${n}`, created_at: at, resource_type: 'payments', action: 'confirmed' });
    const put = row('gocardless', { sig: 'Webhook-Signature', body: j({ events: [event(1)] }), want: ['EV001', 'com.gocardless.payments.confirmed', at], why: 'npm gocardless-nodejs verifies: webhooks.parse.' });
    const several = j({ events: [event(1), event(2)] });
    put('batch', { why: 'Several events in one delivery are named together, by the body.', body: several, headers: [['Webhook-Signature', hmac('sha256', own('gocardless')[0], 'hex', several)]],
      want: { id: sha(several), type: 'com.gocardless.unknown', time: at, secret: 'main', authenticated: 'signature' } });
  }
  row('gogs', { sig: 'X-Gogs-Signature', body: '{"ref":"refs/heads/main"}', more: () => [['X-Gogs-Delivery', 'f6266f16-1bf3-46a5-9ea4-602e06ead473'], ['X-Gogs-Event', 'push']], want: ['f6266f16-1bf3-46a5-9ea4-602e06ead473', 'io.gogs.push'] });
  row('launchdarkly', { sig: 'X-LD-Signature', body: j({ _id: '5f3c8b', date: T * 1000, kind: 'flag' }), want: ['5f3c8b', 'com.launchdarkly.flag', at] });
  row('lemonsqueezy', { sig: 'X-Signature', body: j({ meta: { event_name: 'order_created' }, data: { id: '1' } }), more: () => [['X-Event-Name', 'order_created']], want: [, 'com.lemonsqueezy.order_created'] });
  row('linear', { sig: 'Linear-Signature', timed: true, past: 60, body: (s) => j({ action: 'update', type: 'Issue', createdAt: at, webhookTimestamp: s * 1000, webhookId: 'w' }), more: () => [['Linear-Delivery', '234d1a4e-b617-4388-90fe-adc3633d6b72'], ['Linear-Event', 'Issue']], want: ['234d1a4e-b617-4388-90fe-adc3633d6b72', 'app.linear.issue.update', at], why: 'npm @linear/sdk verifies: LinearWebhookClient.' });
  {
    const put = row('modern-treasury', { sig: 'X-Signature', body: j({ event: 'completed', data: { id: 'p' } }), more: () => [['X-Topic', 'payment_order']], want: [, 'com.moderntreasury.payment_order.completed'], why: 'npm modern-treasury verifies: webhooks.validateSignature.' });
    put('published-vector', { why: 'Signature from the tests of Modern Treasury\'s own library:\nhttps://github.com/Modern-Treasury/modern-treasury-node tests/api-resources/webhooks.test.ts', body: '{"foo":"bar"}',
      secrets: [{ id: 'main', value: 'hello, world' }], headers: [['X-Signature', '07e118b4a9818c9242baf9009e76a78c29aeb015da93f600d514b77185247069']],
      want: { id: sha('{"foo":"bar"}'), type: 'com.moderntreasury.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  }
  row('nango', { sig: 'X-Nango-Hmac-Sha256', body: j({ from: 'nango', type: 'sync', connectionId: 'c', modifiedAfter: at }), want: [, 'dev.nango.sync'], why: 'npm @nangohq/node verifies: verifyIncomingWebhookRequest.' });
  row('nylas', { sig: 'X-Nylas-Signature', body: j({ specversion: '1.0', type: 'message.created', id: 'mock-id', time: T }), want: ['mock-id', 'com.nylas.message.created', at] });
  row('onfido', { sig: 'X-SHA2-Signature', body: j({ payload: { resource_type: 'check', action: 'check.completed', object: { id: 'c', completed_at_iso8601: at } } }), want: [, 'com.onfido.check.completed', at], why: 'npm @onfido/api verifies: WebhookEventVerifier.' });
  row('pulumi', { sig: 'Pulumi-Webhook-Signature', body: '{"kind":"update","result":"succeeded"}', more: () => [['Pulumi-Webhook-ID', '1'], ['Pulumi-Webhook-Kind', 'stack_update']], want: ['1', 'com.pulumi.stack_update'] });
  row('pusher', { sig: 'X-Pusher-Signature', body: j({ time_ms: T * 1000, events: [{ name: 'channel_occupied', channel: 'c' }] }), more: () => [['X-Pusher-Key', 'k']], want: [, 'com.pusher.channel_occupied', at], why: 'npm pusher verifies: webhook().isValid.' });
  row('razorpay', { sig: 'X-Razorpay-Signature', body: j({ entity: 'event', event: 'payment.captured', created_at: T }), more: () => [['X-Razorpay-Event-Id', 'IwDSXyA7ZFYMyW']], want: ['IwDSXyA7ZFYMyW', 'com.razorpay.payment.captured', at], why: 'npm razorpay verifies: validateWebhookSignature.' });
  row('sentry', { sig: 'Sentry-Hook-Signature', body: j({ action: 'created', data: { issue: { id: '1' } } }), more: () => [['Request-ID', '4eb10ab3f2f04e8a8d1d5a2f7b3e6c90'], ['Sentry-Hook-Resource', 'issue'], ['Sentry-Hook-Timestamp', T]], want: ['4eb10ab3f2f04e8a8d1d5a2f7b3e6c90', 'io.sentry.issue.created', at] });
  row('smartcar', { sig: 'SC-Signature', body: j({ eventId: 'e1', eventType: 'VEHICLE_STATE' }), want: ['e1', 'com.smartcar.vehicle_state'], why: 'npm smartcar verifies: verifyPayload.' });
  row('squarespace', { sig: 'Squarespace-Signature', secrets: hexKeys, key: fromHex, body: j({ id: '46a1ce2f', topic: 'order.create', createdOn: at }), want: ['46a1ce2f', 'com.squarespace.order.create', at] });
  row('sumsub', { sig: 'X-Payload-Digest', body: j({ applicantId: 'a', correlationId: 'c', type: 'applicantReviewed' }), more: () => [['X-Payload-Digest-Alg', 'HMAC_SHA256_HEX']], want: [, 'com.sumsub.applicantreviewed'] });
  row('chargify', { sig: 'X-Chargify-Webhook-Signature-Hmac-Sha-256', type: 'form:', body: 'id=81197881&event=signup_success&payload[site][id]=1', want: ['81197881', 'com.chargify.signup_success'] });

  // The same behind a label.
  row('ashby', { sig: 'Ashby-Signature', label: 'sha256=', body: j({ action: 'applicationSubmit', data: { application: { id: 'a' } } }), want: [, 'com.ashbyhq.applicationsubmit'] });
  row('bitbucket', { sig: 'X-Hub-Signature', label: 'sha256=', body: '{"push":{}}', more: () => [['X-Request-UUID', '2c6ba8f1-9f0e-4b6e-8b2a-2b1d1c0b9a3e'], ['X-Event-Key', 'repo:push']], want: ['2c6ba8f1-9f0e-4b6e-8b2a-2b1d1c0b9a3e', 'org.bitbucket.repo.push'] });
  {
    const put = row('circleci', { sig: 'circleci-signature', label: 'v1=', body: j({ id: '3888f21b-eaa7-38e3-8f3d-75a63bba8895', type: 'workflow-completed', happened_at: at }), want: ['3888f21b-eaa7-38e3-8f3d-75a63bba8895', 'com.circleci.workflow-completed', at] });
    for (const [n, value, body, mac] of [
      ['', 'another-secret', 'lalala', 'daa220016c8f29a8b214fbfc3671aeec2145cfb1e6790184ffb38b6d0425fa00'],
      ['-2', 'hunter123', 'an-important-request-payload', '9be2242094a9a8c00c64306f382a7f9d691de910b4a266f67bd314ef18ac49fa'],
    ]) put('published-vector' + n, { why: 'Signature printed in CircleCI\'s documentation, "Outbound webhooks":\nhttps://circleci.com/docs/guides/integration/outbound-webhooks/', body, secrets: [{ id: 'main', value }], headers: [['circleci-signature', `v1=${mac}`]],
      want: { id: sha(body), type: 'com.circleci.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
    put('later-version', { why: 'Another version beside v1 is passed over.', headers: [['circleci-signature', `v2=00,v1=${hmac('sha256', own('circleci')[0], 'hex', 'lalala')}`]], body: 'lalala',
      want: { id: sha('lalala'), type: 'com.circleci.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  }
  row('cursor', { sig: 'X-Webhook-Signature', label: 'sha256=', body: j({ event: 'statusChange', timestamp: at, id: 'bc_abc123', status: 'FINISHED' }), more: () => [['X-Webhook-ID', 'msg_1'], ['X-Webhook-Event', 'statusChange']], want: ['msg_1', 'com.cursor.statuschange', at] });
  row('discourse', { sig: 'X-Discourse-Event-Signature', label: 'sha256=', body: '{"post":{"id":1}}', more: () => [['X-Discourse-Event-Id', '7'], ['X-Discourse-Event-Type', 'post'], ['X-Discourse-Event', 'post_created']], want: [, 'org.discourse.post_created'] });
  row('easypost', { sig: 'X-Hmac-Signature', label: 'hmac-sha256-hex=', body: j({ id: 'evt_qatAiJDM', object: 'Event', description: 'tracker.updated', created_at: at }), want: ['evt_qatAiJDM', 'com.easypost.tracker.updated', at], why: 'npm @easypost/api verifies: Utils.validateWebhook.' });
  row('firecrawl', { sig: 'X-Firecrawl-Signature', label: 'sha256=', body: j({ success: true, type: 'crawl.page', id: '550e8400', data: [{}] }), want: [, 'dev.firecrawl.crawl.page'] });
  row('greenhouse', { sig: 'Signature', label: 'sha256 ', body: j({ action: 'hire_candidate', payload: {} }), more: () => [['Greenhouse-Event-ID', '3']], want: ['3', 'io.greenhouse.hire_candidate'] });
  row('intercom', { sig: 'X-Hub-Signature', alg: 'sha1', label: 'sha1=', body: j({ type: 'notification_event', topic: 'contact.user.created', id: 'notif_1', created_at: T }), want: ['notif_1', 'io.intercom.contact.user.created', at] });
  row('jira', { sig: 'X-Hub-Signature', label: 'sha256=', body: j({ timestamp: T * 1000, webhookEvent: 'jira:issue_updated' }), more: () => [['X-Atlassian-Webhook-Identifier', 'jw1']], want: ['jw1', 'com.atlassian.jira.jira.issue_updated', at] });
  row('meta', { sig: 'X-Hub-Signature-256', label: 'sha256=', body: j({ object: 'page', entry: [{ id: '1', messaging: [{ timestamp: T * 1000, message: { mid: 'm_1', text: 'hi' } }] }] }), want: ['m_1', 'com.meta.page', at] });
  row('notion', { sig: 'X-Notion-Signature', label: 'sha256=', body: j({ id: '367cba44-b6f3-4c92-81e7-6a2e9659efd4', timestamp: at, type: 'page.created' }), want: ['367cba44-b6f3-4c92-81e7-6a2e9659efd4', 'com.notion.page.created', at], why: 'npm @notionhq/client verifies: verifyWebhookSignature.' });
  {
    const put = row('pagerduty', { sig: 'X-PagerDuty-Signature', label: 'v1=', body: j({ event: { id: '01BUBSQTNE2X4AG3Y6YUNTDHTG', event_type: 'incident.triggered', occurred_at: at } }), want: ['01BUBSQTNE2X4AG3Y6YUNTDHTG', 'com.pagerduty.incident.triggered', at] });
    const [one, , not] = own('pagerduty').map((s) => 'v1=' + hmac('sha256', s, 'hex', '{}'));
    put('several', { why: 'One value per active secret; any may match.', body: '{}', headers: [['X-PagerDuty-Signature', `${not},${one}`]], want: { id: sha('{}'), type: 'com.pagerduty.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  }
  row('snyk', { sig: 'X-Hub-Signature', label: 'sha256=', body: '{"project":{"id":"p"}}', more: () => [['X-Snyk-Transport-ID', '998fe884-18a0-45db-8ae0-e379eea3bc0a'], ['X-Snyk-Event', 'project_snapshot/v0'], ['X-Snyk-Timestamp', at]], want: ['998fe884-18a0-45db-8ae0-e379eea3bc0a', 'io.snyk.project_snapshot.v0', at] });
  {
    const value = (v) => j({ object: 'whatsapp_business_account', entry: [{ id: '1', changes: [{ field: 'messages', value: v }] }] });
    const put = row('whatsapp', { sig: 'X-Hub-Signature-256', label: 'sha256=', body: value({ messages: [{ id: 'wamid.A', timestamp: `${T}` }] }), want: ['wamid.A', 'com.whatsapp.messages', at] });
    const more = (name, v, why, id, time) => { const b = value(v); put(name, { why, body: b, headers: [['X-Hub-Signature-256', 'sha256=' + hmac('sha256', own('whatsapp')[0], 'hex', b)]], want: { id: id ?? sha(b), type: 'com.whatsapp.messages', time, secret: 'main', authenticated: 'signature' } }); };
    more('status', { statuses: [{ id: 'wamid.A', status: 'read', timestamp: `${T}` }] }, 'A status is another event than the message it is about.', 'wamid.A:read', at);
    more('batch', { messages: [{ id: 'wamid.A', timestamp: `${T}` }, { id: 'wamid.B', timestamp: `${T}` }] }, 'Several messages are named together, by the body.', undefined, at);
  }

  // HMAC-SHA1 and HMAC-SHA512.
  row('help-scout', { sig: 'X-HelpScout-Signature', alg: 'sha1', enc: 'base64', body: '{"id":4,"status":"active"}', more: () => [['X-HelpScout-Event', 'convo.created']], want: [, 'com.helpscout.convo.created'] });
  row('mongodb-atlas', { sig: 'X-MMS-Signature', alg: 'sha1', enc: 'base64', body: j({ id: '5f3c8b', status: 'OPEN', updated: at }), more: () => [['X-MMS-Event', 'alert.open']], want: [`5f3c8b:${at}`, 'com.mongodb.atlas.alert.open', at] });
  row('segment', { sig: 'X-Signature', alg: 'sha1', body: j({ type: 'track', messageId: 'segment-test-message-1', timestamp: at }), want: ['segment-test-message-1', 'com.segment.track', at] });
  row('vercel', { sig: 'x-vercel-signature', alg: 'sha1', body: j({ id: 'uev_CiKhTUQJgAcqIWVyRSn6C4rU', type: 'deployment.created', createdAt: T * 1000 }), want: ['uev_CiKhTUQJgAcqIWVyRSn6C4rU', 'com.vercel.deployment.created', at] });
  row('paystack', { sig: 'x-paystack-signature', alg: 'sha512', body: j({ event: 'charge.success', data: { id: 302961, paid_at: at } }), want: [, 'com.paystack.charge.success'] });
  {
    const put = row('terraform', { sig: 'X-TFE-Notification-Signature', alg: 'sha512', body: j({ payload_version: 1, notifications: [{ trigger: 'run:completed', run_updated_at: at }] }), want: [, 'io.terraform.run.completed', at] });
    const drifted = j({ payload_version: '2', trigger: 'assessment:drifted', details: { new_assessment_result: { created_at: at } } });
    put('assessment', { why: "A workspace's health assessment has its trigger elsewhere.", body: drifted, headers: [['X-TFE-Notification-Signature', hmac('sha512', own('terraform')[0], 'hex', drifted)]], want: { id: sha(drifted), type: 'io.terraform.assessment.drifted', time: at, secret: 'main', authenticated: 'signature' } });
  }

  // Base64.
  const b64 = (name, p) => row(name, { enc: 'base64', ...p });
  b64('ably', { sig: 'X-Ably-Signature', body: j({ items: [{ webhookId: 'w', source: 'channel.message', timestamp: T * 1000 }] }), more: () => [['X-Ably-Key', 'a.b']], want: [, 'com.ably.channel.message', at] });
  b64('commercelayer', { sig: 'X-CommerceLayer-Signature', body: '{"data":{"id":"o"}}', more: () => [['X-CommerceLayer-Topic', 'orders.place']], want: [, 'io.commercelayer.orders.place'] });
  b64('heroku', { sig: 'Heroku-Webhook-Hmac-SHA256', body: j({ id: '01234567-89ab-cdef-0123-456789abcdef', resource: 'release', action: 'create', created_at: at }), want: ['01234567-89ab-cdef-0123-456789abcdef', 'com.heroku.release.create', at] });
  b64('hookdeck', { sig: 'X-Hookdeck-Signature', body: '{"any":"thing"}', more: () => [['X-Hookdeck-EventID', 'evt_1']], want: ['evt_1', 'com.hookdeck.unknown'] });
  b64('jobber', { sig: 'X-Jobber-Hmac-SHA256', body: j({ data: { webHookEvent: { topic: 'CLIENT_CREATE', itemId: 'i', occurredAt: at } } }), want: [, 'com.getjobber.client_create', at] });
  b64('lago', { sig: 'X-Lago-Signature', body: j({ webhook_type: 'invoice.created', object_type: 'invoice' }), more: () => [['X-Lago-Signature-Algorithm', 'hmac'], ['X-Lago-Unique-Key', 'k1']], want: ['k1', 'com.getlago.invoice.created'] });
  {
    const event = (n) => ({ type: 'message', webhookEventId: `01FZ74A0TDDPYRVKNK77XKC3Z${n}`, timestamp: T * 1000 });
    const put = b64('line', { sig: 'x-line-signature', body: j({ destination: 'U', events: [event('R')] }), want: ['01FZ74A0TDDPYRVKNK77XKC3ZR', 'me.line.message', at], why: 'npm @line/bot-sdk verifies: validateSignature.' });
    const body = j({ destination: 'U', events: [event('R'), event('S')] }), none = '{"destination":"U","events":[]}';
    const headers = (b) => [['x-line-signature', hmac('sha256', own('line')[0], 'base64', b)]];
    put('batch', { why: 'Several events are named together, by the body.', body, headers: headers(body), want: { id: sha(body), type: 'me.line.unknown', time: at, secret: 'main', authenticated: 'signature' } });
    put('no-events', { why: 'LINE\'s test of the URL has no events.', body: none, headers: headers(none), want: { id: sha(none), type: 'me.line.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  }
  b64('quickbooks', { sig: 'intuit-signature', body: j([{ specversion: '1.0', id: '88cd52aa-33b6-4351-9aa4-47572edbd068', type: 'qbo.customer.created.v1', time: at }]), want: ['88cd52aa-33b6-4351-9aa4-47572edbd068', 'com.intuit.quickbooks.qbo.customer.created.v1', at] });
  b64('tally', { sig: 'Tally-Signature', body: j({ eventId: 'a4cb511e', eventType: 'FORM_RESPONSE', createdAt: at }), want: ['a4cb511e', 'so.tally.form_response', at] });
  b64('todoist', { sig: 'X-Todoist-Hmac-SHA256', body: j({ event_name: 'item:added', user_id: '2671355', triggered_at: at }), more: () => [['X-Todoist-Delivery-ID', 'd1']], want: ['d1', 'com.todoist.item.added', at] });
  b64('typeform', { sig: 'Typeform-Signature', label: 'sha256=', body: j({ event_id: 'LtWXD3crgy', event_type: 'form_response', form_response: { submitted_at: at } }), want: ['LtWXD3crgy', 'com.typeform.form_response', at] });
  b64('woocommerce', { sig: 'X-WC-Webhook-Signature', body: '{"id":727,"status":"processing"}', more: () => [['X-WC-Webhook-Topic', 'order.updated'], ['X-WC-Webhook-Delivery-ID', '1234abcd']], want: ['1234abcd', 'com.woocommerce.order.updated'] });
  b64('x', { sig: 'x-twitter-webhooks-signature', label: 'sha256=', body: '{"for_user_id":"2244994945","tweet_create_events":[{"id_str":"1"}]}', want: [, 'com.x.unknown'] });
  b64('xero', { sig: 'x-xero-signature', body: j({ events: [{ eventCategory: 'INVOICE', eventType: 'UPDATE' }], firstEventSequence: 1, lastEventSequence: 1 }), want: [, 'com.xero.invoice.update'] });

  // The URL is signed too.
  b64('square', { sig: 'x-square-hmacsha256-signature', signed: (b) => [url('square'), b], body: j({ merchant_id: 'm', type: 'payment.created', event_id: '6a8f5f28-54a1-4eb0-a98a-3111513fd4fc', created_at: at }), want: ['6a8f5f28-54a1-4eb0-a98a-3111513fd4fc', 'com.squareup.payment.created', at], why: 'npm square verifies: WebhooksHelper.verifySignature.' })(
    'published-vector', { why: 'Signature printed in Square\'s documentation, "Validate webhook notifications":\nhttps://developer.squareup.com/docs/webhooks/step3validate', url: 'https://example.com/webhook', body: '{"hello":"world"}', secrets: [{ id: 'main', value: 'asdf1234' }],
      headers: [['x-square-hmacsha256-signature', '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=']], want: { id: sha('https://example.com/webhook', '{"hello":"world"}'), type: 'com.squareup.unknown', time: '-', secret: 'main', authenticated: 'signature' } });
  b64('trello', { sig: 'X-Trello-Webhook', alg: 'sha1', signed: (b) => [b, url('trello')], body: j({ action: { id: '51f9424bcd6e040f3c002412', type: 'updateCard', date: at } }), want: ['51f9424bcd6e040f3c002412', 'com.trello.updatecard', at] });
  {
    const event = (n) => ({ eventId: n, subscriptionId: 12345, occurredAt: T * 1000, subscriptionType: 'contact.creation', attemptNumber: 0 });
    const signed = (b, t) => ['POST', url('hubspot'), b, t];
    const put = b64('hubspot', { sig: 'X-HubSpot-Signature-v3', stamp: millis, signed, more: (t) => [['X-HubSpot-Request-Timestamp', t]], body: j([event(1)]), want: [`12345:1:${ms}`, 'com.hubspot.contact.creation', at], why: 'npm @hubspot/api-client signs: Signature.getSignature.' });
    const batch = j([event(1), event(2)]);
    put('batch', { why: 'Several events are named together, by the body.', body: batch, headers: [['X-HubSpot-Request-Timestamp', millis(NOW)], ['X-HubSpot-Signature-v3', hmac('sha256', own('hubspot')[0], 'base64', ...signed(batch, millis(NOW)))]],
      want: { id: sha(batch), type: 'com.hubspot.unknown', time: at, secret: 'main', authenticated: 'signature' } });
  }

  // A time is signed: in the signature header …
  row('buildkite', { sig: 'X-Buildkite-Signature', stamp: seconds, signed: dot, header: (m, t) => `timestamp=${t},signature=${m}`, body: '{"event":"build.finished","build":{"id":"b"}}', more: () => [['X-Buildkite-Event', 'build.finished']], want: [, 'com.buildkite.build.finished'] });
  const utc = (s) => new Date(s * 1000).toUTCString();
  {
    const event = (id) => ({ external_id: id, topic: 'event:klaviyo.opened_email', payload: {} });
    const put = row('klaviyo', { sig: 'Klaviyo-Signature', stamp: utc, signed: (b, t) => [b, t], more: (t) => [['Klaviyo-Timestamp', t]], body: j({ data: [event('e1')], meta: {} }), want: ['e1', 'com.klaviyo.event.klaviyo.opened_email'] });
    const said = (b, t) => ({ body: b, headers: [['Klaviyo-Timestamp', t], ['Klaviyo-Signature', hmac('sha256', own('klaviyo')[0], 'hex', b, t)]] });
    const two = j({ data: [event('e1'), event('e2')] }), one = j({ data: [event('e1')] });
    put('batch', { why: 'Two events in one delivery, not split: named by the body.', ...said(two, utc(NOW)), want: { id: sha(two), type: 'com.klaviyo.event.klaviyo.opened_email', time: '-', secret: 'main', authenticated: 'signature' } });
    put('split', { why: 'The same, split.', params: 'split true', ...said(two, utc(NOW)), want: { id: sha(two), type: 'com.klaviyo.event.klaviyo.opened_email', time: '-', secret: 'main', authenticated: 'signature', events: 'e1 com.klaviyo.event.klaviyo.opened_email, e2 com.klaviyo.event.klaviyo.opened_email' } });
    for (const [name, t, why] of [
      ['timestamp-seconds', `${NOW}`, 'A number is no HTTP date, though it is signed.'],
      ['timestamp-weekday', utc(NOW).replace('Thu', 'Fri'), 'A weekday that is not the date\'s.'],
      ['timestamp-zone', utc(NOW).replace('GMT', 'UTC'), 'Only one spelling of a time is read.'],
    ]) put(name, { why, ...said(one, t), error: 'malformed_signature' });
    const good = said(one, utc(NOW)).headers;
    put('duplicate-timestamp', { why: 'Two lines with a time.', headers: [['Klaviyo-Timestamp', utc(NOW)], ...good], error: 'duplicate_header' });
    put('joined-timestamp', { why: 'The same, joined by the platform: a date has one comma.', headers: [['Klaviyo-Timestamp', `${utc(NOW)}, ${utc(NOW)}`], good[1]], error: 'duplicate_header' });
  }
  {
    const body = j({ id: 'qjz5y4s2h3b1', object_type: 'account', site_id: 'r4hx6jcvgs3b', event_type: 'created', event_time: at, account_code: 'acme' });
    const put = row('recurly', { sig: 'recurly-signature', stamp: millis, signed: dot, header: (m, t) => `${t},${m}`, body, want: [, 'com.recurly.account.created', at] });
    const [one, two] = own('recurly').map((s) => hmac('sha256', s, 'hex', `${millis(NOW)}.`, body)), want = { id: sha(body), type: 'com.recurly.account.created', time: at, secret: 'main', authenticated: 'signature' };
    put('rotating', { why: 'One signature of each secret while it rotates.', headers: [['recurly-signature', `${millis(NOW)},${two},${one}`]], want });
    put('timestamp-only', { why: 'A time and no signature.', headers: [['recurly-signature', millis(NOW)]], error: 'malformed_signature' });
    put('signature-only', { why: 'A signature and no time.', headers: [['recurly-signature', one]], error: 'malformed_signature' });
    put('timestamp-last', { why: 'The time is the first element and no other.', headers: [['recurly-signature', `${one},${millis(NOW)}`]], error: 'malformed_signature' });
  }
  {
    const put = row('sanity', { sig: 'sanity-webhook-signature', enc: 'base64url', stamp: millis, past: 2100, signed: dot, header: (m, t) => `t=${t},v1=${m}`, body: '{"_id":"drafts.1","title":"Hi"}', more: () => [['sanity-operation', 'update'], ['idempotency-key', 'k-1']], want: ['k-1', 'io.sanity.update'], why: 'npm @sanity/webhook verifies: isValidSignature.' });
    const padded = `t=${millis(NOW)},v1=${hmac('sha256', own('sanity')[0], 'base64url', `${millis(NOW)}.`, '{"_id":"drafts.1","title":"Hi"}')}=`;
    put('padded', { why: 'A signature has one spelling, and Sanity pads none.', headers: [['sanity-webhook-signature', padded]], error: 'malformed_signature' });
  }
  row('calendly', stamped('Calendly-Webhook-Signature', { past: 180, body: j({ event: 'invitee.created', created_at: at, payload: {} }), want: [, 'com.calendly.invitee.created', at] }));
  row('cloudflare-stream', { sig: 'Webhook-Signature', stamp: seconds, signed: dot, header: (m, t) => `time=${t},sig1=${m}`, body: j({ uid: '6b9e68b07dfee8cc2d116e4c51d6a957', status: { state: 'ready' }, modified: at }), want: [, 'com.cloudflare.stream.ready', at] });
  row('courier', { sig: 'courier-signature', stamp: millis, signed: dot, header: (m, t) => `t=${t},signature=${m}`, body: '{"type":"message:updated","data":{"id":"m"}}', want: [, 'com.courier.message.updated'] });
  row('elevenlabs', { sig: 'ElevenLabs-Signature', stamp: seconds, past: 1800, signed: dot, header: (m, t) => `t=${t},v0=${m}`, body: j({ type: 'post_call_transcription', event_timestamp: T, data: {} }), want: [, 'io.elevenlabs.post_call_transcription', at], why: 'npm @elevenlabs/elevenlabs-js verifies: webhooks.constructEvent.' });
  row('exa', stamped('Exa-Signature', { body: j({ id: 'event_1', object: 'event', type: 'webset.idle', createdAt: at }), want: ['event_1', 'ai.exa.webset.idle', at] }));
  b64('knock', { sig: 'x-knock-signature', stamp: millis, signed: dot, header: (m, t) => `t=${t},s=${m}`, body: j({ __typename: 'Event', type: 'message.sent', created_at: at }), want: [, 'app.knock.message.sent', at] });
  row('mercury', stamped('Mercury-Signature', { body: j({ id: 'bfa85eaa', resourceType: 'transaction', operationType: 'update', occurredAt: at }), want: ['bfa85eaa', 'com.mercury.transaction.update', at] }));
  row('mux', stamped('Mux-Signature', { body: j({ type: 'video.asset.ready', id: '3a56ac3d', created_at: at }), want: ['3a56ac3d', 'com.mux.video.asset.ready', at], why: 'npm @mux/mux-node verifies: webhooks.verifySignature.' }));
  row('paddle', { sig: 'Paddle-Signature', stamp: seconds, past: 60, signed: colon, header: (m, t) => `ts=${t};h1=${m}`, body: j({ event_id: 'evt_01hv8x2acma2gz7he8kg2s0hna', event_type: 'transaction.completed', occurred_at: at }), want: ['evt_01hv8x2acma2gz7he8kg2s0hna', 'com.paddle.transaction.completed', at], why: 'npm @paddle/paddle-node-sdk verifies: webhooks.isSignatureValid.' });
  {
    const put = row('persona', stamped('Persona-Signature', { body: j({ data: { type: 'event', id: 'evt_1', attributes: { name: 'inquiry.completed', 'created-at': at } } }), want: ['evt_1', 'com.withpersona.inquiry.completed', at] }));
    const [one, two] = own('persona').map((s) => `t=${NOW},v1=${hmac('sha256', s, 'hex', `${NOW}.`, '{}')}`), want = { id: sha('{}'), type: 'com.withpersona.unknown', time: '-', secret: 'main', authenticated: 'signature' };
    put('rotating', { why: 'Two sets in one header while a secret rotates: the second signature is read.', body: '{}', headers: [['Persona-Signature', `${two} ${one}`]], want });
  }
  row('retell', { sig: 'x-retell-signature', stamp: millis, signed: (b, t) => [b, t], header: (m, t) => `v=${t},d=${m}`, body: j({ event: 'call_ended', call: { call_id: 'Jabr9TXYYJHfvl6Syypi88rdAHYHmcq6' } }), want: [, 'com.retellai.call_ended'], why: 'npm retell-sdk signs and verifies: sign, verify.' });
  row('terra', stamped('terra-signature', { header: (m, t) => `t=${t},v1=${m},v0=00`, body: '{"type":"sleep","user":{"user_id":"u"}}', want: [, 'co.tryterra.sleep'] }));

  // … or in one of its own.
  const own2 = (sig, ts, p) => ({ sig, stamp: seconds, more: (t) => [[ts, t]], ...p });
  row('close', own2('close-sig-hash', 'close-sig-timestamp', { signed: after, secrets: hexKeys, key: fromHex, body: j({ event: { id: 'ev_1', object_type: 'lead', action: 'updated' }, subscription_id: 's' }), want: ['ev_1', 'com.close.lead.updated'] }));
  row('crisp', own2('X-Crisp-Signature', 'X-Crisp-Request-Timestamp', { stamp: millis, signed: (b, t) => [`[${t};`, b, ']'], body: j({ website_id: 'w', event: 'message:send', timestamp: T * 1000 }), want: [, 'chat.crisp.message.send', at], why: 'npm crisp-api verifies: verifyHook.' }));
  row('customer-io', own2('X-CIO-Signature', 'X-CIO-Timestamp', { signed: v0, body: j({ event_id: '01E4C4CT6YDC7Y5M7FE1GWWPQJ', object_type: 'email', metric: 'sent', timestamp: T }), want: ['01E4C4CT6YDC7Y5M7FE1GWWPQJ', 'io.customer.email.sent', at] }));
  b64('front-rules', { sig: 'X-Front-Signature', alg: 'sha1', body: j({ type: 'inbound', id: 'evt_55c8c149' }), want: ['evt_55c8c149', 'com.frontapp.inbound'] });
  b64('front', own2('X-Front-Signature', 'X-Front-Request-Timestamp', { stamp: millis, signed: colon, body: j({ type: 'inbound', payload: { id: 'evt_55c8c149' } }), want: ['evt_55c8c149', 'com.frontapp.inbound'] }));
  row('quicknode', { sig: 'X-QN-Signature', stamp: seconds, signed: (b, t) => ['6d8c5f9f', t, b], more: (t) => [['X-QN-Nonce', '6d8c5f9f'], ['X-QN-Timestamp', t]], body: '[{"block":"0x1"}]', want: [, 'com.quicknode.unknown'] });
  row('samsara', own2('X-Samsara-Signature', 'X-Samsara-Timestamp', { label: 'v1=', signed: (b, t) => [`v1:${t}:`, b], secrets: b64Keys, key: fromB64, body: j({ eventId: 'bf72239c', eventTime: at, eventType: 'VehicleUpdated' }), want: ['bf72239c', 'com.samsara.vehicleupdated', at] }));
  b64('sinch', { sig: 'x-sinch-webhook-signature', stamp: seconds, signed: (b, t) => [b, `.01FJA8B4A7BM43YGWSG9GBV067.${t}`], more: (t) => [['x-sinch-webhook-signature-algorithm', 'HmacSHA256'], ['x-sinch-webhook-signature-nonce', '01FJA8B4A7BM43YGWSG9GBV067'], ['x-sinch-webhook-signature-timestamp', t]],
    body: j({ app_id: 'a', event_time: at, message: {} }), want: [, 'com.sinch.conversation.callback', at], why: 'npm @sinch/sdk-client verifies: validateWebhookSignature.' });
  {
    const id = '84c1e79a-2a4b-4c13-ba0b-4312293e9308';
    const headers = (s, body, type, t = iso(NOW)) => [['Twitch-Eventsub-Message-Id', id], ['Twitch-Eventsub-Message-Type', type], ['Twitch-Eventsub-Message-Timestamp', t], ['Twitch-Eventsub-Message-Signature', 'sha256=' + hmac('sha256', s, 'hex', id, t, body)]];
    const put = row('twitch', { sig: 'Twitch-Eventsub-Message-Signature', label: 'sha256=', stamp: date, past: 600, signed: (b, t) => [id, t, b], more: (t) => [['Twitch-Eventsub-Message-Id', id], ['Twitch-Eventsub-Message-Type', 'notification'], ['Twitch-Eventsub-Message-Timestamp', t]],
      body: j({ subscription: { type: 'channel.follow' }, event: {} }), want: [id, 'tv.twitch.channel.follow', iso(NOW)] });
    const challenge = j({ challenge: 'pogchamp-kappa-360noscope-vohiyo', subscription: { type: 'channel.follow' } });
    put('challenge', { why: 'A new subscription\'s challenge is signed, answered, and no event.', body: challenge, headers: headers(own('twitch')[0], challenge, 'webhook_callback_verification'),
      want: { secret: 'main', authenticated: 'signature', reply: '200 text/plain; charset=utf-8', 'reply-body': 'pogchamp-kappa-360noscope-vohiyo' } });
    put('challenge-unsigned', { why: 'A stranger\'s challenge is not answered.', body: challenge, headers: headers(own('twitch')[2], challenge, 'webhook_callback_verification'), error: 'bad_signature' });
  }
  row('webflow', own2('x-webflow-signature', 'x-webflow-timestamp', { stamp: millis, signed: colon, body: '{"triggerType":"form_submission","payload":{"id":"p"}}', want: [, 'com.webflow.form_submission'], why: 'npm webflow-api verifies: webhooks.verifySignature.' }));
  b64('whoop', own2('X-WHOOP-Signature', 'X-WHOOP-Signature-Timestamp', { stamp: millis, signed: after, body: j({ user_id: 10129, id: 'w', type: 'workout.updated', trace_id: 'd3709ee7' }), want: ['d3709ee7', 'com.whoop.workout.updated'] }));
  b64('zendesk', { sig: 'X-Zendesk-Webhook-Signature', stamp: date, signed: after, more: (t) => [['X-Zendesk-Webhook-Signature-Timestamp', t], ['X-Zendesk-Webhook-Invocation-Id', '01F3KPHNJHPYWJ1CRRVEVMG7KM']], body: '{"ticket":"35436"}', want: ['01F3KPHNJHPYWJ1CRRVEVMG7KM', 'com.zendesk.unknown', iso(NOW)] });
  row('zoom', own2('x-zm-signature', 'x-zm-request-timestamp', { label: 'v0=', signed: v0, body: j({ event: 'meeting.started', event_ts: T * 1000, payload: {} }), want: [, 'us.zoom.meeting.started', at] }));

  // Ed25519: a secret is a public key, signing takes its seed.
  const pkcs8 = (n) => createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, n)]), format: 'der', type: 'pkcs8' });
  const ed = (enc) => {
    const keys = new Map([1, 2, 3].map((n) => [createPublicKey(pkcs8(n)).export({ format: 'der', type: 'spki' }).subarray(-32).toString(enc), pkcs8(n)]));
    return { enc, secrets: [...keys.keys()], sign: (s, parts) => edSign(null, Buffer.concat(parts.map((x) => Buffer.from(x))), keys.get(s)) };
  };
  {
    const put = row('discord', { ...own2('X-Signature-Ed25519', 'X-Signature-Timestamp', { past: 900, signed: after }), ...ed('hex'), body: j({ id: '846462639134605312', type: 2, token: 'a' }), want: ['846462639134605312', 'com.discord.interaction.2'], why: 'npm discord-interactions verifies: verifyKey.' });
    const body = j({ version: 1, application_id: '1', type: 1, event: { type: 'APPLICATION_AUTHORIZED', timestamp: at, data: {} } }), { secrets, sign } = ed('hex');
    put('webhook-event', { why: 'A webhook event has no id: the body\'s hash serves.', body, headers: [['X-Signature-Timestamp', NOW], ['X-Signature-Ed25519', sign(secrets[0], [`${NOW}`, body]).toString('hex')]],
      want: { id: sha(body), type: 'com.discord.application_authorized', time: at, secret: 'main', authenticated: 'signature' } });
  }
  row('telnyx', { ...own2('telnyx-signature-ed25519', 'telnyx-timestamp', { signed: (b, t) => [`${t}|`, b] }), ...ed('base64'), body: j({ data: { id: '0ccc7b54', event_type: 'message.received', occurred_at: at } }), want: ['0ccc7b54', 'com.telnyx.message.received', at], why: 'npm telnyx verifies: webhooks.unwrap.' });

  // Signatures published with the providers' own libraries.
  const published = (name, file, { secret, body, now, headers, id, type, time = '-' }) => write(name, 'published-vector', {
    why: `Signature from the tests of the provider's own library:\nhttps://github.com/${file}`, body, now, secrets: [{ id: 'main', value: secret }], headers,
    want: { id: id ?? sha(body), type, time, secret: 'main', authenticated: 'signature' },
  });
  published('coinbase-commerce', 'coinbase/coinbase-commerce-node test/testWebhook.spec.js', {
    secret: '30291a20-0bd1-4267-9b0f-e6e7b123c0bf', headers: [['X-CC-Webhook-Signature', '8be7742c7d372f08a6a3224edadf18a22b65fa9e28f3f2de97376cdaa092590d']],
    body: '{"id":1,"scheduled_for":"2017-01-31T20:50:02Z","attempt_number":1,"event":{"id":"24934862-d980-46cb-9402-43c81b0cdba6","type":"charge:created","api_version":"2018-03-22","created_at":"2017-01-31T20:49:02Z","data":{"code":"66BEOV2A","name":"The Sovereign Individual","description":"Mastering the Transition to the Information Age","hosted_url":"https://commerce.coinbase.com/charges/66BEOV2A","created_at":"2017-01-31T20:49:02Z","expires_at":"2017-01-31T21:04:02Z","timeline":[{"time":"2017-01-31T20:49:02Z","status":"NEW"}],"metadata":{},"pricing_type":"no_price","payments":[],"addresses":{"bitcoin":"0000000000000000000000000000000000","ethereum":"0x0000000000000000000000000000000000000000","litecoin":"3000000000000000000000000000000000","bitcoincash":"bitcoincash:000000000000000000000000000000000000000000"}}}}',
    id: '24934862-d980-46cb-9402-43c81b0cdba6', type: 'com.coinbase.commerce.charge.created', time: '2017-01-31T20:49:02Z' });
  published('getstream', 'GetStream/stream-chat-js test/unit/signing.test.js', {
    secret: 'porewqKAFDSAKZssecretsercretfads', headers: [['X-Signature', 'e527a6ad4993a4c9a30680c8be4b3eda1c36ab104f1f7d39c744bd27016a9624']], body: '{"a":1}', type: 'io.getstream.unknown' });
  published('gocardless', 'gocardless/gocardless-nodejs src/webhooks.test.ts', {
    secret: 'ED7D658C-D8EB-4941-948B-3973214F2D49', headers: [['Webhook-Signature', '2693754819d3e32d7e8fcb13c729631f316c6de8dc1cf634d6527f1c07276e7e']],
    body: '{"events":[{"id":"EV00BD05S5VM2T","created_at":"2018-07-05T09:13:51.404Z","resource_type":"subscriptions","action":"created","links":{"subscription":"SB0003JJQ2MR06"},"details":{"origin":"api","cause":"subscription_created","description":"Subscription created via the API."},"metadata":{}},{"id":"EV00BD05TB8K63","created_at":"2018-07-05T09:13:56.893Z","resource_type":"mandates","action":"created","links":{"mandate":"MD000AMA19XGEC"},"details":{"origin":"api","cause":"mandate_created","description":"Mandate created via the API."},"metadata":{}}]}',
    type: 'com.gocardless.unknown', time: '2018-07-05T09:13:51.404Z' });
  published('mux', 'muxinc/mux-elixir test/mux/webhooks_test.exs', {
    secret: 'SuperSecret123', now: 1565125718, headers: [['Mux-Signature', 't=1565125718,v1=854ece4c22acef7c66b57d4e504153bc512595e8e9c772ece2a68150548c19a7']], body: '{"test":"body"}', type: 'com.mux.unknown' });
  published('paddle', 'PaddleHQ/paddle-go-sdk webhook_verifier_test.go', {
    secret: 'pdl_ntfset_01hsdn8d43dt7mezr1ef2jtbaw_hKkRiCGyyRhbFwIUuqiTBgI7gnWoV0Gr', now: 1710929255, headers: [['Paddle-Signature', 'ts=1710929255;h1=6c05ef8fa83c44d751be6d259ec955ce5638e2c54095bf128e408e2fce1589c8']],
    body: '{"data":{"id":"pri_01hsdn96k2hxjzsq5yerecdj9j","name":null,"status":"active","quantity":{"maximum":999999,"minimum":1},"tax_mode":"account_setting","product_id":"pro_01hsdn8qp7yydry3x1yeg6a9rv","unit_price":{"amount":"1000","currency_code":"USD"},"custom_data":null,"description":"testing","import_meta":null,"trial_period":null,"billing_cycle":{"interval":"month","frequency":1},"unit_price_overrides":[]},"event_id":"evt_01hsdn97563968dy0szkmgjwh3","event_type":"price.created","occurred_at":"2024-03-20T10:07:35.590857Z","notification_id":"ntf_01hsdn977e920kbgzt6r6c9rqc"}',
    id: 'evt_01hsdn97563968dy0szkmgjwh3', type: 'com.paddle.price.created', time: '2024-03-20T10:07:35.590857Z' });
  published('pagerduty', 'PagerDuty/go-pagerduty webhookv3/webhookv3_test.go', {
    secret: 'lDQHScfUeXUKaQRNF+8XIiDKZ7XX3itBAYzwU0TARw8lJqRnkKl2iB1anSb0Z+IK', headers: [['X-PagerDuty-Signature', 'v1=0c0b9495b893a39e70d1fea2fe11fbe0a825f88b9f67846f6cc07dd2bc5476cd']],
    body: '{"event":{"id":"01BWDWL3NYY7LUFPZCC28QUCMK","event_type":"incident.priority_updated","resource_type":"incident","occurred_at":"2021-04-26T17:36:27.458Z","agent":{"html_url":"https://acme.pagerduty.com/users/PLH1HKV","id":"PLH1HKV","self":"https://api.pagerduty.com/users/PLH1HKV","summary":"Tenex Engineer","type":"user_reference"},"client":null,"data":{"id":"PGR0VU2","type":"incident","self":"https://api.pagerduty.com/incidents/PGR0VU2","html_url":"https://acme.pagerduty.com/incidents/PGR0VU2","number":2,"status":"triggered","title":"A little bump in the road","service":{"html_url":"https://acme.pagerduty.com/services/PF9KMXH","id":"PF9KMXH","self":"https://api.pagerduty.com/services/PF9KMXH","summary":"API Service","type":"service_reference"},"assignees":[{"html_url":"https://acme.pagerduty.com/users/PTUXL6G","id":"PTUXL6G","self":"https://api.pagerduty.com/users/PTUXL6G","summary":"User 123","type":"user_reference"}],"escalation_policy":{"html_url":"https://acme.pagerduty.com/escalation_policies/PUS0KTE","id":"PUS0KTE","self":"https://api.pagerduty.com/escalation_policies/PUS0KTE","summary":"Default","type":"escalation_policy_reference"},"teams":[{"html_url":"https://acme.pagerduty.com/teams/PFCVPS0","id":"PFCVPS0","self":"https://api.pagerduty.com/teams/PFCVPS0","summary":"Engineering","type":"team_reference"}],"priority":{"html_url":"https://acme.pagerduty.com/account/incident_priorities","id":"PSO75BM","self":"https://api.pagerduty.com/priorities/PSO75BM","summary":"P1","type":"priority_reference"},"urgency":"high","conference_bridge":{"conference_number":1000,"conference_url":"https://example.com"},"resolve_reason":null}}}',
    id: '01BWDWL3NYY7LUFPZCC28QUCMK', type: 'com.pagerduty.incident.priority_updated', time: '2021-04-26T17:36:27.458Z' });
  published('retell', 'RetellAI/retell-typescript-sdk tests/webhook-auth.test.ts', {
    secret: 'test-api-key', now: 1700000000, headers: [['x-retell-signature', 'v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e']], body: '{"event":"call_ended"}', type: 'com.retellai.call_ended' });
  published('sinch', 'sinch/sinch-sdk-node packages/sdk-client/tests/utils/authorization.helper.test.ts', {
    secret: 'foo_secret1234', now: 1634579353, type: 'com.sinch.conversation.callback',
    headers: [['x-sinch-webhook-signature', '6bpJoRmFoXVjfJIVglMoJzYXxnoxRujzR4k2GOXewOE='], ['x-sinch-webhook-signature-nonce', '01FJA8B4A7BM43YGWSG9GBV067'], ['x-sinch-webhook-signature-timestamp', '1634579353']],
    body: '{"app_id":"","accepted_time":"2021-10-18T17:49:13.813615Z","project_id":"e2df3a34-a71b-4448-9db5-a8d2baad28e4","contact_create_notification":{"contact":{"id":"01FJA8B466Y0R2GNXD78MD9SM1","channel_identities":[{"channel":"SMS","identity":"48123456789","app_id":""}],"display_name":"New Test Contact","email":"new.contact@email.com","external_id":"","metadata":"","language":"EN_US"}},"message_metadata":""}' });
}
