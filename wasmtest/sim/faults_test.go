package sim

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hookweir/hookweir/wasmtest"
	"github.com/stretchr/testify/require"
)

// allFaults is in how many seeds of everything each fault of the catalogue has
// to have happened. The rarest comes in one seed of three (README.md).
const allFaults = 12

// everything reports whether all parts, faults and steps take part, in a
// product as it deploys.
func (c Config) everything() bool {
	return c.Parts == nil && c.Only == nil && c.Steps == nil && c.Edit == nil
}

// faultTable is how often each fault happened.
func faultTable(happened map[wasmtest.Fault]int) string {
	var b strings.Builder
	for _, row := range wasmtest.FaultCatalogue() {
		fmt.Fprintf(&b, "\n%7d %s", happened[row.Fault], row.Fault)
	}
	return b.String()
}

// missing are the faults of the catalogue that did not happen.
func missing(happened map[wasmtest.Fault]int) (list []wasmtest.Fault) {
	for _, row := range wasmtest.FaultCatalogue() {
		if happened[row.Fault] == 0 {
			list = append(list, row.Fault)
		}
	}
	return list
}

func TestMissingFaults(t *testing.T) {
	happened := map[wasmtest.Fault]int{}
	for _, row := range wasmtest.FaultCatalogue() {
		happened[row.Fault] = 3
	}
	require.Empty(t, missing(happened))
	delete(happened, wasmtest.R2PutLost)
	require.Equal(t, []wasmtest.Fault{wasmtest.R2PutLost}, missing(happened))
	require.Contains(t, faultTable(happened), "\n      0 r2.put-lost\n")
}
