package sim

// mcpBugs are the planted bugs in watching upstream tools.
func mcpBugs() []plantedBug {
	parts := []string{"agents", "mcp"}
	return []plantedBug{
		{"nopin", "consumers", "pin", 12, parts},
		{"quiet", "consumers", "drift", 12, parts},
		{"anytable", "consumers", "knowledge", 12, parts},
	}
}
