package severity

import "slices"

// Events are those of a level; of Info, none: it is all the others'.
func Events(level string) []string {
	switch level {
	case Error:
		return slices.Clone(errors[:])
	case Warn:
		return slices.Clone(warns[:])
	}
	return nil
}
