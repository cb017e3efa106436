// Package access decides who may do what at the agent's endpoint.
package access
