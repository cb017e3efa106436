package sim

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hookweir/hookweir/wasmtest"
)

// Shrink looks for less that still breaks the guarantee that r broke: fewer
// faults, then fewer steps of the workload, in at most runs runs (one is of the
// order of half a second). It returns the smallest run found, the report of it
// and how many runs it took. Errors are Run's.
func Shrink(c Config, r *Report, runs int) (Config, *Report, int, error) {
	s := &shrinker{best: c, report: r, guarantee: r.Violations[0].Guarantee, left: runs}
	var hits []wasmtest.Hit
	for _, f := range r.Faults {
		hits = append(hits, f.Hit)
	}
	// The same faults by name: from here on none comes by chance.
	s.try(func(c *Config) { c.Only = named(hits) })
	if s.best.Only != nil {
		wasmtest.Shrink(hits, func(some []wasmtest.Hit) bool { return s.try(func(c *Config) { c.Only = named(some) }) })
	}
	s.untie()
	var kept []string
	for _, step := range r.Steps {
		kept = append(kept, step.Name)
	}
	wasmtest.Shrink(kept, func(some []string) bool {
		return s.try(func(c *Config) { c.Steps = append([]string{}, some...) })
	})
	return s.best, s.report, runs - s.left, s.err
}

// untie names the faults that are left by when they happened and no longer by
// their number, which would shift with every step left out.
func (s *shrinker) untie() {
	if s.best.Only == nil {
		return
	}
	faults := s.report.Faults
	for _, early := range []time.Duration{50 * time.Millisecond, 5 * time.Millisecond, 0} {
		var hits []wasmtest.Hit
		for _, f := range faults {
			hits = append(hits, wasmtest.Hit{Fault: f.Fault, Nth: 1, From: f.At.Add(-early)})
		}
		if s.try(func(c *Config) { c.Only = named(hits) }) {
			return
		}
	}
}

// named is never nil: no faults at all is a choice too.
func named(hits []wasmtest.Hit) []wasmtest.Hit { return append([]wasmtest.Hit{}, hits...) }

type shrinker struct {
	best      Config
	report    *Report
	guarantee string
	left      int
	err       error
}

// try runs a change of the best configuration, and keeps it if the guarantee
// still breaks.
func (s *shrinker) try(change func(*Config)) bool {
	if s.left == 0 || s.err != nil {
		return false
	}
	s.left--
	c := s.best
	change(&c)
	r, err := Run(c)
	if err != nil {
		s.err = err
		return false
	}
	if !slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Guarantee == s.guarantee }) {
		return false
	}
	s.best, s.report = c, r
	return true
}

// Command replays a run.
func (c Config) Command() string {
	var b strings.Builder
	fmt.Fprintf(&b, "SIM_FROM=%d SIM_SEEDS=1 ", c.Seed)
	if c.Parts != nil {
		fmt.Fprintf(&b, "SIM_PARTS='%s' ", strings.Join(c.Parts, ","))
	}
	if c.Only != nil {
		var names []string
		for _, h := range c.Only {
			if !h.From.IsZero() {
				names = append(names, fmt.Sprintf("%s@%v", h.Fault, h.From.Sub(start)))
				continue
			}
			names = append(names, h.String())
		}
		fmt.Fprintf(&b, "SIM_FAULTS='%s' ", strings.Join(names, ","))
	}
	if c.Steps != nil {
		fmt.Fprintf(&b, "SIM_STEPS='%s' ", strings.Join(c.Steps, ","))
	}
	return b.String() + "go test ./wasmtest/sim -run '^TestSimulation$' -count=1"
}

// Environment reads what Command wrote into c; getenv is os.LookupEnv.
func (c *Config) Environment(getenv func(string) (string, bool)) error {
	if text, ok := getenv("SIM_FAULTS"); ok {
		c.Only = []wasmtest.Hit{}
		for name := range strings.FieldsFuncSeq(text, isComma) {
			h, err := parseHit(name)
			if err != nil {
				return err
			}
			c.Only = append(c.Only, h)
		}
	}
	for name, list := range map[string]*[]string{"SIM_PARTS": &c.Parts, "SIM_STEPS": &c.Steps} {
		if text, ok := getenv(name); ok {
			*list = strings.FieldsFunc(text, isComma)
		}
	}
	if slices.Equal(c.Parts, []string{"standard"}) {
		c.Parts = Standard()
	}
	return nil
}

// parseHit reads fetch.lost#3, the third occasion, or fetch.lost@4m5s, the
// first one from then on.
func parseHit(name string) (wasmtest.Hit, error) {
	if fault, at, ok := strings.Cut(name, "@"); ok {
		d, err := time.ParseDuration(at)
		if err != nil {
			return wasmtest.Hit{}, fmt.Errorf("SIM_FAULTS: %q is not like fetch.lost@4m5s", name)
		}
		return wasmtest.Hit{Fault: wasmtest.Fault(fault), Nth: 1, From: start.Add(d)}, nil
	}
	fault, nth, _ := strings.Cut(name, "#")
	n, err := strconv.Atoi(nth)
	if err != nil {
		return wasmtest.Hit{}, fmt.Errorf("SIM_FAULTS: %q is not like fetch.lost#3", name)
	}
	return wasmtest.Hit{Fault: wasmtest.Fault(fault), Nth: n}, nil
}

func isComma(r rune) bool { return r == ',' }
