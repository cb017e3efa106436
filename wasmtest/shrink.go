package wasmtest

// Shrink takes away what a failure does not need: it calls fails with ever
// fewer of the items, by halves, quarters and so on down to single ones, and
// gives the fewest with which it failed (Zeller's ddmin, without its tries of
// subsets). fails runs the test's workload, in an Edge of Open, and says
// whether it still goes wrong. Items are most often the faults that
// Edge.Happened names, of which Config.Script makes the same happen without
// Config.Faults; see the example.
func Shrink[T any](items []T, fails func([]T) bool) []T {
	if len(items) > 0 && fails(nil) {
		return nil
	}
	for size := (len(items) + 1) / 2; size > 0; size /= 2 {
		for at := 0; at < len(items); {
			end := min(at+size, len(items))
			rest := append(append([]T{}, items[:at]...), items[end:]...)
			if len(rest) > 0 && fails(rest) {
				items = rest
				continue
			}
			at = end
		}
	}
	return items
}
