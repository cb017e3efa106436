//go:build hookweirplanted_silent

package vault

// planted: nobody is told that a connection needs a person.
const planted = "silent"
