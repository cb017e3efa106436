package workerd

import (
	"maps"
	"slices"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
)

// newEnv is the object of bindings. A binding that the configuration does not
// name is undefined, as it is on the platform.
func (iso *Isolate) newEnv() *jsobj.Record {
	env, wk := iso.realm.NewRecord(), iso.worker
	for _, name := range sortedKeys(wk.Vars) {
		env.With(name, wk.Vars[name])
	}
	for _, name := range sortedKeys(wk.KV) {
		env.With(name, iso.kvBinding(wk.KV[name]))
	}
	for _, name := range sortedKeys(wk.Buckets) {
		env.With(name, iso.bucketBinding(wk.Buckets[name]))
	}
	for _, name := range sortedKeys(wk.Databases) {
		env.With(name, iso.databaseBinding(wk.Databases[name]))
	}
	for _, name := range sortedKeys(wk.Producers) {
		env.With(name, iso.queueBinding(wk.Producers[name]))
	}
	for _, name := range sortedKeys(wk.Config.Objects) {
		env.With(name, iso.objectBinding(wk.Config.Objects[name]))
	}
	for _, name := range sortedKeys(wk.Services) {
		env.With(name, iso.serviceBinding(wk.Services[name]))
	}
	return env
}

// option reads a property of an options argument; undefined when there is no
// such argument or property.
func option(v jsobj.Value, name string) jsobj.Value {
	if o, ok := v.(*jsobj.Record); ok {
		return o.Own(name)
	}
	return jsobj.Undefined{}
}

// known refuses an options argument with a property that wasmtest ignores.
func known(what string, v jsobj.Value, names ...string) error {
	o, ok := v.(*jsobj.Record)
	if !ok {
		return nil
	}
	for _, name := range o.Names() {
		if !slices.Contains(names, name) {
			return &jsobj.Missing{Name: what + " option " + name}
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

func sortedInts[V any](m map[int]V) []int { return slices.Sorted(maps.Keys(m)) }
