package gojs

// table is every function that a Go module built for js may import from gojs,
// in the order of wasm_exec.js of Go 1.26. The tests compare it with that file.
func table() []Import {
	rows := []struct {
		name string
		call func(in *Instance, sp uint32)
	}{
		{"runtime.wasmExit", wasmExit},
		{"runtime.wasmWrite", wasmWrite},
		{checkpointImport, checkHang},
		{"runtime.nanotime1", nanotime1},
		{"runtime.walltime", walltime},
		{"runtime.scheduleTimeoutEvent", scheduleTimeoutEvent},
		{"runtime.clearTimeoutEvent", clearTimeoutEvent},
		{"runtime.getRandomData", getRandomData},
		{"syscall/js.finalizeRef", finalizeRef},
		{"syscall/js.stringVal", stringVal},
		{"syscall/js.valueGet", valueGet},
		{"syscall/js.valueSet", valueSet},
		{"syscall/js.valueDelete", valueDelete},
		{"syscall/js.valueIndex", valueIndex},
		{"syscall/js.valueSetIndex", valueSetIndex},
		{"syscall/js.valueCall", valueCall},
		{"syscall/js.valueInvoke", valueInvoke},
		{"syscall/js.valueNew", valueNew},
		{"syscall/js.valueLength", valueLength},
		{"syscall/js.valuePrepareString", valuePrepareString},
		{"syscall/js.valueLoadString", valueLoadString},
		{"syscall/js.valueInstanceOf", valueInstanceOf},
		{"syscall/js.copyBytesToGo", copyBytesToGo},
		{"syscall/js.copyBytesToJS", copyBytesToJS},
		{"debug", debugValue},
	}
	imports := make([]Import, len(rows))
	for i, row := range rows {
		imports[i] = Import{Module: "gojs", Name: row.name, Params: 1, Call: func(in *Instance, stack []uint64) {
			row.call(in, uint32(stack[0]))
		}}
	}
	return imports
}
