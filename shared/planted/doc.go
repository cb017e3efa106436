// Package planted names the bug that a build has on purpose, so that the
// simulation can show that it would be found (wasmtest/sim/README.md has the
// table). What deploys has none: Bug is the constant "", and the compiler
// leaves out whatever asks for another. A build with the tag hookweirplanted
// has them all, and the environment, which only wasmtest sets, names one.
package planted
