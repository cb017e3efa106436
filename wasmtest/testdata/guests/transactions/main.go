//go:build js && wasm

// Transactions has one Durable Object, in which a second goroutine becomes able
// to run while a transaction is open.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"syscall/js"

	"github.com/hookweir/hookweir/shared/edge/backend"
)

var errUndo = errors.New("undo")

type object struct{ db *backend.Storage }

func main() {
	backend.Run(backend.Handlers{
		Fetch: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			answer, err := backend.Invoke(context.Background(), "OBJECT", "one", r.URL.Path, nil)
			if err != nil {
				answer = []byte(err.Error())
			}
			_, _ = w.Write(answer)
		}),
		Objects: map[string]func(*backend.Storage) (backend.Object, error){
			"Object": func(db *backend.Storage) (backend.Object, error) {
				_, err := db.Exec("CREATE TABLE IF NOT EXISTS rows (name TEXT)")
				return &object{db}, err
			},
		},
		Log: func(string, ...string) {},
	})
}

// Invoke rolls a transaction back in which another goroutine was woken, and
// says what that one's writes came to; /callback leaves a callback behind,
// /goroutine a goroutine.
func (o *object) Invoke(method string, _ []byte) ([]byte, error) {
	switch method {
	case "/callback":
		js.FuncOf(func(js.Value, []js.Value) any { return nil })
		return nil, nil
	case "/goroutine":
		go func() { <-make(chan int) }()
		return nil, nil
	}
	if _, err := o.db.Exec("DELETE FROM rows"); err != nil {
		return nil, err
	}
	woken, asleep := make(chan struct{}), make(chan struct{})
	var single, whole error
	var wg sync.WaitGroup
	wg.Go(func() {
		close(asleep)
		<-woken
		_, single = o.db.Exec("INSERT INTO rows VALUES ('single')")
		whole = o.db.Tx(func() error {
			_, err := o.db.Exec("INSERT INTO rows VALUES ('whole')")
			return err
		})
	})
	<-asleep
	undone := o.db.Tx(func() error {
		_, err := o.db.Exec("INSERT INTO rows VALUES ('undone')")
		close(woken)
		return errors.Join(err, errUndo, nested(o.db))
	})
	wg.Wait()
	rows, err := o.db.Exec("SELECT count(*), min(name), max(name) FROM rows")
	if err != nil {
		return nil, err
	}
	for c := range rows.All() {
		return fmt.Appendf(nil, "%d %s %s, %v %v %v", c.Int(), c.Text(), c.Text(), single, whole, errors.Is(undone, errUndo)), nil
	}
	return nil, errUndo
}

// nested is what a transaction in a transaction must not be.
func nested(db *backend.Storage) error {
	if err := db.Tx(func() error { return nil }); err == nil {
		return errors.New("a transaction began in a transaction")
	}
	return nil
}

func (o *object) Alarm() error { return nil }
