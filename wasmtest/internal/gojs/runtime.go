package gojs

import (
	"strconv"
	"time"
)

// maxResumes is how often a timer that Go did not take is offered to it again
// before that is an error (wasm_exec.js loops for ever, golang/go#28975).
const maxResumes = 100

// func wasmExit(code int32)
func wasmExit(in *Instance, sp uint32) {
	panic(&ExitError{Module: in.Name, Code: int32(in.u32(sp + 8)), Output: in.output.tail()})
}

// func wasmWrite(fd uintptr, p unsafe.Pointer, n int32)
func wasmWrite(in *Instance, sp uint32) {
	fd, p, n := in.u64(sp+8), uint32(in.u64(sp+16)), in.u32(sp+24)
	in.output.write(fd, in.Bytes(p, n))
}

// checkHang is resetMemoryDataView, which has nothing to do here: view is
// always fresh. Every loop of the guest calls it now and then.
func checkHang(in *Instance, _ uint32) {
	if time.Since(in.entered) > in.limits.Hang {
		panic(&HangError{in.Name, in.limits.Hang})
	}
}

// func nanotime1() int64
func nanotime1(in *Instance, sp uint32) {
	in.putU64(sp+8, uint64(in.Realm.Host().Now().UnixNano()))
}

// func walltime() (sec int64, nsec int32)
func walltime(in *Instance, sp uint32) {
	ms := in.Realm.Host().Now().UnixMilli()
	in.putU64(sp+8, uint64(ms/1000))
	in.putU32(sp+16, uint32(ms%1000*1_000_000))
}

// RuntimeTimer names a timer that may be the Go runtime's own: its scavenger
// sleeps for about a second between two looks (runtime/mgcscavenge.go), whatever
// the program does, and does not mind never being woken.
const RuntimeTimer = "Go runtime timer"

// runtimeSleep is the longest that such a timer lasts.
const runtimeSleep = 5 * time.Second

// func scheduleTimeoutEvent(delay int64) int32
func scheduleTimeoutEvent(in *Instance, sp uint32) {
	in.timers++
	id, delay := in.timers, time.Duration(in.u64(sp+8))*time.Millisecond
	name := "Go timer"
	if delay <= runtimeSleep {
		name = RuntimeTimer
	}
	in.timeouts[id] = in.Realm.Host().After(delay, name, func() {
		if err := in.fire(id); err != nil {
			in.Realm.Abort(err)
		}
	})
	in.putU32(sp+16, uint32(id))
}

// fire resumes Go until it has taken the timeout, as wasm_exec.js does.
func (in *Instance) fire(id int32) error {
	for range maxResumes {
		if err := in.Resume(); err != nil {
			return err
		}
		if _, waits := in.timeouts[id]; !waits {
			return nil
		}
	}
	return &TrapError{in.Name, errTimerNotTaken}
}

// func clearTimeoutEvent(id int32)
func clearTimeoutEvent(in *Instance, sp uint32) {
	id := int32(in.u32(sp + 8))
	if cancel, ok := in.timeouts[id]; ok {
		cancel()
		delete(in.timeouts, id)
	}
}

// func getRandomData(r []byte)
func getRandomData(in *Instance, sp uint32) { in.Realm.Host().Random(in.slice(sp + 8)) }

// debug(value i32)
func debugValue(in *Instance, v uint32) {
	in.Realm.Host().Log("debug", strconv.FormatUint(uint64(v), 10))
}
