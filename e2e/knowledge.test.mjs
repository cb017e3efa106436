// query_knowledge on a real D1: it reads what it may, and nothing else.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dataOf, endpoint, eras, post } from "./mcp.mjs";
import { join, must, setUp } from "./scene.mjs";

let scene, other, client;
before(async () => {
  scene = await setUp({ d1: { consumers: { KNOWLEDGE: "knowledge" } }, vars: { consumers: { KNOWLEDGE_TABLES: "people teams", KNOWLEDGE_TENANTS: "acme" } } });
  const db = await scene.product.d1("KNOWLEDGE");
  for (const statement of [
    "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, team INTEGER, photo BLOB)", "CREATE INDEX people_name ON people (name)",
    "CREATE TABLE teams (id INTEGER PRIMARY KEY, name TEXT)", "CREATE TABLE salaries (person INTEGER, euros REAL)", "CREATE VIEW rich AS SELECT * FROM salaries",
    "CREATE VIEW members AS SELECT p.name AS person, t.name AS team FROM people p JOIN teams t ON t.id = p.team",
    "INSERT INTO teams VALUES (1, 'edge')", "INSERT INTO people VALUES (1, 'Ada', 1, x'00ff'), (2, 'Grace', 1, NULL)", "INSERT INTO salaries VALUES (1, 1e5)",
    "CREATE TABLE numbers (n INTEGER)",
  ]) await db.exec(statement);
  const { key } = (await must(scene.admin("POST", "/keys", {}))).json;
  client = await eras["2026-07-28 (client 2)"](endpoint(scene), key);
});
after(async () => {
  await client?.leave();
  await other?.stop();
  await scene?.stop();
});

const query = (sql, params) => client.callTool({ name: "query_knowledge", arguments: { sql, ...(params && { params }) } });

test("rows, parameters, views and joins over allowed tables", async () => {
  assert.deepEqual(dataOf(await query("SELECT name, team FROM people WHERE name = ? AND id < ?", ["Ada", 5])), { columns: ["name", "team"], rows: [["Ada", 1]], truncated: false });
  assert.deepEqual(dataOf(await query("SELECT * FROM members ORDER BY person;")).rows, [["Ada", "edge"], ["Grace", "edge"]]);
  assert.deepEqual(dataOf(await query("WITH t AS (SELECT team, count(*) AS n FROM people GROUP BY team) SELECT n FROM t -- how many")).rows, [[2]]);
  assert.deepEqual(dataOf(await query("SELECT name FROM people WHERE name = 'it''s; DROP TABLE people'")).rows, []);
  assert.deepEqual(dataOf(await query("SELECT photo FROM people ORDER BY id")).rows, [["AP8="], [null]]);
  const { contents } = await client.readResource({ uri: "hookweir://knowledge/schema" });
  assert.deepEqual(JSON.parse(contents[0].text).tables.map((t) => t.name), ["people", "teams"]);
});

test("what is refused, and what a query cannot do", async () => {
  const cases = {
    "SELECT * FROM salaries": /allow-list/,
    "SELECT (SELECT max(euros) FROM salaries) FROM people": /allow-list/,
    "SELECT * FROM rich": /allow-list/,
    "SELECT name FROM people UNION SELECT euros FROM salaries": /allow-list/,
    "SELECT * FROM sqlite_schema": /allow-list/,
    "SELECT * FROM pragma_table_info('salaries')": /virtual/,
    "SELECT * FROM json_each('[1]')": /virtual/,
    "SELECT 1; DELETE FROM people": /one statement/,
    "SELECT 1) ; DELETE FROM people; SELECT (1": /parentheses|one statement/,
    "DELETE FROM people": /one SELECT/,
    "PRAGMA table_list": /one SELECT/,
    "WITH x AS (SELECT 1) DELETE FROM people": /refuses|would write/,
    "WITH x AS (SELECT 1) INSERT INTO people (name) SELECT 'Eve'": /refuses|would write/,
    "EXPLAIN SELECT 1": /one SELECT/,
    "SELECT $a('), 1); DELETE FROM people; --')": /has no name/,
    "SELECT @a('), 1) /*')": /has no name/,
    "SELECT 'open": /does not end/,
    "SELECT /* open": /does not end/,
    "SELECT absent FROM people": /no such column/,
    "VALUES (1)": /one SELECT/,
  };
  for (const [sql, reason] of Object.entries(cases)) {
    const answer = await query(sql);
    assert.ok(answer.isError, sql);
    assert.match(JSON.parse(answer.content[0].text).detail, reason, sql);
  }
  assert.deepEqual(dataOf(await query("SELECT count(*) FROM people")).rows, [[2]], "nothing was written");
  const many = dataOf(await query("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 5000) SELECT n FROM c"));
  assert.deepEqual([many.rows.length, many.truncated], [1000, true]);
});

// D1 has numbers as JavaScript does: an id beyond 2^53 must not become another.
test("large integers are themselves", async () => {
  assert.deepEqual(dataOf(await query("SELECT 9007199254740993, -9223372036854775807 - 1, 9007199254740991")).rows, [["9007199254740993", "-9223372036854775808", 9007199254740991]]);
  assert.deepEqual(dataOf(await query("SELECT CAST(? AS INTEGER) = 9007199254740993", ["9007199254740993"])).rows, [[1]]);
  const { key } = (await must(scene.admin("POST", "/keys", {}))).json;
  const name = "query_knowledge"; // as it is written, which no number of JavaScript's is
  const body = `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"${name}","arguments":{"sql":"SELECT ?","params":[9007199254740993]},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":"e2e","version":"1"}}}}`;
  const { json } = await post(endpoint(scene), key, "tools/call", { name }, { body });
  assert.ok(json.result.isError && /send it as a text/.test(json.result.content[0].text));
});

// The limits hold in D1 itself: a gigabyte that was to be cut here would not
// get this far.
test("what is over the limits stays in the database", { timeout: 60_000 }, async () => {
  const endless = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c)";
  const cut = `${"0".repeat(16 << 10)}…`;
  const bounded = dataOf(await query(`${endless} SELECT n, n * 1.5 AS more FROM c`));
  assert.deepEqual([bounded.columns, bounded.rows.length, bounded.rows.at(-1), bounded.truncated], [["n", "more"], 1000, [1000, 1500], true]);
  const many = dataOf(await query(`${endless} SELECT n, hex(zeroblob(?)) AS big FROM c`, [500_000])); // a megabyte each
  assert.ok(many.truncated && many.rows.length > 5 && many.rows.length <= 12, String(many.rows.length));
  assert.ok(many.rows.every(([n, big], i) => n === i + 1 && big === cut));
  const one = dataOf(await query("SELECT hex(zeroblob(800000)) AS text, zeroblob(800000) AS blob, 1 AS n, NULL AS none"));
  assert.deepEqual([one.columns, one.truncated], [["text", "blob", "n", "none"], true]);
  assert.deepEqual([one.rows[0][0], Buffer.from(one.rows[0][1], "base64").length, one.rows[0].slice(2)], [cut, 16 << 10, [1, null]]);
  const wide = (n) => query(`SELECT ${Array(n).fill("hex(zeroblob(1024))").join()}`); // 2 KiB each
  const widest = dataOf(await wide(98));
  assert.deepEqual([widest.columns.length, widest.rows[0].length, widest.truncated], [98, 98, false]);
  const tooWide = await wide(99);
  assert.ok(tooWide.isError && /98 columns/.test(tooWide.content[0].text));
  const alone = dataOf(await query(`SELECT ${Array(14).fill("hex(zeroblob(8192))").join()}`)); // 224 KiB in one row
  assert.deepEqual([alone.rows, alone.truncated], [[], true]);
  const big = await query("SELECT hex(zeroblob(2000000000))");
  assert.ok(big.isError && /too big/.test(big.content[0].text), "D1's own limit");
  assert.deepEqual(dataOf(await query("SELECT count(*) FROM people")).rows, [[2]], "the instance is well");
});

test("another tenant has no such tool", async () => {
  other = await join(scene.product, "other");
  const { key } = (await must(other.admin("POST", "/keys", {}))).json;
  const { json } = await post(endpoint(other), key, "tools/list");
  assert.ok(!json.result.tools.some((t) => t.name === "query_knowledge"));
  assert.equal((await post(endpoint(other), key, "tools/call", { name: "query_knowledge", arguments: { sql: "SELECT 1" } })).json.error.code, -32602);
});
