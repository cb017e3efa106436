package workerd

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/hookweir/hookweir/wasmtest/internal/jsobj"
	"github.com/hookweir/hookweir/wasmtest/internal/platform"
	"github.com/hookweir/hookweir/wasmtest/internal/sched"
)

// Alarm retries. https://developers.cloudflare.com/durable-objects/api/alarms/
const (
	maxAlarmRetries = 6
	alarmBackoff    = 2 * time.Second // doubled with each retry
)

// Object is a Durable Object: what of it outlives its memory.
type Object struct {
	Class, Name, ID string
	Storage         *platform.Storage

	worker  *Worker
	actor   *Actor // in memory now; nil when evicted
	alarm   *sched.Task
	running *alarmRun // an alarm that has not succeeded yet
}

type alarmRun struct {
	due     time.Time
	retries int
	retry   *sched.Task // while it waits
}

// replaced reports whether another alarm than the run's own is set. One of the
// same instant is taken for the run's own: a crash may have left it.
func (run *alarmRun) replaced(due time.Time, set bool) bool { return set && !due.Equal(run.due) }

func objectID(class, name string) string {
	sum := sha256.Sum256([]byte(class + "\x00" + name))
	return hex.EncodeToString(sum[:])
}

// Object is the object of this class and name; it is made at its first use.
func (wk *Worker) Object(class, name string) *Object {
	id := objectID(class, name)
	if o := wk.objects[id]; o != nil {
		return o
	}
	storage, err := platform.OpenStorage()
	if err != nil {
		wk.world.Fail(fmt.Errorf("wasmtest: storage of %s %s: %w", class, name, err))
		return nil
	}
	o := &Object{Class: class, Name: name, ID: id, Storage: storage, worker: wk}
	wk.objects[id] = o
	wk.ids = append(wk.ids, id)
	return o
}

// Objects are all objects, as they were made.
func (wk *Worker) Objects() []*Object {
	list := make([]*Object, len(wk.ids))
	for i, id := range wk.ids {
		list[i] = wk.objects[id]
	}
	return list
}

// Close drops every object's storage.
func (wk *Worker) Close() {
	for _, o := range wk.Objects() {
		o.Storage.Close()
	}
	for _, iso := range wk.places() {
		for _, in := range iso.glue.Instances() {
			in.Close()
		}
	}
}

// enter runs fn in the object's actor; one is made if there is none.
func (o *Object) enter(fn func(a *Actor)) {
	if a := o.actor; a != nil && a.inflight == 0 {
		if _, hit := o.worker.world.Hit(platform.ObjectEvict); hit {
			a.evict()
		}
	}
	if o.actor == nil {
		o.actor = newActor(o)
	}
	a := o.actor
	a.enter(func() { fn(a) })
}

// event runs one event of the object; done is called once, when its result
// may leave the object or with what ended it.
func (o *Object) event(what string, start func(g ObjectGlue) (*jsobj.Promise, error), done func(a *Actor, v jsobj.Value, err error)) {
	o.enter(func(a *Actor) {
		once := false
		end := func(v jsobj.Value, err error) {
			if !once {
				once = true
				a.inflight--
				done(a, v, err)
			}
		}
		a.inflight++
		forget := a.onCrash(func(err error) { end(nil, err) })
		a.iso.world.Tracef("%s %s %s", a.iso.name, a.context.Name, what)
		a.context.spent = platform.Subrequests{} // topped up by each event
		a.iso.turn(a.context, what, func() {
			p, err := start(a.glue)
			if err != nil {
				p = a.iso.realm.Rejected(a.iso.realm.Caught(err))
			}
			p.Then(func(v jsobj.Value, rejected bool) {
				a.confirmed(func() {
					forget()
					if rejected {
						end(nil, &jsobj.Throw{Value: v})
						return
					}
					end(v, nil)
				})
			})
		})
	})
}

// arm sets the loop to what the confirmed alarm says.
func (o *Object) arm() {
	loop := o.worker.world.Loop
	loop.Cancel(o.alarm)
	o.alarm = nil
	due, ok, err := o.Storage.Alarm()
	if err != nil {
		o.worker.world.Fail(err)
		return
	}
	if run := o.running; run != nil && run.retry != nil && run.replaced(due, ok) {
		loop.Cancel(run.retry)
		o.running = nil
	}
	if !ok || o.running != nil {
		return
	}
	o.alarm = loop.At(due, "alarm "+o.Class, func() {
		late := time.Duration(0)
		if r, hit := o.worker.world.Hit(platform.AlarmLate); hit {
			late = r.Between(time.Second, time.Minute)
		}
		o.alarm = loop.After(late, "alarm "+o.Class, func() {
			o.running = &alarmRun{due: due}
			o.fire()
		})
	})
}

// fire runs the alarm handler. It is at least once: whatever ends it without
// success, the handler runs again, up to maxAlarmRetries times; but when an
// alarm was set since it began, then that one comes in place of the retry
// (workerd: AlarmScheduler::makeAlarmTask, ActorSqlite::armAlarmHandler).
func (o *Object) fire() {
	run := o.running
	if run == nil {
		return
	}
	run.retry = nil
	o.event("alarm", func(g ObjectGlue) (*jsobj.Promise, error) {
		// While its handler runs the alarm reads as not set.
		if due, ok, err := o.Storage.Alarm(); err == nil && ok && !due.After(run.due) {
			if err := o.Storage.SetAlarm(time.Time{}); err != nil {
				return nil, err
			}
		}
		return g.Alarm()
	}, func(_ *Actor, _ jsobj.Value, err error) {
		o.fired(run, err)
	})
}

func (o *Object) fired(run *alarmRun, err error) {
	w := o.worker.world
	if o.running != run {
		return
	}
	if err == nil {
		if r, again := w.Hit(platform.AlarmTwice); again {
			w.Loop.After(r.Between(0, time.Second), "alarm again", o.fire)
			return
		}
		o.running = nil
		o.arm()
		return
	}
	w.Tracef("alarm of %s failed: %v", o.Name, err)
	due, set, failed := o.Storage.Alarm()
	if failed != nil {
		w.Fail(failed)
		return
	}
	if run.replaced(due, set) {
		o.running = nil
		o.arm()
		return
	}
	if run.retries == maxAlarmRetries {
		w.Tracef("alarm of %s given up", o.Name)
		o.running = nil
		o.arm()
		return
	}
	wait := alarmBackoff << run.retries
	run.retries++
	run.retry = w.Loop.After(wait, "alarm retry", o.fire)
}

// ErrEvicted is what a caller learns whose object lost its memory under it.
var ErrEvicted = platform.Wording("Durable Object reset because its code was updated.")
