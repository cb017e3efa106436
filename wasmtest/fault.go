package wasmtest

import "github.com/hookweir/hookweir/wasmtest/internal/platform"

// Fault names one way in which the platform misbehaves.
type Fault = platform.Fault

// Faults gives faults their probability, from 0 to 1, at each occasion.
type Faults map[Fault]float64

// Hit is a fault that happened, or shall: the Nth occasion for it, from 1.
type Hit = platform.Hit

// Happened is a fault that happened, and when.
type Happened = platform.Happened

// FaultRow describes a fault.
type FaultRow = platform.Row

// FaultCatalogue lists every fault there is.
func FaultCatalogue() []FaultRow { return platform.Catalogue() }

// Faults. FaultCatalogue says what each does.
const (
	KVStale        = platform.KVStale
	KVFail         = platform.KVFail
	KVPutLost      = platform.KVPutLost
	QueueSendFail  = platform.QueueSendFail
	QueueSendLost  = platform.QueueSendLost
	QueueDuplicate = platform.QueueDuplicate
	QueueReorder   = platform.QueueReorder
	QueueDelay     = platform.QueueDelay
	R2Fail         = platform.R2Fail
	R2PutLost      = platform.R2PutLost
	D1Fail         = platform.D1Fail
	D1Lost         = platform.D1Lost
	D1Slow         = platform.D1Slow
	ObjectFail     = platform.ObjectFail
	ObjectLost     = platform.ObjectLost
	ObjectEvict    = platform.ObjectEvict
	AlarmLate      = platform.AlarmLate
	AlarmTwice     = platform.AlarmTwice
	CronSkip       = platform.CronSkip
	CronLate       = platform.CronLate
	CronTwice      = platform.CronTwice
	FetchStatus    = platform.FetchStatus
	FetchRefused   = platform.FetchRefused
	FetchHang      = platform.FetchHang
	FetchLost      = platform.FetchLost
	FetchSilent    = platform.FetchSilent
	FetchLate      = platform.FetchLate
	FetchSlow      = platform.FetchSlow
	ServiceFail    = platform.ServiceFail
	Crash          = platform.Crash
	ClientGone     = platform.ClientGone
)

// EveryFault gives every fault the same probability.
func EveryFault(p float64) Faults {
	f := Faults{}
	for _, row := range platform.Catalogue() {
		f[row.Fault] = p
	}
	return f
}
