// Writes the odd signatures: what verifiers have accepted and should not, after
// Wycheproof's ed25519, ecdsa_secp256r1_sha256, rsa_signature_2048_sha256 and
// hmac_sha256 sets. They are cases of the generic rows, so that they run
// wherever the corpus does: Go's crypto on the host and under wazero,
// BoringSSL's on workerd. generate_more.mjs runs this at its end.
import { constants, createHmac, createPrivateKey, createPublicKey, privateEncrypt, sign, createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(fileURLToPath(import.meta.url));
const keys = JSON.parse(readFileSync(join(root, 'keys.json')));
const NOW = 1767268800;
const body = '{"id":"e-1","kind":"Thing.Made"}';
const sha256 = (b) => createHash('sha256').update(b).digest();
const spki = (pem) => createPublicKey(pem).export({ format: 'der', type: 'spki' }).toString('base64');

// put writes a case; without an error it is accepted.
function put(provider, name, why, secret, signature, { params, error } = {}) {
  const want = error ? `error: ${error}\n` : `ok\nid: sha256-${sha256(body).toString('hex')}\ntype: dev.hookweir.webhook.unknown\ntime: -\nsecret: main\nauthenticated: signature\n`;
  const extras = params ? '-- params --\n' + Object.entries(params).map(([k, v]) => `${k} ${v}\n`).join('') : '';
  writeFileSync(join(root, provider, `odd-${name}.txtar`),
    `${why}\n-- request --\nPOST https://hooks.example.com/webhooks/acme/${provider}\nContent-Type: application/json\nX-Signature: ${signature}\n\n${body}\n-- secrets --\nmain - - ${secret}\n${extras}-- now --\n${NOW}\n-- want --\n${want}`);
}

// --- Ed25519 (RFC 8032 §5.1.7) ------------------------------------------------
{
  const key = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 1)]), format: 'der', type: 'pkcs8' });
  const secret = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('hex');
  const good = sign(null, Buffer.from(body), key);
  const L = 2n ** 252n + 27742317777372353535851937790883648493n;
  const read = (b) => BigInt('0x' + Buffer.from(b).reverse().toString('hex'));
  const write = (n) => Buffer.from(n.toString(16).padStart(64, '0'), 'hex').reverse();
  const R = good.subarray(0, 32), S = read(good.subarray(32));
  const bad = (name, why, bytes) => put('ed25519', name, why, secret, bytes.toString('hex'), { error: 'bad_signature' });
  bad('s-plus-order', 'S plus the order of the group is the same point: only the least S is a signature, or one delivery had many.', Buffer.concat([R, write(S + L)]));
  bad('s-plus-two-orders', 'Nor is S plus it twice.', Buffer.concat([R, write(S + 2n * L)]));
  bad('s-zero', 'S of zero.', Buffer.concat([R, Buffer.alloc(32)]));
  bad('s-high-bits', 'The three highest bits of S are always zero.', Buffer.concat([good.subarray(0, 63), Buffer.from([good[63] | 0xe0])]));
  bad('zeros', 'Sixty-four zeros.', Buffer.alloc(64));
  bad('r-identity', 'The identity as R, and S of zero: good under a key of low order, and only there.', Buffer.concat([Buffer.from([1]), Buffer.alloc(63)]));
  bad('r-not-reduced', 'R written with a coordinate that is not reduced modulo p.', Buffer.concat([Buffer.from('ee' + 'ff'.repeat(30) + '7f', 'hex'), write(S)]));
  bad('r-not-a-point', 'R that is no point of the curve.', Buffer.concat([Buffer.from('02' + '00'.repeat(31), 'hex'), write(S)]));
  bad('cut', 'One byte short.', good.subarray(0, 63));
  bad('longer', 'One byte more.', Buffer.concat([good, Buffer.alloc(1)]));
  bad('r-alone', 'Half a signature.', R);
  bad('swapped', 'S and R.', Buffer.concat([good.subarray(32), R]));
}

// --- ECDSA on P-256 (RFC 3279 §2.2.3, X.690 §10 and §11) ------------------------
{
  const secret = spki(keys.ec);
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  // A nonce is drawn for every signature, so one is kept.
  const kept = Buffer.from(keys.oddECDSA, 'base64');
  const r = BigInt('0x' + kept.subarray(0, 32).toString('hex')), s = BigInt('0x' + kept.subarray(32).toString('hex'));
  const raw = (x) => { const h = x.toString(16); return Buffer.from(h.length % 2 ? '0' + h : h, 'hex'); };
  const integer = (x) => { // two's complement, least bytes
    if (x < 0n) { let b = 1n; while (x < -(1n << (8n * b - 1n))) b++; const v = raw((1n << (8n * b)) + x); return Buffer.concat([Buffer.from([2, v.length]), v]); }
    const v = raw(x); const p = v[0] & 0x80 ? Buffer.concat([Buffer.alloc(1), v]) : v;
    return Buffer.concat([Buffer.from([2, p.length]), p]);
  };
  const seq = (...parts) => { const c = Buffer.concat(parts); return Buffer.concat([Buffer.from(c.length < 128 ? [0x30, c.length] : [0x30, 0x81, c.length]), c]); };
  const der = (a, b) => seq(integer(a), integer(b));
  const good = der(r, s);
  put('ecdsa', 'kept', 'The signature that the odd ones are made of.', secret, good.toString('base64'));
  put('ecdsa', 'negated', 'Of each signature (r, s) there is a second, (r, n-s), that anybody can write and every verifier takes: it is the same event, since nothing is told apart by its signature.', secret, der(r, n - s).toString('base64'));
  const bad = (name, why, bytes) => put('ecdsa', name, why, secret, bytes.toString('base64'), { error: 'bad_signature' });
  bad('r-zero', 'r of zero.', der(0n, s));
  bad('s-zero', 's of zero.', der(r, 0n));
  bad('zeros', 'Both zero: CVE-2022-21449 took it for any message.', der(0n, 0n));
  bad('ones', 'Both one.', der(1n, 1n));
  bad('r-order', 'r of the order.', der(n, s));
  bad('s-order', 's of the order.', der(r, n));
  bad('r-plus-order', 'r plus the order.', der(r + n, s));
  bad('s-plus-order', 's plus the order.', der(r, s + n));
  bad('r-negative', 'A negative r.', der(-r, s));
  bad('s-negative', 'A negative s.', der(r, -s));
  bad('trailing', 'A byte after the sequence.', Buffer.concat([good, Buffer.alloc(1)]));
  bad('trailing-inside', 'A third number in the sequence.', seq(integer(r), integer(s), integer(0n)));
  bad('cut', 'The last byte is missing.', good.subarray(0, -1));
  bad('long-length', 'A length in more bytes than it needs: BER, not DER.', Buffer.concat([Buffer.from([0x30, 0x81, good[1]]), good.subarray(2)]));
  bad('indefinite', 'Indefinite length: BER, not DER.', Buffer.concat([Buffer.from([0x30, 0x80]), good.subarray(2), Buffer.alloc(2)]));
  const padded = (x) => { const i = integer(x); return Buffer.concat([Buffer.from([2, i.length - 1, 0]), i.subarray(2)]); };
  bad('leading-zero', 'A number with a zero before it that it does not need.', seq(padded(r), padded(s)));
  bad('empty-integer', 'A number of no bytes.', seq(Buffer.from([2, 0]), integer(s)));
  bad('null', 'NULL in place of a number.', seq(Buffer.from([5, 0]), integer(s)));
  bad('set', 'A SET in place of the SEQUENCE.', Buffer.concat([Buffer.from([0x31]), good.subarray(1)]));
  bad('empty-sequence', 'No numbers.', Buffer.from([0x30, 0]));
  bad('text', 'No DER at all.', Buffer.from('signature'));
  const fixed = (a, b) => Buffer.concat([a, b].map((x) => Buffer.from(x.toString(16).padStart(64, '0'), 'hex')));
  const p1363 = (name, why, bytes, error = 'bad_signature') => put('ecdsa', `p1363-${name}`, why, secret, bytes.toString('base64'), { params: { algorithm: 'p1363' }, error });
  p1363('kept', 'The same, side by side.', fixed(r, s), null);
  p1363('zeros', 'Both zero.', Buffer.alloc(64));
  p1363('s-order', 's of the order.', fixed(r, n));
  p1363('cut', 'One byte short.', fixed(r, s).subarray(0, 63));
  p1363('longer', 'One byte more.', Buffer.concat([Buffer.alloc(1), fixed(r, s)]));
}

// --- RSA, PKCS #1 v1.5 (RFC 8017 §8.2.2 and §9.2) -------------------------------
{
  const secret = spki(keys.rsa);
  const size = 256, digest = sha256(body);
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  const noNull = Buffer.from('302f300b0609608648016503040201' + '0420', 'hex');
  const pad = (t, fill = size - t.length - 3) => Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(fill, 0xff), Buffer.alloc(1), t]);
  const power = (em) => privateEncrypt({ key: keys.rsa, padding: constants.RSA_NO_PADDING }, Buffer.concat([em, Buffer.alloc(size - em.length)]));
  const bad = (name, why, bytes) => put('rsa', name, why, secret, bytes.toString('base64'), { error: 'bad_signature' });
  const good = sign('sha256', Buffer.from(body), keys.rsa);
  if (!power(pad(Buffer.concat([info, digest]))).equals(good)) throw new Error('the padding is not what PKCS #1 says');
  const whole = Buffer.concat([info, digest]);
  bad('garbage-after', 'Padding of eight bytes, and room for anything after the hash: Bleichenbacher\'s forgery of 2006.', power(pad(whole, 8)));
  bad('short-padding', 'No padding.', power(pad(whole, 0)));
  bad('no-null', 'The algorithm without its NULL, which is another encoding.', power(pad(Buffer.concat([noNull, digest]))));
  bad('no-digest-info', 'The bare hash.', power(pad(digest)));
  bad('block-type-2', 'Padded for encryption.', power(Buffer.concat([Buffer.from([0, 2]), pad(whole).subarray(2)])));
  bad('block-type-0', 'Padded with zeros.', power(Buffer.concat([Buffer.alloc(size - whole.length), whole])));
  bad('sha512-info', 'The hash under another algorithm\'s name.', power(pad(Buffer.concat([Buffer.from('3051300d060960864801650304020305000440', 'hex'), digest, digest]))));
  bad('pss', 'A signature of the other scheme (PSS).', sign('sha256', Buffer.from(body), { key: keys.rsa, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }));
  bad('one', 'One to any power is one.', Buffer.concat([Buffer.alloc(size - 1), Buffer.from([1])]));
  bad('zero', 'Zero.', Buffer.alloc(size));
  bad('cut', 'One byte short.', good.subarray(1));
  bad('leading-zero', 'A zero before it.', Buffer.concat([Buffer.alloc(1), good]));
  const n = BigInt('0x' + Buffer.from(createPublicKey(keys.rsa).export({ format: 'jwk' }).n, 'base64url').toString('hex'));
  const more = BigInt('0x' + good.toString('hex')) + n;
  bad('plus-modulus', 'The signature plus the modulus is the same number modulo it.', Buffer.from(more.toString(16).padStart(2 * (size + 1), '0'), 'hex'));
  bad('modulus', 'The modulus.', Buffer.from(n.toString(16).padStart(2 * size, '0'), 'hex'));
}

// --- HMAC (RFC 2104 §5 allows truncation; no row does) --------------------------
{
  const secret = 'a-secret-of-a-usual-length';
  const mac = createHmac('sha256', secret).update(body).digest();
  const bad = (name, why, text, error = 'bad_signature') => put('hmac', name, why, secret, text, { error });
  for (const n of [31, 20, 16, 8, 1]) bad(`truncated-${n}`, `The first ${n} bytes of the right MAC.`, mac.subarray(0, n).toString('hex'));
  bad('truncated-left', 'The last sixteen.', mac.subarray(16).toString('hex'));
  bad('longer', 'The right MAC and a byte more.', mac.toString('hex') + '00');
  bad('twice', 'The right MAC twice.', mac.toString('hex').repeat(2));
  bad('sha512-truncated', 'Another hash\'s MAC, cut to length.', createHmac('sha512', secret).update(body).digest().subarray(0, 32).toString('hex'));
  bad('bare-hash', 'The hash without the key.', sha256(body).toString('hex'));
  bad('length-extension', 'The hash of key and message, which is no MAC.', sha256(secret + body).toString('hex'));
  bad('key-after', 'Nor is the other order.', sha256(body + secret).toString('hex'));
  bad('base64', 'The right MAC in another encoding than the row\'s.', mac.toString('base64'), 'malformed_signature');
  bad('odd-digits', 'Half a byte more.', mac.toString('hex') + '0', 'malformed_signature');
  bad('zeros', 'Thirty-two zeros.', '00'.repeat(32));
}
