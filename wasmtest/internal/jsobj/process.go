package jsobj

import "strings"

// maxConsoleLine bounds what is kept of an unfinished line of output.
const maxConsoleLine = 64 << 10

// Output splits a guest's standard output into lines of log.
type Output struct {
	level string
	log   func(level, text string)
	part  []byte
}

// NewOutput logs each line at the given level.
func NewOutput(level string, log func(level, text string)) *Output {
	return &Output{level: level, log: log}
}

// Write takes output; it never fails.
func (o *Output) Write(b []byte) (int, error) {
	for _, c := range b {
		if c == '\n' || len(o.part) == maxConsoleLine {
			o.log(o.level, string(o.part))
			o.part = o.part[:0]
		}
		if c != '\n' {
			o.part = append(o.part, c)
		}
	}
	return len(b), nil
}

// fs is the file system that wasm_exec.js puts in place where there is none:
// standard output and nothing else.
func (r *Realm) fs() *Namespace {
	streams := map[float64]*Output{1: NewOutput("log", r.host.Log), 2: NewOutput("error", r.host.Log)}
	refuse := func(c *Call) (Value, error) {
		fn, ok := c.Arg(len(c.Args) - 1).(Callable)
		if !ok {
			return nil, c.Realm.TypeError("fs: no callback")
		}
		e := c.Realm.NewError("Error", "not implemented")
		e.own.Set("code", "ENOSYS")
		return fn.Call(c.Realm, Undefined{}, []Value{e})
	}
	methods := map[string]Func{
		"write": func(c *Call) (Value, error) {
			fd, _ := c.Arg(0).(float64)
			buf, isBytes := c.Arg(1).(*Uint8Array)
			out := streams[fd]
			if out == nil || !isBytes || c.Arg(4) != nil {
				return refuse(c)
			}
			_, _ = out.Write(buf.Bytes())
			fn, ok := c.Arg(5).(Callable)
			if !ok {
				return nil, c.Realm.TypeError("fs.write: no callback")
			}
			return fn.Call(c.Realm, Undefined{}, []Value{nil, float64(buf.Len())})
		},
		"fsync": func(c *Call) (Value, error) {
			fn, ok := c.Arg(1).(Callable)
			if !ok {
				return nil, c.Realm.TypeError("fs.fsync: no callback")
			}
			return fn.Call(c.Realm, Undefined{}, []Value{nil})
		},
	}
	for _, name := range strings.Fields("chmod chown close fchmod fchown fstat ftruncate lchown link lstat mkdir open read readdir readlink rename rmdir stat symlink truncate unlink utimes") {
		methods[name] = refuse
	}
	n := r.record("fs", methods)
	constants := r.NewRecord()
	for _, name := range strings.Fields("O_WRONLY O_RDWR O_CREAT O_TRUNC O_APPEND O_EXCL O_DIRECTORY") {
		constants.With(name, -1.0)
	}
	n.own.Set("constants", constants)
	return n
}

func (r *Realm) process() *Namespace {
	minus := func(*Call) (Value, error) { return -1.0, nil }
	refuse := func(c *Call) (Value, error) { return nil, c.Realm.Fail("not implemented") }
	n := r.record("process", map[string]Func{
		"getuid": minus, "getgid": minus, "geteuid": minus, "getegid": minus,
		"getgroups": refuse, "umask": refuse, "cwd": refuse, "chdir": refuse,
	})
	n.own.Set("pid", -1.0)
	n.own.Set("ppid", -1.0)
	n.class.Absent = []string{"argv0"}
	return n
}

func pathResolve(c *Call) (Value, error) {
	parts := make([]string, len(c.Args))
	for i, a := range c.Args {
		parts[i] = Describe(a)
	}
	return strings.Join(parts, "/"), nil
}
