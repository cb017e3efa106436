//go:build hookweirplanted_cursorfirst

package poll

// planted: the cursor moves before the queue has the events.
const planted = "cursorfirst"
