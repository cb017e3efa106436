// Package crawl reads the lists of other people's APIs under a cursor, oldest
// first, without missing an item: the pure half of polling. It sends nothing,
// stores nothing and has no clock of its own.
//
//	Recipe (a row of the table of presets, or an operator's JSON)
//	   │
//	   ├─ Request(state) ─▶ method, path, body ─▶ (the caller fetches) ─▶ Answer
//	   │                                                                   │
//	   └─ Read(state, Answer) ─▶ Page: items, what is next, the new state ◀┘
//	                                │
//	            the caller enqueues the items, then stores the state
//
// # Rules of the cursor
//
//	token    the server gives a cursor and promises to go on from it
//	link     the same, as a URL
//	time     the newest time seen; the next crawl starts an overlap before it
//	id       the highest id seen
//	window   none: the list is a window of the newest, known ids are left out
//
// [Recipe.Promise] says for each recipe whether it finds everything, or why it
// cannot.
//
// # Invariants
//
//   - State that [Recipe.Read] returns may be stored only after the page's
//     items are safe. The cursor moves when a crawl has reached its end (with
//     keyset paging: page by page, which asks for ascending order and checks
//     it), so whatever is stored in between repeats and never skips (G9).
//   - A crawl that was broken off goes on at the page it had reached. Should
//     the server not know that page any more, it starts again at the cursor.
//   - The cursor of time, id and of a token that counts never goes back, and
//     that of time never lies after the crawl's beginning: one item dated 2099
//     would hide everything else, and a crawl that took an hour whatever became
//     visible, late, behind it.
//   - That a page was short is the end of a counted list only if the server
//     has sent longer ones; that it was known is the end of a window only if it
//     was known before the crawl, and before those that were broken off.
//   - Items younger than the horizon are left for the next crawl, and the
//     cursor stays before the first of them.
//   - A link leads only to the destination's own origin and base path: the
//     request carries its token.
//
// # Failure modes
//
// An answer that is none of these (HTML, no list where the list should be, an
// error inside a 200, over the size, the same page again) is a [Failure] with a
// stable code and changes no state. An item without an id, or without the time
// that its place in the order hangs on, is poisoned: it is handed over apart
// and holds up nothing.
package crawl
