package sim

// pollBugs are the planted bugs in polling.
func pollBugs() []plantedBug {
	parts := []string{"agents", "polls"}
	return []plantedBug{
		{"cursorfirst", "consumers", "G2", 12, parts},
		{"blind", "consumers", "G2", 12, parts},
		{"unwatched", "consumers", "G9", 12, parts},
		{"mute", "consumers", "G9", 12, parts},
	}
}
