package workerd

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/stretchr/testify/require"
)

// TestUnknownMembersFailByFullName: every object that a guest can get hold of
// names the member that wasmtest lacks, read or written; nothing is undefined
// by accident.
func TestUnknownMembersFailByFullName(t *testing.T) {
	r := deploy(t, &script{fetch: callObject("x"), call: func(a *Actor, _ string, _ []jsobj.Value) (*jsobj.Promise, error) {
		return a.iso.realm.Resolved("done"), nil
	}})
	actor := newActor(r.worker.Object("Obj", "one"))
	iso := actor.iso
	realm := iso.realm
	object := func(v jsobj.Value, err error) jsobj.Object {
		t.Helper()
		require.NoError(t, err)
		o, ok := v.(jsobj.Object)
		require.True(t, ok, "%v", v)
		return o
	}
	env := func(name string) jsobj.Object { return object(iso.env.Own(name), nil) }
	global := func(name string) jsobj.Object { return object(realm.Global.Get(realm, name)) }
	batch := func(t *testing.T) jsobj.Object {
		d := &delivery{verdicts: make([]verdict, 1)}
		return object(iso.batch("q", []*platform.Message{{ID: "m", Type: "text", Body: []byte("x"), Sent: start}}, d))
	}
	message := func(t *testing.T) jsobj.Object {
		list, err := batch(t).Get(realm, "messages")
		require.NoError(t, err)
		return object(list.(jsobj.Indexed).Index(0), nil)
	}
	var cursor jsobj.Object
	iso.turn(actor.context, "test", func() {
		cursor = object(iso.sqlExec(actor.Object.Storage, &jsobj.Call{Realm: realm, Args: []jsobj.Value{"SELECT 1"}}))
	})
	id := object(realm.Invoke(env("OBJ"), "idFromName", "one"))
	response := realm.NewResponse(200, realm.NewHeaders(), realm.StreamOf([]byte("x")))
	reader := object(realm.Invoke(response.Stream(), "getReader"))
	r2 := &platform.R2Object{Key: "k", Uploaded: start}
	tests := map[string]jsobj.Object{
		"KVNamespace": env("KV"), "Queue": env("Q"), "R2Bucket": env("R2"), "D1Database": env("DB"), "Fetcher": env("SELF"),
		"DurableObjectNamespace": env("OBJ"), "DurableObjectId": id,
		"D1PreparedStatement": object(realm.Invoke(env("DB"), "prepare", "SELECT 1")),
		"DurableObjectState":  actor.state.(jsobj.Object), "DurableObjectStorage": storageOf(actor),
		"SqlStorage": object(storageOf(actor).Get(realm, "sql")), "SqlStorageCursor": cursor,
		"MessageBatch": batch(t), "Message": message(t), "R2Object": object(iso.r2Object(r2, false), nil),
		"Headers": realm.NewHeaders(), "Request": realm.NewRequest("GET", "https://w.example/", realm.NewHeaders(), nil),
		"Response": response, "ReadableStream": response.Stream(), "ReadableStreamDefaultReader": reader,
		"Promise": realm.NewPromise(), "Array": realm.NewArray(), "Uint8Array": realm.NewBytes(nil),
		"ArrayBuffer": realm.NewArrayBuffer(nil), "Date": realm.NewDate(start), "crypto": global("crypto"), "console": global("console"),
		"CacheStorage": global("caches"), "Cache": object(global("caches").Get(realm, "default")),
	}
	for name, o := range tests {
		var missing *jsobj.Missing
		_, err := o.Get(realm, "toSorted")
		require.True(t, errors.As(err, &missing), "%s.toSorted read: %v", name, err)
		require.Equal(t, name+".toSorted", missing.Name)
		if err := o.Set(realm, "toSorted", 1.0); err != nil {
			require.True(t, errors.As(err, &missing), name)
			require.Equal(t, name+".toSorted (assignment)", missing.Name)
		}
	}
	_, err := realm.Global.Get(realm, "WebSocketPair")
	var missing *jsobj.Missing
	require.ErrorAs(t, err, &missing)
	require.Equal(t, "globalThis.WebSocketPair", missing.Name)

	// Options that would be ignored are named as well.
	for want, call := range map[string]func() (jsobj.Value, error){
		"KVNamespace.put option tags": func() (jsobj.Value, error) {
			return realm.Invoke(env("KV"), "put", "k", "v", realm.NewRecord().With("tags", 1.0))
		},
		"Queue.send option priority": func() (jsobj.Value, error) {
			return realm.Invoke(env("Q"), "send", "m", realm.NewRecord().With("priority", 1.0))
		},
		"R2Bucket.put option onlyIf": func() (jsobj.Value, error) {
			return realm.Invoke(env("R2"), "put", "k", "v", realm.NewRecord().With("onlyIf", 1.0))
		},
		"Cache.match option ignoreSearch": func() (jsobj.Value, error) {
			return realm.Invoke(object(global("caches").Get(realm, "default")), "match", "https://w.example/", realm.NewRecord().With("ignoreSearch", true))
		},
		"DurableObjectStub.seats of a Class with a Fake": func() (jsobj.Value, error) {
			stub := &Stub{iso: iso, worker: r.worker, class: "Fake", fake: func(string) http.Handler { return nil }, id: &ObjectID{}}
			return stub.Get(realm, "seats")
		},
	} {
		_, err := call()
		require.ErrorAs(t, err, &missing, want)
		require.Equal(t, want, missing.Name)
	}
	r.advance(time.Second)
}
