package sim

// webhookBugs are the planted bugs in taking events in. The bounds are a few
// times what was needed when README.md's table was made: any change of the
// product reshuffles what the seeds do.
func webhookBugs() []plantedBug {
	parts := []string{"agents", "webhooks", "platform"}
	return []plantedBug{
		{"ackfirst", "worker", "G2", 12, parts},
		{"sharedkey", "worker", "G2", 12, parts},
		{"oldsecret", "worker", "G1", 12, parts},
	}
}
