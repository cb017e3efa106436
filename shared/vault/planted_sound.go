//go:build !hookweirplanted_storeafter && !hookweirplanted_respend && !hookweirplanted_silent

package vault

// planted names the bug that this build has on purpose: none. Builds with one
// show that the simulation would find it, see wasmtest/sim/README.md.
const planted = ""
