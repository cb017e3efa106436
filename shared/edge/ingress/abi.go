package ingress

// Op names a platform operation of the ABI; its argument and result follow.
type Op int32

// Operations. Bindings are named as in wrangler.toml.
const (
	// OpBody reads the request's body: uint32 limit in bytes → the body.
	// StatusTooLarge as soon as more than limit bytes have come, StatusBusy
	// as soon as all requests together hold too much.
	OpBody Op = 1
	// OpKVGet reads a key: bytes binding, bytes key → the value;
	// StatusAbsent when there is none.
	OpKVGet Op = 2
	// OpKVPut writes a key: bytes binding, bytes key, bytes value,
	// uint32 time to live in seconds.
	OpKVPut Op = 3
	// OpQueueSend enqueues bytes: bytes binding, bytes message.
	OpQueueSend Op = 4
	// OpObjectPut stores an object: bytes binding, bytes key, uint32 address
	// and uint32 length of the content in memory, which is read before the
	// call returns.
	OpObjectPut Op = 5
	// OpForward hands the request, unread, to a service binding and answers
	// it with what comes back: bytes binding. StatusOK means answered.
	OpForward Op = 6
	// OpFetch gets a document over https, without following a redirect:
	// uint32 limit in bytes, bytes URL → the body of a 200; StatusTooLarge.
	OpFetch Op = 7
	// OpQueueSendBatch enqueues messages: bytes binding, uint32 count, count ×
	// bytes. StatusOK means all of them; after any other, some may be in the
	// queue.
	OpQueueSendBatch Op = 8
)

// Status is how an operation ended.
type Status int32

// Statuses of a call.
const (
	StatusOK       Status = 0
	StatusAbsent   Status = 1
	StatusFailed   Status = -1 // the platform refused or threw
	StatusTimeout  Status = -2 // no answer within the call's deadline; it may still happen
	StatusTooLarge Status = -3
	StatusMissing  Status = -4 // the binding is not configured
	StatusBusy     Status = -5 // the isolate holds as much of bodies as it may
)

// Hashes of the host's hmac and digest, by the alg parameter.
const (
	HashSHA1   int32 = 1
	HashSHA256 int32 = 2
	HashSHA512 int32 = 3
	HashMD5    int32 = 4
)

// Algorithms of the host's verify, by the alg parameter. Keys are DER
// SubjectPublicKeyInfo, Ed25519's 32 bytes; RSA is PKCS #1 v1.5 with 2048 to
// 4096 bits.
const (
	VerifyEd25519        int32 = 1
	VerifyECDSAP256      int32 = 2 // the signature in DER
	VerifyECDSAP256P1363 int32 = 3
	VerifyRSASHA256      int32 = 4
	VerifyRSASHA1        int32 = 5
)

// ScratchBytes is the size of the scratch buffer: room for any head that
// workerd passes in practice and for the results of small calls.
const ScratchBytes = 64 << 10
