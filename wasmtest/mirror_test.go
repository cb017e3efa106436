package wasmtest_test

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var mirrored = flag.Bool("mirrored", false, "note the glue's present form as the one that internal/workerd mirrors")

// TestMirrors fails when JavaScript glue changes that internal/workerd has in
// Go. Compare the two, run the scenarios on both sides, then note the new form:
// go test ./wasmtest -run TestMirrors -mirrored.
func TestMirrors(t *testing.T) {
	const list = "testdata/mirrors.txt"
	text, err := os.ReadFile(list)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	require.GreaterOrEqual(t, len(lines), 2)
	for i, line := range lines {
		fields := strings.Fields(line) // the glue, its SHA-256, the files that mirror it
		require.GreaterOrEqual(t, len(fields), 3, line)
		glue, err := os.ReadFile(filepath.Join("..", fields[0]))
		require.NoError(t, err)
		sum := sha256.Sum256(glue)
		for _, mirror := range fields[2:] {
			require.FileExists(t, filepath.Join("internal", "workerd", mirror))
		}
		if *mirrored {
			fields[1] = hex.EncodeToString(sum[:])
			lines[i] = strings.Join(fields, " ")
			continue
		}
		require.Equal(t, fields[1], hex.EncodeToString(sum[:]), "%s changed: does %v still do the same? Then run this test with -mirrored.", fields[0], fields[2:])
	}
	if *mirrored {
		require.NoError(t, os.WriteFile(list, []byte(strings.Join(lines, "\n")+"\n"), 0o644))
	}
}
