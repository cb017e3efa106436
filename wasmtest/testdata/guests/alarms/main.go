//go:build js && wasm

// Alarms has one Durable Object, whose alarm fails more often than the platform
// tries it again.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hookweir/hookweir/shared/edge/backend"
)

// failures is how often the alarm fails before it does not.
const failures = 9

type object struct {
	db    *backend.Storage
	tries int
}

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
			"Object": func(db *backend.Storage) (backend.Object, error) { return &object{db: db}, nil },
		},
		Log: func(string, ...string) {},
	})
}

// Invoke sets the alarm, for /set, and says how often it was tried.
func (o *object) Invoke(path string, _ []byte) ([]byte, error) {
	if path == "/set" {
		if err := o.db.SetAlarm(time.Now().Add(time.Minute)); err != nil {
			return nil, err
		}
	}
	return fmt.Append(nil, o.tries), nil
}

func (o *object) Alarm() error {
	if o.tries++; o.tries <= failures {
		return errors.New("not yet")
	}
	return nil
}
