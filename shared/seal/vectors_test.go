package seal

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/seal/aesgcm"
)

// Published AES-256-GCM values: McGrew and Viega, "The Galois/Counter Mode of
// Operation", test cases 13 to 16 (the set NIST took over).
var published = []struct{ name, key, iv, plain, aad, cipher, tag string }{
	{
		"case 13: nothing", strings.Repeat("00", 32), strings.Repeat("00", 12), "", "", "",
		"530f8afbc74536b9a963b4f1c4cb738b",
	},
	{
		"case 14: one zero block", strings.Repeat("00", 32), strings.Repeat("00", 12), strings.Repeat("00", 16), "",
		"cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919",
	},
	{
		"case 15: four blocks", strings.Repeat("feffe9928665731c6d6a8f9467308308", 2), "cafebabefacedbaddecaf888",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255", "",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
		"b094dac5d93471bdec1a502270e3cc6c",
	},
	{
		"case 16: with additional data", strings.Repeat("feffe9928665731c6d6a8f9467308308", 2), "cafebabefacedbaddecaf888",
		"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
		"feedfacedeadbeeffeedfacedeadbeefabaddad2",
		"522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
		"76fc6ece0f4e1768cddf8853bb2d551b",
	},
}

func TestPublishedVectors(t *testing.T) {
	require.NotEmpty(t, published)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		require.NoError(t, err)
		return b
	}
	for _, v := range published {
		box, err := aesgcm.Suite{}.Seal(unhex(v.key), unhex(v.iv), unhex(v.plain), unhex(v.aad))
		require.NoError(t, err, v.name)
		assert.Equal(t, v.iv+v.cipher+v.tag, hex.EncodeToString(box), v.name)
		p, ok := aesgcm.Suite{}.Open(unhex(v.key), box, unhex(v.aad))
		require.True(t, ok, v.name)
		assert.Equal(t, v.plain, hex.EncodeToString(p), v.name)
	}
}

// frozen was made by this package and opened by Node's crypto module; stored
// values must stay readable, so it never changes while the version is hw1.
const frozen = "hw1.a.7.dHdlbHZlIGJ5dGVz2Bev17ScxMYlHAhIYlzCBN3T52eJgiWN"

func TestFormatIsFrozen(t *testing.T) {
	r := parse(t, "a:"+std(keyA))
	r.Rand = bytes.NewReader([]byte("twelve bytes"))
	s, err := r.Seal([]byte("a secret"), place)
	require.NoError(t, err)
	assert.Equal(t, frozen, s)
	p, err := r.Open(frozen, place)
	require.NoError(t, err)
	assert.Equal(t, "a secret", string(p))
}
