// What crosses between Go and JavaScript: values packed in bytes, see doc.go.
const NULL = 0;
const NUMBER = 1;
const TEXT = 2;
const BLOB = 3;
const FAR = 4;

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** The values in bytes, which are the guest's memory and must not be kept. */
export function unpack(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const values = [];
  for (let at = 0; at < bytes.length; ) {
    const kind = bytes[at++];
    if (kind === NULL) values.push(null);
    else if (kind === NUMBER) {
      values.push(view.getFloat64(at, true));
      at += 8;
    } else if (kind === FAR) {
      const from = view.getUint32(at, true);
      values.push(new Uint8Array(bytes.buffer.slice(from, from + view.getUint32(at + 4, true))));
      at += 8;
    } else {
      const from = at + 4;
      at = from + view.getUint32(at, true);
      values.push(kind === TEXT ? decoder.decode(bytes.subarray(from, at)) : bytes.slice(from, at));
    }
  }
  return values;
}

/** Packs values into bytes, and gives how many that took; -1: they have no room. */
export function pack(values, bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  for (const v of values) {
    const left = bytes.length - at - 9;
    if (left < 0) return -1;
    if (v === null) bytes[at++] = NULL;
    else if (typeof v === "number") {
      bytes[at] = NUMBER;
      view.setFloat64(at + 1, v, true);
      at += 9;
    } else if (typeof v === "string") {
      if (3 * v.length > left) return -1; // a UTF-16 unit is at most three bytes of UTF-8
      bytes[at] = TEXT;
      const { written } = encoder.encodeInto(v, bytes.subarray(at + 5));
      view.setUint32(at + 1, written, true);
      at += 5 + written;
    } else {
      if (v.length > left) return -1;
      bytes[at] = BLOB;
      view.setUint32(at + 1, v.length, true);
      bytes.set(v, at + 5);
      at += 5 + v.length;
    }
  }
  return at;
}

/** At most how many bytes values take. */
export function room(values) {
  let n = 0;
  for (const v of values) n += 9 + (typeof v === "string" ? 3 * v.length : (v?.length ?? 0));
  return n;
}

/** Packs the rows of cursors, one after the other, in bytes of its own. */
export class Packer {
  #bytes = new Uint8Array(4096);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Names, then the values of every row; good until the next call. */
  pack(cursor) {
    this.#at = 0;
    const names = cursor.columnNames;
    this.#room(4);
    this.#size(names.length);
    for (const name of names) this.#text(name);
    for (const row of cursor.raw()) for (const value of row) this.#value(value);
    return this.#bytes.subarray(0, this.#at);
  }

  #value(v) {
    this.#room(9);
    if (v === null) this.#bytes[this.#at++] = NULL;
    else if (typeof v === "number") {
      this.#bytes[this.#at++] = NUMBER;
      this.#view.setFloat64(this.#at, v, true);
      this.#at += 8;
    } else if (typeof v === "string") {
      this.#bytes[this.#at++] = TEXT;
      this.#text(v);
    } else {
      this.#bytes[this.#at++] = BLOB;
      const blob = new Uint8Array(v);
      this.#room(4 + blob.length);
      this.#size(blob.length);
      this.#bytes.set(blob, this.#at);
      this.#at += blob.length;
    }
  }

  #text(s) {
    this.#room(4 + 3 * s.length); // a UTF-16 unit is at most three bytes of UTF-8
    const { written } = encoder.encodeInto(s, this.#bytes.subarray(this.#at + 4));
    this.#size(written);
    this.#at += written;
  }

  #size(n) {
    this.#view.setUint32(this.#at, n, true);
    this.#at += 4;
  }

  #room(n) {
    if (this.#at + n <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#at + n));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}
