package aesgcm_test

import (
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

//go:embed testdata/wycheproof.json
var wycheproof []byte

// TestWycheproof holds the cipher to Project Wycheproof's vectors: valid ones
// seal to the very bytes and open, invalid ones (modified tags, mostly) do not
// open.
func TestWycheproof(t *testing.T) {
	var file struct {
		Source string
		Tests  []struct {
			ID                                          int
			Comment, Key, IV, AAD, Msg, CT, Tag, Result string
		}
	}
	require.NoError(t, json.Unmarshal(wycheproof, &file))
	require.NotEmpty(t, file.Source)
	count := map[string]int{}
	for _, v := range file.Tests {
		unhex := func(s string) []byte {
			b, err := hex.DecodeString(s)
			require.NoError(t, err)
			return b
		}
		box := unhex(v.IV + v.CT + v.Tag)
		plain, ok := aesgcm.Suite{}.Open(unhex(v.Key), box, unhex(v.AAD))
		count[v.Result]++
		switch v.Result {
		case "valid":
			require.True(t, ok, "%d %s", v.ID, v.Comment)
			assert.Equal(t, v.Msg, hex.EncodeToString(plain))
			sealed, err := aesgcm.Suite{}.Seal(unhex(v.Key), unhex(v.IV), unhex(v.Msg), unhex(v.AAD))
			require.NoError(t, err)
			assert.Equal(t, box, sealed, "%d %s", v.ID, v.Comment)
		case "invalid":
			assert.False(t, ok, "%d %s", v.ID, v.Comment)
			assert.Nil(t, plain)
		default:
			require.Fail(t, "unknown result", v.Result)
		}
	}
	assert.Equal(t, map[string]int{"valid": 39, "invalid": 27}, count)
}
