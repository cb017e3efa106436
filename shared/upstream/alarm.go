package upstream

import (
	"context"
	"time"
)

// due is when an upstream's next look is: counted from the last one, or from
// when that began, since one that never ends must not keep the others from
// their turn. Its parameters are dueAfter's.
const due = `MAX(created, COALESCE(checked, 0), COALESCE(tried, 0)) + CASE failures WHEN 0 THEN ? ELSE MIN(?, ? << MIN(failures - 1, 10)) END`

// dueAfter are the pauses of due, in milliseconds.
func dueAfter(more ...any) []any {
	return append([]any{checkEvery.Milliseconds(), checkEvery.Milliseconds(), retryEvery.Milliseconds()}, more...)
}

// arm has the next look and what is left in the outbox come by.
func (u *Upstreams) arm() error {
	waiting, err := u.box.Waiting()
	if err != nil {
		return err
	}
	if waiting {
		return u.cfg.SetAlarm(u.now().Add(time.Second))
	}
	rows, err := u.cfg.DB.Exec(`SELECT MIN(`+due+`) FROM upstreams`, dueAfter()...)
	if err != nil {
		return err
	}
	r, ok := rows.First()
	if !ok || r.IsNull() {
		return nil
	}
	next := r.Time()
	if err := r.Done(); err != nil {
		return err
	}
	return u.cfg.SetAlarm(next)
}

// Alarm sends notices and looks at the upstreams that nobody has looked at for
// a while. It returns an error only when the database failed or the next alarm
// could not be set; the platform then calls it again.
func (u *Upstreams) Alarm() error {
	ctx := context.Background()
	_, refused := u.box.Flush()
	if refused != nil { // it keeps nobody from looking
		u.cfg.Log("upstream.notices_wait", "tenant", u.cfg.Tenant)
	}
	rows, err := u.cfg.DB.Exec(`SELECT name FROM (SELECT name, `+due+` AS due FROM upstreams) WHERE due <= ? ORDER BY due, name LIMIT ?`,
		dueAfter(u.now().UnixMilli(), perAlarm)...)
	if err != nil {
		return err
	}
	for r := range rows.All() {
		n := r.Text()
		if err := r.Done(); err != nil {
			return err
		}
		u.Refresh(ctx, n)
	}
	if refused != nil {
		return u.cfg.SetAlarm(u.now().Add(outboxEvery))
	}
	return u.arm()
}
