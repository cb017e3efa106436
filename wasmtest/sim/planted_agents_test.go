package sim

// agentBugs are the planted bugs in bringing events to agents.
func agentBugs() []plantedBug {
	return []plantedBug{
		{"kvarbiter", "consumers", "G4", 12, Standard()},
		{"nofence", "consumers", "G4", 12, Standard()},
		{"release", "consumers", "G4", 12, Standard()},
		{"noalarm", "consumers", "G3", 12, Standard()},
		{"newestonly", "consumers", "G6", 12, Standard()},
		{"latesecret", "consumers", "G6", 12, Standard()},
		{"oneagent", "consumers", "G10", 12, Standard()},
	}
}
