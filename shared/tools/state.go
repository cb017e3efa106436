package tools

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"

	"github.com/hookweir/hookweir/shared/access"
	"github.com/hookweir/hookweir/shared/seal"
)

// askWithin is how long a person may think about a question.
const askWithin = 10 * time.Minute

// What a call must hear again, between a question and its answer, is sealed: it
// opens only for the same tenant, caller, tool and arguments, and for a while
// (MCP 2026-07-28: request state MUST be integrity-protected and SHOULD be
// bound to principal, expiry and request).
//
//	sealed( end in Unix seconds '\n' what is to be heard )

var (
	errState   = &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState is not of this call"}
	errExpired = &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "requestState has expired; call again without it"}
	errNoRing  = errors.New("tools: no key ring")
)

func (s *Set) sealState(aad seal.AAD, heard string) (string, error) {
	if s.cfg.States == nil {
		return "", errNoRing
	}
	return s.cfg.States.Seal([]byte(strconv.FormatInt(s.cfg.Now().Add(askWithin).Unix(), 10)+"\n"+heard), aad)
}

// openState gives what sealState was given. Errors: errState, errExpired.
func (s *Set) openState(sealed string, aad seal.AAD) (heard string, err error) {
	if s.cfg.States == nil {
		return "", errState
	}
	plain, err := s.cfg.States.Open(sealed, aad)
	if err != nil {
		return "", errState
	}
	end, heard, _ := strings.Cut(string(plain), "\n")
	until, err := strconv.ParseInt(end, 10, 64)
	switch {
	case err != nil:
		return "", errState
	case s.cfg.Now().Unix() > until:
		return "", errExpired
	}
	return heard, nil
}

// stateAAD is what a state is bound to.
func (s *Set) stateAAD(c *access.Caller, tool string, arguments json.RawMessage) (seal.AAD, error) {
	if c == nil {
		return seal.AAD{}, errForbidden
	}
	sum, err := digest(arguments)
	if err != nil {
		return seal.AAD{}, &jsonrpc.Error{Code: jsonrpc.CodeInvalidParams, Message: "the arguments must be one JSON object"}
	}
	return seal.AAD{Purpose: "tool-state", Tenant: s.cfg.Tenant, Object: c.ID, Field: tool + ":" + sum}, nil
}

// digest is the same for arguments that say the same in another order.
func digest(arguments json.RawMessage) (string, error) {
	args := map[string]any{}
	if len(arguments) > 0 {
		d := json.NewDecoder(bytes.NewReader(arguments))
		d.UseNumber() // two numbers that are one as a float64 are two
		if err := d.Decode(&args); err != nil {
			return "", err
		}
	}
	b, err := json.Marshal(args) // of a map: the keys are in order
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), err
}
