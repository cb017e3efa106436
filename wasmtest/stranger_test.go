package wasmtest_test

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// TestExampleModule runs the example that README.md points to as its reader
// does: a module of its own, which depends on this one.
func TestExampleModule(t *testing.T) {
	cmd := exec.Command("go", "test", "-count=1", "./...")
	cmd.Dir = "../examples/wasmtest"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "ok  \texample.com/seats")
}

// seats is the example's Worker.
func seats(t *testing.T) wasmtest.Worker {
	w, err := wasmtest.Wrangler("../examples/wasmtest/wrangler.jsonc")
	require.NoError(t, err)
	w.Module, err = wasmtest.Build("../examples/wasmtest")
	require.NoError(t, err)
	w.Objects["SEATS"] = wasmtest.Class{Name: "Seat", Fake: func(string) http.Handler { return http.NotFoundHandler() }}
	return w
}

// TestProgramThatEndsInATimer: main's return and a panic, both while a timer of
// Go's is served, end the program and nothing else.
func TestProgramThatEndsInATimer(t *testing.T) {
	edge := wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{seats(t)}})
	get := func(path string) string {
		return text(edge.Fetch(httptest.NewRequest("GET", "https://seats.example"+path, nil)))
	}
	require.Equal(t, "200 0\n1\n2", get("/ticker"))
	require.Contains(t, get("/ticker?panic"), "500 The Workers runtime canceled this request")
	require.Contains(t, edge.Log()[0].Text, "panic: the ticker broke")
	require.Equal(t, "200 0\n1\n2", get("/ticker"))
}

func TestBuildSaysWhatTheCompilerSaid(t *testing.T) {
	_, err := wasmtest.Build(t.TempDir())
	require.ErrorContains(t, err, "go.mod file not found")
}

// TestObjectsOfJavaScriptNeedAFake: a class that nobody would answer for is
// refused when it is bound; a fake one knows fetch only, and is late, silent
// or broken as a server is.
func TestObjectsOfJavaScriptNeedAFake(t *testing.T) {
	w := seats(t)
	w.Objects["SEATS"] = wasmtest.Class{Name: "Seat"}
	_, err := wasmtest.Open(wasmtest.Config{Workers: []wasmtest.Worker{w}})
	require.EqualError(t, err, "wasmtest: seats: object binding SEATS: the class Seat of seats is JavaScript, which wasmtest does not run: give it a Class.Fake")

	made := map[string]int{}
	w.Objects["SEATS"] = wasmtest.Class{Name: "Seat", Fake: func(name string) http.Handler {
		made[name]++
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.FormValue("guest") {
			case "late":
				wasmtest.Late(w, 20*time.Second)
			case "broken":
				panic(http.ErrAbortHandler)
			case "silent":
				panic(wasmtest.ErrSilent)
			}
		})
	}}
	edge := wasmtest.New(t, wasmtest.Config{Workers: []wasmtest.Worker{w}, Servers: map[string]http.Handler{"mail.example": http.NotFoundHandler()}})
	book := func(seat, guest string) string {
		return text(edge.Fetch(httptest.NewRequest("POST", "https://seats.example/book/"+seat+"?guest="+guest, nil)))
	}
	require.Equal(t, "201 Opera: seat 1", book("1", "ann"))
	require.Equal(t, "503 failed on promise: Error: Network connection lost.", book("1", "broken"))
	require.Equal(t, "201 Opera: seat 2", book("2", "late"))
	require.Equal(t, 20, int(edge.Now().Sub(edge.Start()).Seconds()))
	answered := false
	edge.Send(httptest.NewRequest("POST", "https://seats.example/book/2?guest=silent", nil), func(*http.Response) { answered = true })
	edge.Advance(time.Minute)
	require.False(t, answered)
	require.Equal(t, map[string]int{"1": 1, "2": 1}, made, "an object is made once")
}
