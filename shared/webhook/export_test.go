package webhook

// NewForScheme builds a Verifier for a row that is not in the catalogue.
func NewForScheme(s *Scheme, cfg Config) (*Verifier, error) { return newVerifier(s, cfg) }
