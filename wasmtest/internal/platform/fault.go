package platform

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// Fault names one way in which the platform misbehaves.
type Fault string

// Row describes a fault.
type Row struct {
	Fault Fault
	Does  string
	Doc   string // where the platform says so; "observed" when it does not
}

// Faults.
const (
	KVStale        Fault = "kv.stale"
	KVFail         Fault = "kv.fail"
	KVPutLost      Fault = "kv.put-lost"
	QueueSendFail  Fault = "queue.send-fail"
	QueueSendLost  Fault = "queue.send-lost"
	QueueDuplicate Fault = "queue.duplicate"
	QueueReorder   Fault = "queue.reorder"
	QueueDelay     Fault = "queue.delay"
	R2Fail         Fault = "r2.fail"
	R2PutLost      Fault = "r2.put-lost"
	D1Fail         Fault = "d1.fail"
	D1Lost         Fault = "d1.lost"
	D1Slow         Fault = "d1.slow"
	ObjectFail     Fault = "object.fail"
	ObjectLost     Fault = "object.lost"
	ObjectEvict    Fault = "object.evict"
	AlarmLate      Fault = "alarm.late"
	AlarmTwice     Fault = "alarm.twice"
	CronSkip       Fault = "cron.skip"
	CronLate       Fault = "cron.late"
	CronTwice      Fault = "cron.twice"
	FetchStatus    Fault = "fetch.status"
	FetchRefused   Fault = "fetch.refused"
	FetchHang      Fault = "fetch.hang"
	FetchLost      Fault = "fetch.lost"
	FetchSilent    Fault = "fetch.silent"
	FetchLate      Fault = "fetch.late"
	FetchSlow      Fault = "fetch.slow"
	ServiceFail    Fault = "service.fail"
	Crash          Fault = "isolate.crash"
	ClientGone     Fault = "client.gone"
)

// Catalogue lists every fault.
func Catalogue() []Row {
	const docs = "https://developers.cloudflare.com/"
	return []Row{
		{KVStale, "a location goes on with the copy it has read, up to 60 s old, a miss included", docs + "kv/concepts/how-kv-works/"},
		{KVFail, "an operation is refused and changes nothing", "observed"},
		{KVPutLost, "a write happens and its answer is lost", "observed"},
		{QueueSendFail, "a send is refused and nothing is queued", docs + "queues/platform/limits/"},
		{QueueSendLost, "a send is queued and its answer is lost", "observed"},
		{QueueDuplicate, "a message that was acknowledged is delivered again", docs + "queues/reference/delivery-guarantees/"},
		{QueueReorder, "a batch takes messages out of order", docs + "queues/reference/delivery-guarantees/"},
		{QueueDelay, "a message becomes visible up to five minutes late", "observed"},
		{R2Fail, "an operation is refused and changes nothing", "observed"},
		{R2PutLost, "an object is stored and the answer is lost", "observed"},
		{D1Fail, "a query is refused and changes nothing", docs + "d1/observability/debug-d1/"},
		{D1Lost, "a query is executed and its answer is lost", docs + "d1/observability/debug-d1/"},
		{D1Slow, "a query is executed and answers only after 10 to 30 s, as long as D1 lets one run", docs + "d1/platform/limits/"},
		{ObjectFail, "a call does not reach its Durable Object", docs + "durable-objects/best-practices/error-handling/"},
		{ObjectLost, "a call is executed and its answer is lost", docs + "durable-objects/best-practices/error-handling/"},
		{ObjectEvict, "an idle object loses its memory before its next event", docs + "durable-objects/concepts/durable-object-lifecycle/"},
		{AlarmLate, "an alarm fires up to a minute late", docs + "durable-objects/api/alarms/"},
		{AlarmTwice, "an alarm that succeeded fires again", docs + "durable-objects/api/alarms/"},
		{CronSkip, "a tick does not come", "https://github.com/lyc8503/UptimeFlare/issues/199"},
		{CronLate, "a tick comes up to 30 s late", "observed"},
		{CronTwice, "a tick comes twice", "observed"},
		{FetchStatus, "the far side's front answers 429, 500 or 503; the far side sees nothing", "observed"},
		{FetchRefused, "the connection fails; the far side sees nothing", "observed"},
		{FetchHang, "the request never arrives and no answer comes", "observed"},
		{FetchLost, "the far side acts and the connection breaks", "observed"},
		{FetchSilent, "the far side acts and no answer comes", "observed"},
		{FetchLate, "the far side acts and answers only after up to 14 s", "observed"},
		{FetchSlow, "the body trickles in over up to a minute", "observed"},
		{ServiceFail, "a service binding's call does not arrive", "observed"},
		{Crash, "the isolate is killed at a host call: memory gone, storage kept", docs + "workers/reference/how-workers-works/"},
		{ClientGone, "the client hangs up before the answer", "observed"},
	}
}

// Hit is a fault that happened: the Nth time there was an occasion for it. With
// From, which is for planning only, occasions count from that instant on.
type Hit struct {
	Fault Fault
	Nth   int
	From  time.Time
}

func (h Hit) String() string {
	if h.From.IsZero() {
		return fmt.Sprintf("%s#%d", h.Fault, h.Nth)
	}
	return fmt.Sprintf("%s#%d from %s", h.Fault, h.Nth, h.From.Format(time.RFC3339Nano))
}

// Injector decides which faults happen.
type Injector struct {
	seed    uint64
	chance  map[Fault]float64
	planned map[Hit]bool
	timed   map[Hit]int // planned from an instant on: occasions since
	without map[Hit]bool
	seen    map[Fault]int
	hits    []Happened
	until   time.Time
}

// NewInjector lets each fault happen with its probability, and the planned
// ones for certain, but never those in without. From until on, unless that is
// zero, only planned faults happen: a run can end in calm.
func NewInjector(seed uint64, chance map[Fault]float64, planned, without []Hit, until time.Time) (*Injector, error) {
	known := map[Fault]bool{}
	for _, row := range Catalogue() {
		known[row.Fault] = true
	}
	for _, f := range slices.Sorted(maps.Keys(chance)) {
		if p := chance[f]; !known[f] || !(p >= 0 && p <= 1) {
			return nil, fmt.Errorf("wasmtest: fault %q with probability %v: no such fault, or no probability", f, p)
		}
	}
	in := &Injector{seed: seed, chance: chance, planned: map[Hit]bool{}, timed: map[Hit]int{}, without: map[Hit]bool{}, seen: map[Fault]int{}, until: until}
	for _, h := range planned {
		if !known[h.Fault] || h.Nth < 1 {
			return nil, fmt.Errorf("wasmtest: planned fault %q: no such fault, or not counted from 1", h)
		}
		if h.From.IsZero() {
			in.planned[h] = true
		} else {
			in.timed[h] = 0
		}
	}
	for _, h := range without {
		in.without[h] = true
	}
	return in, nil
}

// Hit is asked at every occasion for f. When the fault happens it gives a
// source for its particulars.
func (in *Injector) Hit(now time.Time, f Fault) (*sched.Rand, bool) {
	in.seen[f]++
	h := Hit{Fault: f, Nth: in.seen[f]}
	name := fnv.New64a()
	name.Write([]byte(f))
	r := &sched.Rand{Rand: rand.New(rand.NewPCG(in.seed^name.Sum64(), uint64(h.Nth)))}
	calm := !in.until.IsZero() && !now.Before(in.until)
	chance := r.Chance(in.chance[f]) // drawn for planned ones too: the particulars come after it
	hit := in.due(f, now) || in.planned[h] || chance && !calm
	if !hit || in.without[h] {
		return nil, false
	}
	in.hits = append(in.hits, Happened{h, now})
	return r, true
}

// due counts an occasion for the faults that are planned from an instant on.
func (in *Injector) due(f Fault, now time.Time) (due bool) {
	for h := range in.timed {
		if h.Fault == f && !now.Before(h.From) {
			in.timed[h]++
			due = due || in.timed[h] == h.Nth
		}
	}
	return due
}

// Happened is a fault that happened, and when.
type Happened struct {
	Hit
	At time.Time
}

// Happened are the faults that happened, in order.
func (in *Injector) Happened() []Happened { return in.hits }
