// Writes the corpus of catalogue_more.go's rows, and the handshakes:
// `node shared/webhook/testdata/generate_more.mjs`.
//
// As generate.mjs, with params and documents (see package webhooktest). What
// ECDSA signs differs from run to run.
import { createHmac, createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { mkdirSync, rmSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';

const root = dirname(fileURLToPath(import.meta.url));
const keys = JSON.parse(readFileSync(join(root, 'keys.json')));
const NOW = 1767268800; // 2026-01-01T12:00:00Z
const AT = '2026-01-01T12:00:00Z';
const hmac = (alg, key, enc, ...msg) => msg.reduce((h, m) => h.update(m), createHmac(alg, key)).digest(enc);
const sha256 = (b, enc = 'hex') => createHash('sha256').update(b).digest(enc);
const spki = (pem) => createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64');
const hash = (b) => `sha256-${sha256(b)}`;
// The providers' own libraries, which say so in e2e/peers.
const peers = {
  adyen: '@adyen/api-library', 'aws-sns': 'sns-validator', box: 'box-node-sdk', contentful: '@contentful/node-apps-toolkit', 'google-pubsub': 'google-auth-library',
  'hubspot-v1': '@hubspot/api-client', 'hubspot-v2': '@hubspot/api-client', 'jira-connect': 'atlassian-jwt', sendgrid: '@sendgrid/eventwebhook', twilio: 'twilio',
};
const b64u = (x) => Buffer.from(x).toString('base64url');
const begun = new Set();

function write(provider, name, c) {
  const dir = join(root, provider);
  if (!begun.has(provider) && !c.handshake) rmSync(dir, { recursive: true, force: true });
  begun.add(provider);
  mkdirSync(dir, { recursive: true });
  const secrets = c.secrets.map((s) => `${s.id} ${s.from ?? '-'} ${s.until ?? '-'} ${s.value}\n`).join('');
  const params = c.params ? '-- params --\n' + Object.entries(c.params).map(([k, v]) => `${k} ${v}\n`).join('') : '';
  const documents = Object.entries(c.documents ?? {}).map(([url, text]) => `-- document ${url} --\n${text.trimEnd()}\n`).join('');
  const want = c.error ? `error: ${c.error}\n` : 'ok\n' + Object.entries(c.want).map(([k, v]) => `${k}: ${v}\n`).join('');
  const url = `https://hooks.example.com/webhooks/acme/${provider}${c.query ?? ''}`;
  writeFileSync(join(dir, name + '.txtar'), Buffer.concat([
    Buffer.from(`${c.why}\n-- request --\n${c.method ?? 'POST'} ${url}\n${c.headers.map(([k, v]) => `${k}: ${v}\n`).join('')}\n`),
    Buffer.from(c.body ?? ''),
    Buffer.from(`\n-- secrets --\n${secrets}${params}${documents}-- now --\n${c.now ?? NOW}\n-- want --\n${want}`),
  ]));
}

const flip = (s) => s.replace(/[A-Za-z0-9](?=[^A-Za-z0-9]*$)/, '').replace(/([A-Za-z0-9])([^A-Za-z0-9]*)$/, (m, c, r) => (c === 'A' ? 'B' : 'A') + r);
// A character in the middle, so that no unused bits of base64 are meant.
const tamper = (s) => { const i = Math.max(s.lastIndexOf('.') + 4, Math.floor(s.length * 0.8)); return s.slice(0, i) + (s[i] === '0' ? '1' : '0') + s.slice(i + 1); };

// row: make(secret, {body, ts}) → {headers, body, query}; signature: a header's
// name, or a function body → body that spoils the proof in it.
function row(p) {
  const [a, b] = p.secrets;
  const main = { id: 'main', value: a }, next = { id: 'next', value: b };
  const make = (secret, over = {}) => ({ headers: [], body: p.body, ...p.make(secret, { body: p.body, ts: NOW, ...over }) });
  const base = { secrets: [main], params: p.params, documents: p.documents, ...make(a) };
  const ok = (over = {}) => ({ id: p.id, type: p.type, time: p.time ?? '-', secret: 'main', authenticated: p.covered === false ? 'bearer' : 'signature', ...over });
  const put = (name, c) => write(p.name, name, { ...base, ...c });
  put('accept', { why: `A delivery as the provider sends it.${peers[p.name] ? `\nnpm ${peers[p.name]} verifies it.` : ''}`, want: ok() });
  put('second-secret', { why: 'While a secret rotates, either is taken, and the result says which.', secrets: [main, next], ...make(b), want: ok({ secret: 'next', ...p.second }) });
  put('secret-ended', { why: 'The overlap has ended: the old secret no longer verifies.', secrets: [{ ...main, until: NOW }, next], error: 'bad_signature' });
  put('no-active-secret', { why: 'With every secret ended there is nothing to verify with.', secrets: [{ ...main, until: NOW }], error: 'source_not_ready' });
  put('wrong-secret', { why: 'Proven with a secret this source does not have.', ...make(p.wrong), error: 'bad_signature' });
  put('method', { why: 'The provider does not use this method.', method: 'PUT', error: 'method_not_allowed' });
  const changed = p.tamperBody(base.body);
  put('tampered-body', p.covered === false && !p.inBody && !p.tamperedError
    ? { why: 'The proof does not cover the body, and the result says so.', body: changed, want: ok(p.changed) }
    : { why: 'What is signed of the body differs.', body: changed, error: p.tamperedError ?? 'bad_signature' });
  if (p.inBody) {
    put('tampered-signature', { why: 'The proof in the body differs.', body: p.inBody(base.body, 'tamper'), error: 'bad_signature' });
    put('missing-signature', { why: 'The body has no proof.', body: p.inBody(base.body, 'drop'), error: 'missing_signature' });
    put('not-json', { why: 'A body that is no JSON has no proof.', body: 'x', error: p.notJSON ?? 'missing_signature' });
  } else {
    const set = (f) => base.headers.map(([k, v]) => (k === p.signature ? [k, f(v)] : [k, v]));
    const forged = make(p.wrong).headers.find(([k]) => k === p.signature);
    put('tampered-signature', { why: 'One character of the proof differs.', headers: set(tamper), error: 'bad_signature' });
    put('missing-signature', { why: 'No proof at all.', headers: base.headers.filter(([k]) => k !== p.signature), error: 'missing_signature' });
    put('duplicate-signature', { why: 'Two lines, the good one first.', headers: [...base.headers, forged], error: 'duplicate_header' });
    put('joined-signature', { why: 'The same, as the Fetch standard hands them on.', headers: set((v) => `${v}, ${forged[1]}`), error: 'duplicate_header' });
  }
  if (p.past) {
    put('stale', { why: 'One second older than the tolerance.', now: NOW + p.past + 1, error: 'stale_timestamp' });
    put('future', { why: 'Dated further ahead than the tolerance.', now: NOW - (p.future ?? 300) - 1, error: 'future_timestamp' });
    const { headers, body } = make(a, { ts: NOW + 1 });
    put('tampered-timestamp', p.inBody
      ? { why: 'Another time than the one signed.', body: p.retime(base.body), error: 'bad_signature' }
      : { why: 'Another time than the one signed.', headers: base.headers.map(([k, v], i) => (k === p.timestamp ? headers[i] : [k, v])), error: 'bad_signature' });
  }
  p.extra?.({ put, make, base, ok, main, next });
}
const lastButOne = (b) => { const c = Buffer.from(b); c[c.length - 2] ^= 1; return c; };
const swap = (from, to) => (b) => String(b).replace(from, to);
const inJSON = (...path) => (b, what) => {
  const doc = JSON.parse(b); let o = doc;
  for (const k of path.slice(0, -1)) o = o[k];
  const k = path.at(-1);
  if (what === 'drop') delete o[k]; else o[k] = tamper(String(o[k]));
  return JSON.stringify(doc);
};
const S = ['a-secret-of-a-usual-length', 'another-secret-of-usual-length'], WRONG = 'a-secret-nobody-has-configured';
const json = ['Content-Type', 'application/json'];

// Tokens.
const RAY = '8f2d1a2b3c4d5e6f-FRA', byRequest = (b, ray = RAY) => hash(`${ray}\n${b}`);
const token = (name, header, p) => row({ name, secrets: S, wrong: WRONG, covered: false, signature: header, tamperBody: lastButOne, make: (s, { body }) => ({ headers: [json, [header, s], ...(p.headers ?? [])], body }), ...p });
token('telegram', 'X-Telegram-Bot-Api-Secret-Token', { body: '{"update_id":10000,"message":{"date":1767268790,"text":"hi"} }', id: '10000', type: 'org.telegram.update', time: '2026-01-01T11:59:50Z', tamperBody: swap('hi', 'ho') });
token('gitlab-token', 'X-Gitlab-Token', { headers: [['X-Gitlab-Event', 'Push Hook'], ['Idempotency-Key', 'f5e5f430-f57b']], body: '{"object_kind":"push"}', id: 'f5e5f430-f57b', type: 'com.gitlab.push.hook' });
const auth0 = '[{"log_id":"90020","data":{"date":"2026-01-01T11:59:50.123Z","type":"s"}}]';
token('auth0', 'Authorization', { body: auth0, id: hash(auth0), type: 'com.auth0.log', time: '2026-01-01T11:59:50.123Z', tamperBody: swap('"s"', '"f"'), changed: { id: hash(auth0.replace('"s"', '"f"')) },
  extra: ({ put, ok }) => put('split', { why: 'Split into its events when the source is configured so.', params: { split: 'true' }, want: ok({ events: '90020 com.auth0.log.s' }) }) });
const hit = '{"request_id":"5c1f0a52","status":200}', bare = '{"url":"/","status":200}';
const fastly = `[${hit}]`;
token('fastly', 'Authorization', { body: fastly, id: hash(fastly), type: 'com.fastly.log', tamperBody: swap('200', '500'), changed: { id: hash(fastly.replace('200', '500')) },
  extra: ({ put, ok }) => {
    const lines = [hit, bare, bare], batch = `[${lines}]`;
    put('split', { why: 'Two equal lines are two requests that were served: each is an event.', body: batch, params: { split: 'true' }, want: ok({ id: hash(batch), events: lines.map((l, i) => `${byRequest(l, `${hash(batch)}/${i}`)} com.fastly.log`).join(', ') }) });
    put('newline-delimited', { why: 'Lines that are no array are one event, split or not.', headers: [['Content-Type', 'application/x-ndjson'], ['Authorization', S[0]]], body: `${hit}\n${bare}\n`, params: { split: 'true' }, want: ok({ id: hash(`${hit}\n${bare}\n`) }) });
  } });
const okta = '{"eventId":"evt-1","eventTime":"2026-01-01T11:59:50Z","data":{"events":[{"uuid":"u-1","eventType":"user.lifecycle.create","published":"2026-01-01T11:59:50Z"}]}}';
token('okta', 'Authorization', { body: okta, id: 'evt-1', type: 'com.okta.user.lifecycle.create', time: '2026-01-01T11:59:50Z', tamperBody: swap('u-1', 'u-2'),
  extra: ({ put, base }) => {
    put('verification', { why: 'The one-time verification, from who has the secret.', method: 'GET', body: '', headers: [...base.headers, ['X-Okta-Verification-Challenge', 'My0ne-Time_Challenge']], want: { secret: 'main', authenticated: 'bearer', reply: '200 application/json', 'reply-body': '{"verification":"My0ne-Time_Challenge"}' } });
    put('verification-unsigned', { why: 'Nobody else gets an answer.', method: 'GET', body: '', headers: [['X-Okta-Verification-Challenge', 'x']], error: 'missing_signature' });
    put('get', { why: 'A GET that is no verification is no event.', method: 'GET', body: '', error: 'method_not_allowed' });
  } });
token('google-channel', 'X-Goog-Channel-Token', { headers: [['X-Goog-Channel-ID', '4ba78bf0'], ['X-Goog-Message-Number', '10'], ['X-Goog-Resource-State', 'exists']], body: '  ', id: '4ba78bf0:10', type: 'com.google.channel.exists',
  extra: ({ put, base }) => put('sync', { why: 'The message that says the channel is open is no event.', headers: base.headers.map(([k, v]) => (k === 'X-Goog-Resource-State' ? [k, 'sync'] : [k, v])), want: { secret: 'main', authenticated: 'bearer', reply: '200' } }) });
const basic = (name, p) => token(name, 'Authorization', { secrets: ['hook:correct-horse', 'hook:battery-staple'], wrong: 'hook:wrong-password', make: (s, { body }) => ({ headers: [json, ['Authorization', `Basic ${Buffer.from(s).toString('base64')}`]], body }), ...p });
const postmark = (m) => JSON.stringify({ MessageID: '883953f4', ...m });
const delivered = postmark({ RecordType: 'Delivery', Recipient: 'john@example.com', DeliveredAt: AT });
basic('postmark', { body: delivered, id: `883953f4:Delivery:john@example.com:${AT}`, type: 'com.postmarkapp.delivery', tamperBody: swap('john', 'jane'), changed: { id: `883953f4:Delivery:jane@example.com:${AT}` },
  extra: ({ put, ok }) => {
    for (const [name, m, id] of [
      ['open', { RecordType: 'Open', Recipient: 'john@example.com', ReceivedAt: AT }, `john@example.com:${AT}`],
      ['open-again', { RecordType: 'Open', Recipient: 'john@example.com', ReceivedAt: '2026-01-01T12:00:01Z' }, 'john@example.com:2026-01-01T12:00:01Z'],
      ['click', { RecordType: 'Click', Recipient: 'john@example.com', ReceivedAt: AT, OriginalLink: 'https://a.example/1' }, `john@example.com:${AT}:https://a.example/1`],
      ['bounce', { RecordType: 'Bounce', ID: 1, Email: 'john@example.com', BouncedAt: AT }, `john@example.com:${AT}`],
      ['subscription', { RecordType: 'SubscriptionChange', Recipient: 'john@example.com', ChangedAt: AT }, `john@example.com:${AT}`],
    ]) put(name, { why: 'One of many events of a message.', body: postmark(m), want: ok({ id: `883953f4:${m.RecordType}:${id}`, type: `com.postmarkapp.${m.RecordType.toLowerCase()}` }) });
    const inbound = postmark({ From: 'a@example.com' });
    put('inbound', { why: 'A message that came in has no kind.', body: inbound, want: ok({ id: hash(inbound), type: 'com.postmarkapp.unknown' }) });
  } });
basic('chargebee', { body: '{"id":"ev_1","occurred_at":1767268790,"event_type":"card_expired","content":1 }', id: 'ev_1', type: 'com.chargebee.card_expired', time: '2026-01-01T11:59:50Z', tamperBody: swap(':1 ', ':2 ') });
const aircall = (t) => JSON.stringify({ resource: 'call', event: 'call.created', timestamp: 1767268790, token: t });
row({ name: 'aircall', secrets: S, wrong: WRONG, covered: false, body: aircall(S[0]), make: (s) => ({ headers: [json], body: aircall(s) }), inBody: inJSON('token'), tamperBody: swap('"token":"a', '"token":"b'), id: hash(aircall(S[0])), second: { id: hash(aircall(S[1])) }, type: 'io.aircall.call.created', time: '2026-01-01T11:59:50Z' });
const graph = (...states) => JSON.stringify({ value: states.map((clientState, i) => ({ id: `n-${i}`, subscriptionId: 's', changeType: 'created', clientState })) });
row({ name: 'microsoft-graph', secrets: S, wrong: WRONG, covered: false, body: graph(S[0]), make: (s) => ({ headers: [json, ['CF-Ray', RAY]], body: graph(s) }), inBody: inJSON('value', 0, 'clientState'), tamperBody: swap(S[0], S[0] + 'x'), notJSON: 'malformed_signature', id: 'n-0', type: 'com.microsoft.graph.created',
  extra: ({ put, ok, main, next }) => {
    put('every-item', { why: 'Each notification repeats the clientState: one that does not spoils all.', body: graph(S[0], WRONG), error: 'bad_signature' });
    put('split', { why: 'Two notifications, two events.', body: graph(S[0], S[0]), params: { split: 'true' }, want: ok({ id: byRequest(graph(S[0], S[0])), events: 'n-0 com.microsoft.graph.created, n-1 com.microsoft.graph.created' }) });
    const bare = JSON.stringify({ value: [0, 1].map(() => ({ subscriptionId: 's', changeType: 'updated', clientState: S[0] })) });
    const updated = { type: 'com.microsoft.graph.updated' };
    put('no-id', { why: 'Notifications without id repeat byte for byte, and each says that something changed: each request is an event.', body: bare, want: ok({ ...updated, id: byRequest(bare) }) });
    put('no-id-again', { why: 'The same bytes in another request.', headers: [json, ['CF-Ray', '8f2d1a2b3c4d5e70-FRA']], body: bare, want: ok({ ...updated, id: byRequest(bare, '8f2d1a2b3c4d5e70-FRA') }) });
    put('no-id-no-ray', { why: 'Without a ray id the time tells them apart.', headers: [json], body: bare, want: ok({ ...updated, id: byRequest(bare, `${NOW}000`) }) });
    put('no-id-two-rays', { why: 'Two ray ids are none.', headers: [json, ['CF-Ray', 'a'], ['CF-Ray', 'b']], body: bare, error: 'duplicate_header' });
    put('no-id-split', { why: 'Two equal notifications in one delivery are two events.', body: bare, params: { split: 'true' }, want: ok({ ...updated, id: byRequest(bare), events: JSON.parse(bare).value.map((v, i) => `${byRequest(JSON.stringify(v), `${byRequest(bare)}/${i}`)} com.microsoft.graph.updated`).join(', ') }) });
    put('none', { why: 'No notification, no proof.', body: '{"value":[]}', error: 'missing_signature' });
    put('validation', { why: 'Graph asks for its token back before it knows any secret.', query: '?validationToken=Validation%3A+Testing+client+application%20reachability', body: '', want: { reply: '200 text/plain', 'reply-body': 'Validation: Testing client application reachability' } });
    put('validation-not-text', { why: 'Bytes that are no text are not put back.', query: '?validationToken=a%0d%0aX', body: '', error: 'invalid_handshake' });
  } });

// MACs over more than headers and body.
const url = (n, q = '') => `https://hooks.example.com/webhooks/acme/${n}${q}`;
const form = (o) => new URLSearchParams(o).toString();
const sorted = (body) => [...new URLSearchParams(body)].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([k, v]) => k + v).join('');
const twilio = form({ MessageSid: 'SM123', MessageStatus: 'delivered', From: '+14158675309', To: '+18005551212', Body: 'a&b=c' });
row({ name: 'twilio', secrets: ['12345678901234567890123456789012', 'abcdefabcdefabcdefabcdefabcdefab'], wrong: 'ffffffffffffffffffffffffffffffff', body: twilio, signature: 'X-Twilio-Signature', tamperBody: swap('delivered', 'undelivered'),
  make: (s, { body }) => ({ headers: [['Content-Type', 'application/x-www-form-urlencoded'], ['X-Twilio-Signature', hmac('sha1', s, 'base64', url('twilio') + sorted(body))]], body }), id: 'SM123:delivered', type: 'com.twilio.message.delivered',
  extra: ({ put, ok, main }) => {
    const body = '{"property": "value", "boolean": true}';
    const signed = (q) => [['Content-Type', 'application/json'], ['X-Twilio-Signature', hmac('sha1', main.value, 'base64', url('twilio', q))]];
    const q = `?bodySHA256=${sha256(body)}`;
    put('json', { why: 'A JSON body is signed by its hash in the URL.', query: q, body, headers: signed(q), want: ok({ id: hash(url('twilio', q)), type: 'com.twilio.unknown' }) });
    put('json-tampered', { why: 'Another body than the one hashed.', query: q, body: body.replace('true', 'null'), headers: signed(q), error: 'malformed_signature' });
    put('json-unhashed', { why: 'A signature over the URL alone does not carry a body.', query: '?a=1', body, headers: signed('?a=1'), error: 'bad_signature' });
    put('other-url', { why: 'The URL is signed.', query: '?a=1', error: 'bad_signature' });
  } });
const mandrill = form({ mandrill_events: JSON.stringify([{ event: 'send', ts: 1767268790, _id: 'x' }]) });
row({ name: 'mandrill', secrets: S, wrong: WRONG, body: mandrill, signature: 'X-Mandrill-Signature', tamperBody: swap('send', 'open'),
  make: (s, { body }) => ({ headers: [['X-Mandrill-Signature', hmac('sha1', s, 'base64', url('mandrill') + sorted(body))]], body }), id: hash(mandrill), type: 'com.mandrill.send', time: '2026-01-01T11:59:50Z',
  extra: ({ put }) => put('head', { why: 'Mandrill asks whether the URL is there.', method: 'HEAD', body: '', headers: [], want: { reply: '200' } }) });
const hs = '[{"eventId":1,"subscriptionId":12345,"portalId":62515,"occurredAt":1767268790000,"subscriptionType":"contact.creation","attemptNumber":0}]';
const hubspot = (name, content) => row({ name, secrets: ['yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy', S[0]], wrong: WRONG, body: hs, signature: 'X-HubSpot-Signature', tamperBody: swap('creation', 'deletion'),
  make: (s, { body }) => ({ headers: [json, ['X-HubSpot-Signature', sha256(content(s, body))]], body }), id: hash(hs), type: 'com.hubspot.contact.creation', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok }) => put('split', { why: 'A batch is split when the source is configured so.', params: { split: 'true' }, want: ok({ events: '12345:1:1767268790000 com.hubspot.contact.creation' }) }) });
hubspot('hubspot-v1', (s, body) => s + body);
hubspot('hubspot-v2', (s, body) => s + 'POST' + url('hubspot-v2') + body);
const adyenItem = { amount: { value: 1130, currency: 'EUR' }, pspReference: '7914073381342284', eventCode: 'AUTHORISATION', eventDate: '2026-01-01T12:59:50+01:00', merchantAccountCode: 'TestMerchant', merchantReference: 'TestPayment-1407325143704', success: 'true' };
const adyen = (s, item = adyenItem) => { const i = item; const data = [i.pspReference, i.originalReference ?? '', i.merchantAccountCode, i.merchantReference, i.amount.value, i.amount.currency, i.eventCode, i.success].join(':'); return { NotificationRequestItem: { ...item, additionalData: { hmacSignature: hmac('sha256', Buffer.from(s, 'hex'), 'base64', data) } } }; };
const adyenBody = (...items) => JSON.stringify({ live: 'false', notificationItems: items });
const AK = ['44782DEF547AAA06C910C43932B1EB0C71FC68D9D0C057550C48EC2ACF6BA056', '11'.repeat(32)];
row({ name: 'adyen', secrets: AK, wrong: '22'.repeat(32), covered: false, body: adyenBody(adyen(AK[0])), make: (s) => ({ headers: [json], body: adyenBody(adyen(s)) }), inBody: inJSON('notificationItems', 0, 'NotificationRequestItem', 'additionalData', 'hmacSignature'), tamperBody: swap('1130', '1'), notJSON: 'malformed_signature',
  id: '7914073381342284:AUTHORISATION:true', type: 'com.adyen.authorisation', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok }) => {
    put('published-vector', { why: 'Signature from the tests of Adyen\'s own library:\nhttps://github.com/Adyen/adyen-node-api-library hmacValidator.spec', body: adyenBody({ NotificationRequestItem: { additionalData: { hmacSignature: 'coqCmt/IZ4E3CzPvMY8zTjQVL5hYJUiBRg8UU+iCWo0=' }, amount: { value: 1130, currency: 'EUR' }, pspReference: '7914073381342284', eventCode: 'AUTHORISATION', eventDate: AT, merchantAccountCode: 'TestMerchant', merchantReference: 'TestPayment-1407325143704', success: 'true' } }), want: ok({ time: AT }) });
    put('blank-twice', { why: 'The same MAC as with none: a key that occurs twice is not blank.', body: adyenBody(adyen(AK[0])).replace('"pspReference"', '"originalReference":"a","originalReference":"b","pspReference"'), error: 'malformed_signature' });
    const two = adyenBody(adyen(AK[0]), adyen(AK[0], { ...adyenItem, pspReference: '2' }));
    put('two-items', { why: 'Each item has its own signature.', body: two, want: ok({ id: hash(two) }) });
    put('two-items-one-forged', { why: 'One forged item spoils all.', body: adyenBody(adyen(AK[0]), adyen('22'.repeat(32))), error: 'bad_signature' });
    put('split', { why: 'Two items, two events.', body: two, params: { split: 'true' }, want: ok({ id: hash(two), events: '7914073381342284:AUTHORISATION:true com.adyen.authorisation, 2:AUTHORISATION:true com.adyen.authorisation' }) });
  } });
const cfl = '{"sys":{"id":"x","updatedAt":"2026-01-01T11:59:50Z"} }';
const contentful = (s, body, ts, list = 'x-contentful-signed-headers,x-contentful-timestamp,x-contentful-topic') => {
  const h = { 'x-contentful-topic': 'ContentManagement.Entry.publish', 'x-contentful-signed-headers': list, 'x-contentful-timestamp': `${ts}000` };
  const canonical = ['POST', '/webhooks/acme/contentful', list.split(',').map((n) => `${n}:${h[n]}`).join(';'), body].join('\n');
  return [...Object.entries(h), ['x-contentful-signature', hmac('sha256', s, 'hex', canonical)]];
};
row({ name: 'contentful', secrets: ['1', '2'].map((c) => c.repeat(64)), wrong: '3'.repeat(64), body: cfl, signature: 'x-contentful-signature', timestamp: 'x-contentful-timestamp', past: 300, tamperBody: swap('"x"', '"y"'), make: (s, { body, ts }) => ({ headers: contentful(s, body, ts), body }), id: hash(cfl), type: 'com.contentful.contentmanagement.entry.publish', time: '2026-01-01T11:59:50Z',
  extra: ({ put, main }) => put('timestamp-not-signed', { why: 'A timestamp that is not among the signed headers says nothing.', headers: contentful(main.value, cfl, NOW, 'x-contentful-signed-headers,x-contentful-topic'), error: 'malformed_signature' }) });
const mailgun = (s, ts) => JSON.stringify({ signature: { timestamp: String(ts), token: 'a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0', signature: hmac('sha256', s, 'hex', `${ts}a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0`) }, 'event-data': { event: 'opened', timestamp: 1767268790.25, id: 'Ase7i2zsRYeDXztHGENqRA' } });
row({ name: 'mailgun', secrets: S, wrong: WRONG, covered: false, past: 9 * 3600, body: mailgun(S[0], NOW), make: (s, { ts }) => ({ headers: [json], body: mailgun(s, ts) }), inBody: inJSON('signature', 'signature'), tamperBody: swap('a8ce', 'b8ce'), retime: swap(`"${NOW}"`, `"${NOW + 1}"`), id: 'a8ce0edb2dd8301dee6c2405235584e45aa91d1e9f979f3de0', type: 'com.mailgun.opened', time: '2026-01-01T11:59:50.25Z',
  extra: ({ put, ok, base }) => put('event-not-signed', { why: 'The event itself is not signed, and the result says so. Its name is the token: what is written under one that was seen is a duplicate.', body: base.body.replace('opened', 'clicked'), want: ok({ type: 'com.mailgun.clicked' }) }) });
const ds = '{"event":"envelope-sent","generatedDateTime":"2026-01-01T11:59:50.0000000Z"}';
row({ name: 'docusign', secrets: S, wrong: WRONG, body: ds, signature: 'X-DocuSign-Signature-1', tamperBody: swap('sent', 'void'), make: (s, { body }) => ({ headers: [json, ['X-DocuSign-Signature-1', hmac('sha256', s, 'base64', body)]], body }), id: hash(ds), type: 'com.docusign.envelope-sent', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok }) => put('third-header', { why: 'One header for each key: the third one is ours.', headers: [['X-DocuSign-Signature-1', hmac('sha256', WRONG, 'base64', ds)], ['X-DocuSign-Signature-2', hmac('sha256', 'x', 'base64', ds)], ['X-DocuSign-Signature-3', hmac('sha256', S[0], 'base64', ds)]], want: ok() }) });
const box = '{"type":"webhook_event","id":"eb0c4e06","created_at":"2026-01-01T03:59:50-08:00","trigger":"FILE.UPLOADED"}';
const boxTime = (ts) => new Date(ts * 1000).toISOString();
const boxSign = (s, body, ts) => hmac('sha256', s, 'base64', body, boxTime(ts));
row({ name: 'box', secrets: S, wrong: WRONG, body: box, signature: 'BOX-SIGNATURE-PRIMARY', timestamp: 'BOX-DELIVERY-TIMESTAMP', past: 600, tamperBody: swap('FILE', 'TILE'), make: (s, { body, ts }) => ({ headers: [['BOX-DELIVERY-ID', 'f96bb54b-ee16'], ['BOX-DELIVERY-TIMESTAMP', boxTime(ts)], ['BOX-SIGNATURE-VERSION', '1'], ['BOX-SIGNATURE-ALGORITHM', 'HmacSHA256'], ['BOX-SIGNATURE-PRIMARY', boxSign(s, body, ts)]], body }), id: 'f96bb54b-ee16', type: 'com.box.file.uploaded', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok, base }) => put('secondary', { why: 'The primary key is new to Box and not yet to us: the secondary signature counts.', headers: [...base.headers.map(([k, v]) => (k === 'BOX-SIGNATURE-PRIMARY' ? [k, boxSign(WRONG, box, NOW)] : [k, v])), ['BOX-SIGNATURE-SECONDARY', boxSign(S[0], box, NOW)]], want: ok() }) });
const asana = '{"events":[{"action":"changed","created_at":"2026-01-01T11:59:50.123Z","resource":{"gid":"1","resource_type":"task"}}]}';
row({ name: 'asana', secrets: S, wrong: WRONG, body: asana, signature: 'X-Hook-Signature', tamperBody: swap('changed', 'deleted'), make: (s, { body }) => ({ headers: [json, ['X-Hook-Signature', hmac('sha256', s, 'hex', body)]], body }), id: hash(asana), type: 'com.asana.task.changed', time: '2026-01-01T11:59:50.123Z',
  extra: ({ put, make, main }) => {
    put('handshake', { why: 'Asana sends the secret it made and wants it back in the same header. Nothing of ours is given away.', headers: [['X-Hook-Secret', 'b537207f20cbfa02357cf448134da559']], body: '{}', want: { reply: '200', 'reply-header': 'X-Hook-Secret: b537207f20cbfa02357cf448134da559' } });
    put('heartbeat', { why: 'A heartbeat is signed, and no event.', ...make(main.value, { body: '{"events": []}' }), want: { secret: 'main', authenticated: 'signature', reply: '200' } });
    put('handshake-markup', { why: 'Only a token is put back.', headers: [['X-Hook-Secret', '<script>']], body: '{}', error: 'invalid_handshake' });
  } });

// Public keys.
const sg = '[{"email":"example@test.com","timestamp":1767268790,"event":"processed","sg_event_id":"rWVYmVk90MjZJ9iohOBa3w=="}]';
const sgSign = (pem, body, ts) => sign('sha256', Buffer.concat([Buffer.from(String(ts)), Buffer.from(body)]), pem).toString('base64');
const EC = [keys.ec, 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQGhHPTnlvFYPAZFceEu/1FwCM/QmGUhA=='];
const pemOf = { [spki(keys.ec)]: keys.ec, [spki(keys.otherEC)]: keys.otherEC };
const sgHeaders = (sig, ts) => [['X-Twilio-Email-Event-Webhook-Signature', sig], ['X-Twilio-Email-Event-Webhook-Timestamp', String(ts)]];
const third = spki(keys.otherEC);
row({ name: 'sendgrid', secrets: [spki(keys.ec), third], wrong: 'wrong', body: sg, signature: 'X-Twilio-Email-Event-Webhook-Signature', timestamp: 'X-Twilio-Email-Event-Webhook-Timestamp', past: 25 * 3600, tamperBody: swap('processed', 'delivered'),
  make: (s, { body, ts }) => ({ headers: sgHeaders(sgSign(pemOf[s] ?? keys.otherEC, body, ts), ts), body }), id: 'rWVYmVk90MjZJ9iohOBa3w==', type: 'com.sendgrid.processed', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok, make, main }) => {
    put('published-vector', { why: 'Signature from the tests of SendGrid\'s own library:\nhttps://github.com/sendgrid/sendgrid-nodejs at 31bf6a0, packages/eventwebhook', secrets: [{ id: 'main', value: EC[1] }], now: 1588788367, body: '{"category":"example_payload","event":"test_event","message_id":"message_id"}', headers: sgHeaders('MEUCIQCtIHJeH93Y+qpYeWrySphQgpNGNr/U+UyUlBkU6n7RAwIgJTz2C+8a8xonZGi6BpSzoQsbVRamr2nlxFDWYNH2j/0=', 1588788367), want: ok({ id: hash('{"category":"example_payload","event":"test_event","message_id":"message_id"}'), type: 'com.sendgrid.unknown', time: '-' }) });
    const two = sg.slice(0, -1) + ',' + sg.slice(1).replace('rWVY', 'sWVY');
    put('split', { why: 'Two events in one delivery.', ...make(main.value, { body: two }), params: { split: 'true' }, want: ok({ id: hash(two), events: 'rWVYmVk90MjZJ9iohOBa3w== com.sendgrid.processed, sWVYmVk90MjZJ9iohOBa3w== com.sendgrid.processed' }) });
  } });

// Certificates.
const sns = (arn, { type = 'Notification', version = '2', cert = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem', key = keys.rsa, at = AT, extra = {} } = {}) => {
  const m = { Type: type, MessageId: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324', TopicArn: arn, Message: 'Hello', Timestamp: at, SignatureVersion: version, SigningCertURL: cert, ...extra };
  const text = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'].filter((k) => m[k]).map((k) => `${k}\n${m[k]}\n`).join('');
  return JSON.stringify({ ...m, Signature: sign(version === '1' ? 'sha1' : 'sha256', Buffer.from(text), key).toString('base64') });
};
const ARN = ['arn:aws:sns:us-east-1:123456789012:one', 'arn:aws:sns:us-east-1:123456789012:two'];
const certURL = 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem';
row({ name: 'aws-sns', secrets: ARN, wrong: 'arn:aws:sns:us-east-1:666666666666:evil', documents: { [certURL]: keys.chain }, body: sns(ARN[0]), make: (s) => ({ headers: [json], body: sns(s) }), inBody: inJSON('Signature'), covered: false, tamperBody: swap('Hello', 'Hellx'), past: 24 * 3600, retime: swap(AT, '2026-01-01T12:00:01Z'), id: '22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324', type: 'com.amazonaws.sns.notification', time: AT,
  extra: ({ put, ok }) => {
    put('sha1', { why: 'Signature version 1 is SHA-1.', body: sns(ARN[0], { version: '1' }), want: ok() });
    put('subject', { why: 'A subject is signed when it is there.', body: sns(ARN[0], { extra: { Subject: 'S' } }), want: ok() });
    put('other-key', { why: 'Signed by a key the certificate does not have.', body: sns(ARN[0], { key: keys.otherRSA }), error: 'bad_signature' });
    put('other-host', { why: 'A certificate from anywhere else is not fetched.', body: sns(ARN[0], { cert: 'https://sns.us-east-1.amazonaws.com.evil.example/x.pem' }), error: 'bad_signature' });
    put('other-scheme', { why: 'Nor over plain HTTP.', body: sns(ARN[0], { cert: certURL.replace('https', 'http') }), error: 'bad_signature' });
    put('user-info', { why: 'Nor from a host that only looks like it.', body: sns(ARN[0], { cert: 'https://sns.us-east-1.amazonaws.com@evil.example/x.pem' }), error: 'bad_signature' });
    for (const [name, why, cert] of [
      ['cert-query', 'SNS answers an API call with text of the caller: no certificate comes from a query.', 'https://sns.us-east-1.amazonaws.com/?Action=GetTopicAttributes&Version=2010-03-31'],
      ['cert-path-query', 'Nor with one after the right path.', `${certURL}?x=1`],
      ['cert-fragment', 'Nor a fragment.', `${certURL}#x`],
      ['cert-port', 'Nor from another port.', certURL.replace('.com/', '.com:8443/')],
      ['cert-bucket', "A bucket called sns is anybody's.", certURL.replace('us-east-1', 's3')],
      ['cert-bucket-region', 'And in every region.', certURL.replace('us-east-1', 's3-us-west-2')],
      ['cert-path', 'Another path of SNS is no certificate.', 'https://sns.us-east-1.amazonaws.com/x.pem'],
      ['cert-path-deeper', 'Nor one below it.', 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a/b.pem'],
      ['cert-path-escaped', 'Nor one that a server may read otherwise.', 'https://sns.us-east-1.amazonaws.com/SimpleNotificationService-a%2fb.pem'],
    ]) put(name, { why, body: sns(ARN[0], { cert }), documents: { [certURL]: keys.chain, [cert]: keys.chain }, error: 'bad_signature' });
    put('cert-in-xml', { why: 'A document that only has a certificate in it is none.', documents: { [certURL]: `<Policy>\n${keys.chain}</Policy>\n` }, error: 'bad_signature' });
    put('cert-after-text', { why: 'Nor is there text between.', documents: { [certURL]: keys.chain.replace('-----END CERTIFICATE-----\n', '-----END CERTIFICATE-----\nsubject\n') }, error: 'bad_signature' });
    put('no-certificate', { why: 'Keys that cannot be fetched are no reason to accept, nor to make SNS give up.', documents: {}, error: 'keys_unavailable' });
    put('expired-certificate', { why: 'The certificate has ended.', documents: { [certURL]: keys.expiredChain }, error: 'bad_signature' });
    put('broken-chain', { why: 'The second certificate did not sign the first.', documents: { [certURL]: keys.brokenChain }, error: 'bad_signature' });
    const confirm = (u) => sns(ARN[0], { type: 'SubscriptionConfirmation', extra: { Token: 't', SubscribeURL: u } });
    const u = 'https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&Token=t';
    put('confirmation', { why: 'A verified subscription is confirmed.', body: confirm(u), documents: { [certURL]: keys.chain, [u]: '<ok/>' }, want: { secret: 'main', authenticated: 'bearer', reply: '200' } });
    put('confirmation-elsewhere', { why: 'No other host is asked, though it is signed.', body: confirm('https://evil.example/'), error: 'invalid_handshake' });
    put('confirmation-other-action', { why: 'Nor is anything else called at SNS.', body: confirm('https://sns.us-east-1.amazonaws.com/?Action=Publish&Token=t'), error: 'invalid_handshake' });
    put('confirmation-two-actions', { why: 'Nor two things at once.', body: confirm(`${u}&Action=Publish`), error: 'invalid_handshake' });
    put('confirmation-path', { why: 'Nor another path.', body: confirm(u.replace('/?', '/x?')), error: 'invalid_handshake' });
    put('confirmation-bucket', { why: 'Nor a bucket.', body: confirm(u.replace('us-east-1', 's3')), error: 'invalid_handshake' });
    put('confirmation-fails', { why: 'If it cannot be confirmed, SNS asks again.', body: confirm(u), error: 'keys_unavailable' });
  } });
const pp = '{"id":"WH-2WR32451HC0233532-67976317FL4543714","create_time":"2026-01-01T11:59:50.000Z","event_type":"PAYMENT.SALE.COMPLETED"}';
const ppCert = 'https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270';
const ppTime = (ts) => new Date(ts * 1000).toISOString().replace('.000', '');
row({ name: 'paypal', secrets: ['1JE4291016473214C', '8PT597110X687430L'], wrong: '0EH40505U7160970P', documents: { [ppCert]: keys.chain }, body: pp, signature: 'PAYPAL-TRANSMISSION-SIG', timestamp: 'PAYPAL-TRANSMISSION-TIME', past: 72 * 3600, covered: false, tamperedError: 'bad_signature', tamperBody: swap('COMPLETED', 'REFUNDED'),
  make: (s, { body, ts }) => ({ headers: [['PAYPAL-TRANSMISSION-ID', '69cd13f0-d67a-11e5'], ['PAYPAL-TRANSMISSION-TIME', ppTime(ts)], ['PAYPAL-CERT-URL', ppCert], ['PAYPAL-TRANSMISSION-SIG', sign('sha256', Buffer.from(`69cd13f0-d67a-11e5|${ppTime(ts)}|${s}|${crc32(body)}`), keys.rsa).toString('base64')]], body }), id: '69cd13f0-d67a-11e5', type: 'com.paypal.payment.sale.completed', time: '2026-01-01T11:59:50Z',
  extra: ({ put, base }) => {
    const at = (cert) => ({ headers: base.headers.map(([k, v]) => (k === 'PAYPAL-CERT-URL' ? [k, cert] : [k, v])), documents: { [ppCert]: keys.chain, [cert]: keys.chain }, error: 'bad_signature' });
    put('other-host', { why: 'A certificate from anywhere else is not fetched.', ...at('https://evil.example/cert') });
    put('other-path', { why: "What else PayPal's API answers is no certificate.", ...at('https://api.paypal.com/v1/identity/x') });
    put('path-up', { why: 'However it is spelt.', ...at('https://api.paypal.com/v1/notifications/certs/..') });
    put('query', { why: 'Nor what a query makes it answer.', ...at(`${ppCert}?x=1`) });
    put('port', { why: 'Nor another port.', ...at(ppCert.replace('.com/', '.com:8443/')) });
  } });

// JSON Web Tokens.
const jwt = (alg, claims, key, kid) => { const text = `${b64u(JSON.stringify({ alg, typ: 'JWT', ...(kid && { kid }) }))}.${b64u(JSON.stringify(claims))}`; const s = alg === 'HS256' ? hmac('sha256', key, 'base64url', text) : sign('sha256', Buffer.from(text), alg === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key).toString('base64url'); return `${text}.${s}`; };
const jwk = (pem, kid) => ({ ...createPublicKey(pem).export({ format: 'jwk' }), kid, use: 'sig' });
const mondayURL = 'https://hooks.example.com/webhooks/acme/monday';
const monday = '{"event":{"type":"create_pulse","triggerTime":"2026-01-01T11:59:50.123Z","triggerUuid":"b5ed2e17"} }';
row({ name: 'monday', secrets: S, wrong: WRONG, covered: false, body: monday, signature: 'Authorization', tamperBody: swap('pulse', 'pulsf'), changed: { type: 'com.monday.create_pulsf' }, make: (s, { body }) => ({ headers: [json, ['Authorization', jwt('HS256', { accountId: 1, aud: mondayURL, iat: NOW, exp: NOW + 300 }, s)]], body }), id: 'b5ed2e17', type: 'com.monday.create_pulse', time: '2026-01-01T11:59:50.123Z',
  extra: ({ put, main, ok }) => {
    const h = (t) => [['Authorization', t]];
    put('expired', { why: 'The token has ended.', headers: h(jwt('HS256', { aud: mondayURL, exp: NOW - 61 }, main.value)), error: 'stale_timestamp' });
    put('other-audience', { why: 'Sent to another endpoint of the same app.', headers: h(jwt('HS256', { aud: mondayURL + '2', exp: NOW + 9 }, main.value)), error: 'bad_signature' });
    put('no-audience', { why: 'A token for nobody is not for this endpoint.', headers: h(jwt('HS256', { exp: NOW + 9 }, main.value)), error: 'bad_signature' });
    put('configured-audience', { why: 'The app knows the endpoint by another URL.', headers: h(jwt('HS256', { aud: 'https://proxy.example.com/m', exp: NOW + 9 }, main.value)), params: { audience: 'https://proxy.example.com/m' }, want: ok() });
    put('no-exp', { why: 'A token without an end is good for ever.', headers: h(jwt('HS256', { aud: mondayURL, iat: NOW }, main.value)), error: 'malformed_signature' });
    put('alg-none', { why: 'The key says the algorithm, the token does not.', headers: h(`${b64u('{"alg":"none"}')}.${b64u(`{"exp":${NOW + 9}}`)}.`), error: 'bad_signature' });
    put('challenge', { why: 'monday.com wants its challenge back before it sends events.', headers: [json], body: '{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}', want: { reply: '200 application/json', 'reply-body': '{"challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmdALWMmHkvFXO7tYXAYM8P"}' } });
    put('challenge-quote', { why: 'Nothing that could leave the string is put back.', headers: [json], body: '{"challenge":"a\\"b"}', error: 'invalid_handshake' });
  } });
const netlify = '{"id":"5f","state":"ready","updated_at":"2026-01-01T11:59:50.123Z"}';
row({ name: 'netlify', secrets: S, wrong: WRONG, body: netlify, signature: 'X-Webhook-Signature', tamperBody: swap('ready', 'error'), make: (s, { body }) => ({ headers: [json, ['X-Webhook-Signature', jwt('HS256', { iss: 'netlify', sha256: sha256(body) }, s)]], body }), id: hash(netlify), type: 'com.netlify.deploy.ready', time: '2026-01-01T11:59:50.123Z',
  extra: ({ put, main }) => put('other-issuer', { why: 'Issued by another.', headers: [['X-Webhook-Signature', jwt('HS256', { iss: 'other', sha256: sha256(netlify) }, main.value)]], error: 'bad_signature' }) });
const plaid = '{"webhook_type":"TRANSACTIONS","webhook_code":"DEFAULT_UPDATE","item_id":"x"}';
const plaidJWT = (pem, claims, alg = 'ES256') => [['Plaid-Verification', jwt(alg, claims, pem, 'k1')]];
row({ name: 'plaid', secrets: [spki(keys.ec), third], wrong: 'wrong', body: plaid, signature: 'Plaid-Verification', tamperBody: swap('"x"', '"y"'), make: (s, { body }) => ({ headers: plaidJWT(s === 'wrong' ? keys.otherEC : pemOf[s], { iat: NOW, request_body_sha256: sha256(body) }), body }), id: hash(plaid), type: 'com.plaid.transactions.default_update',
  extra: ({ put }) => {
    put('old', { why: 'Issued more than five minutes ago.', headers: plaidJWT(keys.ec, { iat: NOW - 301, request_body_sha256: sha256(plaid) }), error: 'stale_timestamp' });
    put('issued-later', { why: 'Issued in the future.', headers: plaidJWT(keys.ec, { iat: NOW + 61, request_body_sha256: sha256(plaid) }), error: 'future_timestamp' });
    put('hs256-with-public-key', { why: 'The public key is no HMAC key (RFC 8725 §2.1).', headers: [['Plaid-Verification', jwt('HS256', { iat: NOW, request_body_sha256: sha256(plaid) }, Buffer.from(spki(keys.ec), 'base64'))]], error: 'bad_signature' });
  } });
const jc = '{"timestamp":1767268790000,"webhookEvent":"jira:issue_updated","issue":{"id":"10002"} }';
const qsh = (canonical) => sha256(canonical);
const connect = (s, over = {}) => [json, ['X-Atlassian-Webhook-Identifier', 'jw-1'], ['Authorization', `JWT ${jwt('HS256', { iss: 'client-key-1', iat: NOW - 5, exp: NOW + 175, qsh: qsh('POST&/webhooks/acme/jira-connect&'), ...over }, s)}`]];
row({ name: 'jira-connect', secrets: S, wrong: WRONG, covered: false, params: { client_key: 'client-key-1' }, body: jc, signature: 'Authorization', tamperBody: swap('10002', '10003'), make: (s, { body }) => ({ headers: connect(s), body }), id: 'jw-1', type: 'com.atlassian.jira.issue_updated', time: '2026-01-01T11:59:50Z',
  extra: ({ put, ok, main }) => {
    const c = (name, why, over, rest) => put(name, { why, headers: connect(main.value, over), ...rest });
    c('other-issuer', 'Another installation of the app.', { iss: 'client-key-2' }, { error: 'bad_signature' });
    c('no-issuer', 'Nobody\'s token.', { iss: undefined }, { error: 'bad_signature' });
    c('expired', 'The token has ended.', { exp: NOW - 61 }, { error: 'stale_timestamp' });
    c('other-path', 'A token for another URL.', { qsh: qsh('POST&/webhooks/acme/other&') }, { error: 'bad_signature' });
    c('other-method', 'A token for another method.', { qsh: qsh('GET&/webhooks/acme/jira-connect&') }, { error: 'bad_signature' });
    c('no-qsh', 'A token for no URL.', { qsh: undefined }, { error: 'bad_signature' });
    c('context-qsh', 'The fixed qsh of a browser\'s context token, which every user of the app has, is no request\'s.', { qsh: 'context-qsh' }, { error: 'bad_signature' });
    c('query', 'The query is sorted, escaped and joined; the token\'s own parameter is left out.', { qsh: qsh('POST&/webhooks/acme/jira-connect&a%20b=%2A&user_id=admin,zed') }, { query: '?user_id=zed&jwt=x&user_id=admin&a+b=*', want: ok() });
    c('query-added', 'A parameter that was not signed.', {}, { query: '?user_id=admin', error: 'bad_signature' });
    c('base-path', 'The path of the app\'s base URL is not signed.', { qsh: qsh('POST&/jira-connect&') }, { params: { client_key: 'client-key-1', base_path: '/webhooks/acme/' }, want: ok() });
    c('base-path-outside', 'A URL that is not the app\'s.', { qsh: qsh('POST&/jira-connect&') }, { params: { client_key: 'client-key-1', base_path: '/webhooks/acm' }, error: 'bad_signature' });
    put('rs256', { why: 'Installation callbacks are signed by Atlassian\'s own key; a shared secret is no RSA key.', headers: [['Authorization', `JWT ${jwt('RS256', { iss: 'client-key-1', exp: NOW + 60, qsh: qsh('POST&/webhooks/acme/jira-connect&') }, keys.rsa, 'k1')}`]], error: 'bad_signature' });
  } });
const JWKS = 'https://www.googleapis.com/oauth2/v3/certs';
const jwks = JSON.stringify({ keys: [jwk(keys.otherRSA, 'k0'), jwk(keys.rsa, 'k1')] });
const pubsub = '{"message":{"data":"SGVsbG8=","messageId":"2070443601311540","publishTime":"2026-01-01T11:59:50.123Z"},"subscription":"s"}';
const claims = (email, over = {}) => ({ iss: 'https://accounts.google.com', aud: url('google-pubsub'), email, email_verified: true, iat: NOW - 10, exp: NOW + 3590, ...over });
const bearer = (t) => [json, ['Authorization', `Bearer ${t}`]];
const SA = ['push@one.iam.gserviceaccount.com', 'push@two.iam.gserviceaccount.com'];
row({ name: 'google-pubsub', secrets: SA, wrong: 'evil@evil.iam.gserviceaccount.com', covered: false, documents: { [JWKS]: jwks }, body: pubsub, signature: 'Authorization', tamperBody: swap('"s"', '"t"'), make: (s, { body }) => ({ headers: bearer(jwt('RS256', claims(s), keys.rsa, 'k1')), body }), id: '2070443601311540', type: 'com.google.pubsub.message', time: '2026-01-01T11:59:50.123Z',
  extra: ({ put, ok }) => {
    const c = (name, why, over, error, extra = {}) => put(name, { why, headers: bearer(jwt('RS256', claims(SA[0], over), keys.rsa, extra.kid ?? 'k1')), error, ...extra });
    c('audience-list', 'One of several audiences.', { aud: ['https://x.example', url('google-pubsub')] }, undefined, { want: ok() });
    c('other-audience', 'For somebody else.', { aud: 'https://x.example' }, 'bad_signature');
    c('no-audience', 'For nobody.', { aud: undefined }, 'bad_signature');
    c('param-audience', 'The audience the operator configured.', { aud: 'my-audience' }, undefined, { params: { audience: 'my-audience' }, want: ok() });
    c('other-issuer', 'Issued by another.', { iss: 'https://accounts.evil.example' }, 'bad_signature');
    c('email-not-verified', 'An address nobody verified.', { email_verified: false }, 'bad_signature');
    c('email-verified-text', 'The text "true" is not true.', { email_verified: 'true' }, 'bad_signature');
    c('expired', 'The token has ended.', { exp: NOW - 61 }, 'stale_timestamp');
    c('unknown-kid', 'A key that the set does not have.', {}, 'bad_signature', { kid: 'k9' });
    c('other-kid', 'The id of another key of the set.', {}, 'bad_signature', { kid: 'k0' });
    c('no-key-set', 'Keys that cannot be fetched are no reason to accept.', {}, 'keys_unavailable', { documents: {} });
    put('hs256-with-public-key', { why: 'RFC 8725 §2.1.', headers: bearer(jwt('HS256', claims(SA[0]), 'x', 'k1')), error: 'bad_signature' });
    put('critical-header', { why: 'An extension that must be understood (RFC 7515 §4.1.11).', headers: bearer((() => { const t = `${b64u('{"alg":"RS256","kid":"k1","crit":["x"]}')}.${b64u(JSON.stringify(claims(SA[0])))}`; return `${t}.${sign('sha256', Buffer.from(t), keys.rsa).toString('base64url')}`; })()), error: 'malformed_signature' });
  } });

// Rich notifications of Microsoft Graph.
const graphKeys = { 'https://login.microsoftonline.com/common/discovery/v2.0/keys': jwks };
const graphParams = { audience: '8e460676-ae3f-4b1e-8790-ee0fb5d6148f', tenant_id: '84bd8158-6d4d-4958-8b9f-9d6445542f95' };
const publisher = '0bf30f3b-4a52-48df-9a82-234910c4a086';
const graphToken = (over = {}, pem = keys.rsa, kid = 'k1') => jwt('RS256', { iss: `https://login.microsoftonline.com/${graphParams.tenant_id}/v2.0`, aud: graphParams.audience, azp: publisher, nbf: NOW - 60, exp: NOW + 3600, ...over }, pem, kid);
const richBody = (tokens, clientState = S[0]) => JSON.stringify({ value: [{ id: 'n-0', subscriptionId: 's', changeType: 'created', clientState, encryptedContent: { data: 'x', dataKey: 'y', dataSignature: 'z' } }], validationTokens: tokens });
const rich = (name, why, tokens, rest = {}) => write('microsoft-graph', name, { handshake: true, why, secrets: [{ id: 'main', value: S[0] }], params: graphParams, documents: graphKeys, headers: [json, ['CF-Ray', RAY]], body: richBody(tokens), ...rest });
const richOK = { want: { id: 'n-0', type: 'com.microsoft.graph.created', time: '-', secret: 'main', authenticated: 'bearer' } };
rich('rich', 'Rich notifications carry a token that Microsoft signed for the app.', [graphToken()], richOK);
rich('rich-v1-token', 'A token of the older endpoint names its issuer and the publisher otherwise.', [graphToken({ iss: `https://sts.windows.net/${graphParams.tenant_id}/`, azp: undefined, appid: publisher })], richOK);
rich('rich-two-tokens', 'Each token verifies.', [graphToken(), graphToken({ nbf: NOW - 30 })], richOK);
rich('rich-not-asked', 'Without the parameter the tokens are not read, as before.', ['x'], { params: undefined, documents: undefined, ...richOK });
rich('rich-one-forged', 'One token that does not verify spoils all.', [graphToken(), graphToken({}, keys.otherRSA)], { error: 'bad_signature' });
rich('rich-none', 'A delivery without tokens, where they are asked for.', [], { error: 'missing_signature' });
rich('rich-no-member', 'Nor with none at all.', undefined, { error: 'missing_signature' });
rich('rich-no-token', 'A text that is no token.', ['x'], { error: 'malformed_signature' });
rich('rich-number', 'Nor is a number.', [1], { error: 'malformed_signature' });
rich('rich-other-audience', 'A token for another app.', [graphToken({ aud: 'another' })], { error: 'bad_signature' });
rich('rich-other-tenant', 'A token of another tenant.', [graphToken({ iss: 'https://login.microsoftonline.com/evil/v2.0' })], { error: 'bad_signature' });
rich('rich-no-tenant', 'Without the tenant configured no issuer is right.', [graphToken({ iss: 'https://login.microsoftonline.com//v2.0' })], { params: { audience: graphParams.audience }, error: 'bad_signature' });
rich('rich-other-publisher', 'A token of the right tenant for the right app, from another app.', [graphToken({ azp: 'another' })], { documents: {}, error: 'bad_signature' });
rich('rich-two-publishers', 'Two names, one of them another\'s.', [graphToken({ appid: 'another' })], { documents: {}, error: 'bad_signature' });
rich('rich-no-publisher', 'From nobody.', [graphToken({ azp: undefined })], { documents: {}, error: 'bad_signature' });
rich('rich-expired', 'The token has ended.', [graphToken({ exp: NOW - 61 })], { error: 'stale_timestamp' });
rich('rich-unknown-kid', 'A key that Microsoft does not have.', [graphToken({}, keys.rsa, 'k9')], { error: 'bad_signature' });
rich('rich-hs256', 'The key says the algorithm (RFC 8725 §2.1).', [jwt('HS256', { azp: publisher, aud: graphParams.audience, exp: NOW + 9 }, 'x', 'k1')], { error: 'bad_signature' });
rich('rich-stranger', 'The clientState is asked first: a stranger has nothing fetched.', [graphToken()], { body: richBody([graphToken()], WRONG), documents: {}, error: 'bad_signature' });
rich('rich-no-keys', 'Keys that cannot be fetched are no reason to accept.', [graphToken()], { documents: {}, error: 'keys_unavailable' });

// Handshakes of rows in catalogue.go.
const shake = (provider, name, c) => write(provider, name, { handshake: true, secrets: [{ id: 'main', value: S[0] }], headers: [], ...c });
const crc = 'MzJiOWEyNzUtOTk4Mi00ZGQ5';
shake('x', 'crc', { why: 'X asks for the MAC of its token.', method: 'GET', query: `?crc_token=${crc}`, want: { reply: '200 application/json', 'reply-body': `{"response_token":"sha256=${hmac('sha256', S[0], 'base64', crc)}"}` } });
shake('x', 'crc-oracle', { why: 'Whoever sends an event as the token would have it signed.', method: 'GET', query: `?crc_token=${encodeURIComponent('{"for_user_id":"1"}')}`, error: 'invalid_handshake' });
shake('x', 'crc-replayed', { why: 'The MAC of a challenge proves no event.', headers: [['x-twitter-webhooks-signature', `sha256=${hmac('sha256', S[0], 'base64', crc)}`]], body: crc, error: 'malformed_signature' });
shake('x', 'crc-empty', { why: 'No token, no answer, and no event either.', method: 'GET', error: 'malformed_signature' });
for (const p of ['meta', 'whatsapp']) {
  const q = '?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=';
  shake(p, 'subscribe', { why: 'Meta verifies the URL with the token it was given.', method: 'GET', query: q + 'meatyhamhock', params: { verify_token: 'meatyhamhock' }, want: { reply: '200 text/plain; charset=utf-8', 'reply-body': '1158201444' } });
  shake(p, 'subscribe-other-token', { why: 'Another token.', method: 'GET', query: q + 'other', params: { verify_token: 'meatyhamhock' }, error: 'bad_signature' });
  shake(p, 'subscribe-no-token', { why: 'Without a token configured nobody is known.', method: 'GET', query: q, error: 'bad_signature' });
}
shake('dropbox', 'challenge', { why: 'Dropbox wants its challenge back.', method: 'GET', query: '?challenge=abc123', want: { reply: '200 text/plain; charset=utf-8', 'reply-body': 'abc123' } });
shake('dropbox', 'challenge-markup', { why: 'Not a page.', method: 'GET', query: '?challenge=%3Cscript%3E', error: 'invalid_handshake' });
shake('trello', 'head', { why: 'Trello asks whether the URL is there.', method: 'HEAD', want: { reply: '200' } });
const zoom = '{"event":"endpoint.url_validation","payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1767268800000}';
const zoomSigned = (body, s = S[0]) => [['x-zm-request-timestamp', String(NOW)], ['x-zm-signature', `v0=${hmac('sha256', s, 'hex', `v0:${NOW}:${body}`)}`]];
shake('zoom', 'url-validation', { why: 'Zoom wants its token back with its MAC.', headers: zoomSigned(zoom), body: zoom, want: { secret: 'main', authenticated: 'signature', reply: '200 application/json', 'reply-body': `{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"${hmac('sha256', S[0], 'hex', 'qgg8vlvZRS6UYooatFL8Aw')}"}` } });
shake('zoom', 'url-validation-unsigned', { why: 'A stranger gets no MAC.', headers: zoomSigned(zoom, WRONG), body: zoom, error: 'bad_signature' });
const oracle = zoom.replace('qgg8vlvZRS6UYooatFL8Aw', `v0:${NOW}:{}`);
shake('zoom', 'url-validation-oracle', { why: 'Not even Zoom gets the MAC of what an event\'s signed content looks like.', headers: zoomSigned(oracle), body: oracle, error: 'invalid_handshake' });
{
  const broken = '{"events":[],', want = { id: hash(broken), time: '-', secret: 'main', authenticated: 'signature' };
  const why = 'Signed, and no JSON: in what cannot be read nothing is absent, so this is no heartbeat but an event.';
  shake('xero', 'unreadable', { why, headers: [['x-xero-signature', hmac('sha256', S[0], 'base64', broken)]], body: broken, want: { ...want, type: 'com.xero.unknown' } });
  shake('asana', 'unreadable', { why, headers: [['X-Hook-Signature', hmac('sha256', S[0], 'hex', broken)]], body: broken, want: { ...want, type: 'com.asana.unknown' } });
}
{
  const why = 'Without an id the body is hashed: two events without one are two.', bearer = { time: '-', secret: 'main', authenticated: 'bearer' };
  for (const n of [1, 2]) {
    const body = `{"n":${n}}`;
    const put = (name, headers, want) => shake(name, `no-id-${n}`, { why, headers, body, want: { id: hash(body), ...bearer, ...want } });
    put('telegram', [['X-Telegram-Bot-Api-Secret-Token', S[0]]], { type: 'org.telegram.update' });
    put('chargebee', [['Authorization', `Basic ${Buffer.from(S[0]).toString('base64')}`]], { type: 'com.chargebee.unknown' });
    const ray = `${n}${RAY}`;
    put('google-channel', [['X-Goog-Channel-Token', S[0]], ['CF-Ray', ray]], { id: byRequest(body, ray), type: 'com.google.channel.unknown' });
  }
}
shake('xero', 'intent', { why: 'The intent to receive: a good signature and no events.', headers: [['x-xero-signature', hmac('sha256', S[0], 'base64', '{"events":[],"entropy":"S"}')]], body: '{"events":[],"entropy":"S"}', want: { secret: 'main', authenticated: 'signature', reply: '200' } });
shake('xero', 'intent-forged', { why: 'The same with a bad one: 401.', headers: [['x-xero-signature', hmac('sha256', WRONG, 'base64', '{"events":[]}')]], body: '{"events":[]}', error: 'bad_signature' });

const offered = '{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}';
const notion = (name, why, rest) => shake('notion', name, { why, headers: [json], body: offered, query: '?setup=a-text-of-the-operator', params: { setup: 'a-text-of-the-operator' }, ...rest });
notion('verification', 'Notion\'s first request carries the secret it made. It is answered, handed to the operator, and nothing verifies with it.', { want: { reply: '200', offer: 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl' } });
notion('verification-no-setup', 'Without the operator\'s text configured nobody can offer a secret.', { params: undefined, error: 'bad_signature' });
notion('verification-other-setup', 'A stranger does not know the text.', { query: '?setup=guess', error: 'bad_signature' });
notion('verification-no-query', 'Nor one who leaves it out.', { query: '', error: 'bad_signature' });
notion('verification-twice-setup', 'Said twice, it is not said.', { query: '?setup=a-text-of-the-operator&setup=a-text-of-the-operator', error: 'bad_signature' });
notion('verification-markup', 'A token is a token.', { body: '{"verification_token":"<script>"}', error: 'invalid_handshake' });
notion('verification-two-tokens', 'Two are none.', { body: '{"verification_token":"a","verification_token":"b"}', error: 'missing_signature' });
notion('verification-is-no-key', 'An offered secret signs nothing until the operator has made it the source\'s.', { headers: [json, ['X-Notion-Signature', `sha256=${hmac('sha256', 'secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl', 'hex', offered)}`]], error: 'bad_signature' });
notion('setup-signs-nothing', 'The text opens the offer alone: an event needs its signature.', { body: '{"id":"1","type":"page.created"}', error: 'missing_signature' });

// The rows an operator configures.
const g = '{"id":"e-1","kind":"Thing.Made"}';
const sig = (name, secrets, wrong, signed, extra) => row({ name, secrets, wrong, body: g, signature: 'X-Signature', tamperBody: swap('e-1', 'e-2'), make: (s, { body }) => ({ headers: [json, ['X-Signature', signed(s, body)]], body }), id: hash(g), type: 'dev.hookweir.webhook.unknown', extra });
sig('hmac', S, WRONG, (s, b) => hmac('sha256', s, 'hex', b), ({ put, ok, main }) => {
  for (const alg of ['md5', 'sha1', 'sha256', 'sha512']) for (const enc of ['hex', 'base64', 'base64url']) {
    const pad = (x) => (enc === 'base64url' ? x + '='.repeat((4 - (x.length % 4)) % 4) : x);
    put(`${alg}-${enc}`, { why: `${alg} in ${enc}, with a prefix.`, params: { algorithm: alg, encoding: enc, header: 'X-Sig', prefix: 'v9=' }, headers: [['X-Sig', `v9=${pad(hmac(alg, S[0], enc, g))}`]], want: ok() });
  }
  const params = { template: '{id}.{timestamp}.{method}|{url}|{body}', id_header: 'X-Id', timestamp_header: 'X-Time', type_path: 'kind', key_encoding: 'base64', tolerance: '60' };
  const secrets = [{ id: 'main', value: Buffer.from(S[0]).toString('base64') }];
  const headers = [['X-Id', 'd-7'], ['X-Time', String(NOW)], ['X-Signature', hmac('sha256', S[0], 'hex', `d-7.${NOW}.POST|${url('hmac')}|${g}`)]];
  put('template', { why: 'Everything a template has.', secrets, params, headers, want: ok({ id: 'd-7', type: 'dev.hookweir.webhook.thing.made' }) });
  put('template-stale', { why: 'The tolerance that was configured.', secrets, params, headers, now: NOW + 61, error: 'stale_timestamp' });
  put('template-other-id', { why: 'A signed id is signed.', secrets, params, headers: [['X-Id', 'd-8'], ...headers.slice(1)], error: 'bad_signature' });
});
const rsaOf = { [spki(keys.rsa)]: keys.rsa, [spki(keys.otherRSA)]: keys.otherRSA };
sig('rsa', [spki(keys.rsa), spki(keys.otherRSA)], 'wrong', (s, b) => (s === 'wrong' ? tamper(sign('sha256', Buffer.from(b), keys.rsa).toString('base64')) : sign('sha256', Buffer.from(b), rsaOf[s]).toString('base64')), ({ put, ok }) => {
  put('sha1', { why: 'SHA-1, configured.', params: { algorithm: 'sha1' }, headers: [['X-Signature', sign('sha1', Buffer.from(g), keys.rsa).toString('base64')]], want: ok() });
  put('sha1-not-configured', { why: 'SHA-1, not configured.', headers: [['X-Signature', sign('sha1', Buffer.from(g), keys.rsa).toString('base64')]], error: 'bad_signature' });
});
sig('ecdsa', [spki(keys.ec), third], 'wrong', (s, b) => (s === 'wrong' ? tamper(sign('sha256', Buffer.from(b), keys.ec).toString('base64')) : sign('sha256', Buffer.from(b), pemOf[s]).toString('base64')), ({ put, ok }) => {
  const p1363 = sign('sha256', Buffer.from(g), { key: keys.ec, dsaEncoding: 'ieee-p1363' }).toString('base64');
  put('p1363', { why: 'The two numbers side by side.', params: { algorithm: 'p1363' }, headers: [['X-Signature', p1363]], want: ok() });
  put('p1363-as-der', { why: 'Not in the form configured.', headers: [['X-Signature', p1363]], error: 'bad_signature' });
});
const raw = (seed) => { const k = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]), format: 'der', type: 'pkcs8' }); return [createPublicKey(k).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex'), k]; };
const [ed1, ed2, ed3] = [raw(1), raw(2), raw(3)];
sig('ed25519', [ed1[0], ed2[0]], ed3[0], (s, b) => sign(null, Buffer.from(b), [ed1, ed2, ed3].find(([p]) => p === s)[1]).toString('hex'));
token('token', 'X-Webhook-Token', { body: g, tamperBody: swap('e-1', 'e-2'), id: hash(g), changed: { id: hash(g.replace('e-1', 'e-2')) }, type: 'dev.hookweir.webhook.unknown', extra: ({ put, ok }) => {
  put('bearer', { why: 'In another header, after a prefix.', params: { header: 'Authorization', prefix: 'Bearer ', id_path: 'id' }, headers: [['Authorization', `Bearer ${S[0]}`]], want: ok({ id: 'e-1' }) });
  put('query', { why: 'In the query.', params: { query: 'key' }, headers: [], query: `?key=${S[0]}`, want: ok() });
  put('query-twice', { why: 'Twice in the query says nothing.', params: { query: 'key' }, headers: [], query: `?key=${S[0]}&key=x`, error: 'missing_signature' });
  put('beyond-ascii', { why: 'A token that is not ASCII, in UTF-8.', secrets: [{ id: 'main', value: 'clé-d’une-longueur-Ċ' }], headers: [['X-Webhook-Token', 'clé-d’une-longueur-Ċ']], want: ok() });
  put('header-in-a-value', { why: 'U+010A (C4 8A) is a letter and ends no line: no header is in there.', headers: [['X-A', `1ĊX-Webhook-TokenĊ${S[0]}`]], error: 'missing_signature' });
} });
basic('basic', { body: g, tamperBody: swap('e-1', 'e-2'), id: hash(g), changed: { id: hash(g.replace('e-1', 'e-2')) }, type: 'dev.hookweir.webhook.unknown' });
const set = JSON.stringify({ keys: [jwk(keys.ec, 'e1'), jwk(keys.rsa, 'r1')] });
const who = (sub, over = {}) => ({ iss: 'https://id.example', aud: url('jwt'), sub, exp: NOW + 60, ...over });
row({ name: 'jwt', secrets: ['robot-number-one', 'robot-number-two'], wrong: 'robot-number-six', covered: false, params: { jwks: 'https://id.example/jwks', issuer: 'https://id.example' }, documents: { 'https://id.example/jwks': set }, body: g, signature: 'Authorization', tamperBody: swap('e-1', 'e-2'), changed: { id: hash(g.replace('e-1', 'e-2')) }, make: (s, { body }) => ({ headers: bearer(jwt('ES256', who(s), keys.ec, 'e1')), body }), id: hash(g), type: 'dev.hookweir.webhook.unknown',
  extra: ({ put, ok }) => {
    put('rs256', { why: 'The key set has both kinds.', headers: bearer(jwt('RS256', who('robot-number-one'), keys.rsa, 'r1')), want: ok() });
    put('kind-mixed-up', { why: 'The id of a key of the other kind.', headers: bearer(jwt('RS256', who('robot-number-one'), keys.rsa, 'e1')), error: 'bad_signature' });
  } });

// A token in the URL.
{
  const soap = '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>00D000000000001</OrganizationId><Notification><Id>04l000000000001</Id></Notification></notifications></soapenv:Body></soapenv:Envelope>';
  const [a, b] = S, main = { id: 'main', value: a }, next = { id: 'next', value: b }, want = { id: hash(soap), type: 'com.salesforce.outbound_message', time: '-', secret: 'main', authenticated: 'bearer' };
  const put = (name, c) => write('salesforce', name, { body: soap, headers: [['Content-Type', 'text/xml; charset=utf-8']], query: `?token=${a}`, secrets: [main], ...c });
  const changed = soap.replace('04l', '04m');
  put('accept', { why: 'A delivery as the provider sends it.', want });
  put('second-secret', { why: 'While a secret rotates, either is taken, and the result says which.', secrets: [main, next], query: `?token=${b}`, want: { ...want, secret: 'next' } });
  put('secret-ended', { why: 'The overlap has ended: the old secret no longer verifies.', secrets: [{ ...main, until: NOW }, next], error: 'bad_signature' });
  put('no-active-secret', { why: 'With every secret ended there is nothing to verify with.', secrets: [{ ...main, until: NOW }], error: 'source_not_ready' });
  put('wrong-secret', { why: 'Another token.', query: `?token=${WRONG}`, error: 'bad_signature' });
  put('tampered-signature', { why: 'One character of the token differs.', query: `?token=${tamper(a)}`, error: 'bad_signature' });
  put('short-signature', { why: 'A token cut short is no token.', query: `?token=${a.slice(0, -1)}`, error: 'bad_signature' });
  put('missing-signature', { why: 'No token at all.', query: '', error: 'missing_signature' });
  put('empty-signature', { why: 'An empty one.', query: '?token=', error: 'missing_signature' });
  put('token-in-header', { why: 'The token counts where it is to be.', query: '', headers: [['token', a]], error: 'missing_signature' });
  put('duplicate-signature', { why: 'Two tokens, the good one first.', query: `?token=${a}&token=${WRONG}`, error: 'missing_signature' });
  put('joined-signature', { why: 'The two in one.', query: `?token=${a},%20${WRONG}`, error: 'bad_signature' });
  put('tampered-body', { why: 'The token does not cover the body, and the result says so.', body: changed, want: { ...want, id: hash(changed) } });
  put('method', { why: 'The provider does not use this method.', method: 'GET', error: 'method_not_allowed' });
}

write('aws-sns', 'optional-twice', { why: 'A field that may be left out, twice: it is neither left out nor one.', secrets: [{ id: 'main', value: ARN[0] }], documents: { [certURL]: keys.chain }, headers: [json], body: sns(ARN[0]).replace('"Message"', '"Token":"a","Token":"b","Message"'), error: 'malformed_signature' });

// The odd signatures of the generic rows.
await import('./generate_odd.mjs');
