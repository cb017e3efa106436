package backend

import (
	"sync"
	"syscall/js"
	"time"

	"github.com/hookweir/hookweir/shared/sqlstore"
)

// Storage is a Durable Object's own storage: synchronous SQL and one alarm.
// It implements sqlstore.DB.
type Storage struct {
	storage js.Value
	sql     js.Value
	shared  *shared
	inTx    bool
	// closing is held from the end of a transaction's function until the
	// transaction has ended: before Go goes back to JavaScript its other
	// goroutines run, and what they wrote would be committed or rolled back
	// with it.
	closing sync.Mutex
}

// outside waits, if need be, until a transaction has ended whose function has.
func (s *Storage) outside() {
	s.closing.Lock()
	//lint:ignore SA2001 the wait is all
	s.closing.Unlock()
}

// shared is what every object's storage in an instance uses.
type shared struct {
	*database
	body     func() bool // of the transaction that runs
	transact js.Func     // runs it; made once, since each costs a finalizer
}

func newShared() *shared {
	sh := &shared{database: newDatabase()}
	sh.transact = js.FuncOf(func(js.Value, []js.Value) any { return sh.body() })
	return sh
}

func newStorage(state js.Value, sh *shared) *Storage {
	storage := state.Get("storage")
	return &Storage{storage: storage, sql: storage.Get("sql"), shared: sh}
}

// Exec runs one statement and returns every row.
func (s *Storage) Exec(query string, args ...any) (rows sqlstore.Rows, err error) {
	bound, err := sqlstore.Check(query, args)
	if err != nil {
		return rows, err
	}
	s.outside()
	return s.shared.exec(s.sql, query, bound)
}

// Tx runs f in a transaction: it commits on nil and rolls back on an error
// or a panic, which goes on. f cannot wait for anything, so nothing else runs
// before it ends, and what would run then, before the transaction does, waits
// (closing).
func (s *Storage) Tx(f func() error) (err error) {
	s.outside()
	if s.inTx {
		return sqlstore.ErrNested
	}
	s.inTx = true
	defer func() { s.inTx = false }()
	var panicked any
	ran := false
	s.shared.body = func() bool {
		func() {
			defer func() { panicked = recover() }()
			err = f()
		}()
		ran = true
		s.closing.Lock()
		return err == nil && panicked == nil
	}
	thrown := guard(func() error {
		host.Call("transaction", s.storage, s.shared.transact)
		return nil
	})
	if ran {
		s.closing.Unlock()
	}
	if panicked != nil {
		panic(panicked)
	}
	if err != nil {
		return err
	}
	return thrown
}

// SetAlarm asks for one alarm at t, in place of any other. It does not wait:
// the write is in the object's output gate like any other, and if it fails
// the platform resets the object before anything it said gets out.
func (s *Storage) SetAlarm(t time.Time) error {
	s.outside()
	return guard(func() error {
		host.Call("setAlarm", s.storage, float64(t.UnixMilli()))
		return nil
	})
}
