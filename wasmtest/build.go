package wasmtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// Build builds the Worker in the folder dir to build/app.wasm in it, which is
// where the templates of syumai/workers have it: what is tested is what the
// next `wrangler deploy` uploads. flags are further ones of `go build`, those
// that the deployment uses. What is up to date is not linked again; call it
// once, from TestMain. The error holds what the compiler said.
func Build(dir string, flags ...string) (module string, err error) {
	module = filepath.Join(dir, "build", "app.wasm")
	cmd := exec.Command("go", append(append([]string{"build"}, flags...), "-o", filepath.Join("build", "app.wasm"), ".")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("wasmtest: building %s: %w\n%s", dir, err, said)
	}
	return module, nil
}
