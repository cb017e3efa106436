package oauth

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/url"
	"time"
)

const (
	// assertionLife is how long an assertion is good: enough for a slow clock
	// on either side, too short to be worth stealing.
	assertionLife  = time.Minute
	assertionType  = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" // RFC 7523 §2.2
	fieldBytes     = 32                                                       // of P-256
	maxClientKeyID = 200                                                      // bytes of a key's id, which goes into each assertion
)

// ParseKey reads a P-256 private key in PEM, PKCS #8 or SEC 1. Errors:
// ErrClient.
func ParseKey(text string) (*ecdsa.PrivateKey, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, ErrClient
	}
	key, err := x509.ParseECPrivateKey(block.Bytes)
	if err != nil {
		any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if err != nil {
			return nil, ErrClient
		}
		var ok bool
		if key, ok = any.(*ecdsa.PrivateKey); !ok {
			return nil, ErrClient
		}
	}
	if key.Curve != elliptic.P256() {
		return nil, ErrClient
	}
	return key, nil
}

// assert adds a client assertion (RFC 7523 §2.2, §3) to a form; for a public
// client it adds nothing.
func (c *Client) assert(form url.Values) error {
	if c.Provider.Style != StyleKeyJWT {
		return nil
	}
	// The audience is the issuer (RFC 7523bis §4); a server that is known only
	// by its endpoint is told that one.
	audience := c.Provider.Issuer
	if audience == "" {
		audience = c.Provider.Token
	}
	jti, err := NewVerifier(c.Rand)
	if err != nil {
		return err
	}
	now := c.Now()
	header := map[string]string{"alg": "ES256", "typ": "JWT"}
	if c.KeyID != "" {
		header["kid"] = c.KeyID
	}
	claims := map[string]any{
		"iss": c.ID, "sub": c.ID, "aud": audience, "jti": jti,
		"iat": now.Unix(), "exp": now.Add(assertionLife).Unix(),
	}
	jwt, err := c.sign(header, claims)
	if err != nil {
		return err
	}
	form.Set("client_id", c.ID)
	form.Set("client_assertion_type", assertionType)
	form.Set("client_assertion", jwt)
	return nil
}

// sign makes a compact JWS; its signature is r and s side by side (RFC 7518
// §3.4), not the DER that other formats have.
func (c *Client) sign(header map[string]string, claims map[string]any) (string, error) {
	h, err := json.Marshal(header)
	if err != nil {
		return "", err
	}
	p, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	enc := base64.RawURLEncoding
	signed := enc.EncodeToString(h) + "." + enc.EncodeToString(p)
	digest := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(c.Rand, c.Key, digest[:])
	if err != nil {
		return "", err
	}
	sig := make([]byte, 2*fieldBytes)
	r.FillBytes(sig[:fieldBytes])
	s.FillBytes(sig[fieldBytes:])
	return signed + "." + enc.EncodeToString(sig), nil
}
