package knowledge

import (
	"strconv"
	"strings"
)

// ErrColumns refuses a row wider than the database lets one be that is wrapped.
const ErrColumns Refusal = "the query has over 98 columns"

// maxColumns is D1's 100 (https://developers.cloudflare.com/d1/platform/limits/)
// without the two that bounded adds.
const maxColumns = 98

// bounded wraps a SELECT of n columns so that the database itself holds a
// result to MaxRows, MaxBytes and maxCell: what is over them never comes into
// the isolate's memory. Each row has one more column, which is 1 on the row
// that is one too many, and 0 else; that row's values are NULL.
//
//	query ─▶ named: c0…, the first 1001 rows ─▶ cut: long cells ─▶ sized: bytes so far ─▶ rows that fit, and a mark
//
// The names come from the empty first part of the UNION. NOT MATERIALIZED, the
// LIMIT of each step and the frame of the sum let SQLite make row after row,
// so a query without an end stops at its 1001st. A query that names one of
// these steps refers to itself, which SQLite refuses.
func bounded(query string, n int) string {
	columns, cut, kept, sizes := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	most, cell, limit, integer := strconv.Itoa(MaxRows+1), strconv.Itoa(maxCell+1), strconv.Itoa(MaxBytes), strconv.Itoa(maxInteger)
	for i := range n {
		c := "c" + strconv.Itoa(i)
		columns[i] = c
		// A text is cut by characters, each of up to four bytes; encode cuts it
		// by bytes. A number stays what it is; one that D1 would give as another
		// becomes a text.
		cut[i] = "CASE typeof(" + c + ") WHEN 'text' THEN substr(" + c + ",1," + cell + ") WHEN 'blob' THEN substr(" + c + ",1," + cell + ")" +
			" WHEN 'integer' THEN iif(" + c + " BETWEEN -" + integer + " AND " + integer + "," + c + ",CAST(" + c + " AS TEXT)) ELSE " + c + " END AS " + c
		sizes[i] = "ifnull(octet_length(" + c + "),4)+1" // as `null,`
		kept[i] = "iif(size<=" + limit + "," + c + ",NULL)"
	}
	all := strings.Join(columns, ",")
	return "WITH hookweir_query AS NOT MATERIALIZED (" + query + "\n)," + // the line break ends a comment
		" hookweir_named(" + all + ") AS (SELECT * FROM hookweir_query LIMIT " + most + ")," +
		" hookweir_cut AS (SELECT " + strings.Join(cut, ",") + " FROM hookweir_named LIMIT " + most + ")," +
		" hookweir_own AS (SELECT *," + sum(sizes) + " AS own FROM hookweir_cut LIMIT " + most + ")," +
		" hookweir_sized AS (SELECT " + all + ",own,sum(own) OVER (ROWS UNBOUNDED PRECEDING) AS size FROM hookweir_own)" +
		" SELECT *,0 FROM hookweir_query WHERE 0" +
		" UNION ALL SELECT " + strings.Join(kept, ",") + ",size>" + limit + " FROM hookweir_sized WHERE size-own<=" + limit +
		" LIMIT " + most
}

// sum adds terms as a tree: SQLite bounds the depth of an expression, on
// Cloudflare to 100.
func sum(terms []string) string {
	if len(terms) == 1 {
		return terms[0]
	}
	half := len(terms) / 2
	return "(" + sum(terms[:half]) + "+" + sum(terms[half:]) + ")"
}
