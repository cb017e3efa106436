//go:build !hookweirplanted_norelease && !hookweirplanted_blindretry && !hookweirplanted_noorder && !hookweirplanted_nopace

package lane

// planted names the bug that this build has on purpose: none. Builds with one
// show that the simulation would find it, see wasmtest/sim/README.md.
const planted = ""
