// Package jsontext reads single values out of a JSON document and writes JSON
// text, without reflection and without building the document: the worker's
// hot path finds an event id in a 1 MB body by one forward scan that
// allocates nothing but the answer.
//
//	doc ─▶ FindAll ─▶ raw values ─▶ String ─▶ text
//	         │ not JSON, too deep: nothing is found
//	         │ a key on the path twice: that path is not found
//
// # Invariants
//
//   - The whole document is read and must be valid JSON (RFC 8259). A value
//     is never taken out of a text that another parser would refuse.
//   - A document that says a key twice says nothing (RFC 8259 §4: "the
//     behavior of software that receives such an object is unpredictable").
//     Most parsers keep the last value, some the first; an id taken from one
//     and an effect decided by the other is how two events become one. So a
//     path with a repeated key anywhere along it is not found, however the
//     key is escaped ("id" and "\u0069d" are one key).
//   - Keys match byte for byte after unescaping, in the same case.
//   - The scan is iterative and linear, nesting is bounded by MaxDepth, and
//     nothing is allocated.
//
// It is not a general JSON codec; outside the worker use encoding/json.
package jsontext
