package webhook

import (
	"strings"
	"time"
)

// parseRFC3339 reads `2021-02-25T15:02:10.5+01:00` (RFC 3339 §5.6, letters in
// upper case, no leap second). time.Parse would do it and adds 47 KB to the
// worker's module.
func parseRFC3339(s string) (time.Time, bool) {
	const layout = "0000-00-00T00:00:00"
	if len(s) <= len(layout) {
		return time.Time{}, false
	}
	for i := range len(layout) {
		if digit := s[i]-'0' <= 9; digit != (layout[i] == '0') || (!digit && s[i] != layout[i]) {
			return time.Time{}, false
		}
	}
	number := func(from, to int) int {
		n, _ := digits(s[from:to])
		return int(n)
	}
	year, month, day := number(0, 4), time.Month(number(5, 7)), number(8, 10)
	hour, minute, second := number(11, 13), number(14, 16), number(17, 19)

	rest := s[len(layout):]
	var nanos int64
	if rest[0] == '.' {
		n := 1
		for n < len(rest) && rest[n]-'0' <= 9 {
			n++
		}
		var ok bool
		if nanos, ok = nanoseconds(rest[1:n]); !ok || n == 1 {
			return time.Time{}, false
		}
		rest = rest[n:]
	}
	offset, ok := parseOffset(rest)
	t := time.Date(year, month, day, hour, minute, second, int(nanos), time.UTC)
	// time.Date carries what is out of range into the next unit.
	if !ok || hour > 23 || minute > 59 || second > 59 || month < 1 || month > 12 || t.Month() != month || t.Day() != day {
		return time.Time{}, false
	}
	return t.Add(-offset), true
}

// parseOffset reads `Z` or `±hh:mm`.
func parseOffset(s string) (time.Duration, bool) {
	if s == "Z" {
		return 0, true
	}
	if len(s) != 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':' {
		return 0, false
	}
	hours, okHours := digits(s[1:3])
	minutes, okMinutes := digits(s[4:6])
	if !okHours || !okMinutes || hours > 23 || minutes > 59 {
		return 0, false
	}
	offset := time.Duration(hours)*time.Hour + time.Duration(minutes)*time.Minute
	if s[0] == '-' {
		offset = -offset
	}
	return offset, true
}

// parseHTTPDate reads the one form that is to be sent (RFC 9110 §5.6.7), and
// lets no other spell the same time: the weekday is the date's.
func parseHTTPDate(s string) (time.Time, bool) {
	const (
		form   = "Thu, 25 Feb 2021 15:02:10 GMT"
		days   = "SunMonTueWedThuFriSat"
		months = "JanFebMarAprMayJunJulAugSepOctNovDec"
	)
	if len(s) != len(form) {
		return time.Time{}, false
	}
	month := strings.Index(months, s[8:11])
	if month%3 != 0 {
		return time.Time{}, false
	}
	month = month/3 + 1
	t, ok := parseRFC3339(s[12:16] + "-" + string([]byte{'0' + byte(month/10), '0' + byte(month%10)}) + "-" + s[5:7] + "T" + s[17:25] + "Z")
	day := int(t.Weekday()) * 3
	return t, ok && s[:5] == days[day:day+3]+", " && s[7] == ' ' && s[11] == ' ' && s[16] == ' ' && s[25:] == " GMT"
}
