//go:build hookweirplanted_oldsecret

package ingest

// planted: a rotated-out secret never ends.
const planted = "oldsecret"
