package backend

import (
	"runtime"
	"syscall/js"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// rowsRoom is how many bytes of rows one call to the host can answer at once;
// most statements yield a row or none. More takes a second call.
const rowsRoom = 4 << 10

// database is this instance's half of SQL: statements cross as numbers.
type database struct {
	statements map[string]*statement
	spare      [][]byte // room for rows, to be used again
}

// statement is one that the host knows by number.
type statement struct {
	number int
	heading
}

func newDatabase() *database { return &database{statements: map[string]*statement{}} }

// exec runs a statement with checked arguments (sqlstore.Check). sql is an
// object's SqlStorage.
func (d *database) exec(sql js.Value, query string, args []any) (sqlstore.Rows, error) {
	m, room := host.message(), d.room()
	for _, v := range args {
		m.value(v)
	}
	var st *statement
	rows := room
	err := guard(func() error {
		st = d.statement(query)
		n := host.Call("sql", sql, st.number, float64(address(m.b)), len(m.b), float64(address(room)), len(room)).Int()
		if n > len(room) {
			rows = make([]byte, n)
			host.Call("sqlRest", float64(address(rows)))
		}
		rows = rows[:n]
		return nil
	})
	runtime.KeepAlive(m)
	host.spend(m)
	if err != nil {
		return sqlstore.Rows{}, err
	}
	unpacked, err := st.unpack(rows)
	d.spare = append(d.spare, room)
	return unpacked, err
}

// room is where the host may put rows. It is this call's alone: between two
// steps of it Go's collector may let another goroutine run.
func (d *database) room() []byte {
	if n := len(d.spare); n > 0 {
		b := d.spare[n-1]
		d.spare = d.spare[:n-1]
		return b
	}
	return make([]byte, rowsRoom)
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
