// Package conformance holds the tools, resources and prompts that the official
// MCP conformance suite asks a server for. They are registered in place of
// Hookweir's own in one build only (tag hookweirconformance), which nobody
// deploys: what the suite then tests is package toolserver, on workerd, in the
// tenant's Durable Object.
//
// The names and texts are the suite's.
package conformance
