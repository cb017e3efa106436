package wasmtest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsonc"
	"github.com/hookweir/hookweir/wasmtest/internal/toml"
)

// Wrangler reads a Worker from its wrangler.toml, wrangler.json or
// wrangler.jsonc: name, variables and bindings. Module, Glue and secrets are the caller's to add. A key that says
// something about the deployment which wasmtest would ignore is an error.
func Wrangler(path string) (Worker, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Worker{}, fmt.Errorf("wasmtest: %w", err)
	}
	parse := toml.Parse
	if ext := filepath.Ext(path); ext == ".json" || ext == ".jsonc" {
		parse = jsonc.Parse
	}
	t, err := parse(string(text))
	if err != nil {
		return Worker{}, fmt.Errorf("wasmtest: %s: %w", path, err)
	}
	r := &wranglerReader{path: path}
	w := r.worker(t)
	return w, r.err
}

// ignored are keys that change nothing here.
var ignored = []string{
	"main", "compatibility_date", "compatibility_flags", "keep_names", "workers_dev", "preview_urls", "observability",
	"migrations", "secrets", "build", "rules", "account_id", "route", "routes", "dev", "placement", "logpush",
	"no_bundle", "keep_names", "find_additional_modules", "base_dir", "upload_source_maps", "keep_vars", "$schema",
}

// wranglerReader collects the first error.
type wranglerReader struct {
	path string
	err  error
}

func (r *wranglerReader) errorf(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("wasmtest: %s: %s", r.path, fmt.Sprintf(format, args...))
	}
}

func (r *wranglerReader) worker(t toml.Table) Worker {
	w := Worker{
		Name: r.text(t, "name"), Vars: map[string]string{},
		KV:        r.bindings(t, "kv_namespaces", "binding", "id"),
		Buckets:   r.bindings(t, "r2_buckets", "binding", "bucket_name"),
		Databases: r.bindings(t, "d1_databases", "binding", "database_id"),
		Services:  r.bindings(t, "services", "binding", "service"),
		Producers: map[string]string{}, Objects: map[string]Class{},
	}
	for name, v := range table(t["vars"]) {
		text, ok := v.(string)
		if !ok { // a JSON binding: what the guest gets is no string
			r.errorf("vars.%s is not implemented: it is no string", name)
		}
		w.Vars[name] = text
	}
	queues := table(t["queues"])
	w.Producers = r.bindings(queues, "producers", "binding", "queue")
	for _, k := range tables(queues["consumers"]) {
		w.Consumers = append(w.Consumers, r.consumer(k))
	}
	for _, o := range tables(table(t["durable_objects"])["bindings"]) {
		w.Objects[r.text(o, "name")] = Class{Name: r.text(o, "class_name"), Script: optional(o, "script_name")}
	}
	if list, ok := table(t["triggers"])["crons"].([]any); ok {
		for _, c := range list {
			w.Crons = append(w.Crons, fmt.Sprint(c))
		}
	}
	limits := table(t["limits"])
	for name := range limits {
		if name != "subrequests" && name != "cpu_ms" { // CPU time is real time here: Config.Hang
			r.errorf("limits.%s is not implemented", name)
		}
	}
	n := int(number(limits, "subrequests", 0))
	w.Subrequests = Subrequests{Outside: n, Inside: n}
	known := append([]string{"name", "limits", "kv_namespaces", "r2_buckets", "d1_databases", "services", "vars", "queues", "durable_objects", "triggers"}, ignored...)
	for name := range t {
		if !slices.Contains(known, name) {
			r.errorf("%s is not implemented", name)
		}
	}
	return w
}

func (r *wranglerReader) consumer(t toml.Table) Consumer {
	retries := int(number(t, "max_retries", 3))
	if retries == 0 {
		retries = -1 // in Consumer, zero is the default
	}
	timeout := time.Duration(number(t, "max_batch_timeout", 5)) * time.Second
	if timeout == 0 {
		timeout = -1
	}
	for name := range t {
		if !slices.Contains([]string{"queue", "max_batch_size", "max_batch_timeout", "max_retries", "retry_delay", "dead_letter_queue", "max_concurrency"}, name) {
			r.errorf("queues.consumers.%s is not implemented", name)
		}
	}
	return Consumer{
		Queue:      r.text(t, "queue"),
		BatchSize:  int(number(t, "max_batch_size", 10)),
		Timeout:    timeout,
		Retries:    retries,
		Concurrent: int(number(t, "max_concurrency", 0)),
		RetryDelay: time.Duration(number(t, "retry_delay", 0)) * time.Second,
		DeadLetter: optional(t, "dead_letter_queue"),
	}
}

func (r *wranglerReader) bindings(t toml.Table, list, name, value string) map[string]string {
	m := map[string]string{}
	for _, b := range tables(t[list]) {
		m[r.text(b, name)] = r.text(b, value)
	}
	return m
}

func (r *wranglerReader) text(t toml.Table, name string) string {
	s, ok := t[name].(string)
	if !ok || s == "" {
		r.errorf("%s is missing, or no string", name)
	}
	return s
}

func optional(t toml.Table, name string) string {
	s, _ := t[name].(string)
	return s
}

func number(t toml.Table, name string, def int64) int64 {
	if n, ok := t[name].(int64); ok {
		return n
	}
	return def
}

func table(v any) toml.Table {
	t, _ := v.(toml.Table)
	return t
}

func tables(v any) []toml.Table {
	list, _ := v.([]toml.Table)
	return list
}

// Hookweir are this repository's two Workers as `make build` left them, with
// the bindings of their wrangler.toml files and the given secrets. root is
// the repository's root; Fetch goes to the public Worker.
func Hookweir(root string, secrets map[string]string) ([]Worker, error) {
	edge, err := Wrangler(filepath.Join(root, "wrangler.toml"))
	if err != nil {
		return nil, err
	}
	edge.Module, edge.Glue = filepath.Join(root, "build", "worker.wasm"), Ingress
	backend, err := Wrangler(filepath.Join(root, "consumers", "wrangler.toml"))
	if err != nil {
		return nil, err
	}
	backend.Module, backend.Glue = filepath.Join(root, "build", "consumers.wasm"), Backend
	for name, v := range secrets {
		backend.Vars[name] = v
	}
	for _, w := range []Worker{edge, backend} {
		if _, err := os.Stat(w.Module); err != nil {
			return nil, fmt.Errorf("wasmtest: %s is not there: run `make build` first", w.Module)
		}
	}
	// The public Worker gets the one secret it may have (DESIGN §2).
	edge.Vars["SOURCE_KEYS"] = secrets["SOURCE_KEYS"]
	return []Worker{edge, backend}, nil
}
