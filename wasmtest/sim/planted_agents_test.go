package sim

// agentBugs are the planted bugs in bringing events to agents.
func agentBugs() []plantedBug {
	return []plantedBug{
		{"kvarbiter", "consumers", "G4", 12, nil},
		{"nofence", "consumers", "G4", 12, nil},
		{"release", "consumers", "G4", 12, nil},
		{"noalarm", "consumers", "G3", 12, nil},
		{"newestonly", "consumers", "G6", 12, nil},
		{"latesecret", "consumers", "G6", 12, nil},
	}
}
