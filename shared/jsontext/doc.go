// Package jsontext reads single values out of a JSON document and writes JSON
// text, without reflection and without building the document: the worker's
// hot path finds an event id in a 1 MB body by one forward scan that
// allocates nothing but the answer.
//
// It is not a general JSON codec; outside the worker use encoding/json.
package jsontext
