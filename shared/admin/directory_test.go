//go:build !js

package admin_test

import (
	"context"
	"fmt"
	"iter"
	"math/bits"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/admin"
	"github.com/hookweir/hookweir/shared/call"
	"github.com/hookweir/hookweir/shared/lane"
	"github.com/hookweir/hookweir/shared/tenant"
)

// listed are the names of the tenant's directory, which the API shows only
// where there is a destination.
func (w *world) listed() []string {
	names, err := w.cfg.Tenant("acme").Listed(context.Background(), tenant.Destinations)
	require.NoError(w.t, err)
	return names
}

// TestARefusedDestinationTakesNoRoom: a name that no list shows and no DELETE
// removes would count towards the limit for good.
func TestARefusedDestinationTakesNoRoom(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, 200, w.admin("PUT", "/destinations/first", `{"base_url":"https://api.example.com"}`).Code)
	for i := range tenant.MaxListed {
		r := w.admin("PUT", fmt.Sprintf("/destinations/typo-%d", i), `{"base_url":"https://api.example.com","auth":{"type":"bearer"}}`)
		require.Equal(t, 422, r.Code, "auth needs a credential: %s", r.Body)
	}
	assert.Equal(t, []string{"first"}, w.listed())
	assert.Equal(t, 422, w.admin("PUT", "/destinations/first", `{"base_url":"https://api.example.com","auth":{"type":"bearer"}}`).Code)
	assert.Equal(t, []string{"first"}, w.listed(), "what is there stays listed")
}

// TestChangesCutShort: a name is written before its Lane and removed after, so
// a change that is cut short leaves a name without a destination. It is taken
// away by a DELETE of it, and by whoever needs the room.
func TestChangesCutShort(t *testing.T) {
	w := newWorld(t)
	for i := range tenant.MaxListed {
		require.NoError(t, w.cfg.Tenant("acme").Enlist(context.Background(), tenant.Listing{Kind: tenant.Destinations, Name: fmt.Sprintf("left-%d", i)}))
	}
	assert.Equal(t, "not_found", w.admin("DELETE", "/destinations/left-7", "").code())
	assert.NotContains(t, w.listed(), "left-7")
	require.Equal(t, 200, w.admin("PUT", "/destinations/one", `{"base_url":"https://api.example.com"}`).Code)
	assert.Equal(t, 200, w.admin("PUT", "/destinations/two", `{"base_url":"https://api.example.com"}`).Code, "at the limit, of names without destinations")
	assert.Equal(t, []string{"one", "two"}, w.listed())
}

// TestTwoOperatorsAtOnce: however the calls of a PUT and a DELETE of one
// destination fall between each other, what is there at the end is listed. One
// that is not would be left out of the lists and replays of writes, too. (A
// name without a destination is shown by nothing, and makes room.)
func TestTwoOperatorsAtOnce(t *testing.T) {
	for _, before := range []bool{true, false} {
		for order := range 1 << 8 {
			if bits.OnesCount(uint(order)) != 4 { // each has four calls
				continue
			}
			w := newWorld(t)
			w.stepwise()
			if before {
				require.Equal(t, 200, w.admin("PUT", "/destinations/shop", `{"base_url":"https://api.example.com"}`).Code)
			}
			put, stopPut := iter.Pull(w.steps("PUT", `{"base_url":"https://api.example.com/v2"}`))
			del, stopDel := iter.Pull(w.steps("DELETE", ""))
			for i := range 8 {
				if order>>i&1 == 0 {
					put()
				} else {
					del()
				}
			}
			for _, next := range []func() (struct{}, bool){put, del} {
				for ok := true; ok; {
					_, ok = next()
				}
			}
			stopPut()
			stopDel()
			if w.admin("GET", "/destinations/shop", "").Code == 200 && len(w.listed()) == 0 {
				t.Fatalf("order %08b, before %v: there, and not listed", order, before)
			}
		}
	}
}

type stepKey struct{}

// stepwise has each call of an object wait for its turn, where the request
// came by steps.
func (w *world) stepwise() {
	turns := func(f call.Func) call.Func {
		return func(ctx context.Context, method string, payload []byte) ([]byte, error) {
			if yield, ok := ctx.Value(stepKey{}).(func(struct{}) bool); ok {
				yield(struct{}{})
			}
			return f(ctx, method, payload)
		}
	}
	w.cfg.Tenant = func(n string) admin.TenantAPI { return tenant.Client{Tenant: n, Invoke: turns(w.invokeTenant(n))} }
	w.cfg.Lane = func(n, d string) admin.LaneAPI {
		return lane.Client{Tenant: n, Destination: d, Invoke: turns(w.lane(n, d).Invoke)}
	}
	w.rebuild()
}

// steps is a request about the destination shop that stops before each call.
func (w *world) steps(method, body string) iter.Seq[struct{}] {
	return func(yield func(struct{}) bool) {
		w.do(adminToken, method, "/v1/tenants/acme/destinations/shop", body, func(r *http.Request) {
			*r = *r.WithContext(context.WithValue(r.Context(), stepKey{}, yield))
		})
	}
}
