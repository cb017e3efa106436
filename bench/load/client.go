package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"time"
)

// answerDeadline is how long one answer may take before it counts as lost.
const answerDeadline = 10 * time.Second

// idDigits is the width of the counter at the end of a delivery id.
const idDigits = 12

// client is one connection with one request in flight.
type client struct {
	conn    net.Conn
	read    *bufio.Reader
	request []byte // a whole request; the counter within is rewritten
	counter []byte // the digits of the delivery id, within request
	sent    int
	want    int

	latencies []time.Duration
	errors    int
	firstBad  string
}

func dial(o options, index int, content, signature string) (*client, error) {
	conn, err := net.Dial("tcp", o.addr)
	if err != nil {
		return nil, err
	}
	request, counter := compose(o, index, content, signature)
	return &client{
		conn: conn, read: bufio.NewReaderSize(conn, 16<<10), want: o.want, request: request, counter: counter,
	}, nil
}

// compose returns a whole request and, within it, the digits of its id.
func compose(o options, index int, content, signature string) (request, counter []byte) {
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/044aadd\r\n"+
		"X-GitHub-Event: push\r\nX-Hub-Signature-256: %s\r\nContent-Length: %d\r\nX-GitHub-Delivery: %s-%03d-",
		o.path, o.addr, signature, len(content), o.run, index)
	request = []byte(head + strings.Repeat("0", idDigits) + "\r\n\r\n" + content)
	return request, request[len(head) : len(head)+idDigits]
}

func (c *client) close() { _ = c.conn.Close() }

// until sends one request after another up to end. A broken connection ends
// the client: its errors say so.
func (c *client) until(end time.Time) {
	for time.Now().Before(end) {
		began := time.Now()
		status, err := c.exchange()
		switch {
		case err != nil:
			c.bad(err.Error())
			return
		case status != c.want:
			c.bad("status " + strconv.Itoa(status))
		default:
			c.latencies = append(c.latencies, time.Since(began))
		}
	}
}

func (c *client) bad(what string) {
	c.errors++
	if c.firstBad == "" {
		c.firstBad = what
	}
}

func (c *client) exchange() (status int, err error) {
	c.sent++
	copy(c.counter, fmt.Sprintf("%0*d", idDigits, c.sent))
	if err := c.conn.SetDeadline(time.Now().Add(answerDeadline)); err != nil {
		return 0, err
	}
	if _, err := c.conn.Write(c.request); err != nil {
		return 0, err
	}
	return c.response()
}

// response reads one response and drops its body.
func (c *client) response() (status int, err error) {
	text := textproto.NewReader(c.read)
	line, err := text.ReadLine()
	if err != nil {
		return 0, err
	}
	if _, err := fmt.Sscanf(line, "HTTP/1.1 %d", &status); err != nil {
		return 0, fmt.Errorf("status line %q: %w", line, err)
	}
	header, err := text.ReadMIMEHeader()
	if err != nil {
		return 0, err
	}
	if header.Get("Transfer-Encoding") == "chunked" {
		return status, c.dropChunks(text)
	}
	n, err := strconv.Atoi(header.Get("Content-Length"))
	if err != nil {
		return 0, errors.New("response without length")
	}
	_, err = c.read.Discard(n)
	return status, err
}

func (c *client) dropChunks(text *textproto.Reader) error {
	for {
		line, err := text.ReadLine()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(line, 16, 32)
		if err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c.read, n+2); err != nil {
			return err
		}
		if n == 0 {
			return nil
		}
	}
}

// clockTick is the unit of /proc/PID/stat on every Linux: USER_HZ, 100 a second.
const clockTick = 10 * time.Millisecond

// cpuTime is the user and system time a process has used (proc(5), fields 14
// and 15 of stat); 0 for no process.
func cpuTime(pid int) (time.Duration, error) {
	if pid == 0 {
		return 0, nil
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	// The name, in parentheses, may hold spaces; field 3 follows it.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * clockTick, errors.Join(err1, err2)
}
