package knowledge

import "strings"

// Refusal is why a query is not run, in words for whoever wrote it.
type Refusal string

func (r Refusal) Error() string { return "knowledge: " + string(r) }

// Refusals of the text.
const (
	ErrTooLong   Refusal = "the query is over 20000 bytes"
	ErrNoSelect  Refusal = "send one SELECT, or WITH … SELECT"
	ErrSecond    Refusal = "send one statement only"
	ErrQuote     Refusal = "a quoted text, a name or a comment does not end"
	ErrBrackets  Refusal = "the parentheses do not match"
	ErrCharacter Refusal = "the query has a NUL character"
	ErrNamed     Refusal = "a parameter is a ?, and has no name"
)

const maxSQL = 20_000 // bytes; a query that a person could still read

// one checks that a text is one SELECT which stays inside of parentheses put
// around it. A trailing semicolon is taken off.
func one(sql string) (string, error) {
	if len(sql) > maxSQL {
		return "", ErrTooLong
	}
	if strings.ContainsRune(sql, 0) {
		return "", ErrCharacter
	}
	first, end, depth := "", -1, 0
	for i := 0; i < len(sql); {
		n, word, err := token(sql[i:])
		if err != nil {
			return "", err
		}
		text := sql[i : i+n]
		blank := strings.TrimSpace(text) == "" || strings.HasPrefix(text, "--") || strings.HasPrefix(text, "/*")
		switch {
		case blank:
		case end >= 0:
			return "", ErrSecond
		case text == ";":
			end = i
		case text == "(":
			depth++
		case text == ")":
			if depth--; depth < 0 {
				return "", ErrBrackets
			}
		case first == "" && word:
			first = strings.ToUpper(text)
		}
		if !blank && first == "" {
			return "", ErrNoSelect
		}
		i += n
	}
	if depth != 0 {
		return "", ErrBrackets
	}
	if first != "SELECT" && first != "WITH" {
		return "", ErrNoSelect
	}
	if end >= 0 {
		sql = sql[:end]
	}
	return sql, nil
}

// token gives the length of the first token (SQLite's tokenize.c), and
// whether it is a bare word.
func token(s string) (n int, word bool, err error) {
	switch c := s[0]; {
	case c == '\'' || c == '"' || c == '`':
		return quoted(s, c)
	case c == '[':
		if i := strings.IndexByte(s, ']'); i >= 0 {
			return i + 1, false, nil
		}
		return 0, false, ErrQuote
	case strings.HasPrefix(s, "--"):
		if i := strings.IndexByte(s, '\n'); i >= 0 {
			return i + 1, false, nil
		}
		return len(s), false, nil
	case strings.HasPrefix(s, "/*"):
		if i := strings.Index(s[2:], "*/"); i >= 0 {
			return i + 4, false, nil
		}
		return 0, false, ErrQuote
	case c == '$' || c == '@' || c == ':' || c == '#':
		// A named parameter may go on in parentheses, with anything in them that
		// is no space (tokenize.c, TCL variables): a quote there opens no text.
		return 0, false, ErrNamed
	case wordByte(c):
		for n < len(s) && wordByte(s[n]) {
			n++
		}
		return n, true, nil
	}
	return 1, false, nil
}

func quoted(s string, quote byte) (int, bool, error) {
	for i := 1; i < len(s); i++ {
		if s[i] != quote {
			continue
		}
		if i+1 < len(s) && s[i+1] == quote { // doubled: part of the text
			i++
			continue
		}
		return i + 1, false, nil
	}
	return 0, false, ErrQuote
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
