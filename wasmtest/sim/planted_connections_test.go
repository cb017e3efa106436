package sim

// connectionBugs are the planted bugs in keeping connections.
func connectionBugs() []plantedBug {
	parts := []string{"agents", "connections"}
	return []plantedBug{
		{"storeafter", "consumers", "G5", 12, parts},
		{"respend", "consumers", "G5", 12, parts},
		{"bare", "consumers", "G6", 12, parts},
		{"silent", "consumers", "G6", 12, parts},
	}
}
