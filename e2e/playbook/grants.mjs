// What the providers' authorization servers have in common: consent, codes,
// PKCE, grants and their tokens. How a provider writes its answers is its own.
//
//	authorize ─▶ code ─▶ exchange ─▶ grant {access, refresh}
//	                                   ▲ refresh: `rotate` kills the old refresh token
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

const random = (prefix) => prefix + randomBytes(24).toString("base64url");

/**
 * Options
 *   client    {id, secret, redirect?}; redirect is learned from the first flow
 *   rotate    true: a refresh token is good once, and a new one comes each time
 *   pkce      true asks for it (RFC 7636)
 *   life      how long an access token lives, in ms
 *   prefixes  {access, refresh}
 *
 * Counters: refreshes, reuses (a dead refresh token was shown). `issued` is
 * every token there ever was, `newest` {access, refresh} of the last
 * authorization.
 */
export class Grants {
  #codes = new Map();
  #access = new Map(); // token → {grant, until}
  #refresh = new Map(); // token → grant
  refreshes = 0;
  reuses = 0;
  issued = [];

  constructor({ client, rotate, pkce, life, prefixes }) {
    Object.assign(this, { client, rotate, pkce, life, prefixes });
  }

  /** The user agrees: the browser is sent back with a code. Throws on a request no provider would show a person. */
  authorize(query) {
    const get = (name) => query.get(name);
    if (get("client_id") !== this.client.id) throw new Error("unknown client");
    if (get("response_type") !== "code" && get("response_type") !== null) throw new Error("response_type");
    if (this.pkce && (get("code_challenge_method") !== "S256" || !get("code_challenge"))) throw new Error("PKCE is asked for");
    if (!get("state")) throw new Error("no state");
    const redirect = new URL(get("redirect_uri"));
    const code = random("code-");
    this.#codes.set(code, { challenge: get("code_challenge"), redirect: redirect.href, scopes: (get("scope") ?? "").split(/[ ,]+/).filter(Boolean) });
    redirect.searchParams.set("code", code);
    redirect.searchParams.set("state", get("state"));
    return redirect.href;
  }

  /** Reports whether the client is who it says, by Basic or by the form. */
  #authenticates({ headers, form }) {
    let [id, secret] = [form.get("client_id"), form.get("client_secret")];
    if (headers.authorization?.startsWith("Basic ")) {
      [id, secret] = Buffer.from(headers.authorization.slice(6), "base64").toString().split(":").map(decodeURIComponent);
    }
    return id === this.client.id && same(secret ?? "", this.client.secret);
  }

  /** A token request: {grant, access, refresh, expires} or {error}, an error of RFC 6749 §5.2. */
  token(request) {
    if (!this.#authenticates(request)) return { error: "invalid_client" };
    const { form } = request;
    switch (form.get("grant_type")) {
      case "authorization_code":
        return this.#exchange(form);
      case "refresh_token":
        return this.#renew(form.get("refresh_token"));
    }
    return { error: "unsupported_grant_type" };
  }

  #exchange(form) {
    const code = this.#codes.get(form.get("code"));
    this.#codes.delete(form.get("code")); // good once
    if (code === undefined || code.redirect !== form.get("redirect_uri")) return { error: "invalid_grant" };
    const challenge = createHash("sha256").update(form.get("code_verifier") ?? "").digest("base64url");
    if (this.pkce && !same(challenge, code.challenge)) return { error: "invalid_grant" };
    return (this.newest = this.#issue({ scopes: code.scopes, alive: true }));
  }

  #renew(token) {
    const grant = this.#refresh.get(token);
    if (grant === undefined || !grant.alive) {
      if (this.issued.includes(token)) this.reuses++;
      return { error: "invalid_grant" };
    }
    this.refreshes++;
    if (!this.rotate) return this.#issue(grant, token);
    this.#refresh.delete(token);
    return this.#issue(grant);
  }

  #issue(grant, refresh) {
    const access = random(this.prefixes.access);
    this.#access.set(access, { grant, until: Date.now() + this.life });
    this.issued.push(access);
    if (refresh === undefined) {
      refresh = random(this.prefixes.refresh);
      this.#refresh.set(refresh, grant);
      this.issued.push(refresh);
      grant.refresh = refresh;
      return { grant, access, refresh, expires: this.life / 1000 };
    }
    return { grant, access, expires: this.life / 1000 };
  }

  /** What an access token may: its scopes, or undefined when it may nothing. */
  scopes(access) {
    const found = this.#access.get(access);
    return found?.grant.alive && found.until > Date.now() ? found.grant.scopes : undefined;
  }

  /** Reports whether a refresh token is good. */
  refreshable(token) {
    return this.#refresh.get(token)?.alive === true;
  }

  /** Ends the grant of a token, of either kind; false when there is none. */
  revoke(token) {
    const grant = this.#refresh.get(token) ?? this.#access.get(token)?.grant;
    if (grant === undefined) return false;
    grant.alive = false;
    return true;
  }
}

function same(a, b) {
  const [x, y] = [a, b].map((text) => createHash("sha256").update(text).digest());
  return timingSafeEqual(x, y);
}
