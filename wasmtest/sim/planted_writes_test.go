package sim

// writeBugs are the planted bugs in outbound writes.
func writeBugs() []plantedBug {
	parts := []string{"agents", "writes"}
	return []plantedBug{
		{"norelease", "consumers", "G3", 12, parts},
		{"blindretry", "consumers", "G3", 12, parts},
		{"noorder", "consumers", "G7", 12, parts},
		{"nopace", "consumers", "G8", 12, parts},
	}
}
