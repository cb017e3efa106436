// Package knowledge lets an agent read a company's database (D1, SQLite) and
// nothing but read, and nothing but the tables it may.
//
//	sql ─▶ one SELECT? ─▶ wrap it ─▶ EXPLAIN: which tables does SQLite open? ─▶ run ─▶ rows
//	         │ no                       │ another one, or to write
//	         ▼                          ▼
//	       refusal                    refusal
//
// # Invariants
//
//   - The text decides that it is one SELECT, without a second statement or a
//     way out of the parentheses it is put in. What it reads is not guessed
//     from the text: SQLite's own program for it (EXPLAIN) names every b-tree
//     that it opens, views and subqueries resolved, and each must belong to a
//     table of the allow-list. Virtual tables, so table-valued pragmas too,
//     and write transactions are refused.
//   - Values are parameters. Rows, bytes and time are bounded, rows and bytes
//     by the database itself: a result over them never comes into memory here.
//   - Without an allow-list there is no table, and without a list of tenants
//     no tenant (fail closed).
//
// # Failure modes
//
// SQLite refuses a query: its message goes to the agent, which wrote the
// query; it names tables and columns, and no values. The database does not
// answer in time: a refusal that says so; a read that goes on behind it does
// no harm.
package knowledge
