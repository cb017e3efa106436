package sim

// pollBugs are the planted bugs in polling.
func pollBugs() []plantedBug {
	return []plantedBug{{"cursorfirst", "consumers", "G2", 12, []string{"agents", "polls"}}}
}
