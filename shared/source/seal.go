package source

import "github.com/hookweir/hookweir/shared/seal"

func aad(tenant, source string, generation int64) seal.AAD {
	return seal.AAD{Purpose: "source", Tenant: tenant, Object: source, Field: "config", Generation: generation}
}

// SealConfig seals the configuration for the place it names. Errors: seal's.
func SealConfig(ring *seal.Ring, c *Config) (string, error) {
	plain := Encode(c)
	defer clear(plain)
	return ring.Seal(plain, aad(c.Tenant, c.Name, c.Generation))
}

// OpenConfig opens what stands at KVKey(tenant, source). The generation is
// the one in the text: KV may lag behind, and the worker has nothing to
// compare with. Errors: seal's, those of [Decode], and ErrFormat when the
// configuration inside names another place than the one it was sealed for.
func OpenConfig(ring *seal.Ring, tenant, source, sealed string) (*Config, error) {
	_, generation, err := seal.Header(sealed)
	if err != nil {
		return nil, err
	}
	plain, err := ring.Open(sealed, aad(tenant, source, generation))
	if err != nil {
		return nil, err
	}
	c, err := Decode(plain)
	if err != nil {
		return nil, err
	}
	if c.Tenant != tenant || c.Name != source || c.Generation != generation {
		return nil, ErrFormat
	}
	return c, nil
}
