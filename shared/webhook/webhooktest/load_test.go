package webhooktest

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const sample = "Why.\n-- request --\nPOST https://a.example/x\nA: 1\na: 2\n\nbody\r\n\n\n-- secrets --\nmain - 7 a secret \n-- now --\n5\n-- want --\nok\nid: x\ntime: -\n"

func TestParseKeepsBytes(t *testing.T) {
	c, err := Parse([]byte(sample))
	require.NoError(t, err)
	assert.Equal(t, "body\r\n\n", string(c.Request.Body))
	assert.Equal(t, []string{"1", "2"}, c.Request.Header.Values("A"))
	assert.Equal(t, "a secret ", string(c.Secrets[0].Value))
	assert.Equal(t, time.Unix(7, 0).UTC(), c.Secrets[0].NotAfter)
	assert.True(t, c.Secrets[0].NotBefore.IsZero())
	assert.Equal(t, time.Unix(5, 0).UTC(), c.Now)
	assert.Equal(t, Want{ID: "x"}, c.Want)
}

func TestLoadFailsLoudly(t *testing.T) {
	_, err := Load(fstest.MapFS{})
	require.ErrorIs(t, err, ErrEmpty)

	for name, data := range map[string]string{
		"no section":     "Why.\n",
		"no reason":      sample[len("Why.\n"):],
		"unknown field":  sample + "colour: red\n",
		"empty field":    sample + "type: \n",
		"neither":        sample[:len(sample)-len("ok\nid: x\ntime: -\n")] + "fine\n",
		"unknown marker": "Why.\n-- request --\nPOST https://a.example/x\n\nb\n-- secrets --\nmain - - s\n-- clock --\n5\n-- want --\nok\n",
	} {
		_, err := Load(fstest.MapFS{"p/c.txtar": {Data: []byte(data)}})
		assert.Error(t, err, name)
	}
}
