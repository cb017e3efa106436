// Package guests builds the small Go modules under wasmtest/testdata/guests
// that prove the host apart from the product.
package guests

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
)

// Build compiles testdata/guests/<name> and gives the module's path. root is
// the repository's root. A module that was built from the same sources,
// dependencies and toolchain before is used again.
func Build(root, name string) (string, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, "wasmtest", "testdata", "guests", name)
	sources, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(sources) == 0 {
		return "", fmt.Errorf("no guest at %s", dir)
	}
	linked, err := filepath.Glob(filepath.Join(root, "shared", "edge", "backend", "*.go"))
	if err != nil {
		return "", err
	}
	sources = append(sources, linked...) // what a guest of the private Worker's glue links
	sort.Strings(sources)
	sum := sha256.New()
	fmt.Fprintln(sum, runtime.Version())
	for _, path := range append(sources, filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum")) {
		b, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s", filepath.Base(path), len(b), b)
	}
	out := filepath.Join(root, "build", "guests", name+"-"+hex.EncodeToString(sum.Sum(nil)[:6])+".wasm")
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	// Two tests may build at once: each writes its own file and renames it.
	temp := fmt.Sprintf("%s.%d", out, os.Getpid())
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", temp, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if msg, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building guest %s: %w\n%s", name, err, msg)
	}
	return out, os.Rename(temp, out)
}
