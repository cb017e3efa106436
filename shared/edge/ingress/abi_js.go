package ingress

import "unsafe"

//go:wasmimport edge ready
func hostReady(ptr unsafe.Pointer, n int32)

//go:wasmimport edge respond
func hostRespond(req int32, ptr unsafe.Pointer, n int32)

//go:wasmimport edge call
func hostCall(req, call, op, ms int32, ptr unsafe.Pointer, n int32)

//go:wasmimport edge later
func hostLater(req, op int32, ptr unsafe.Pointer, n int32)

//go:wasmimport edge hmac
func hostHMAC(alg int32, key unsafe.Pointer, keyLen int32, ptr unsafe.Pointer, n int32, out unsafe.Pointer)

//go:wasmimport edge digest
func hostDigest(alg int32, ptr unsafe.Pointer, n int32, out unsafe.Pointer)

//go:wasmimport edge open
func hostOpen(key unsafe.Pointer, keyLen int32, box unsafe.Pointer, n int32, aad unsafe.Pointer, aadLen int32, out unsafe.Pointer) int32

//go:wasmimport edge seal
func hostSeal(key unsafe.Pointer, keyLen int32, plaintext unsafe.Pointer, n int32, aad unsafe.Pointer, aadLen int32, out unsafe.Pointer) int32

//go:wasmimport edge verify
func hostVerify(alg int32, key unsafe.Pointer, keyLen int32, ptr unsafe.Pointer, n int32, sig unsafe.Pointer, sigLen int32) int32

//go:wasmimport edge certificate
func hostCertificate(ptr unsafe.Pointer, n int32, at uint32, out unsafe.Pointer, size int32) int32

//go:wasmimport edge setting
func hostSetting(ptr unsafe.Pointer, n int32, out unsafe.Pointer, size int32) int32

//go:wasmimport edge log
func hostLog(ptr unsafe.Pointer, n int32)

//go:wasmimport edge retire
func retire()

//go:wasmimport edge forget
func hostForget(req int32)

// current is this module instance. A wasm module instance is the process:
// exports have no receiver, so this one variable is theirs.
var current *instance

// handle starts a request, see the package doc.
//
//lint:ignore U1000 called by the host
//go:wasmexport handle
func handle(req, head, body int32) { current.start(req, head, body) }

// reserve makes room for the result of a call.
//
//lint:ignore U1000 called by the host
//go:wasmexport reserve
func reserve(call, n int32) unsafe.Pointer {
	return bytesPtr(current.reserve(call, n))
}

// complete resumes the coroutine that waits for the call.
//
//lint:ignore U1000 called by the host
//go:wasmexport complete
func complete(call, status, n int32) {
	current.finish(call, Status(status), n)
}

// bytesPtr is the address of b's bytes for the host to read or write before
// the call that hands it over returns (or, for reserve, before complete).
func bytesPtr(b []byte) unsafe.Pointer { return unsafe.Pointer(unsafe.SliceData(b)) }
