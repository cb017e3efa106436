package backend

import (
	"syscall/js"
	"unsafe"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// rowsRoom is how many bytes of rows one call to the host can answer at once;
// most statements yield a row or none. More takes a second call.
const rowsRoom = 4 << 10

// database is this instance's half of SQL. A JavaScript value costs Go a
// finalizer, and finding its place in the list of them, so statements cross as
// numbers, and values packed: the host reads and writes this instance's memory
// at the addresses it is told. Nothing here is kept across a call.
type database struct {
	statements map[string]*statement
	args, rows []byte
}

// statement is one that the host knows by number.
type statement struct {
	number int
	heading
}

func newDatabase() *database {
	return &database{statements: map[string]*statement{}, rows: make([]byte, rowsRoom)}
}

// exec runs a statement with checked arguments (sqlstore.Check). sql is an
// object's SqlStorage.
func (d *database) exec(sql js.Value, query string, args []any) (rows sqlstore.Rows, err error) {
	d.args = d.args[:0]
	for _, v := range args {
		d.args = appendPacked(d.args, v)
	}
	var st *statement
	n := 0
	err = guard(func() error {
		st = d.statement(query)
		n = host.Call("sql", sql, st.number, address(d.args), len(d.args), address(d.rows), len(d.rows)).Int()
		if n > len(d.rows) {
			d.rows = make([]byte, n)
			host.Call("sqlRest", address(d.rows))
		}
		return nil
	})
	if err != nil {
		return rows, err
	}
	rows, err = st.unpack(d.rows[:n])
	// Large values are an exception.
	if len(d.rows) > rowsRoom {
		d.rows = make([]byte, rowsRoom)
	}
	if cap(d.args) > rowsRoom {
		d.args = nil
	}
	return rows, err
}

// maxStatements is how many statements are known by number. Ours are
// constants, a hundred or so; migrations and text that is put together from
// parts come once.
const maxStatements = 1_000

func (d *database) statement(query string) *statement {
	st := d.statements[query]
	if st == nil {
		if len(d.statements) == maxStatements {
			clear(d.statements)
			host.Call("sqlForget")
		}
		st = &statement{number: host.Call("sqlStatement", query).Int()}
		d.statements[query] = st
	}
	return st
}

// address is where the host finds b. Go does not move what is on its heap.
func address(b []byte) float64 { return float64(uintptr(unsafe.Pointer(unsafe.SliceData(b)))) }
