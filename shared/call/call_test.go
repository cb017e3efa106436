package call_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/hookweir/hookweir/shared/call"
)

var (
	errFirst  = errors.New("the first")
	errSecond = errors.New("the second")
	errArg    = errors.New("no argument")
	table     = call.Errors{errFirst, errSecond}
)

// object is an object with one method: it divides, but for what it refuses.
func object(_ context.Context, method string, payload []byte) ([]byte, error) {
	arg := payload[len("head:"):]
	return table.AnswerJSON(call.With(arg, errSecond, func(n int) (int, error) {
		if n == 0 {
			return 0, fmt.Errorf("%s: %w, of %s", method, errFirst, payload)
		}
		if n < 0 {
			return 0, errors.New("the database is gone")
		}
		return 100 / n, nil
	}))
}

// TestCallsAreAnswered: a result, an error with a number as the very same
// value and without its text, and an error without one as a failed call.
func TestCallsAreAnswered(t *testing.T) {
	ask := func(in any) (int, error) {
		return call.JSON[int](t.Context(), object, table, "divide", []byte("head:"), in, errArg)
	}
	out, err := ask(8)
	require.NoError(t, err)
	require.Equal(t, 12, out)
	_, err = ask(0)
	require.Equal(t, errFirst, err, "the text of an error crossed")
	_, err = ask("eight")
	require.Equal(t, errSecond, err)
	_, err = ask(-1)
	require.EqualError(t, err, "the database is gone")
	_, err = ask(func() {})
	require.Equal(t, errArg, err)
}

// TestMalformedAnswersAreRefused: an answer of another build, or none.
func TestMalformedAnswersAreRefused(t *testing.T) {
	for _, answer := range []string{"", "\x03", "\xff", "\x00", "\x00{", "\x00\"text\""} {
		out, err := call.ReadJSON[int](table, []byte(answer))
		require.ErrorIs(t, err, call.ErrAnswer, "%q", answer)
		require.Zero(t, out)
	}
}

// TestBodiesStandBesideErrors: a method may answer both.
func TestBodiesStandBesideErrors(t *testing.T) {
	answer, err := table.Answer([]byte("rest"), errSecond)
	require.NoError(t, err)
	require.Equal(t, "\x02rest", string(answer))
	body, err := table.Read(answer)
	require.Equal(t, errSecond, err)
	require.Equal(t, "rest", string(body))
	require.Zero(t, table.Number(nil))
}
